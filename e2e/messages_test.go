package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lightproof/app/terminal"
	"lightproof/backup"
)

// unattended is a machine without a person at it.
type unattended struct{}

func (unattended) Present() bool                 { return false }
func (unattended) Say(string)                    {}
func (unattended) Ask(string) (string, error)    { return "", errors.New("nobody is there") }
func (unattended) Hidden(string) ([]byte, error) { return nil, errors.New("nobody is there") }
func (unattended) Vanish()                       {}

// said runs a command of the terminal on the machine, whose engine is stopped meanwhile, and gives its answer.
func (m *machine) said(args ...string) (code int, answer map[string]any) {
	m.t.Helper()
	m.stop()
	pass := filepath.Join(m.dir, "passphrase")
	must(m.t, os.WriteFile(pass, append(passphrase, '\n'), 0o600))
	var out, errs bytes.Buffer
	code = terminal.Run(context.Background(), append([]string{"--home", m.home, "--json", "--passphrase-file", pass}, args...), terminal.Options{
		Streams: terminal.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}, Version: "test", KDF: quickKDF, Keychain: m.chain, Prompter: unattended{}, Now: m.clock.Now})
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		m.t.Fatalf("%v ended with %d: %v in %q %q", args, code, err, out.String(), errs.String())
	}
	m.start()
	return code, answer
}

// message is one of an answer's list: what is told, with its code.
type message struct{ code, what, why, action string }

func messageIn(v any) (m message) {
	x, _ := v.(map[string]any)
	text := func(name string) string { s, _ := x[name].(string); return s }
	return message{text("code"), text("what"), text("why"), text("action")}
}

// told wants a message with this code in a list of an answer, whole: what happened, why it matters, one action, and words of its own.
func told(t testing.TB, answer map[string]any, list, code, words string) {
	t.Helper()
	var all []message
	entries, _ := answer[list].([]any)
	for _, e := range entries {
		m := messageIn(e.(map[string]any)["message"])
		all = append(all, m)
		if m.code != code || !strings.Contains(m.what+" "+m.why, words) {
			continue
		}
		if m.what == "" || m.why == "" || m.action == "" || strings.ContainsAny(m.what+m.why+m.action, "{}") {
			t.Errorf("%s is not whole: %+v", code, m)
		}
		return
	}
	t.Errorf("%s (%q) is not told in %s: %+v", code, words, list, all)
}

// A destination that goes, one that is another, and damage that nothing can heal: each is told by its own message.
func TestWhatIsWrongWithADestinationIsTold(t *testing.T) {
	m := newMachine(t).setUp().withFolderAndPlace()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	m.backUpQuietly()
	numbered(t, m.photos, "a", 2, 1, 90_000)
	must(t, os.Rename(m.place("a"), m.place("off")))
	code, answer := m.said("backup")
	if code != terminal.NeedsYou {
		t.Errorf("a backup without its destination ended with %d", code)
	}
	told(t, answer, "issues", "LP208", "“A” is not connected.")
	_, answer = m.said("status")
	told(t, answer, "causes", "LP208", "“A” is not connected.")
	other := newMachine(t).setUp().withFolderAndPlace()
	numbered(t, other.photos, "b", 3, 1, 90_000)
	other.backUpQuietly()
	other.stop()
	must(t, os.Rename(other.place("a"), m.place("a")))
	_, answer = m.said("backup")
	told(t, answer, "issues", "LP203", "The disk here is not “A”.")
	code, answer = m.said("status")
	told(t, answer, "causes", "LP203", "The disk here is not “A”.")
	if code != terminal.NeedsYou {
		t.Errorf("another disk is red, status ended with %d", code)
	}
	must(t, os.RemoveAll(m.place("a")))
	must(t, os.Rename(m.place("off"), m.place("a")))
	if code, answer = m.said("backup"); code != terminal.Done {
		t.Errorf("connected again: %d %v", code, answer["issues"])
	}
	m.mustBeWhole(nil)

	must(t, os.RemoveAll(filepath.Join(m.photos, "a")))
	numbered(t, m.photos, "b", 4, 1, 90_000)
	m.backUpQuietly()
	for name := range readTree(t, m.place("a")) {
		if strings.HasPrefix(name, "c/") {
			p := filepath.Join(m.place("a"), name)
			b, err := os.ReadFile(p)
			must(t, err)
			must(t, os.Chmod(p, 0o600))
			must(t, os.WriteFile(p, flip(b), 0o600))
		}
	}
	m.do(backup.Check{Level: "full"})
	code, answer = m.said("status")
	told(t, answer, "causes", "LP303", "No good copy of ")
	if code != terminal.NeedsYou {
		t.Errorf("what is lost is red, status ended with %d", code)
	}
}

package terminal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightproof/assets/samples"
	"lightproof/backup/vault"
	"lightproof/keystore"
	"lightproof/keystore/keystoretest"
)

// quickKDF is the weakest that the format allows: tests need the path, not the cost.
var quickKDF = vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}

const goodPass = "larch violet harbour sixteen meadow kettle"

// rig is a computer with photos and a drive, and the program run on it.
type rig struct {
	dir, home, photos, drive, pass string
	chain                          keystore.Keychain
	prompt                         Prompter
	now                            func() time.Time
}

func newRig(t *testing.T) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{dir: dir, home: filepath.Join(dir, "home"), photos: filepath.Join(dir, "Pictures"), drive: filepath.Join(dir, "Drive"),
		pass: filepath.Join(dir, "passphrase"), chain: &keystoretest.Memory{}}
	write(t, r.pass, goodPass+"\n")
	if _, err := samples.Write(r.photos); err != nil {
		t.Fatal(err)
	}
	return r
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// result is what one run of the program gave.
type result struct {
	code     int
	out, err string
}

func (r *rig) runContext(ctx context.Context, args ...string) result {
	var out, errs bytes.Buffer
	prompt := r.prompt
	if prompt == nil {
		prompt = nobody{}
	}
	code := Run(ctx, append([]string{"--home", r.home}, args...), Options{Streams: Streams{In: strings.NewReader(""), Out: &out, Err: &errs},
		Version: "test", KDF: quickKDF, Keychain: r.chain, Prompter: prompt, Now: r.now})
	return result{code, out.String(), errs.String()}
}

func (r *rig) run(args ...string) result { return r.runContext(context.Background(), args...) }

// want runs a command and fails the test if it ends with another code.
func (r *rig) want(t *testing.T, code int, args ...string) result {
	t.Helper()
	got := r.run(args...)
	if got.code != code {
		t.Fatalf("%s ended with %d, want %d\n%s%s", strings.Join(args, " "), got.code, code, got.out, got.err)
	}
	return got
}

// opened is want with the passphrase file.
func (r *rig) opened(t *testing.T, code int, args ...string) result {
	t.Helper()
	return r.want(t, code, append(args, "--passphrase-file", r.pass)...)
}

// decoded runs a command with --json and decodes its one answer.
func (r *rig) decoded(t *testing.T, code int, args ...string) map[string]any {
	t.Helper()
	return decodeOne(t, r.opened(t, code, append(args, "--json")...).out)
}

func decodeOne(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v in %q", err, text)
	}
	if d.More() {
		t.Fatalf("more than one answer: %q", text)
	}
	return v
}

func (r *rig) kit() string { return filepath.Join(r.dir, "kit.txt") }

// ready sets the computer up with one folder and one destination.
func (r *rig) ready(t *testing.T) {
	t.Helper()
	r.opened(t, Done, "setup", "--kit-file", r.kit())
	r.opened(t, Done, "folders", "add", r.photos)
	r.opened(t, Done, "destinations", "add", "folder", r.drive, "--name", "Backup A")
}

// nobody is a machine without a person.
type nobody struct{}

func (nobody) Present() bool                 { return false }
func (nobody) Say(string)                    {}
func (nobody) Ask(string) (string, error)    { return "", errNoTerminal }
func (nobody) Hidden(string) ([]byte, error) { return nil, errNoTerminal }
func (nobody) Vanish()                       {}

// person answers questions by what they say. Every text shown is kept.
type person struct {
	t        *testing.T
	answer   func(p *person, question string) string
	shown    string
	seen     strings.Builder // since the last Vanish
	vanished bool
	asked    []string
}

func (p *person) Present() bool { return true }
func (p *person) Say(s string)  { p.shown += s + "\n"; p.seen.WriteString(s + "\n") }
func (p *person) Vanish()       { p.vanished = true; p.seen.Reset() }
func (p *person) Ask(q string) (string, error) {
	if len(p.asked) > 100 {
		return "", errors.New("asked without end")
	}
	p.asked = append(p.asked, q)
	return p.answer(p, q), nil
}
func (p *person) Hidden(q string) ([]byte, error) {
	s, err := p.Ask(q)
	return []byte(s), err
}

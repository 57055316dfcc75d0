package terminal

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lightproof/keystore/keystoretest"
)

var wordLines = regexp.MustCompile(`(?m)(?:^|\s)\d+ ([a-z]{3,8})\b`)

// writesDown is a person who reads the kit off the screen, then answers from paper.
func writesDown(t *testing.T, pass string) (*person, func() []string) {
	var kit []string
	p := &person{t: t}
	p.answer = func(p *person, q string) string {
		switch {
		case strings.Contains(q, "Write all of it down"):
			// What follows the words holds hex digits, which may look like a 25th.
			_, list, _ := strings.Cut(p.seen.String(), "Words:\n")
			for _, m := range wordLines.FindAllStringSubmatch(list, 24) {
				kit = append(kit, m[1])
			}
			return ""
		case strings.HasPrefix(q, "Word "):
			var n int
			fmt.Sscanf(q, "Word %d:", &n)
			return kit[n-1]
		case strings.Contains(q, "assphrase"), strings.Contains(q, "once more"):
			return pass
		}
		t.Errorf("unexpected question %q", q)
		return ""
	}
	return p, func() []string { return kit }
}

func TestSetupShowsTheKitOnceAndAsksThreeOfItsWords(t *testing.T) {
	r := newRig(t)
	p, kit := writesDown(t, goodPass)
	r.prompt = p
	out := r.want(t, Done, "setup")
	if len(kit()) != 24 || !p.vanished {
		t.Fatalf("%d words were shown, cleared: %v", len(kit()), p.vanished)
	}
	asked := 0
	for _, q := range p.asked {
		if strings.HasPrefix(q, "Word ") {
			asked++
		}
	}
	if asked != 3 || !strings.Contains(p.shown, "Strength: strong") {
		t.Errorf("%d words asked; %s", asked, p.shown)
	}
	if strings.Contains(p.seen.String(), kit()[0]+" ") && strings.Contains(p.seen.String(), kit()[23]) {
		t.Error("words were shown again after they vanished")
	}
	for _, w := range kit()[:3] {
		if strings.Contains(out.out, " "+w+" ") {
			t.Error("a word of the kit reached standard output")
		}
	}
	r.prompt = nil
	if out := r.opened(t, Done, "status").out; strings.Contains(out, "kit is not checked") {
		t.Errorf("the kit counts as unchecked: %s", out)
	}
}

func TestAKitThatWasNotWrittenDownStaysUnchecked(t *testing.T) {
	r := newRig(t)
	p, _ := writesDown(t, goodPass)
	right := p.answer
	p.answer = func(p *person, q string) string {
		if strings.HasPrefix(q, "Word ") {
			return "zoo"
		}
		return right(p, q)
	}
	r.prompt = p
	r.want(t, Done, "setup")
	if !strings.Contains(p.shown, "Your recovery kit is not checked.") {
		t.Errorf("not said: %s", p.shown)
	}
	r.prompt = nil
	if s := r.opened(t, Done, "status").out; !strings.Contains(s, "LP404") {
		t.Error(s)
	}
}

func TestWithoutAKeychainThePassphraseAtEachStartIsOffered(t *testing.T) {
	for _, fault := range []keystoretest.Fault{keystoretest.Absent, keystoretest.Forgetting, keystoretest.Silent, keystoretest.Locked} {
		r := newRig(t)
		chain := &keystoretest.Memory{}
		chain.Break(fault)
		r.chain = chain
		got := r.opened(t, Failed, "setup", "--kit-file", r.kit(), "--json")
		if e := decodeOne(t, got.out)["error"].(map[string]any); !strings.Contains(e["what"].(string)+e["action"].(string), "keychain") {
			t.Errorf("fault %d: %v", fault, e)
		}
		r.opened(t, Failed, "status") // nothing counts as set up
		asked := false
		r.prompt = &person{t: t, answer: func(_ *person, q string) string {
			asked = asked || strings.HasPrefix(q, "Go on that way?")
			return "y"
		}}
		if x := decodeOne(t, r.opened(t, Done, "setup", "--kit-file", r.kit(), "--json").out); x["mode"] != "passphrase-at-start" || !asked {
			t.Errorf("fault %d: asked %v, %v", fault, asked, x)
		}
	}
}

func TestRecoveryWithTypedWordsForgivesSlips(t *testing.T) {
	r := newRig(t)
	p, kit := writesDown(t, goodPass)
	r.prompt = p
	r.want(t, Done, "setup")
	r.prompt = nil
	r.opened(t, Done, "folders", "add", r.photos)
	r.opened(t, Done, "destinations", "add", "folder", r.drive)
	r.opened(t, Done, "backup")

	other := &rig{dir: r.dir, home: filepath.Join(r.dir, "other"), chain: &keystoretest.Memory{}}
	slips, wrong := 1, 1
	q := &person{t: t, answer: func(_ *person, question string) string {
		switch {
		case question == "Word 1 of 24:":
			return strings.Join(kit()[:10], " ")
		case question == "Word 11 of 24:" && slips > 0:
			slips--
			return kit()[10] + "xx"
		case question == "Word 11 of 24:":
			return "11. " + strings.ToUpper(strings.Join(kit()[10:], " "))
		case question == askPassphrase && wrong > 0:
			wrong--
			return "not this one"
		}
		return goodPass
	}}
	other.prompt = q
	other.want(t, Done, "recover", "--from", r.drive)
	if !strings.Contains(q.shown, "Word 11 of the kit is not in the list.") || !strings.Contains(q.shown, "Perhaps: ") || !strings.Contains(q.shown, "The passphrase is not right.") {
		t.Errorf("shown: %s", q.shown)
	}
	if slips+wrong != 0 {
		t.Error("a planned slip did not happen")
	}
}

func TestChangedPassphraseOpensAndTheOldOneDoesNot(t *testing.T) {
	for _, mode := range []string{"os", "none"} {
		r := newRig(t)
		r.opened(t, Done, "setup", "--kit-file", r.kit(), "--keychain", mode)
		r.opened(t, Done, "folders", "add", r.photos)
		r.opened(t, Done, "destinations", "add", "folder", r.drive)
		r.opened(t, Done, "backup")
		next := filepath.Join(r.dir, "next")
		write(t, next, "cobalt pencil orchard nineteen lantern fog\r\n")
		r.opened(t, Done, "passphrase", "--new-passphrase-file", next)
		r.opened(t, Failed, "photos")
		r.want(t, Done, "photos", "--passphrase-file", next)
		r.want(t, Done, "backup", "--passphrase-file", next)
		// The kit was made with the first passphrase and goes on to need it.
		r.want(t, Done, "kit", "check", "--kit-file", r.kit(), "--passphrase-file", next, "--kit-passphrase-file", r.pass)
		r.want(t, Failed, "kit", "check", "--kit-file", r.kit(), "--passphrase-file", next)
	}
}

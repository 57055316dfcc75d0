package terminal

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"lightproof/keystore/keystoretest"
	kits "lightproof/keystore/kit"
	bip39 "lightproof/keystore/words"
)

func TestWrongUsageEndsWithTwoAndChangesNothing(t *testing.T) {
	r := newRig(t)
	for _, args := range [][]string{
		{"no-such-command"}, {"backup", "extra"}, {"status", "--no-such-flag"}, {"folders"}, {"folders", "add"}, {"folders", "frobnicate"},
		{"destinations", "add", "s3", "x"}, {"destinations", "add", "folder"}, {"destinations", "limit", "A"}, {"destinations", "limit", "--up", "4M"},
		{"destinations", "limit", "A", "--up", "fast"}, {"destinations", "limit", "A", "--up", "4"}, {"destinations", "limit", "A", "--up", "4M", "--down", "-1"}, {"pause"}, {"pause", "forever"}, {"pause", "8d"}, {"pause", "-1h"},
		{"restore"}, {"restore", "--to", "x", "--in-place"}, {"restore", "--to", "x", "--conflict", "newest"}, {"restore", "--to", "x", "--at", "yesterday"},
		{"restore", "--to", "x", "--path", "a/../b"}, {"verify", "--level", "deep"}, {"recover"}, {"setup"}, {"setup", "--keychain", "cloud", "--kit-file", "k"},
		{"setup", "--keychain", "none", "--convenient", "--kit-file", "k"}, {"versions"}, {"kit", "burn"}, {"version", "--home", ""},
	} {
		got := r.run(args...)
		if got.code != Usage || !strings.Contains(got.err, "LP701") || got.out != "" {
			t.Errorf("%v ended with %d: %q %q", args, got.code, got.out, got.err)
		}
		got = r.run(append(args, "--json")...)
		if e := decodeOne(t, got.out)["error"].(map[string]any); got.code != Usage || e["code"] != "LP701" {
			t.Errorf("%v --json ended with %d: %v", args, got.code, e)
		}
	}
	if _, err := os.Stat(r.home); err == nil {
		t.Error("a wrong command line left a folder")
	}
}

func TestEveryHelpNamesItsFlagsAndEndings(t *testing.T) {
	r := newRig(t)
	a := &app{Options: Options{Streams: Streams{In: strings.NewReader("")}}}
	n := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		n++
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		out := r.want(t, Done, args...).out
		for _, want := range []string{"--json", "--home", "3: done, some need you"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s does not mention %s", c.CommandPath(), want)
			}
		}
		if words := wrongWords(out); len(words) > 0 {
			t.Errorf("%s: %q", c.CommandPath(), words)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(a.root())
	if n < 25 {
		t.Errorf("only %d commands", n)
	}
	for _, c := range []string{"setup", "backup", "restore", "verify", "recover", "keeper", "photos", "kit new", "kit check", "passphrase", "destinations add folder"} {
		if out := r.want(t, Done, append(strings.Fields(c), "--help")...).out; !strings.Contains(out, "--passphrase-file") {
			t.Errorf("%s takes no --passphrase-file", c)
		}
	}
}

// No flag takes a secret itself: arguments are seen by every program of the computer.
func TestNoFlagTakesASecret(t *testing.T) {
	r := newRig(t)
	for _, args := range [][]string{{"setup", "--passphrase", goodPass}, {"photos", "--password", goodPass}, {"recover", "--from", "x", "--words", "a b c"}} {
		r.want(t, Usage, args...)
	}
}

func TestFailuresSayWhatWhyAndOneAction(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.opened(t, Done, "backup")
	fresh := &rig{dir: r.dir, home: filepath.Join(r.dir, "fresh"), chain: &keystoretest.Memory{}}
	path := func(name, text string) string {
		p := filepath.Join(r.dir, name)
		write(t, p, text)
		return p
	}
	wrong, empty, binary := path("wrong", "another one\n"), path("empty", "\n"), path("binary", "\xff\xfe\x00\n")
	long := path("long", strings.Repeat("x", 100<<10))
	kit, err := os.ReadFile(r.kit())
	if err != nil {
		t.Fatal(err)
	}
	newer := path("newer", strings.Replace(string(kit), "KIT 1", "KIT 9", 1))
	words := regexp.MustCompile(`(?m)^   1 [a-z]+`)
	unknown := path("unknown", words.ReplaceAllString(string(kit), "   1 qqqqqq"))
	swapped := ""
	for _, w := range []string{"zoo", "abandon", "zebra"} { // one word in 256 fits by chance
		text := words.ReplaceAllString(string(kit), "   1 "+w)
		if _, err := parseKit(text); errors.Is(err, checksum) {
			swapped = path("swapped", text)
			break
		}
	}
	cut := path("cut", strings.Join(strings.Split(string(kit), "\n")[:12], "\n"))
	full := filepath.Join(r.dir, "full")
	if err := os.MkdirAll(full, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(full, "something"), "else")
	stranger := newRig(t)
	stranger.opened(t, Done, "setup", "--kit-file", stranger.kit())

	for _, c := range []struct {
		r    *rig
		code string
		args []string
	}{
		{fresh, "LP702", []string{"backup"}},
		{fresh, "LP702", []string{"status"}},
		{fresh, "LP702", []string{"lock"}},
		{fresh, "LP702", []string{"passphrase"}},
		{r, "LP703", []string{"setup", "--kit-file", filepath.Join(r.dir, "k2"), "--passphrase-file", r.pass}},
		{r, "LP703", []string{"recover", "--from", r.drive, "--kit-file", r.kit(), "--passphrase-file", r.pass}},
		{r, "LP410", []string{"photos"}},
		{r, "LP408", []string{"photos", "--passphrase-file", wrong}},
		{r, "LP706", []string{"photos", "--passphrase-file", empty}},
		{r, "LP706", []string{"photos", "--passphrase-file", long}},
		{r, "LP706", []string{"photos", "--passphrase-file", filepath.Join(r.dir, "absent")}},
		{fresh, "LP706", []string{"setup", "--kit-file", filepath.Join(r.dir, "k3"), "--passphrase-file", empty}},
		{fresh, "LP707", []string{"setup", "--kit-file", filepath.Join(r.dir, "k3"), "--passphrase-file", binary}},
		{fresh, "LP705", []string{"setup", "--kit-file", filepath.Join(r.dir, "k3")}},
		{fresh, "LP708", []string{"setup", "--kit-file", r.kit(), "--passphrase-file", r.pass}},
		{r, "LP103", []string{"folders", "add", filepath.Join(r.dir, "nowhere")}},
		{r, "LP709", []string{"folders", "remove", "nothing"}},
		{r, "LP211", []string{"destinations", "add", "folder", full}},
		{r, "LP709", []string{"destinations", "test", "nothing"}},
		{r, "LP709", []string{"destinations", "limit", "nothing", "--up", "4M"}},
		{r, "LP709", []string{"versions", "no such photo.jpg", "--passphrase-file", r.pass}},
		{r, "LP603", []string{"restore", "--to", full, "--path", "no such photo.jpg", "--passphrase-file", r.pass}},
		{r, "LP603", []string{"restore", "--to", full, "--at", "1999-01-01", "--passphrase-file", r.pass}},
		{r, "LP407", []string{"kit", "check", "--kit-file", stranger.kit(), "--passphrase-file", r.pass}},
		{r, "LP408", []string{"kit", "check", "--kit-file", r.kit(), "--passphrase-file", r.pass, "--kit-passphrase-file", wrong}},
		{r, "LP710", []string{"kit", "check", "--kit-file", r.pass, "--passphrase-file", r.pass}},
		{fresh, "LP407", []string{"recover", "--from", r.drive, "--kit-file", stranger.kit(), "--passphrase-file", r.pass}},
		{fresh, "LP408", []string{"recover", "--from", r.drive, "--kit-file", r.kit(), "--passphrase-file", wrong}},
		{fresh, "LP711", []string{"recover", "--from", full, "--kit-file", r.kit(), "--passphrase-file", r.pass}},
		{fresh, "LP711", []string{"recover", "--from", filepath.Join(r.dir, "nowhere"), "--kit-file", r.kit(), "--passphrase-file", r.pass}},
		{fresh, "LP305", []string{"recover", "--from", r.drive, "--kit-file", newer, "--passphrase-file", r.pass}},
		{fresh, "LP405", []string{"recover", "--from", r.drive, "--kit-file", unknown, "--passphrase-file", r.pass}},
		{fresh, "LP406", []string{"recover", "--from", r.drive, "--kit-file", swapped, "--passphrase-file", r.pass}},
		{fresh, "LP710", []string{"recover", "--from", r.drive, "--kit-file", cut, "--passphrase-file", r.pass}},
	} {
		got := c.r.run(append(c.args, "--json")...)
		e, _ := decodeOne(t, got.out)["error"].(map[string]any)
		if got.code != Failed || e["code"] != c.code {
			t.Errorf("%v ended with %d: %v", c.args, got.code, e)
			continue
		}
		for _, part := range []string{"what", "why", "action"} {
			s, _ := e[part].(string)
			if s == "" || strings.ContainsAny(s, "{}") || len(wrongWords(s)) > 0 {
				t.Errorf("%s: %s is %q", c.code, part, s)
			}
		}
		if text := c.r.run(c.args...); text.code != Failed || text.out != "" || !strings.Contains(text.err, c.code) || strings.Contains(text.err, goodPass) {
			t.Errorf("%v as text: %d %q %q", c.args, text.code, text.out, text.err)
		}
	}
	if _, err := os.Stat(filepath.Join(fresh.home, "device.json")); err == nil {
		t.Error("a failed set-up or recovery counts as one")
	}
}

func parseKit(text string) (*kits.Kit, error) { return kits.Parse(strings.NewReader(text)) }

var checksum = bip39.ErrChecksum

// Words that people never read here. "keeper" is the name of a command; commands are typed, not read.
var forbidden = regexp.MustCompile(`(?i)\b(repositor(y|ies)|snapshots?|blobs?|chunks?|packs?|objects?|manifests?|commits?|epochs?|index(es)?|` +
	`prun(e|ing)|GC|replicas?|scrub(bing)?|backends?|agents?|daemons?|payloads?|exit codes?|sync(ing|ed)?|mirrors?|` +
	`buckets?|endpoints?|host keys?|unlimited|guaranteed?|military|quantum|AI|completed with warnings|AES|HPKE|Argon2\w*|Ed25519)\b|100 ?%|!$`)

func wrongWords(s string) []string {
	return forbidden.FindAllString(s, -1)
}

func TestNoForbiddenWordInWhatIsSaid(t *testing.T) {
	if len(wrongWords("3 objects are damaged.")) == 0 || len(wrongWords("It was packed away.")) != 0 {
		t.Fatal("the scan judges wrongly")
	}
	files, _ := filepath.Glob("*.go")
	scanned := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.Field:
				return n.Tag == nil
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && n.Kind == token.STRING {
					scanned++
					if words := wrongWords(s); len(words) > 0 && strings.Contains(s, " ") {
						t.Errorf("%s: %q in %q", name, words, s)
					}
				}
			}
			return true
		})
	}
	if scanned < 300 {
		t.Errorf("only %d texts", scanned)
	}
}

func TestMomentsAndSpans(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	for in, want := range map[string]string{"2026-05-03": "2026-05-03T23:59:59+02:00", "2026-05-03 14:32": "2026-05-03T14:32:00+02:00",
		"2026-05-03T14:32:01": "2026-05-03T14:32:01+02:00", "2026-05-03T14:32:01Z": "2026-05-03T14:32:01Z"} {
		if got, err := parseMoment(in, zone); err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q is %v %v", in, got, err)
		}
	}
	for in, want := range map[string]time.Duration{"90m": 90 * time.Minute, "7d": 7 * 24 * time.Hour, "0.5d": 12 * time.Hour, "168h": 168 * time.Hour} {
		if got, err := parseSpan(in); err != nil || got != want {
			t.Errorf("%q is %v %v", in, got, err)
		}
	}
	for _, in := range []string{"", "d", "0s", "-1d", "8d", "1e9d", "NaNd", "Infd", "x"} {
		if got, err := parseSpan(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}

func TestProgressShowsBarRateAndTimeLeft(t *testing.T) {
	for want, s := range map[string]step{
		"Storing  [############------------]  50 %  10 / 20  50 MB  12 MB/s  about 4 s left": {word: "Storing", done: 10, of: 20, bytes: 50_000_000, ofBytes: 100_000_000, rate: 12_500_000, left: 4 * time.Second},
		"Looking": {word: "Looking"},
		"Opening copies  [------------------------]   0 %  0 / 5": {word: "Opening copies", of: 5},
	} {
		if got := s.line(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

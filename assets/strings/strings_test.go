package texts

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	berlin  = time.FixedZone("CET", 3600)
	now     = time.Date(2026, 11, 22, 15, 0, 0, 0, berlin)
	printer = Printer{Now: now}
)

// samples has a fitting value for every parameter name of the catalogue; n is set by each test.
func samples(n int64) Params {
	return Params{"n": n, "system": "macOS", "folder": "Pictures", "since": now.AddDate(0, 0, -19), "name": "NAS", "age": 9 * 24 * time.Hour,
		"where": "OneDrive", "total": int64(48_000_000_000), "file": "IMG_0412.CR3", "good": int64(2), "room": int64(212_000_000),
		"places": int64(1), "planned": int64(2), "at": now.Add(-58 * time.Minute), "printed": now.AddDate(-1, 0, 0),
		"by": 9 * 366 * 24 * time.Hour, "until": now.Add(time.Hour), "what": "records", "lacking": int64(38_000_000_000),
		"done": int64(503), "bad": int64(1)}
}

func pick(class Class, n int64) Params {
	all, chosen := samples(n), Params{}
	for _, name := range Needs(class) {
		chosen[name] = all[name]
	}
	return chosen
}

func TestMessagesSayWhatHappenedWhyItMattersAndOneAction(t *testing.T) {
	codes := map[string]Class{}
	for _, class := range Classes() {
		for _, n := range []int64{0, 1, 2, 41207} {
			m, err := printer.Message(class, pick(class, n))
			if err != nil {
				t.Errorf("%s: %v", class, err)
			}
			for part, s := range map[string]string{"what": m.What, "why": m.Why} {
				if s == "" || !strings.HasSuffix(s, ".") {
					t.Errorf("%s: %s is no sentence: %q", class, part, s)
				}
			}
			if m.Action == "" || strings.HasSuffix(m.Action, ".") || len([]rune(m.Action)) > 44 {
				t.Errorf("%s: action %q does not fit a button", class, m.Action)
			}
			if whole := m.String(); strings.ContainsAny(whole, "{}|!") || strings.Contains(whole, "  ") || strings.Contains(whole, unknown) {
				t.Errorf("%s: %q", class, whole)
			}
			if other, taken := codes[m.Code]; taken && other != class || !regexp.MustCompile(`^LP[1-6]\d\d$`).MatchString(m.Code) {
				t.Errorf("code %q of %s is malformed or belongs to %s", m.Code, class, other)
			}
			codes[m.Code] = class
		}
	}
}

func TestMessagesReadAsWritten(t *testing.T) {
	cases := []struct {
		class  Class
		values Params
		want   string
	}{
		{Permission, Params{"system": "macOS", "folder": "Pictures", "n": 412, "since": now.AddDate(0, 0, -19)},
			"macOS does not let Lightproof read Pictures. At least 412 originals are unprotected since 3 Nov. Open Privacy settings (LP101)"},
		{Missing, Params{"folder": "Pictures/2019", "n": 3410},
			"Pictures/2019 is not where it was. 3,410 originals are no longer watched. Find it (LP103)"},
		{Missing, Params{"folder": "Pictures/2019", "n": 1},
			"Pictures/2019 is not where it was. 1 original is no longer watched. Find it (LP103)"},
		{OnlineOnly, Params{"n": 3112, "where": "OneDrive", "total": 48_000_000_000},
			"3,112 originals are only in OneDrive. Without the bytes no copy can be made or proven. Decide (48 GB) (LP104)"},
		{Full, Params{"name": "NAS", "room": 212_000_000, "n": 1020, "places": 1},
			"“NAS” has 212 MB left. 1,020 originals are safe in 1 place only. Make room (LP201)"},
		{Away, Params{"name": "Photos SSD", "age": 9 * 24 * time.Hour},
			"“Photos SSD” is not connected. Last seen 9 days ago; newer photos on it are unknown. Change its away limit (LP102)"},
		{Clock, Params{"by": 9 * 366 * 24 * time.Hour},
			"This computer's clock moved by 9 years. Dates of proof cannot be trusted. Open date settings (LP501)"},
		{Engine, Params{"at": now.Add(-58 * time.Minute)},
			"The background part stopped at 14:02. Nothing has been watched since. Start it (LP503)"},
	}
	for _, c := range cases {
		m, err := printer.Message(c.class, c.values)
		if err != nil || m.String() != c.want {
			t.Errorf("%s:\n got %s\nwant %s\n err %v", c.class, m, c.want, err)
		}
	}
}

// The background part sends class and values as JSON; the window must write the same words.
func TestMessagesSurviveJSON(t *testing.T) {
	for _, class := range Classes() {
		values := pick(class, 41207)
		direct, err := printer.Message(class, values)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range values {
			if d, isSpan := v.(time.Duration); isSpan {
				values[name] = int64(d / time.Second)
			}
		}
		data, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		var back Params
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if m, err := printer.Message(class, back); err != nil || m != direct {
			t.Errorf("%s: %v after JSON, %v before; %v", class, m, direct, err)
		}
	}
}

func TestWrongValuesAreSaidAndNeverInvented(t *testing.T) {
	cases := []struct {
		name   string
		class  Class
		values Params
		want   error
		shows  string
	}{
		{"missing number", Missing, Params{"folder": "A"}, ErrParameter, "? originals are"},
		{"fraction for a count", Missing, Params{"folder": "A", "n": 1.5}, ErrParameter, "?"},
		{"number for a name", Missing, Params{"folder": 7, "n": 2}, ErrParameter, "? is not where it was"},
		{"superfluous", Missing, Params{"folder": "A", "n": 2, "x": 1}, ErrParameter, "A is not where it was"},
		{"no time", Engine, Params{"at": "yesterday"}, ErrParameter, "stopped at ?"},
		{"no such class", "nonsense", nil, ErrClass, "nonsense"},
	}
	for _, c := range cases {
		m, err := printer.Message(c.class, c.values)
		if !errors.Is(err, c.want) || !strings.Contains(m.String(), c.shows) {
			t.Errorf("%s: %q, %v", c.name, m.String(), err)
		}
	}
}

func TestNumbersAreWrittenForPeople(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 41207: "41,207", 1234567: "1,234,567",
		-41207: "-41,207", -9223372036854775808: "-9,223,372,036,854,775,808"} {
		if got := Count(n); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1 kB", 1999: "1.9 kB", 212_400_000: "212 MB", 38_100_000_000: "38 GB",
		1_200_000_000_000: "1.2 TB", 999_999: "999 kB", 9_223_372_036_854_775_807: "9.2 EB", -1500: "-1.5 kB"} {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
	for d, want := range map[time.Duration]string{-time.Hour: "0 s", 59 * time.Second: "59 s", 20*time.Minute + 59*time.Second: "20 min",
		47 * time.Hour: "47 h", 12*24*time.Hour + 23*time.Hour: "12 days", 800 * 24 * time.Hour: "2 years"} {
		if got := Span(d); got != want {
			t.Errorf("Span(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestDatesNameTheYearOnlyWhenItIsAnother(t *testing.T) {
	if got := printer.Date(time.Date(2026, 11, 3, 1, 0, 0, 0, berlin)); got != "3 Nov" {
		t.Error(got)
	}
	if got := printer.Date(time.Date(2019, 8, 14, 1, 0, 0, 0, berlin)); got != "14 Aug 2019" {
		t.Error(got)
	}
	if got := printer.Clock(time.Date(2026, 11, 21, 23, 30, 0, 0, time.UTC)); got != "00:30" { // today in the shown zone
		t.Error(got)
	}
	if got := printer.Ago(now.Add(48 * time.Hour)); got != "at an unknown time" {
		t.Error(got)
	}
	if got := printer.Ago(time.Time{}); got != "never" {
		t.Error(got)
	}
}

func TestNamesCannotRewriteTheSentence(t *testing.T) {
	for in, want := range map[string]string{
		"a\nb":         "a�b",
		"x\u202egpj":   "x�gpj",
		"bad\xff.jpg":  "bad�.jpg",
		"{n:count}":    "{n:count}",
		"Wörthsee.jpg": "Wörthsee.jpg",
	} {
		if got := Name(in); got != want {
			t.Errorf("Name(%q) = %q, want %q", in, got, want)
		}
	}
	if got := Name(strings.Repeat("ä", 250) + "_0001.jpg"); len([]rune(got)) != longestName || !strings.HasSuffix(got, "_0001.jpg") {
		t.Errorf("a long name became %q", got)
	}
}

func TestHomeSentence(t *testing.T) {
	base := Standing{Protected: 41207, Found: 41219, Places: 3, Planned: 3, Proven: 41207}
	with := func(change func(*Standing)) Standing { s := base; change(&s); return s }
	cases := []struct {
		name         string
		standing     Standing
		first, after string
		tray         string
	}{
		{"needs you", with(func(s *Standing) { s.Verdict, s.NeedYou = NeedsYou, 12 }),
			"41,207 of 41,219 originals are safe in 3 places.", "12 need you.", "! 41,207 of 41,219 safe in 3 places"},
		{"one needs you", with(func(s *Standing) { s.Verdict, s.NeedYou = NeedsYou, 1 }),
			"41,207 of 41,219 originals are safe in 3 places.", "1 needs you.", "! 41,207 of 41,219 safe in 3 places"},
		{"safe, some left out", with(func(s *Standing) { s.Protected, s.Found, s.Skipped = 202, 542, 340 }),
			"202 of 202 originals are safe in 3 places.", "340 left out by you or a rule.", "✓ 202 of 202 safe in 3 places"},
		{"at least", with(func(s *Standing) { s.Verdict, s.NeedYou, s.AtLeast = NeedsYou, 1, true }),
			"41,207 of at least 41,219 originals are safe in 3 places.", "1 needs you.", "! 41,207 of at least 41,219 safe in 3 places"},
		{"one place", Standing{Verdict: NotYet, Cause: CausePlaces, Found: 202, Proven: 202, Places: 1, Planned: 2},
			"Not safe yet: 202 of 202 originals are checked in 1 of 2 places.", "A second place ends this.",
			"‖ Not safe yet: 202 of 202 originals are checked in 1 of 2 places."},
		{"network", with(func(s *Standing) { s.Verdict, s.Cause, s.Waiting, s.Protected = NotYet, CauseNetwork, 21, 41198 }),
			"Not safe yet: 21 wait for a trusted network.",
			"It ends on a network that you trust. 41,198 of 41,219 originals are safe in 3 places.",
			"‖ Not safe yet: 21 wait for a trusted network."},
		{"one place and a file that needs you", Standing{Verdict: NeedsYou, NeedYou: 2, Found: 22, Proven: 20, Places: 1, Planned: 2},
			"20 of 22 originals are checked in 1 of 2 places.", "2 need you.", "! 20 of 22 checked in 1 of 2 places"},
		{"stopped", with(func(s *Standing) { s.Verdict, s.Cause = CannotTell, CauseStopped }),
			"Cannot tell: the background part is not running.", "Start it.", "? Cannot tell: the background part is not running."},
		{"nothing", Standing{Verdict: NotYet, Cause: CauseNothing, Planned: 2},
			"Not safe yet: nothing is protected yet.", "Choose folders to begin.", "‖ Not safe yet: nothing is protected yet."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			first, after := printer.Home(c.standing)
			tray, _ := printer.Tray(c.standing)
			if first != c.first || after != c.after || tray != c.tray {
				t.Errorf("%q\n%q\n%q\nwant\n%q\n%q\n%q", first, after, tray, c.first, c.after, c.tray)
			}
		})
	}
}

// Whatever the standing, no sentence says "safe" for a place too few or a cause unknown, and none shows a template.
func TestOnlyGreenAndRedSayHowManyAreSafe(t *testing.T) {
	for verdict := Safe; verdict <= CannotTell; verdict++ {
		for _, cause := range append(causes(), "unheard-of") {
			for _, places := range []int64{0, 1, 2, 3} {
				first, after := printer.Home(Standing{Verdict: verdict, Cause: cause, Found: 9, Protected: 9, Proven: 9, Places: places,
					Planned: 2, Waiting: 1, Name: "NAS", Until: now, NeedYou: 1})
				if strings.ContainsAny(first+after, "{}|") || strings.Contains(first, unknown) {
					t.Errorf("%v %q: %q %q", verdict, cause, first, after)
				}
				if strings.Contains(first+after, "are safe") && (places < 2 || verdict == CannotTell) {
					t.Errorf("%v %q in %d places: %q %q", verdict, cause, places, first, after)
				}
				if verdict == CannotTell && !strings.HasPrefix(first, "Cannot tell: ") || verdict == NotYet && !strings.HasPrefix(first, "Not safe yet: ") {
					t.Errorf("%v %q: %q", verdict, cause, first)
				}
			}
		}
	}
}

func causes() []Cause {
	var all []Cause
	for c := range notYet {
		all = append(all, c)
	}
	for c := range cannotTell {
		all = append(all, c)
	}
	return all
}

func TestAges(t *testing.T) {
	got := printer.Ages(12*24*time.Hour, now.Add(-20*time.Minute), Practice{At: now.AddDate(0, 0, -19), Identical: 25, Of: 25})
	if want := "Oldest proof 12 days · last look 20 min ago · practice restore 3 Nov: 25 of 25 identical."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	got = printer.Ages(-1, time.Time{}, Practice{})
	if want := "No proof yet · last look never · no practice restore yet."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A notification carries numbers and fixed words only, so it has no parameter that could hold a name.
func TestNotificationsHoldNoNames(t *testing.T) {
	if len(NoticeKinds()) != len(notices) {
		t.Error("NoticeKinds and the table differ")
	}
	for _, kind := range NoticeKinds() {
		n, ok := printer.Notice(kind, 1, 2, 3)
		if !ok || n.Title == "" || !strings.HasSuffix(n.Body, ".") || strings.ContainsAny(n.Title+n.Body, "{}|?!`$<>&") {
			t.Errorf("%s: %+v", kind, n)
		}
		if regexp.MustCompile(`\{\w+(:name)?\}`).MatchString(notices[kind].title + notices[kind].body) {
			t.Errorf("%s takes a name", kind)
		}
	}
}

// Words that people never read here: inner nouns, claims that nobody can keep, names of algorithms, our name for the
// background part.
var forbidden = regexp.MustCompile(`(?i)\b(repositor(y|ies)|snapshots?|blobs?|chunks?|packs?|objects?|manifests?|commits?|epochs?|index(es)?|` +
	`prun(e|ing)|GC|replicas?|scrub(bing)?|backends?|agents?|daemons?|payloads?|exit codes?|sync(ing|ed)?|mirrors?|keeper|` +
	`buckets?|endpoints?|host keys?|unlimited|guaranteed?|military|quantum|AI|artificial|completed with warnings|` +
	`SHA|AES|HPKE|Argon2\w*|Ed25519|encrypt\w*)\b|100 ?%`)

func wrongWords(s string) []string {
	found := forbidden.FindAllString(s, -1)
	if strings.Contains(s, "!") && s != "!" {
		found = append(found, "!")
	}
	return found
}

func TestNoForbiddenWordInTheTable(t *testing.T) {
	for planted, want := range map[string]bool{"3 objects are damaged.": true, "100 % secure": true, "Sync finished.": true,
		"The repository is locked.": true, "Done!": true, "A second place ends this.": false, "It was packed away.": false,
		"Said by hand.": false, "Synchronous": false} {
		if (len(wrongWords(planted)) > 0) != want {
			t.Fatalf("the scan judges %q wrongly", planted)
		}
	}
	scanned := 0
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, isImport := n.(*ast.ImportSpec); isImport {
				return false
			}
			if field, ok := n.(*ast.Field); ok && field.Tag != nil {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			scanned++
			if words := wrongWords(s); len(words) > 0 {
				t.Errorf("%s: %q in %q", f.Name(), words, s)
			}
			return true
		})
	}
	if scanned < 200 {
		t.Errorf("only %d strings were scanned", scanned)
	}
}

func FuzzFill(f *testing.F) {
	f.Add("{n:count} {n?original is|originals are} safe", "x", int64(1))
	f.Add("{", "}", int64(0))
	f.Add("{?|}{:}", "", int64(-1))
	f.Fuzz(func(t *testing.T, template, name string, n int64) {
		text, _ := printer.fill(template, Params{"n": n, "name": name, "at": name}, map[string]bool{})
		if len(text) > len(template)*4+100*strings.Count(template, "{")*4 {
			t.Errorf("%d bytes from a template of %d", len(text), len(template))
		}
	})
}

package present

import (
	"errors"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
	"time"

	"lightproof/app/window/face"
	"lightproof/backup"
)

var now = time.Date(2026, 11, 17, 14, 32, 0, 0, time.UTC)

func safe() *backup.State {
	return &backup.State{At: now, Verdict: backup.Safe, Plan: backup.Plan{Places: 2, Away: 1}, PlacesNow: 2,
		Counts: backup.Counts{Found: 41219, Protected: 41207, Skipped: 12}, LastLook: now.Add(-20 * time.Minute), OldestProof: now.AddDate(0, 0, -12),
		Safety:       backup.Safety{SetUp: true, KitChecked: now},
		Folders:      []backup.FolderState{{ID: "f"}},
		Destinations: []backup.DestinationState{{ID: "d", Label: "Backup A", Reachable: true, TotalBytes: 100, FreeBytes: 40, Proven: 41207, LastWrite: now.Add(-time.Hour)}}}
}

func with(change func(*backup.State)) Feed {
	s := safe()
	change(s)
	return Feed{State: s, Live: true, Now: now}
}

func TestTheBannerSaysTheTruthAndOffersOneAction(t *testing.T) {
	cases := []struct {
		name     string
		feed     Feed
		verdict  backup.Verdict
		headline string
		intent   Intent
	}{
		{"safe", with(func(*backup.State) {}), backup.Safe, "41,207 of 41,207 originals are safe in 2 places.", None},
		{"no state, no stream", Feed{Now: now}, backup.CannotTell, "Cannot tell: the background part is not running.", StartKeeper},
		{"stream broken", Feed{State: safe(), Now: now}, backup.CannotTell, "Cannot tell: the background part is not running.", StartKeeper},
		{"silent", Feed{State: safe(), Live: true, Now: now, Silent: now.Add(-2 * time.Minute)}, backup.CannotTell, "Cannot tell: the background part does not answer since 14:30.", RestartKeeper},
		{"sums broken", with(func(s *backup.State) { s.Counts.Pending = 5 }), backup.CannotTell, "Cannot tell: the numbers do not add up.", None},
		{"not set up", with(func(s *backup.State) { s.Safety.SetUp = false; s.Verdict = backup.NotYet }), backup.NotYet, "Not safe yet: nothing is protected yet.", BeginSetup},
		{"no destination", with(func(s *backup.State) { s.Destinations = nil; s.Verdict = backup.NotYet }), backup.NotYet, "Not safe yet: there is no destination yet.", AddDestination},
		{"keychain locked", with(func(s *backup.State) {
			*s = backup.State{At: now, Verdict: backup.NotYet, Safety: backup.Safety{SetUp: true}, Causes: []backup.Cause{{Code: "keychain", Verdict: backup.NotYet}}}
		}), backup.NotYet, "Not safe yet: the system keychain is locked.", Unlock},
		{"key lost", with(func(s *backup.State) {
			*s = backup.State{At: now, Verdict: backup.NeedsYou, Safety: backup.Safety{SetUp: true}, Causes: []backup.Cause{{Code: "keychain-lost", Verdict: backup.NeedsYou}}}
		}), backup.NeedsYou, "The key is no longer in the system keychain.", SeeProblems},
		{"failed", with(func(s *backup.State) { s.Verdict = backup.NeedsYou; s.Counts.Failed, s.Counts.Protected = 7, 41200 }), backup.NeedsYou, "41,200 of 41,207 originals are safe in 2 places.", SeeProblems},
		{"one place", with(func(s *backup.State) {
			s.Verdict, s.PlacesNow = backup.NotYet, 1
			s.Counts = backup.Counts{Found: 812, Pending: 812}
			s.Destinations[0].Proven = 812
			s.Causes = []backup.Cause{{Code: "too-few-places", Verdict: backup.NotYet, Count: 812}}
		}), backup.NotYet, "Not safe yet: 812 of 812 originals are checked in 1 of 2 places.", AddDestination},
		{"kit", with(func(s *backup.State) {
			s.Verdict = backup.NotYet
			s.Causes = []backup.Cause{{Code: "kit", Verdict: backup.NotYet}}
		}), backup.NotYet, "Not safe yet: the recovery kit is not checked.", CheckKit},
		{"paused", with(func(s *backup.State) {
			s.Verdict = backup.NotYet
			s.Paused = &backup.Pause{Until: now.Add(time.Hour)}
			s.Causes = []backup.Cause{{Code: "paused", Verdict: backup.NotYet}}
		}), backup.NotYet, "Not safe yet: copying is paused until 15:32.", Resume},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := ShowBanner(c.feed)
			if b.Verdict != c.verdict || b.Headline != c.headline || b.Action.Intent != c.intent {
				t.Errorf("got %v %q %q\nwant %v %q %q", b.Verdict, b.Headline, b.Action.Intent, c.verdict, c.headline, c.intent)
			}
			if (b.Action.Text == "") != (b.Action.Intent == None) {
				t.Errorf("a button without words or words without a button: %+v", b.Action)
			}
		})
	}
}

func TestTheFourTilesAddUpToWhatWasFound(t *testing.T) {
	c := backup.Counts{Found: 210, Protected: 1, Pending: 20, Failed: 30, Unreadable: 40, Skipped: 50, OnlineOnly: 69}
	if !c.Sums() {
		t.Fatal("the case itself does not add up")
	}
	h := ShowHome(with(func(s *backup.State) { s.Counts = c }))
	var total int64
	for _, s := range h.Stats {
		n, ok := whole(strings.ReplaceAll(s.Number, ",", ""))
		if !ok {
			t.Fatalf("%q is no number", s.Number)
		}
		total += n
	}
	if len(h.Stats) != 4 || total != c.Found {
		t.Errorf("%d tiles, together %d, want %d", len(h.Stats), total, c.Found)
	}
}

func TestNumbersOfADeadEngineAreFrozenWithTheirAge(t *testing.T) {
	s := safe()
	s.At = now.Add(-3 * time.Hour)
	s.Work = &backup.Work{Kind: "backing-up", Done: 1, Total: 2}
	h := ShowHome(Feed{State: s, Now: now})
	if !h.Frozen || h.AsOf != "Numbers of 3 h ago" || h.Now != "" {
		t.Errorf("%v %q %q", h.Frozen, h.AsOf, h.Now)
	}
	for _, d := range h.Destinations {
		if d.Mark != backup.CannotTell {
			t.Errorf("a dead engine's destination shows %v", d.Mark)
		}
	}
}

func TestProblemsComeWithTheWorstFirst(t *testing.T) {
	vm := ShowProblems(with(func(s *backup.State) {
		s.Causes = []backup.Cause{{Code: "kit", Verdict: backup.NotYet}, {Code: "lost", Verdict: backup.NeedsYou, Count: 2, Since: now.AddDate(0, 0, -1)}}
	}))
	if len(vm.Rows) != 2 || vm.Rows[0].Class != "lost" || vm.Rows[0].What != "No good copy of 2 versions is left." || vm.Rows[0].Files == "" || vm.Rows[1].Files != "" || vm.Rows[1].Action.Intent != CheckKit {
		t.Errorf("%+v", vm.Rows)
	}
}

func TestALockedListShowsNoNames(t *testing.T) {
	rows := ShowFolders(with(func(*backup.State) {}), nil)
	if len(rows) != 1 || rows[0].Name != "Folder 1" {
		t.Errorf("%+v", rows)
	}
}

func TestTheDryRunStopsWhatCannotWork(t *testing.T) {
	good := face.Plan{Files: 10, New: 8, Identical: 2, Need: 100, Free: 200}
	cases := []struct {
		name           string
		change         func(*face.Plan)
		good, waivable bool
	}{
		{"all passes", func(*face.Plan) {}, true, false},
		{"no room", func(p *face.Plan) { p.Need = 201 }, false, false},
		{"nothing fits", func(p *face.Plan) { p.Files = 0 }, false, false},
		{"one has no copy", func(p *face.Plan) { p.Missing = []face.Trouble{{Path: "a"}} }, false, true},
		{"target in use", func(p *face.Plan) { p.NotEmpty = true }, false, true},
		{"room unknown", func(p *face.Plan) { p.Free = -1; p.Need = 1 << 50 }, true, false},
	}
	for _, c := range cases {
		p := good
		c.change(&p)
		if d := ShowPlan(p, now); d.Good != c.good || d.Waivable != c.waivable || (!c.good && !c.waivable && d.Told.What == "") || strings.Contains(d.Told.What, "?") {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

func TestAProofNeverSaysMoreThanItsSum(t *testing.T) {
	cases := []struct {
		r    face.Report
		want backup.Verdict
	}{
		{face.Report{Selected: 3, Identical: 2, Already: 1}, backup.Safe},
		{face.Report{Selected: 3, Identical: 2, NotRestored: []face.Trouble{{}}}, backup.NeedsYou},
		{face.Report{Selected: 4, Identical: 2, Already: 1}, backup.CannotTell},
		{face.Report{Selected: 2, Identical: 2, Stopped: true}, backup.NotYet},
	}
	for i, c := range cases {
		if got := ShowReport(c.r).Verdict; got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

func TestKeysAreMadeOnlyFromTwoEqualAndFairPassphrases(t *testing.T) {
	cases := []struct {
		first, again, kit string
		second            bool
		s                 face.Strength
		want              bool
	}{
		{"", "", "", false, 0, false}, {"six words", "six words", "", false, 3, true}, {"six words", "six wordz", "", false, 3, false},
		{"six words", "", "", false, 3, false}, {"weak", "weak", "", false, 1, false}, {"six words", "six words", "short", true, 3, false}, {"six words", "six words", "long enough", true, 2, true},
	}
	for i, c := range cases {
		if got, _ := KeysReady(c.first, c.again, c.kit, c.second, c.s); got != c.want {
			t.Errorf("%d: %v, want %v", i, got, c.want)
		}
	}
}

func TestATestedPlaceSaysWhatItIsGoodFor(t *testing.T) {
	if p := ShowPlaceTest(face.Place{OK: true, Free: 1e12}, now); !p.Good || p.Mark != backup.Safe {
		t.Errorf("good: %+v", p)
	}
	if p := ShowPlaceTest(face.Place{OK: true, SameDisk: true}, now); !p.Good || p.Mark != backup.NotYet || len(p.Lines) != 3 {
		t.Errorf("same disk: %+v", p)
	}
	if p := ShowPlaceTest(face.Place{Code: "full", Label: "NAS"}, now); p.Good || p.Mark != backup.NeedsYou {
		t.Errorf("full: %+v", p)
	}
	if p := ShowPlaceTest(face.Place{OK: true, Holds: true}, now); p.Good {
		t.Errorf("holds copies: %+v", p)
	}
}

func TestDatesAreReadAsPeopleWriteThem(t *testing.T) {
	for s, want := range map[string][2]int{"2019-08": {2019, 8}, " 2019 ": {2019, 0}, "8/2019": {2019, 8}, "Aug 2019": {2019, 8}, "2019-08-14": {2019, 8}} {
		if y, m, ok := ParseMonth(s); !ok || y != want[0] || m != want[1] {
			t.Errorf("%q: %d %d %v", s, y, m, ok)
		}
	}
	for _, s := range []string{"", "summer", "2019-13", "99999999999999999999"} {
		if _, _, ok := ParseMonth(s); ok {
			t.Errorf("%q was read", s)
		}
	}
}

func TestErrorsOfUnlockingAreTold(t *testing.T) {
	seen := map[string]bool{}
	for _, err := range []error{face.ErrWrongPassphrase, face.ErrKeychain, face.ErrElsewhere, errors.New("other")} {
		s := UnlockError(errors.Join(err))
		if s == "" || seen[s] {
			t.Errorf("%v: %q", err, s)
		}
		seen[s] = true
	}
}

func TestNoToolkitIsImportedHere(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range parsed.Imports {
			if strings.Contains(i.Path.Value, "fyne") {
				t.Errorf("%s imports %s", f.Name(), i.Path.Value)
			}
		}
	}
}

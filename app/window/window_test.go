package window

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/remember"
	"lightproof/app/window/texts"
	"lightproof/app/window/windowtest"
	"lightproof/backup"
)

var update = flag.Bool("update", false, "write the golden trees anew")

// golden compares what a page shows, in words, with a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test -update writes it)", err)
	}
	if string(want) != got {
		t.Errorf("%s shows something else.\n--- want\n%s--- got\n%s", name, want, got)
	}
}

// TestPagesReadAsWritten pins the words of each screen in each of its states: empty, loading, failed, full, with names and numbers
// that fit nowhere.
func TestPagesReadAsWritten(t *testing.T) {
	for _, s := range shots() {
		if s.name == "question" {
			continue
		}
		t.Run(s.name, func(t *testing.T) { golden(t, s.name, s.make(t).tree()) })
	}
	t.Run("timeline-failed", func(t *testing.T) {
		f := unlocked(t, windowtest.Safe())
		f.library.Fail = errors.New("torn page")
		f.goTo(page.Route{Name: page.Timeline})
		golden(t, "timeline-failed", f.tree()+windowtest.Tree(f.shell.bread.box))
	})
	t.Run("list-locked", func(t *testing.T) {
		f := unlocked(t, windowtest.Safe())
		f.service.OnList = func(backup.Query) (backup.Page, error) { return backup.Page{}, backup.ErrLocked }
		f.goTo(page.Route{Name: page.List, Filter: "problems/lost", Title: "Lost"})
		golden(t, "list-locked", f.tree())
	})
	t.Run("restore-failed", func(t *testing.T) {
		f := unlocked(t, windowtest.Safe())
		f.library.Fail = errors.New("no records")
		f.restoreTo("dry")
		golden(t, "restore-failed", f.tree())
	})
}

func TestAWholeFirstRunByTheKeyboard(t *testing.T) {
	f := open(t, windowtest.Fresh())
	f.firstRunTo("start")
	if len(f.setup.Made) != 1 || !f.setup.Checked {
		t.Fatalf("made %d, checked %v", len(f.setup.Made), f.setup.Checked)
	}
	made := f.setup.Made[0]
	if string(made.Passphrase) != windowtest.Passphrase || made.Dir != "/media/anna/Backup A" || !slices.Equal(made.Folders, []string{"/home/anna/Pictures"}) || made.Mode != "strict" || made.KitPass != nil {
		t.Errorf("asked for %+v", made)
	}
	if !slices.Contains(f.service.Did(), "back-up") {
		t.Error("no first backup was started")
	}
	f.press(fyne.KeyReturn)
	if got := f.shell.router.now.route.Name; got != page.Home || f.shell.library == nil {
		t.Errorf("ends at %q, library %v", got, f.shell.library)
	}
}

func TestTheWordsVanishAndAWrongOneIsRefused(t *testing.T) {
	f := open(t, windowtest.Fresh())
	f.firstRunTo("kit")
	if !strings.Contains(f.tree(), "abandon") {
		t.Fatal("the words are not shown")
	}
	f.press(fyne.KeyReturn)
	for _, w := range windowtest.Words {
		if slices.Contains(strings.Fields(f.tree()), w) && w != "about" && w != "access" {
			t.Fatalf("%q is still on the screen while it is asked", w)
		}
	}
	for range 3 {
		f.typed("wrong")
		f.press(fyne.KeyReturn)
	}
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	if f.setup.Checked || !strings.Contains(f.tree(), texts.WordsWrong) {
		t.Errorf("a wrong word passed: %v\n%s", f.setup.Checked, f.tree())
	}
}

func TestAWholeRestoreByTheKeyboard(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.restoreTo("proof")
	if len(f.library.Asked) != 1 {
		t.Fatalf("%d plans", len(f.library.Asked))
	}
	r := f.library.Asked[0]
	if r.Reason != face.ReasonBadEdit || r.At.Day() != 15 || r.Dir != "/tmp/restored" || r.Conflict != face.KeepBoth || r.Original {
		t.Errorf("asked for %+v", r)
	}
	f.press(fyne.KeyReturn)
	if f.shell.router.now.route.Name != page.Home {
		t.Errorf("ends at %q", f.shell.router.now.route.Name)
	}
}

func TestAStoppedRestoreGivesAPartialReport(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.restoreTo("run")
	f.shell.close()
	if f.shell.question == nil || f.quits != 0 {
		t.Fatal("closing in a restore did not ask")
	}
	f.press(fyne.KeyReturn) // Keep open
	f.queue.Held = 0
	if f.shell.question != nil || f.quits != 0 {
		t.Fatal("Keep open closed")
	}
	f.press(fyne.KeySpace) // Stop has the keyboard, or nothing has
	f.shell.wizard.Stop()
	f.settle()
	if !strings.Contains(f.tree(), texts.StoppedEarly) {
		t.Errorf("no partial report:\n%s", f.tree())
	}
}

func TestLockDropsNamesPicturesAndKeys(t *testing.T) {
	f := unlocked(t, windowtest.NeedsYou())
	f.goTo(page.Route{Name: page.Timeline})
	f.press(fyne.KeyRight)
	f.press(fyne.KeyReturn)
	details := f.shell.timeline.Details().Content()
	if got := windowtest.Tree(details); !strings.Contains(got, texts.Fingerprint) {
		t.Fatalf("no details:\n%s", got)
	}
	f.goTo(page.Route{Name: page.Problems})
	shortcut(f, fyne.KeyL, fyne.KeyModifierShortcutDefault)
	if got := windowtest.Tree(details); strings.Contains(got, texts.Fingerprint) || strings.Contains(got, "IMG_") {
		t.Errorf("the details outlive the lock:\n%s", got)
	}
	if f.shell.library != nil || !f.library.Locked || f.shell.router.now.route.Name != page.Lock {
		t.Fatalf("library %v, locked %v, at %q", f.shell.library, f.library.Locked, f.shell.router.now.route.Name)
	}
	if got := f.tree(); strings.Contains(got, "NAS") || strings.Contains(got, "IMG_") || strings.Contains(got, "Pictures") {
		t.Errorf("the locked screen shows a name:\n%s", got)
	}
	if f.shell.rail.box.Visible() {
		t.Error("the rail stands beside the lock")
	}
	f.press(fyne.KeyEscape)
	shortcut(f, fyne.Key2, fyne.KeyModifierShortcutDefault)
	if f.shell.router.now.route.Name != page.Lock {
		t.Error("a key leads past the lock")
	}
	f.typed("wrong")
	f.press(fyne.KeyReturn)
	if f.shell.library != nil || !strings.Contains(f.tree(), texts.WrongPassphrase) {
		t.Errorf("wrong passphrase:\n%s", f.tree())
	}
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	if f.shell.library == nil || f.shell.router.now.route.Name != page.Home {
		t.Error("the right passphrase does not open")
	}
}

func shortcut(f *fixture, key fyne.KeyName, mod fyne.KeyModifier) {
	f.t.Helper()
	run := f.shell.shortcuts[(&desktop.CustomShortcut{KeyName: key, Modifier: mod}).ShortcutName()]
	if run == nil {
		f.t.Fatalf("no shortcut %v+%s", mod, key)
	}
	run()
	f.settle()
}

func TestShortcutsLeadToTheirScreens(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	mod := fyne.KeyModifierShortcutDefault
	for _, c := range []struct {
		key  fyne.KeyName
		want page.Name
	}{{fyne.Key2, page.Timeline}, {fyne.Key3, page.Problems}, {fyne.Key4, page.Folders}, {fyne.Key5, page.Destinations}, {fyne.Key6, page.Activity}, {fyne.KeyComma, page.Settings}, {fyne.Key1, page.Home}, {fyne.KeyR, page.Restore}, {fyne.KeyF, page.Timeline}} {
		shortcut(f, c.key, mod)
		if got := f.shell.router.now.route.Name; got != c.want {
			t.Errorf("%s leads to %q, want %q", c.key, got, c.want)
		}
	}
	shortcut(f, fyne.KeyP, mod|fyne.KeyModifierShift)
	f.goTo(page.Route{Name: page.Home})
	f.press(fyne.KeyF5)
	f.press(fyne.KeyF1)
	if got := f.service.Did(); !slices.Equal(got, []string{"pause", "back-up"}) || f.shell.router.now.route.Name != page.Help {
		t.Errorf("did %q, at %q", got, f.shell.router.now.route.Name)
	}
}

func TestBackLeadsToWhereAPageWasLeft(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.goTo(page.Route{Name: page.Timeline})
	for range 6 {
		f.press(fyne.KeyPageDown)
	}
	was := f.shell.timeline.Scroll()
	f.goTo(page.Route{Name: page.Folders})
	f.press(fyne.KeyEscape)
	if f.shell.router.now.route.Name != page.Timeline || f.shell.timeline.Scroll() != was || was == 0 {
		t.Errorf("at %q, %v, left at %v", f.shell.router.now.route.Name, f.shell.timeline.Scroll(), was)
	}
	f.press(fyne.KeyEscape)
	f.press(fyne.KeyEscape)
	if f.shell.router.now.route.Name != page.Home {
		t.Errorf("at %q", f.shell.router.now.route.Name)
	}
}

func TestASelectionIsCountedAndRestored(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.goTo(page.Route{Name: page.Timeline})
	f.press(fyne.KeySpace)
	f.press(fyne.KeyRight)
	f.press(fyne.KeySpace)
	if !strings.Contains(f.tree(), "2 selected, 96 MB") {
		t.Errorf("not counted:\n%s", f.tree())
	}
	shortcut(f, fyne.KeyR, fyne.KeyModifierShortcutDefault)
	f.press(fyne.KeyDown)
	f.press(fyne.KeyUp)
	for range 3 {
		f.press(fyne.KeyReturn)
	}
	f.typed("/tmp/x")
	f.press(fyne.KeyReturn)
	f.press(fyne.KeyReturn)
	if len(f.library.Asked) != 1 || len(f.library.Asked[0].IDs) != 2 {
		t.Errorf("asked for %+v", f.library.Asked)
	}
}

func TestAWindowRemembersItsSizeAndTheme(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.goTo(page.Route{Name: page.Settings})
	f.shell.SetTheme("dark")
	f.shell.SetTextSize(150)
	f.settle()
	if got := remember.Load(f.shell.options.Home); got.Theme != "dark" || got.TextSize != 150 {
		t.Errorf("kept %+v", got)
	}
}

func TestTheRailShowsOnlyWhatExists(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	golden(t, "rail", windowtest.Tree(f.shell.rail.box))
}

func TestAnUnknownStateNeverLooksSafe(t *testing.T) {
	f := open(t, windowtest.Safe(), func(f *fixture, _ *Options) { f.service.Gone = true })
	if got := f.tree(); !strings.Contains(got, texts.Stopped) || strings.Contains(got, "safe in") {
		t.Errorf("without an engine:\n%s", got)
	}
	f.service.Revive()
	f.queue.Until(func() bool { return f.shell.latest.Live || f.tick() })
	f.settle()
	if got := f.tree(); !strings.Contains(got, "41,219 of 41,219") {
		t.Errorf("after it came back:\n%s", got)
	}
	f.wait(time.Millisecond)
}

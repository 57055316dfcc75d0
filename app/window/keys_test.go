package window

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/windowtest"
	"lightproof/backup"
)

// convenient is a computer that opens without a passphrase.
func convenient() backup.State {
	s := windowtest.Safe()
	s.Safety.Mode = backup.ModeConvenient
	return s
}

// newKitTo makes another kit by the keyboard, up to a step.
func (f *fixture) newKitTo(step string) {
	f.t.Helper()
	f.shell.intent(present.Action{Intent: present.NewKit})
	f.settle()
	if step == "ask" {
		return
	}
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	if step == "words" {
		return
	}
	f.press(fyne.KeyReturn) // on paper
	if step == "check" {
		return
	}
	f.answer(windowtest.Passphrase)
}

// answer reads the three words from the paper.
func (f *fixture) answer(passphrase string) {
	f.t.Helper()
	at, _ := f.setup.AskWords()
	for _, i := range at {
		f.typed(windowtest.Words[i])
		f.press(fyne.KeyReturn)
	}
	f.typed(passphrase)
	f.press(fyne.KeyReturn)
}

// replaced has the kits before the newest one end in a week.
func replaced(f *fixture) {
	f.library.Checked = face.CheckedKit{Newest: true, Older: 1, Until: windowtest.Now.Add(7 * 24 * time.Hour)}
}

func TestAnotherKitIsMadeShownAndChecked(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	replaced(f)
	f.newKitTo("words")
	if got := f.tree(); !strings.Contains(got, "abandon") || !strings.Contains(got, texts.PrintKit) || !strings.Contains(got, texts.NewKitMade) {
		t.Fatalf("the words are not shown:\n%s", got)
	}
	f.press(fyne.KeyReturn)
	if got := f.tree(); strings.Contains(got, "abandon") || f.shell.router.now.route.Name != page.KitCheck {
		t.Fatalf("at %q:\n%s", f.shell.router.now.route.Name, got)
	}
	f.answer(windowtest.Passphrase)
	if got := f.tree(); !f.setup.Checked || !strings.Contains(got, texts.OldKitsUntil("24 Nov")) || !strings.Contains(got, texts.OldKitsNeed) {
		t.Errorf("checked %v; older kits:\n%s", f.setup.Checked, got)
	}
	if !slices.Equal(f.library.Kits, []string{windowtest.Passphrase}) {
		t.Errorf("%d kits", len(f.library.Kits))
	}
	f.press(fyne.KeyReturn)
	if f.shell.router.now.route.Name != page.Home {
		t.Errorf("ends at %q", f.shell.router.now.route.Name)
	}
}

func TestAWrongPassphraseMakesNoKit(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.newKitTo("ask")
	f.typed("wrong")
	f.press(fyne.KeyReturn)
	if got := f.tree(); len(f.library.Kits) != 0 || !strings.Contains(got, texts.WrongPassphrase) || strings.Contains(got, "abandon") {
		t.Errorf("%d kits:\n%s", len(f.library.Kits), got)
	}
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	if len(f.library.Kits) != 1 {
		t.Errorf("%d kits after the right one", len(f.library.Kits))
	}
}

func TestAKitMayHaveAPassphraseOfItsOwn(t *testing.T) {
	const own = "another one for the kit alone"
	f := unlocked(t, windowtest.Safe())
	f.newKitTo("ask")
	f.typed(windowtest.Passphrase)
	f.window.Canvas().FocusNext()
	f.press(fyne.KeySpace)
	f.window.Canvas().FocusNext()
	f.typed(own)
	f.press(fyne.KeyReturn)
	f.typed("not the same")
	f.press(fyne.KeyReturn)
	if got := f.tree(); len(f.library.Kits) != 0 || !strings.Contains(got, texts.NotSame) {
		t.Fatalf("%d kits:\n%s", len(f.library.Kits), got)
	}
	for range "not the same" {
		f.press(fyne.KeyBackspace)
	}
	f.typed(own)
	f.press(fyne.KeyReturn)
	if !slices.Equal(f.library.Kits, []string{own}) {
		t.Errorf("%d kits:\n%s", len(f.library.Kits), f.tree())
	}
}

func TestWhereNoPassphraseOpensTheComputerOneIsChosenForTheKit(t *testing.T) {
	f := unlocked(t, convenient())
	f.newKitTo("ask")
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	if !slices.Equal(f.library.Kits, []string{windowtest.Passphrase}) || !strings.Contains(f.tree(), "abandon") {
		t.Errorf("%d kits:\n%s", len(f.library.Kits), f.tree())
	}
}

func TestTheWordsOfANewKitGoWithItsPage(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.newKitTo("words")
	shown := f.shell.router.pages[page.NewKit].Content()
	shortcut(f, fyne.KeyL, fyne.KeyModifierShortcutDefault)
	if got := windowtest.Tree(shown); strings.Contains(got, "abandon") {
		t.Errorf("the words outlive the lock:\n%s", got)
	}
}

func TestAKitThatWasNotMadeHereIsCheckedByAllItsWords(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.setup.OtherKit = true
	f.goTo(page.Route{Name: page.KitCheck})
	f.typed(strings.Join(windowtest.Words[:23], " "))
	f.press(fyne.KeyReturn)
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	if got := f.tree(); f.setup.Checked || !strings.Contains(got, texts.WordsWrong) {
		t.Fatalf("23 words pass:\n%s", got)
	}
	f.goTo(page.Route{Name: page.KitCheck})
	f.typed(strings.Join(windowtest.Words, " "))
	f.press(fyne.KeyReturn)
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	if !f.setup.Checked {
		t.Errorf("not checked:\n%s", f.tree())
	}
}

func TestAKitThatWasReplacedIsNamedAsSuch(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.library.Checked = face.CheckedKit{Until: windowtest.Now.Add(3 * 24 * time.Hour)}
	f.newKitTo("checked")
	if got := f.tree(); !strings.Contains(got, texts.ThisKitUntil("20 Nov")) {
		t.Errorf("within its delay:\n%s", got)
	}
	f.library.Fail = face.ErrReplaced
	f.goTo(page.Route{Name: page.KitCheck})
	f.answer(windowtest.Passphrase)
	if got := f.tree(); f.setup.Checked || !strings.Contains(got, texts.KitReplacedWhat) {
		t.Errorf("after its delay:\n%s", got)
	}
}

func TestTheKeysAskToUnlockFirst(t *testing.T) {
	for _, i := range []present.Intent{present.NewKit, present.ChangePass, present.CheckKit} {
		f := open(t, windowtest.Safe())
		f.shell.intent(present.Action{Intent: i})
		f.settle()
		if got := f.shell.router.now.route.Name; got != page.Lock {
			t.Errorf("%s while locked leads to %q", i, got)
		}
	}
}

const nextPass = "six quite different words for the desk"

// change asks for a change of the passphrase by the keyboard.
func (f *fixture) change(old, next, again string) {
	f.t.Helper()
	f.shell.intent(present.Action{Intent: present.ChangePass})
	f.settle()
	for _, s := range []string{old, next, again} {
		f.typed(s)
		f.press(fyne.KeyReturn)
	}
}

func TestThePassphraseIsChangedAndANewKitOffered(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.change(windowtest.Passphrase, nextPass, nextPass)
	if got := f.tree(); !slices.Equal(f.library.Changed, []string{nextPass}) || !strings.Contains(got, texts.PassChanged) || !strings.Contains(got, texts.PassOldKits) {
		t.Fatalf("%d changes:\n%s", len(f.library.Changed), got)
	}
	f.press(fyne.KeyReturn)
	if f.shell.router.now.route.Name != page.NewKit {
		t.Errorf("leads to %q", f.shell.router.now.route.Name)
	}
	f.typed(nextPass)
	f.press(fyne.KeyReturn)
	if !slices.Equal(f.library.Kits, []string{nextPass}) {
		t.Errorf("%d kits", len(f.library.Kits))
	}
}

func TestAWrongOldPassphraseChangesNothing(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.change("wrong", nextPass, nextPass)
	if got := f.tree(); len(f.library.Changed) != 0 || !strings.Contains(got, texts.WrongPassphrase) || f.shell.library == nil {
		t.Fatalf("%d changes:\n%s", len(f.library.Changed), got)
	}
	f.typed(windowtest.Passphrase)
	f.press(fyne.KeyReturn)
	f.window.Canvas().FocusNext()
	f.press(fyne.KeyReturn)
	if len(f.library.Changed) != 1 {
		t.Errorf("%d changes after the right one:\n%s", len(f.library.Changed), f.tree())
	}
}

func TestAPassphraseThatIsWeakDiffersOrIsTheOldOneIsNotTaken(t *testing.T) {
	for _, c := range []struct{ next, again, told string }{{"short", "short", texts.TooShort}, {nextPass, nextPass + "x", texts.NotSame}, {windowtest.Passphrase, windowtest.Passphrase, texts.PassSame}} {
		f := unlocked(t, windowtest.Safe())
		f.change(windowtest.Passphrase, c.next, c.again)
		if got := f.tree(); len(f.library.Changed) != 0 || !strings.Contains(got, c.told) {
			t.Errorf("%q: %d changes:\n%s", c.told, len(f.library.Changed), got)
		}
	}
}

func TestWhereNoPassphraseOpensTheComputerThereIsNoneToChange(t *testing.T) {
	f := unlocked(t, convenient())
	f.goTo(page.Route{Name: page.Settings})
	if got := f.tree(); strings.Contains(got, texts.ChangePass) || !strings.Contains(got, texts.ConvenientNote) {
		t.Errorf("convenient:\n%s", got)
	}
	f = unlocked(t, windowtest.Safe())
	f.goTo(page.Route{Name: page.Settings})
	if got := f.tree(); !strings.Contains(got, texts.ChangePass) {
		t.Errorf("strict:\n%s", got)
	}
}

func TestThePassphraseWaitsForARestore(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.restoreTo("run")
	f.change(windowtest.Passphrase, nextPass, nextPass)
	if got := f.tree(); len(f.library.Changed) != 0 || !strings.Contains(got, texts.PassRestoring) {
		t.Errorf("%d changes:\n%s", len(f.library.Changed), got)
	}
	f.queue.Held = 0
	close(f.library.Hold)
	f.settle()
}

func TestAfterAChangeTheWindowGoesOnWithWhatWasOpenedAnew(t *testing.T) {
	for _, c := range []struct {
		name string
		next face.Library
		err  error
		at   page.Name
		told string
	}{
		{"changed", windowtest.NewLibrary(), nil, page.Passphrase, texts.PassChanged},
		{"the background part did not end", windowtest.NewLibrary(), face.ErrBusy, page.Passphrase, texts.PassBusy},
		{"changed, not opened", nil, nil, page.Lock, texts.LockedTitle},
	} {
		f := unlocked(t, windowtest.Safe())
		f.library.Reopen = func() (face.Library, error) { return c.next, c.err }
		f.change(windowtest.Passphrase, nextPass, nextPass)
		if f.shell.library != c.next || f.shell.router.now.route.Name != c.at || !strings.Contains(f.tree(), c.told) {
			t.Errorf("%s: at %q:\n%s", c.name, f.shell.router.now.route.Name, f.tree())
		}
	}
}

func TestALockDuringAChangeOfThePassphraseStays(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	next := windowtest.NewLibrary()
	f.library.Reopen = func() (face.Library, error) {
		f.queue.Do(f.shell.lock)
		return next, nil
	}
	f.change(windowtest.Passphrase, nextPass, nextPass)
	if f.shell.library != nil || !next.Locked || f.shell.router.now.route.Name != page.Lock {
		t.Errorf("library %v, the new one locked %v, at %q", f.shell.library, next.Locked, f.shell.router.now.route.Name)
	}
}

func TestAKitWhosePageWasLeftWhileItWasMadeIsForgotten(t *testing.T) {
	for _, left := range []bool{true, false} {
		f := unlocked(t, windowtest.Safe())
		f.library.OnNewKit = func() {
			if left {
				f.queue.Do(func() { f.shell.goTo(page.Route{Name: page.Home}) })
			}
		}
		f.newKitTo("words")
		if _, ok := f.setup.AskWords(); len(f.library.Kits) != 1 || ok == left {
			t.Errorf("left %v: %d kits, three of its words are asked: %v", left, len(f.library.Kits), ok)
		}
	}
}

func TestTheLockIsShownAtOnceHoweverLongTheKeysAreInUse(t *testing.T) {
	f := unlocked(t, windowtest.Safe())
	f.goTo(page.Route{Name: page.Timeline})
	f.library.Closing = make(chan struct{})
	f.queue.Held = 1
	shortcut(f, fyne.KeyL, fyne.KeyModifierShortcutDefault)
	if got := f.tree(); f.shell.library != nil || f.shell.router.now.route.Name != page.Lock || strings.Contains(got, "IMG_") {
		t.Errorf("at %q:\n%s", f.shell.router.now.route.Name, got)
	}
	f.queue.Held = 0
	close(f.library.Closing)
	f.settle()
	if !f.library.Locked {
		t.Error("the library stays open")
	}
}

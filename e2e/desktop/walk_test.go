//go:build linux

package desktop

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"lightproof/app/window/texts"
	"lightproof/backup"
)

// firstRun goes through the four steps, by keys and clicks, to Home.
func (p *person) firstRun() {
	p.t.Helper()
	p.read(texts.StepWhat)
	p.shot("first-run-what")
	p.read(texts.PathHint) // no picture folder was found, so the line for a path has the keyboard
	p.typing(p.photos)
	p.key("Return")
	p.read("Pictures")
	p.shot("first-run-folder-added")
	p.click(texts.Next)

	p.read("Choose a drive")
	p.typing(p.copies)
	p.shot("first-run-where")
	p.click(texts.TestPlace)
	p.read("Wrote, read back")
	p.shot("first-run-where-tested")
	p.key("Return")

	p.read("One passphrase opens")
	p.typing(pass)
	p.key("Return")
	p.typing(pass)
	p.read(texts.Strong)
	p.shot("first-run-keys")
	p.click(texts.MakeKeys)

	p.read("Write these 24 words")
	p.shot("first-run-kit")
	p.click(texts.PrintKit)
	words := p.paper()
	p.click(texts.HaveThem)

	p.read("The words are gone")
	for _, n := range p.asked() {
		p.typing(words[n-1])
		p.key("Return")
	}
	p.typing(pass)
	p.shot("first-run-check")
	p.key("Return")
	p.read(texts.ToHome)
	p.shot("first-run-start")
	if left := p.leftovers(); len(left) > 0 {
		p.t.Errorf("the kit's page still lies at %q", left)
	}
}

// settled waits until the first copies are read back.
func (p *person) settled() *backup.State {
	p.t.Helper()
	return p.untilState("all copied and read back", func(s *backup.State) bool {
		return s.Safety.KeysUsable && s.Counts.Found > 0 && len(s.Destinations) == 1 && s.Destinations[0].Gap == 0 &&
			s.Counts.Failed+s.Counts.Unreadable == 0 && s.Work == nil
	})
}

// TestFromTheFirstRunToTheProof is one evening of one person; where pictures are wanted, of a second one too, on a dark desktop.
func TestFromTheFirstRunToTheProof(t *testing.T) {
	t.Run("light", func(t *testing.T) { evening(t, "light") })
	if os.Getenv("LIGHTPROOF_SHOTS") != "" {
		t.Run("dark", func(t *testing.T) { evening(t, "dark") })
	}
}

func evening(t *testing.T, theme string) {
	p := newPerson(t, 30)
	p.wears(theme)
	window := p.window()
	p.firstRun()
	st := p.settled()
	t.Logf("verdict %v, %+v, places %d of %d", st.Verdict, st.Counts, st.PlacesNow, st.Plan.Places)
	if st.Verdict != backup.NotYet {
		t.Errorf("one place is %v, want amber", st.Verdict)
	}
	p.click(texts.ToHome)
	p.read("checked in 1 of 2 places")
	p.shot("home")

	p.key("ctrl+2")
	p.read(texts.SearchHint)
	p.read(texts.AllPhotos)
	p.shot("timeline")
	p.key("Home", "Return")
	p.read(texts.Fingerprint)
	p.shot("details")

	edited := p.sourceFile()
	before, err := os.ReadFile(edited)
	if err != nil {
		t.Fatal(err)
	}
	versions := p.state().History.Versions
	if err := os.WriteFile(edited, append(bytes.Clone(before), "edited"...), 0o644); err != nil {
		t.Fatal(err)
	}
	p.key("F5")
	p.untilState("the second version, read back", func(s *backup.State) bool {
		return s.History.Versions == versions+1 && s.Destinations[0].Gap == 0 && s.Work == nil
	})
	p.shot("after-edit")

	p.restoreBadEdit(edited, before)

	p.key("ctrl+l")
	p.read(texts.LockedTitle)
	p.shot("locked")
	p.typing("not the passphrase")
	p.key("Return")
	p.read("This passphrase does not fit")
	p.shot("wrong-passphrase")
	p.typing(pass)
	p.key("Return")
	p.read("checked in 1 of 2 places")
	p.look(texts.CheckNow, true)

	for i, name := range []string{"problems", "folders", "destinations", "activity"} {
		p.key([]string{"ctrl+3", "ctrl+4", "ctrl+5", "ctrl+6"}[i])
		p.look([]string{texts.Problems, texts.Folders, texts.Destinations, texts.Activity}[i], true)
		p.shot(name)
	}
	p.key("ctrl+comma")
	p.read(texts.Appearance)
	p.shot("settings")
	p.key("F1")
	p.look(texts.Help, true)
	p.shot("help")

	second := p.run()
	p.gone(second.Process.Pid)
	if n := len(p.windows()); n != 1 {
		t.Errorf("%d windows after a second start, want 1", n)
	}
	keeper := p.keeper()
	p.focus()
	p.key("alt+F4")
	p.read("Lightproof goes on in the tray")
	p.shot("first-close")
	p.key("Return")
	p.gone(window)
	if !alive(keeper) || p.state() == nil {
		t.Error("the background part ended with the window")
	}
	p.window()
	p.read(texts.LockedTitle)
}

// restoreBadEdit brings the version before an edit back into a new folder, through all steps of the wizard.
func (p *person) restoreBadEdit(edited string, want []byte) {
	p.t.Helper()
	to := filepath.Join(filepath.Dir(p.home), "restored")
	p.key("ctrl+r")
	p.read(texts.ReasonBadEdit)
	p.click(texts.ReasonBadEdit)
	p.shot("restore-what-happened")
	p.click(texts.Next)
	p.read(texts.WhenDay)
	p.shot("restore-when")
	p.click(texts.Next)
	p.read(texts.WhichPattern)
	p.click(texts.WhichPattern)
	p.clickAt(p.read(texts.PatternHint).Min)
	p.typing(filepath.Base(edited))
	p.shot("restore-what")
	p.click(texts.Next)
	p.read(texts.ToFolder)
	p.typing(to)
	p.shot("restore-to")
	p.click(texts.Next)
	p.read("Identical files are skipped")
	p.shot("restore-conflicts")
	p.click(texts.Next)
	p.read(texts.DryGood)
	p.shot("restore-dry-run")
	p.click(texts.RunStart)
	p.read(texts.OpenReport)
	p.shot("restore-proof")
	found := false
	_ = filepath.WalkDir(to, func(f string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Base(f) == filepath.Base(edited) {
			got, err := os.ReadFile(f)
			if err != nil || !bytes.Equal(got, want) {
				p.t.Errorf("%s is not the version before the edit (%v)", f, err)
			}
			found = true
		}
		return nil
	})
	if !found {
		p.t.Error("the restored file is not there")
	}
	p.click(texts.Done)
}

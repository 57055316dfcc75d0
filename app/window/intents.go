package window

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/remember"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/backup"
)

// intent carries out what a button asks for.
func (s *shell) intent(a present.Action) {
	switch a.Intent {
	case present.StartKeeper, present.RestartKeeper:
		s.startKeeper(a.Intent == present.RestartKeeper)
	case present.SeeProblems:
		s.goTo(page.Route{Name: page.Problems})
	case present.SeeFolders:
		s.goTo(page.Route{Name: page.Folders})
	case present.SeeDestinations:
		s.goTo(page.Route{Name: page.Destinations})
	case present.AddDestination:
		s.goTo(page.Route{Name: page.Destinations, Filter: "add"})
	case present.SeeTimeline:
		s.goTo(page.Route{Name: page.Timeline})
	case present.SeePending, present.SeeUncovered, present.SeeProtected:
		s.goTo(page.Route{Name: page.List, Filter: "files/" + string(a.Intent), Title: a.Text})
	case present.SeeActivity:
		s.goTo(page.Route{Name: page.Activity})
	case present.BeginSetup:
		s.goTo(page.Route{Name: page.FirstRun})
	case present.AddFolder:
		s.addFolder()
	case present.CheckKit:
		s.goTo(page.Route{Name: page.KitCheck})
	case present.NewKit:
		s.goTo(page.Route{Name: page.NewKit})
	case present.ChangePass:
		s.goTo(page.Route{Name: page.Passphrase})
	case present.Resume:
		s.command(backup.Resume{}, texts.Resumed)
	case present.Pause:
		s.command(backup.PauseFor{For: time.Hour}, texts.Paused1h)
	case present.CheckNow:
		s.toast(texts.CheckStarted)
		s.command(backup.BackUp{FullScan: true}, "")
	case present.RetryAll:
		s.command(backup.Retry{}, texts.Retried)
	case present.Restore, present.Practice:
		s.goTo(s.restoreRoute())
	case present.ContinueRestore:
		s.continueRestore()
	case present.WriteProof:
		s.writeProof()
	case present.Adopt:
		s.adopt()
	case present.Unlock:
		s.goTo(page.Route{Name: page.Lock})
	}
}

// restoreRoute leads to the restore wizard, with what is selected in the timeline where that is on screen.
func (s *shell) restoreRoute() page.Route {
	r := page.Route{Name: page.Restore}
	if s.router.now.route.Name == page.Timeline {
		if ids := s.timeline.Grid().Selection(); len(ids) > 0 {
			r.Restore = &face.Request{IDs: ids}
		}
	}
	return r
}

func (s *shell) startKeeper(again bool) {
	start := s.options.StartKeeper
	if again && s.options.RestartKeeper != nil {
		start = s.options.RestartKeeper
	}
	if start == nil {
		s.toast(texts.StartFailed)
		return
	}
	page.Run(&s.env, func(context.Context) (struct{}, error) { return struct{}{}, start() }, func(_ struct{}, err error) {
		if err != nil {
			s.toast(texts.StartFailed)
		}
	})
}

func (s *shell) addFolder() {
	s.env.PickFolder(func(path string) {
		if path != "" {
			s.command(backup.AddFolder{Path: path}, texts.Added)
		}
	})
}

func (s *shell) continueRestore() {
	lib := s.library
	if lib == nil {
		return
	}
	page.Run(&s.env, func(ctx context.Context) (*face.Plan, error) { return lib.Waiting(ctx) }, func(p *face.Plan, err error) {
		if err == nil && p != nil {
			s.bar.waiting(nil)
			s.goTo(page.Route{Name: page.Restore, Plan: p})
		}
	})
}

// adopt asks what the alarm about this computer's name was, and goes on from the copies where it was this computer itself.
func (s *shell) adopt() {
	lib := s.library
	if lib == nil {
		s.goTo(page.Route{Name: page.Lock})
		return
	}
	s.ask(page.Question{Text: texts.AdoptAsk, Note: texts.AdoptNote, Buttons: []string{texts.AdoptYes, texts.AdoptNo, texts.Cancel}, Chosen: func(i int) {
		switch i {
		case 0:
			page.Run(&s.env, func(ctx context.Context) (struct{}, error) { return struct{}{}, lib.Adopt(ctx) }, func(_ struct{}, err error) {
				if err == nil {
					s.toast(texts.Adopted)
					return
				}
				m := present.TellRefusal(s.env.Now(), err)
				s.ask(page.Question{Text: m.What, Note: m.Why + " " + m.Action.Text + ".", Buttons: []string{texts.Close}, Chosen: func(int) {}})
			})
		case 1:
			s.ask(page.Question{Text: texts.OwnName, Note: texts.OwnNameNote, Buttons: []string{texts.Close}, Chosen: func(int) {}})
		}
	}})
}

// writeProof writes the report of everything held into a folder that the person picks.
func (s *shell) writeProof() {
	lib := s.library
	if lib == nil {
		return
	}
	s.env.PickFolder(func(dir string) {
		if dir == "" || !filepath.IsAbs(dir) {
			return
		}
		page.Run(&s.env, func(ctx context.Context) (face.Report, error) { return lib.WriteProof(ctx, dir) }, func(r face.Report, err error) {
			if err != nil {
				s.toast(texts.Failed)
				return
			}
			s.toast(texts.ReportWritten)
			s.env.OpenPath(r.HTML)
		})
	})
}

// Theme is the chosen appearance.
func (s *shell) Theme() string { return s.kept.Theme }

// SetTheme changes and keeps the appearance.
func (s *shell) SetTheme(t string) {
	s.kept.Theme = t
	theme.Use(fyne.CurrentApp(), theme.New(theme.Choice(t)))
	s.save()
}

// TextSize is the chosen size of text in per cent.
func (s *shell) TextSize() int { return s.kept.TextSize }

// SetTextSize keeps the size; it takes effect at the next start.
func (s *shell) SetTextSize(n int) { s.kept.TextSize = n; s.save() }

// errNotOffered says that there is no start with the computer here.
var errNotOffered = errors.New("the start with the computer is not offered here")

// Autostart reads the start with the computer back from the system.
func (s *shell) Autostart(ctx context.Context) (on, ok bool, err error) {
	if s.options.Autostart == nil {
		return false, false, nil
	}
	return s.options.Autostart.Read(ctx)
}

// SetAutostart sets it.
func (s *shell) SetAutostart(ctx context.Context, on bool) error {
	if s.options.Autostart == nil {
		return errNotOffered
	}
	return s.options.Autostart.Set(ctx, on)
}

// save writes window.json off the screen's thread, one writer at a time and always the newest; what it holds is not worth a message.
func (s *shell) save() {
	if s.options.Home == "" {
		return
	}
	kept := s.kept
	s.saving.newest.Store(&kept)
	s.around.spawn(func() {
		s.saving.one.Lock()
		defer s.saving.one.Unlock()
		_ = remember.Save(s.options.Home, *s.saving.newest.Load())
	})
}

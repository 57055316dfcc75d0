package terminal

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/setup"
)

func (a *app) verifyCommand() *cobra.Command {
	var level string
	c := &cobra.Command{Use: "verify", Short: "Check what is stored, and repair what can be", Args: cobra.NoArgs,
		Long: `Check what is stored at every destination, and repair what can be repaired from another copy or the original:

  quick       signatures and history, names and sizes of everything stored
  structural  quick, and both copies of all records read back
  full        structural, and every stored byte read back; with the passphrase, every version is opened and compared with its original's
              fingerprint as it is read

Ends with 3 where something stays damaged.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.verify(c.Context(), level) }}
	c.Flags().StringVar(&level, "level", "quick", "quick, structural or full")
	return a.unlocks(c)
}

// openedCopy is what came of opening the copies at one destination.
type openedCopy struct {
	Destination string `json:"destination"`
	Label       string `json:"label"`
	Versions    int64  `json:"versions"` // opened, fingerprint equal
	Wrong       int64  `json:"wrong"`
	Bytes       int64  `json:"bytes"`
}

func (a *app) verify(ctx context.Context, level string) error {
	switch level {
	case "quick", "structural", "full":
	default:
		return wrongUsage("--level is quick, structural or full, not %q", level)
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	run, opened, err := s.check(ctx, level)
	if err != nil {
		return err
	}
	out, err := s.runAnswer(ctx, run)
	if err != nil {
		return err
	}
	out.Opened = opened
	wrong := max(0, out.Bad-out.Repaired)
	for _, o := range opened {
		wrong += o.Wrong
	}
	if wrong > 0 || len(out.Issues) > 0 {
		a.needsYou()
	}
	st, err := s.svc.State(ctx)
	if err != nil {
		return err
	}
	return a.print(out, func(p *page) {
		p.line("Checked %s stored parts in %s: %s damaged or missing, %s of them repaired.", texts.Count(out.Run.Objects), texts.Span(out.Took),
			texts.Count(out.Bad), texts.Count(out.Repaired))
		for _, o := range opened {
			mark := texts.Safe.Shape()
			if o.Wrong > 0 {
				mark = texts.NeedsYou.Shape()
			}
			p.line("%s %s: %s versions opened and identical, %s not, %s read.", mark, texts.Name(o.Label), texts.Count(o.Versions), texts.Count(o.Wrong), texts.Size(o.Bytes))
		}
		p.issues(out.Issues)
		p.verdict(st)
	})
}

// check carries out a check. A full one with the passphrase reads what is stored once, and opens it as it is read; without, the bytes are
// read back, and a note says so.
func (s *session) check(ctx context.Context, level string) (*backup.Run, []openedCopy, error) {
	if level == "full" {
		err := s.prepare(ctx)
		if err == nil {
			return s.fullCheck(ctx)
		}
		if !errors.Is(err, setup.ErrNoPassphrase) {
			return nil, nil, err
		}
		s.a.note("All bytes are read back. Opening the copies needs the passphrase: give --%s.", passphraseFlag)
	}
	r, err := s.long(ctx, backup.Check{Level: level})
	return r.Run, nil, err
}

// fullCheck has the engine check the records, which the library needs, then opens everything, then has the engine read back what else there
// is and heal what is wrong, and opens again what was.
func (s *session) fullCheck(ctx context.Context) (*backup.Run, []openedCopy, error) {
	first, err := s.long(ctx, backup.Check{Level: backup.CheckRecords})
	if err != nil {
		return nil, nil, err
	}
	run := first.Run
	l, opening := s.opener(ctx)
	var passes []openPass
	if opening == nil {
		passes, opening = s.openCopies(ctx, l)
	}
	if ctx.Err() != nil {
		return nil, nil, errors.Join(ctx.Err(), s.stopCheck(ctx))
	}
	if !run.Stopped { // an alarm stopped it: nothing is healed then
		last, err := s.long(ctx, backup.Check{Level: backup.CheckRest})
		if err = errors.Join(opening, err); err != nil {
			return nil, nil, err
		}
		run = last.Run
	} else if opening != nil {
		return nil, nil, opening
	}
	var out []openedCopy
	for _, p := range passes {
		m := s.a.meter()
		err := l.OpenAgain(ctx, p.ID, &p.opened, m.opening())
		m.end()
		if err != nil {
			return nil, nil, about(err, texts.Params{"name": p.Label})
		}
		out = append(out, openedCopy{p.ID, p.Label, p.opened.Files, p.opened.Wrong, p.opened.Bytes})
	}
	return run, out, nil
}

// opener opens what prepare got the keys of.
func (s *session) opener(ctx context.Context) (*library.Opener, error) {
	o, err := library.NewOpener(ctx, s.svc, s.keys, s.a.home)
	if err != nil {
		return nil, err
	}
	s.keys = nil // they belong to the opener
	s.atEnd(func() { o.Close() })
	return o, nil
}

// endPatience is how long the note of a stopped check may take.
const endPatience = 5 * time.Second

func (s *session) stopCheck(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancel()
	_, err := s.svc.Do(ctx, backup.Check{Level: backup.CheckStopped})
	return err
}

// openPass is what came of opening the copies at one destination, so far.
type openPass struct {
	backup.DestinationState
	opened library.Opened
}

// openCopies decrypts everything at each destination that can be reached.
func (s *session) openCopies(ctx context.Context, l *library.Opener) (out []openPass, err error) {
	st, err := s.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	defer busy()()
	for _, d := range st.Destinations {
		if !d.Reachable {
			continue
		}
		m := s.a.meter()
		o, err := l.OpenCopies(ctx, d.ID, m.opening())
		m.end()
		if err != nil {
			return out, about(err, texts.Params{"name": d.Label})
		}
		out = append(out, openPass{d, o})
	}
	return out, nil
}

// opening shows how far the opening of copies is; nil where nothing is shown.
func (m *meter) opening() func(library.OpenProgress) {
	if !m.on {
		return nil
	}
	r := m.rated("Opening copies")
	return func(p library.OpenProgress) { r.show(p.Versions, p.OfVersions, p.Bytes, p.OfBytes) }
}

// busy keeps the processors busy while objects are read past the page cache: a thread that waits for the medium keeps its place among those that compute
// until the scheduler looks, up to some milliseconds later, and here half of the threads wait. With twice as many places a full verify took 0.85 of the time.
// It gives what ends it.
func busy() func() {
	was := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(2 * was)
	return func() { runtime.GOMAXPROCS(was) }
}

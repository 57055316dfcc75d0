package terminal

import (
	"context"
	"errors"

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
  full        quick, and every stored byte read back; then, with the passphrase, every version opened and compared with its original's
              fingerprint

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
	r, err := s.long(ctx, backup.Check{Level: level})
	if err != nil {
		return err
	}
	var opened []openedCopy
	if level == "full" {
		if opened, err = s.openCopies(ctx); err != nil {
			return err
		}
	}
	out, err := s.runAnswer(ctx, r.Run)
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

// openCopies decrypts everything at each destination that can be reached. Without the passphrase the check stays at bytes read back, and
// a note says so.
func (s *session) openCopies(ctx context.Context) ([]openedCopy, error) {
	l, err := s.unlock(ctx)
	if errors.Is(err, setup.ErrNoPassphrase) {
		s.a.note("All bytes were read back. Opening the copies needs the passphrase: give --%s.", passphraseFlag)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	st, err := s.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	var out []openedCopy
	for _, d := range st.Destinations {
		if !d.Reachable {
			continue
		}
		o, err := s.openAt(ctx, l, d)
		if err != nil {
			return out, about(err, texts.Params{"name": d.Label})
		}
		out = append(out, o)
	}
	return out, nil
}

func (s *session) openAt(ctx context.Context, l *library.Library, d backup.DestinationState) (openedCopy, error) {
	m := s.a.meter()
	defer m.end()
	o, err := l.OpenCopies(ctx, d.ID, func(done, total int64) {
		m.show(step{word: "Opening copies", done: done, of: total})
	})
	return openedCopy{d.ID, d.Label, o.Files, o.Wrong, o.Bytes}, err
}

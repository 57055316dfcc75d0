package terminal

import (
	"context"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/store/limit"
)

// limitCommand changes how fast a destination is written and read.
func (a *app) limitCommand() *cobra.Command {
	var up, down string
	c := &cobra.Command{Use: "limit ID|NAME", Short: "Limit how fast copies go to and come from a destination", Args: cobra.ExactArgs(1),
		Long: `Limit how many bytes a second go to a destination (--up) and come back from it (--down), when copies are checked or restored.
A limit is a number with its unit: 500k, 4M, "4 MB/s", "20 Mbit/s"; none or 0 ends it. It counts at once, also for what is under way, and
until it is changed. What is not named stays as it is.`,
		RunE: func(c *cobra.Command, args []string) error {
			if !c.Flags().Changed("up") && !c.Flags().Changed("down") {
				return wrongUsage("limit needs --up, --down or both")
			}
			var l limit.Limits
			var err error
			if l.Up, err = parseLimit("up", up); err != nil {
				return err
			}
			if l.Down, err = parseLimit("down", down); err != nil {
				return err
			}
			return a.limit(c.Context(), args[0], l, c.Flags().Changed("up"), c.Flags().Changed("down"))
		}}
	c.Flags().StringVar(&up, "up", "", "bytes a second that are stored there, at most")
	c.Flags().StringVar(&down, "down", "", "bytes a second that are read from there, at most")
	return a.unlocks(c)
}

// parseLimit reads the value of a flag, within the bounds of a limit.
func parseLimit(flag, text string) (int64, error) {
	n, err := texts.ParseRate(text)
	if err == nil {
		err = limit.Limits{Up: n}.Check()
	}
	if err != nil {
		return 0, wrongUsage("--%s is 8k to 1T, such as 500k, 4M or \"20 Mbit/s\", or none; not %q", flag, text)
	}
	return n, nil
}

func (a *app) limit(ctx context.Context, name string, l limit.Limits, up, down bool) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.destinations(ctx)
	if err != nil {
		return err
	}
	i, err := find([]string{name}, len(list), func(i int) (string, []string) { return list[i].ID, []string{list[i].Label, list[i].Path} })
	if err != nil {
		return err
	}
	d := &list[i]
	if !up {
		l.Up = d.UpLimit
	}
	if !down {
		l.Down = d.DownLimit
	}
	if _, err := s.svc.Do(ctx, backup.LimitDestination{ID: d.ID, Up: l.Up, Down: l.Down}); err != nil {
		return about(err, texts.Params{"name": d.Label})
	}
	d.UpLimit, d.DownLimit = l.Up, l.Down
	return a.print(d, func(p *page) {
		p.line("%s: at most %s up, %s down.", texts.Name(d.Label), limitWords(l.Up), limitWords(l.Down))
	})
}

// limitWords names one limit after "at most".
func limitWords(n int64) string {
	if n == 0 {
		return "what it can take"
	}
	return texts.Rate(n)
}

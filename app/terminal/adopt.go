package terminal

import (
	"context"

	"github.com/spf13/cobra"
)

func (a *app) adoptCommand() *cobra.Command {
	c := &cobra.Command{Use: "adopt", Short: "Go on from what the destinations hold under this computer's name", Args: cobra.NoArgs,
		Long: `Go on from what the destinations hold under this computer's name, and end the alarm that something else writes under it.

This is for a computer that was restored from an image: its own records are older than its backups. Say so only where no other
computer goes on writing in its place. Nothing stored is changed; the next backup looks at every original again. Where two computers
did write under one name, nothing is adopted.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.adopt(c.Context()) }}
	return a.unlocks(c)
}

func (a *app) adopt(ctx context.Context) error {
	s, l, err := a.openLibrary(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := l.AdoptHistory(ctx); err != nil {
		return err
	}
	return a.print(struct {
		Adopted bool `json:"adopted"`
	}{true}, func(p *page) {
		p.line("This computer goes on from what the destinations hold. Run lightproof backup to look at every original again.")
	})
}

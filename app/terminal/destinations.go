package terminal

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
)

func (a *app) destinationsCommand() *cobra.Command {
	var set backup.AddDestination
	folder := &cobra.Command{Use: "folder DIR", Short: "Keep copies in a folder or on a mounted drive", Args: cobra.ExactArgs(1),
		Long: `Keep copies in a folder or on a mounted drive. The folder must be empty or absent. Destinations that could be lost together
count as one place: those on one disk do by themselves, others if you give them the same --place.`,
		RunE: func(c *cobra.Command, args []string) error {
			set.Kind, set.Dir = "folder", args[0]
			return a.addDestination(c.Context(), set)
		}}
	folder.Flags().StringVar(&set.Label, "name", "", "your name for it (without it: the folder's)")
	folder.Flags().StringVar(&set.Place, "place", "", "where it stands; the same word means that they could be lost together")
	folder.Flags().BoolVar(&set.Away, "away", false, "it is not at home")
	list := &cobra.Command{Use: "list", Short: "List the destinations with room, proof and gaps", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.listDestinations(c.Context()) }}
	test := &cobra.Command{Use: "test [ID|NAME]", Short: "Write, read back and delete at a destination (without a name: at each)", Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return a.testDestinations(c.Context(), args) }}
	return group("destinations", "Where the copies are", group("add", "Add a destination", a.unlocks(folder)), a.unlocks(list), a.unlocks(test), a.limitCommand())
}

func (a *app) addDestination(ctx context.Context, c backup.AddDestination) error {
	var err error
	if c.Dir, err = filepath.Abs(c.Dir); err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.svc.Do(ctx, c)
	if err != nil {
		return about(err, texts.Params{"folder": c.Dir, "name": c.Dir})
	}
	st, err := s.svc.State(ctx)
	if err != nil {
		return err
	}
	return a.print(idAnswer{r.ID, c.Dir}, func(p *page) {
		p.line("Copies are kept in %s.", texts.Name(c.Dir))
		if st.PlacesNow < st.Plan.Places {
			p.line("%s", say(a.message(texts.TooFewPlaces, texts.Params{"places": st.PlacesNow, "planned": st.Plan.Places})))
		}
	})
}

// destinationAnswer is one destination as destinations list prints it.
type destinationAnswer struct {
	backup.DestinationState
	Path string `json:"path,omitempty"` // without the passphrase and behind a keeper: left out
}

func (s *session) destinations(ctx context.Context) ([]destinationAnswer, error) {
	st, err := s.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.rows(ctx, "destinations", "")
	if err != nil {
		return nil, err
	}
	out := []destinationAnswer{}
	for _, d := range st.Destinations {
		x := destinationAnswer{DestinationState: d}
		for _, r := range rows {
			if r.Key == d.ID {
				x.Path = r.Path
			}
		}
		out = append(out, x)
	}
	return out, nil
}

func (a *app) listDestinations(ctx context.Context) error {
	s, err := a.openNamed(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.destinations(ctx)
	if err != nil {
		return err
	}
	return a.print(struct {
		Destinations []destinationAnswer `json:"destinations"`
	}{list}, func(p *page) {
		if len(list) == 0 {
			p.line("There is no destination yet. Run lightproof destinations add folder DIR.")
			return
		}
		p.destinations(list)
	})
}

func (p *page) destinations(list []destinationAnswer) {
	rows := [][]string{{"ID", "DESTINATION", "WHERE", "ROOM", "WRITTEN", "READ BACK", "OLDEST PROOF", "PROVEN", "GAP", "LIMIT", "STATE"}}
	for _, d := range list {
		where, room, state := "home", "-", "not asked now" // no engine has looked since it was started
		if d.Away {
			where = "away"
		}
		if d.FreeBytes >= 0 {
			room, state = texts.Size(d.FreeBytes), "connected"
		}
		if !d.Reachable {
			state = "not connected"
		}
		if d.Problem != "" {
			state = problemWord(d.Problem)
		}
		proof := "-"
		if !d.OldestProof.IsZero() {
			proof = texts.Span(p.Now.Sub(d.OldestProof))
		}
		rows = append(rows, []string{d.ID[:8], texts.Name(d.Label), where, room, p.Ago(d.LastWrite), p.Ago(d.LastRead), proof,
			texts.Count(d.Proven), texts.Count(d.Gap), texts.LimitPair(d.UpLimit, d.DownLimit), state})
	}
	p.table(rows)
}

// problemWord is what is wrong with a destination in a few words.
func problemWord(code string) string {
	switch code {
	case "away":
		return "not connected"
	case "wrong-disk":
		return "another disk"
	case "full":
		return "full"
	case "login":
		return "no permission"
	case "damaged-copy":
		return "reads back wrong"
	}
	return code
}

// problemClass is the class of message for what is wrong with a destination.
func problemClass(code string) texts.Class {
	switch code {
	case "away":
		return texts.DestinationAway
	case "login":
		return texts.ReadOnly
	case "damaged-copy":
		return texts.Damaged
	}
	return texts.Class(code)
}

// testAnswer is the outcome of one test.
type testAnswer struct {
	ID    string       `json:"id"`
	Label string       `json:"label"`
	Probe backup.Probe `json:"probe"`
}

func (a *app) testDestinations(ctx context.Context, args []string) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	list, err := s.destinations(ctx)
	if err != nil {
		return err
	}
	if len(args) == 1 {
		i, err := find(args, len(list), func(i int) (string, []string) { return list[i].ID, []string{list[i].Label, list[i].Path} })
		if err != nil {
			return err
		}
		list = list[i : i+1]
	}
	out := []testAnswer{}
	for _, d := range list {
		r, err := s.svc.Do(ctx, backup.TestDestination{ID: d.ID})
		if err != nil {
			return err
		}
		out = append(out, testAnswer{d.ID, d.Label, *r.Probe})
		if !r.Probe.OK {
			a.needsYou()
		}
	}
	return a.print(struct {
		Tests []testAnswer `json:"tests"`
	}{out}, func(p *page) {
		for _, t := range out {
			if t.Probe.OK {
				p.line("✓ %s: written, read back and deleted; %s free", texts.Name(t.Label), texts.Size(max(0, t.Probe.Free)))
				continue
			}
			p.line("! %s", say(a.message(problemClass(t.Probe.Code), texts.Params{"name": t.Label})))
		}
		if len(out) == 0 {
			p.line("There is no destination yet. Run lightproof destinations add folder DIR.")
		}
	})
}

package terminal

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lightproof/app/channel"
	"lightproof/app/keeper"
	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/keystore"
)

func (a *app) statusCommand() *cobra.Command {
	return a.unlocks(&cobra.Command{Use: "status", Short: "Say whether the originals are safe", Args: cobra.NoArgs,
		Long: `Say whether the originals are safe, why not, and what ends it. Ends with 0 when green or amber, with 3 when red or grey.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.status(c.Context()) }})
}

// statusAnswer is what status prints: the engine's state and its sentence.
type statusAnswer struct {
	*backup.State
	Headline string        `json:"headline"`
	Second   string        `json:"second"`
	Causes   []causeAnswer `json:"causes"` // hides State's own
	Running  bool          `json:"running"`
}

type causeAnswer struct {
	backup.Cause
	Message texts.Message `json:"message"`
}

func (a *app) status(ctx context.Context) error {
	st, running, err := a.state(ctx)
	if err != nil {
		return err
	}
	if st.Verdict == backup.NeedsYou || st.Verdict == backup.CannotTell {
		a.needsYou()
	}
	out := statusAnswer{State: st, Running: running, Causes: []causeAnswer{}}
	out.Headline, out.Second = sentence(a.printer(), st)
	for _, c := range st.Causes {
		out.Causes = append(out.Causes, causeAnswer{c, a.causeMessage(c)})
	}
	return a.print(out, func(p *page) {
		p.verdict(st)
		for _, c := range out.Causes {
			p.line("%s %s", texts.Verdict(c.Verdict).Shape(), say(c.Message))
		}
		if len(st.Destinations) > 0 {
			p.line("")
			list := make([]destinationAnswer, len(st.Destinations))
			for i, d := range st.Destinations {
				list[i].DestinationState = d
			}
			p.destinations(list)
		}
		if !running {
			p.line("\nThe background part is not running, so nothing is watched between commands. lightproof keeper starts it.")
		}
	})
}

// state is the state of the engine, and whether a keeper runs it. An engine that does not answer, and keys that nobody can open now,
// make it "cannot tell", not an error.
func (a *app) state(ctx context.Context) (*backup.State, bool, error) {
	grey := func(code string, running bool) (*backup.State, bool, error) {
		now := a.Now()
		return &backup.State{At: now, Verdict: backup.CannotTell, Safety: backup.Safety{SetUp: true},
			Causes: []backup.Cause{{Code: code, Verdict: backup.CannotTell, Since: now, Args: map[string]string{"until": now.Format(time.RFC3339)}}}}, running, nil
	}
	s, err := a.open(ctx)
	switch {
	case errors.Is(err, setup.ErrNoPassphrase):
		return grey(string(texts.Locked), false)
	case errors.Is(err, channel.ErrHung):
		return grey(string(texts.CauseSilent), true)
	case errors.Is(err, keystore.ErrMissing):
		st, running, _ := grey(string(texts.KeychainLost), false)
		st.Verdict, st.Causes[0].Verdict = backup.NeedsYou, backup.NeedsYou
		return st, running, nil
	case keychainFailed(err):
		return grey(string(a.explain(err).Class), false)
	case err != nil:
		return nil, false, err
	}
	defer s.Close()
	st, err := s.svc.State(ctx)
	if err != nil {
		return nil, false, err
	}
	return st, s.remote, nil
}

// causeCodes translate the engine's codes into the causes of the sentence where their names differ.
var causeCodes = map[string]texts.Cause{
	"too-few-places": texts.CausePlaces, "no-folders": texts.CauseNothing, "cannot-tell": texts.CauseSums, "look-due": texts.CauseLook,
	"waiting": texts.CauseCopying, "away": texts.CauseDestination, "login": texts.CauseDestination, "practice-due": texts.CausePractice,
	"damaged-copy": texts.CauseExpired,
}

// standing puts the state into the terms of the sentence.
func standing(s *backup.State) texts.Standing {
	st := keeper.Standing(s)
	if s.Safety.SetUp && s.Safety.KeysUsable && len(s.Folders) == 0 {
		st.Verdict, st.Cause = texts.NotYet, texts.CauseNothing
		return st
	}
	for _, c := range s.Causes {
		if c.Verdict != s.Verdict {
			continue
		}
		if code, ok := causeCodes[c.Code]; ok {
			st.Cause = code
		}
		if name := c.Args["destination"]; name != "" {
			st.Name = name
		}
		break
	}
	if st.Verdict == texts.NotYet && len(s.Destinations) == 0 {
		st.Cause = texts.CauseNoCopies
	}
	if st.Verdict == texts.NeedsYou && st.NeedYou == 0 {
		for _, c := range s.Causes {
			if c.Verdict == backup.NeedsYou {
				st.NeedYou += max(c.Count, 1)
			}
		}
	}
	return st
}

// sentence is the verdict in words.
func sentence(p texts.Printer, s *backup.State) (headline, second string) {
	st := standing(s)
	switch st.Cause {
	case texts.CauseSilent, texts.CauseKeychain, texts.CauseKeysWait, texts.CauseKeysLost:
		return p.Home(st)
	}
	if !s.Safety.KeysUsable {
		return "Cannot tell: the keys are not open.", ""
	}
	return p.Home(st)
}

// verdict writes the sentence and the line of dates.
func (p *page) verdict(s *backup.State) {
	head, second := sentence(p.Printer, s)
	p.line("%s %s", standing(s).Verdict.Shape(), head)
	if second != "" {
		p.line("  %s", second)
	}
	if s.Counts.Found == 0 {
		return
	}
	oldest := time.Duration(-1)
	if !s.OldestProof.IsZero() {
		oldest = p.Now.Sub(s.OldestProof)
	}
	practice := texts.Practice{At: s.LastPractice}
	if practice.At.IsZero() {
		p.line("  %s", p.Ages(oldest, s.LastLook, practice))
		return
	}
	// The state says only whether the last practice passed, not of how many.
	p.line("  Last look %s, practice restore %s.", p.Ago(s.LastLook), map[bool]string{true: "passed", false: "failed"}[s.LastPassed])
}

// causeMessage words a reason for the verdict.
func (a *app) causeMessage(c backup.Cause) texts.Message {
	v := texts.Params{"n": c.Count, "since": c.Since, "places": c.Count, "planned": int64(2)}
	if !c.Since.IsZero() {
		v["age"] = a.Now().Sub(c.Since)
	}
	for name, arg := range c.Args {
		v[name] = argument(arg)
	}
	if d := c.Args["destination"]; d != "" {
		v["name"] = d
	}
	if _, named := v["folder"]; !named {
		v["folder"] = aFolder
	}
	m := a.message(issueClass(c.Code, c.Args["destination"] != ""), v)
	if strings.HasPrefix(m.What, aFolder) {
		m.What = strings.ToUpper(m.What[:1]) + m.What[1:]
	}
	return m
}

// aFolder stands for a folder whose name a state does not hold.
const aFolder = "a folder"

// argument reads what an argument of a cause is: a number, a time, a span, or a name.
func argument(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return n
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t
	}
	if d, err := time.ParseDuration(s); err == nil {
		return d
	}
	return s
}

func (a *app) problemsCommand() *cobra.Command {
	return a.unlocks(&cobra.Command{Use: "problems", Short: "List the originals that need you", Args: cobra.NoArgs,
		Long: `List the originals that could not be stored or read, each with its reason. Ends with 3 if there are any.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.problems(c.Context()) }})
}

// problemAnswer is one original that needs the person.
type problemAnswer struct {
	backup.Row
	Message texts.Message `json:"message"`
}

func (a *app) problems(ctx context.Context) error {
	s, err := a.openNamed(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	rows, err := s.rows(ctx, "problems", "")
	if err != nil {
		return err
	}
	st, err := s.svc.State(ctx)
	if err != nil {
		return err
	}
	out := []problemAnswer{}
	for _, r := range rows {
		code := r.Code
		if code == "" {
			code = r.State
		}
		out = append(out, problemAnswer{r, a.issueMessage(backup.Issue{Code: code, Path: r.Path})})
	}
	causes := []causeAnswer{}
	for _, c := range st.Causes {
		if c.Verdict == backup.NeedsYou {
			causes = append(causes, causeAnswer{c, a.causeMessage(c)})
		}
	}
	if len(out)+len(causes) > 0 {
		a.needsYou()
	}
	return a.print(struct {
		Problems []problemAnswer `json:"problems"`
		Causes   []causeAnswer   `json:"causes"`
	}{out, causes}, func(p *page) {
		for _, c := range causes {
			p.line("! %s", say(c.Message))
		}
		for _, x := range out {
			p.line("%s  %s  since %s  %s", x.State, texts.Name(x.Path), p.Date(x.Since), x.Message.What)
		}
		if len(out)+len(causes) == 0 {
			p.line("No problems. Last look %s.", p.Ago(st.LastLook))
		}
	})
}

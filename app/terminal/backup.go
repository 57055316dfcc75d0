package terminal

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/source"
)

func (a *app) backupCommand() *cobra.Command {
	var what backup.BackUp
	c := a.unlocks(&cobra.Command{Use: "backup", Short: "Look at all folders now and store what is new", Args: cobra.NoArgs,
		Long: `Look at all folders now, store what is new or changed, and read the new copies back. Ctrl-C stops cleanly: what was stored
stays, and the next backup goes on from there. Ends with 3 where something was not stored or a destination could not be reached.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.backUp(c.Context(), what) }})
	c.Flags().BoolVar(&what.ReadBackLater, "read-back-later", false, "leave the read-back of new copies to the next backup; until then they are not proven")
	return c
}

// issueAnswer is one thing that did not go as it should, with its message.
type issueAnswer struct {
	backup.Issue
	Message texts.Message `json:"message"`
}

// runAnswer is what backup and verify print.
type runAnswer struct {
	*backup.Run
	TookSeconds float64       `json:"took_seconds"`
	Issues      []issueAnswer `json:"issues"` // hides Run's own
	Verdict     string        `json:"verdict"`
	Opened      []openedCopy  `json:"opened,omitempty"` // of verify --level full
}

func (a *app) backUp(ctx context.Context, what backup.BackUp) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := s.long(ctx, what)
	if err != nil {
		return err
	}
	out, err := s.runAnswer(ctx, r.Run)
	if err != nil {
		return err
	}
	st, err := s.svc.State(ctx)
	if err != nil {
		return err
	}
	if len(out.Issues) > 0 || st.Counts.Failed+st.Counts.Unreadable > 0 {
		a.needsYou()
	}
	return a.print(out, func(p *page) {
		run := r.Run
		p.line("Looked at %s originals: %s new or changed stored, %s deletions recorded, %s read, %s stored, in %s.", texts.Count(run.Looked),
			texts.Count(run.New), texts.Count(run.Removed), texts.Size(run.Bytes), texts.Size(run.StoredByte), texts.Span(run.Took))
		if st.Paused != nil {
			p.line("%s", say(a.message(texts.Paused, texts.Params{"until": st.Paused.Until, "n": st.Counts.Pending})))
		}
		p.issues(out.Issues)
		p.verdict(st)
	})
}

func (s *session) runAnswer(ctx context.Context, run *backup.Run) (*runAnswer, error) {
	st, err := s.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	out := &runAnswer{Run: run, TookSeconds: run.Took.Seconds(), Issues: []issueAnswer{}, Verdict: st.Verdict.String()}
	for _, i := range run.Issues {
		out.Issues = append(out.Issues, issueAnswer{i, s.a.issueMessage(i)})
	}
	return out, nil
}

// maxShown is how many issues are written out for people; --json holds all.
const maxShown = 20

func (p *page) issues(list []issueAnswer) {
	for i, x := range list {
		if i == maxShown {
			p.line("… and %s more: lightproof problems", texts.Count(int64(len(list)-i)))
			return
		}
		mark := "! "
		if x.Path != "" {
			mark += texts.Name(x.Path) + ": "
		}
		p.line("%s%s", mark, say(x.Message))
	}
}

// issueMessage words an issue of a run.
func (a *app) issueMessage(i backup.Issue) texts.Message {
	v := texts.Params{"n": max(i.Count, 1)}
	if i.Path != "" {
		v["file"], v["folder"] = i.Path, i.Path
	}
	if d := i.Args["destination"]; d != "" {
		v["name"] = d
	}
	return a.message(issueClass(i.Code, i.Args["destination"] != ""), v)
}

// issueClass is the class of message for a code of the engine.
func issueClass(code string, destination bool) texts.Class {
	if destination {
		return problemClass(code)
	}
	switch code {
	case "permission", "unreadable":
		return texts.Permission
	case "name-too-long", "clash":
		return texts.BadName
	case "damaged-copy":
		return texts.Damaged
	case "folder-missing":
		return texts.Missing
	case "contents-unknown":
		return texts.Unlistable
	case "not-a-file", source.RuleNotFile:
		return texts.NotAFile
	case "failed":
		return texts.ReadError
	case "no-folders":
		return classNoFolders
	case "waiting", "new", "changed":
		return classWaiting
	case "first-look", "look-due", "counting":
		return classLook
	case "practice-due":
		return texts.PracticeOverdue
	case "practice-failed":
		return texts.PracticeFailed
	case "cannot-tell":
		return texts.Records
	case "keychain":
		return texts.KeychainLocked
	case string(texts.CauseSilent):
		return texts.EngineSilent
	case "attributes-left-out":
		return classAttributes
	}
	return texts.Class(code)
}

func (a *app) pauseCommand() *cobra.Command {
	return a.unlocks(&cobra.Command{Use: "pause FOR", Short: "Stop copying for a while: 90m, 8h, 2d; at most 7d", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := parseSpan(args[0])
			if err != nil {
				return err
			}
			return a.pause(c.Context(), backup.PauseFor{For: d})
		}})
}

func (a *app) resumeCommand() *cobra.Command {
	return a.unlocks(&cobra.Command{Use: "resume", Short: "End a pause", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.pause(c.Context(), backup.Resume{}) }})
}

func (a *app) pause(ctx context.Context, cmd backup.Command) error {
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.svc.Do(ctx, cmd); err != nil {
		return err
	}
	st, err := s.svc.State(ctx)
	if err != nil {
		return err
	}
	return a.print(struct {
		Paused *backup.Pause `json:"paused"`
	}{st.Paused}, func(p *page) {
		if st.Paused == nil {
			p.line("Copying goes on.")
			return
		}
		p.line("Copying is paused until %s. lightproof resume ends it earlier.", p.Clock(st.Paused.Until))
	})
}

// longestPause is what the engine allows.
const longestPause = 7 * 24 * time.Hour

// parseSpan reads a time span as package time does, and days as "2d".
func parseSpan(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if days, isDays := strings.CutSuffix(s, "d"); isDays {
		var n float64
		n, err = strconv.ParseFloat(days, 64)
		d = time.Duration(n * float64(24*time.Hour))
	}
	if err != nil || d <= 0 || d > longestPause {
		return 0, wrongUsage("a pause is 1s to 7d, such as 90m, 8h or 2d; not %q", s)
	}
	return d, nil
}

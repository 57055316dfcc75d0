package terminal

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup/library"
	"lightproof/backup/restore"
)

// restoreFlags are the choices of restore.
type restoreFlags struct {
	at       string
	paths    []string
	to       string
	inPlace  bool
	conflict string
	report   string
	deleted  bool
	noReRead bool
}

func (a *app) restoreCommand() *cobra.Command {
	var f restoreFlags
	c := &cobra.Command{Use: "restore (--to DIR | --in-place)", Short: "Bring originals back and prove it", Args: cobra.NoArgs,
		Long: `Bring originals back, read each one again from the disk, and compare it with the fingerprint of its backup.

--at takes a time: 2026-05-03 (the end of that day), "2026-05-03 14:32", or RFC 3339. Without it the newest state is restored.
--path takes patterns: * and ? within a name, ** for any folders; a pattern without / is a name at any depth, one that begins with /
is the path on the computer that was backed up, any other begins at a protected folder. A folder selects all below it. Photos come
with their RAW, sidecar and Live Photo halves.

--no-re-read leaves out the reading at the end. The files are then written from parts that were each checked, but not proven to be on the
disk, and the report says so. The same command without it reads and compares them later.

A restore that was stopped goes on where it was when the same command is given again. Ends with 3 where a file was not restored.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.restore(c.Context(), f) }}
	c.Flags().StringVar(&f.at, "at", "", "the moment whose state is wanted")
	c.Flags().StringArrayVar(&f.paths, "path", nil, "pattern of paths to restore; may be given several times (without it: everything)")
	c.Flags().StringVar(&f.to, "to", "", "folder to restore to; each protected folder gets one of its own there")
	c.Flags().BoolVar(&f.inPlace, "in-place", false, "restore each file to where it was")
	c.Flags().StringVar(&f.conflict, "conflict", "keep-both", "where another file has the name: skip, keep-both or replace (the other goes to the system trash)")
	c.Flags().StringVar(&f.report, "report", "", "write the signed proof report (HTML and CSV) into this folder")
	c.Flags().BoolVar(&f.deleted, "deleted", false, "also restore what was deleted at that moment, in its last version before")
	c.Flags().BoolVar(&f.noReRead, "no-re-read", false, "do not read the files back from the disk: faster, and nothing is proven")
	return a.unlocks(c)
}

// times are the forms in which --at takes a moment, in local time where they name no zone.
var times = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}

// parseMoment reads a moment; a day alone means its end. Empty is the zero time.
func parseMoment(s string, zone *time.Location) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range times {
		if t, err := time.ParseInLocation(form, s, zone); err == nil {
			return t, nil
		}
	}
	day, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		return day, wrongUsage("--at %q is no time; use 2026-05-03, \"2026-05-03 14:32\" or RFC 3339", s)
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}

// absolute is filepath.Abs for places where a failure means the path itself.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

func (a *app) restore(ctx context.Context, f restoreFlags) error {
	conflict, ok := restore.ParseConflict(f.conflict)
	if !ok {
		return wrongUsage("--conflict is skip, keep-both or replace, not %q", f.conflict)
	}
	if (f.to == "") != f.inPlace {
		return wrongUsage("say where to: either --to DIR or --in-place")
	}
	at, err := parseMoment(f.at, a.Now().Location())
	if err != nil {
		return err
	}
	for _, p := range f.paths {
		if _, err := restore.ParseGlob(p); err != nil {
			return wrongUsage("--path %q: %w", p, err)
		}
	}
	open := a.openFrugal
	if len(f.paths) > 0 { // what belongs together has to be known
		open = a.openLibrary
	}
	s, l, err := open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	sel, err := restore.Select(ctx, l, l.Sources(), restore.Options{At: at, Paths: f.paths, Deleted: f.deleted, Group: l.Together})
	if err != nil {
		return err
	}
	if err := l.Reach(ctx, sel); err != nil {
		return err
	}
	target := restore.Target{}
	if !f.inPlace {
		target.Dir = absolute(f.to)
	}
	return a.runRestore(ctx, l, sel, target, conflict, f)
}

// restoreAnswer is what restore prints. Selected = Written + AlreadyThere + Unread + len(NotRestored).
type restoreAnswer struct {
	Selected     int              `json:"selected"`
	Written      int              `json:"written_and_identical"`
	AlreadyThere int              `json:"already_there_and_identical"`
	Unread       int              `json:"written_not_read_back,omitempty"` // with --no-re-read: there, but not proven
	NotRestored  []restoreProblem `json:"not_restored"`
	Bytes        int64            `json:"bytes"` // of the files that are proven
	Target       string           `json:"target,omitempty"`
	InPlace      bool             `json:"in_place,omitempty"`
	At           *time.Time       `json:"at,omitempty"`
	Report       string           `json:"report,omitempty"` // folder with report.html, report.csv, report.sig
	Continued    bool             `json:"continued,omitempty"`
}

type restoreProblem struct {
	Path   string `json:"path"`
	Target string `json:"target"`
	Reason string `json:"reason"` // stable code
	Why    string `json:"why"`
	Detail string `json:"detail,omitempty"`
}

func (a *app) runRestore(ctx context.Context, l *library.Library, sel *restore.Selection, target restore.Target, conflict restore.Conflict, f restoreFlags) error {
	jobs, err := l.Jobs()
	if err != nil {
		return err
	}
	defer jobs.Close()
	plan, err := restore.MakePlan(ctx, sel, target, restore.PlanOptions{Conflict: conflict, Now: a.Now()})
	if err != nil {
		return err
	}
	if n := plan.Short(); n > 0 {
		return about(errNoRoomThere, texts.Params{"lacking": n})
	}
	if bad := plan.Unusable(); bad != "" {
		return about(errBadTarget, texts.Params{"folder": texts.Name(bad)})
	}
	a.notePlan(plan)
	m := a.meter()
	writing, proving := m.rated("Restoring"), (*rated)(nil)
	o := restore.RunOptions{Space: l.Space(), Fetch: l.Fetcher(), Now: a.Now, NoReRead: f.noReRead, Progress: func(p restore.Progress) {
		r := writing
		if p.Phase == restore.PhaseProving {
			if proving == nil {
				proving = m.rated("Reading back")
			}
			r = proving
		}
		r.show(int64(p.Files), int64(p.OfFiles), p.Bytes, p.OfBytes)
	}}
	rep, resumed, err := a.runOrResume(ctx, jobs, plan, fingerprint(sel, target, conflict), o)
	m.end()
	if rep == nil {
		return err
	}
	if eerr := l.Ended(ctx, rep, err); eerr != nil && err == nil {
		err = eerr
	}
	out := answerOf(rep)
	out.Continued = resumed
	if f.report != "" {
		keys := l.Keys()
		dir, serr := rep.Save(absolute(f.report), restore.Identity{Device: keys.Device, Public: keys.Control.Public(), Sign: keys.Control.Cosign})
		if serr != nil {
			return errors.Join(serr, err)
		}
		out.Report = dir
	}
	if err != nil {
		a.note("%s", rep.Sums())
		return about(err, texts.Params{"folder": target.Dir})
	}
	if !rep.Complete() {
		a.needsYou()
	}
	return a.print(out, func(p *page) { p.restored(out, rep) })
}

// notePlan says before the start what is known to go wrong.
func (a *app) notePlan(p *restore.Plan) {
	if a.json {
		return
	}
	a.note("Selected: %s, %s. %s new, %s identical there already, %s where another file has the name (%s), %s that cannot be restored there.",
		texts.Count(int64(p.Files)), texts.Size(p.Bytes), texts.Count(int64(p.New)), texts.Count(int64(p.Identical)),
		texts.Count(int64(p.Different)), p.Conflict, texts.Count(int64(p.Blocked)))
	for i, x := range p.Problems {
		if i == maxShown {
			a.note("… and %s more", texts.Count(int64(len(p.Problems)-i)))
			return
		}
		a.note("! %s: %s", texts.Name(x.Path), x.Kind)
	}
}

func answerOf(r *restore.Report) restoreAnswer {
	out := restoreAnswer{Selected: r.Selected, Written: r.Written, AlreadyThere: r.AlreadyThere, Unread: r.Unread, NotRestored: []restoreProblem{}, Bytes: r.Bytes,
		Target: r.Target.Dir, InPlace: r.Target.InPlace()}
	if !r.At.IsZero() {
		out.At = &r.At
	}
	for l := range r.Failed() {
		out.NotRestored = append(out.NotRestored, restoreProblem{l.Origin, l.Target, string(l.Reason), l.Reason.String(), l.Detail})
	}
	return out
}

func (p *page) restored(out restoreAnswer, r *restore.Report) {
	mark := texts.Safe.Shape()
	switch {
	case !r.Complete():
		mark = texts.NeedsYou.Shape()
	case !r.Whole():
		mark = texts.NotYet.Shape()
	}
	p.line("%s %s, %s, in %s.", mark, r.Sums(), texts.Size(r.Bytes+r.UnreadBytes), texts.Span(r.Ended.Sub(r.Began)))
	if out.Unread > 0 {
		p.line("%s written and not read back: nothing is proven about them. The same command without --no-re-read reads and compares them.", texts.Count(int64(out.Unread)))
	}
	for i, x := range out.NotRestored {
		if i == maxShown {
			p.line("… and %s more; --report writes all of them down", texts.Count(int64(len(out.NotRestored)-i)))
			break
		}
		p.line("! %s: %s", texts.Name(x.Path), x.Why)
	}
	if out.Report != "" {
		p.line("Proof report: %s", texts.Name(filepath.Join(out.Report, restore.HTMLName)))
	}
}

// errNoRoomThere means that the disk restored to is too small, errBadTarget that the folder restored to cannot be used; nothing was
// written.
var (
	errNoRoomThere = errors.New("not enough room at the target")
	errBadTarget   = errors.New("the target cannot be used")
)

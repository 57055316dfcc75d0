package live

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lightproof/app/channel"
	"lightproof/app/window/face"
	"lightproof/app/window/present"
	"lightproof/backup/library"
	"lightproof/backup/restore"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Days implements face.Library: the days of a month on which versions were recorded.
func (l *Library) Days(ctx context.Context, year int, month time.Month) ([]face.Day, error) {
	days := map[int]*face.Day{}
	err := l.lib.Each(ctx, func(f *reader.File) error {
		for _, v := range f.Versions {
			t := time.Unix(v.Recorded, 0)
			if t.Year() != year || t.Month() != month {
				continue
			}
			d := days[t.Day()]
			if d == nil {
				d = &face.Day{Day: t.Day(), Mark: face.MarkProven}
				days[t.Day()] = d
			}
			d.Changes++
			// The very second: a moment rounded down would lie before what was recorded in it.
			if !slices.ContainsFunc(d.Moments, t.Equal) && len(d.Moments) < 48 {
				d.Moments = append(d.Moments, t)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []face.Day
	for n := 1; n <= 31; n++ {
		if d := days[n]; d != nil {
			slices.SortFunc(d.Moments, time.Time.Compare)
			out = append(out, *d)
		}
	}
	return out, nil
}

// Moment implements face.Library: for a bad edit, just before the newest change of content.
func (l *Library) Moment(ctx context.Context, reason face.Reason) (time.Time, string, error) {
	if reason != face.ReasonBadEdit {
		return time.Time{}, "", nil
	}
	var newest int64
	err := l.lib.Each(ctx, func(f *reader.File) error {
		if n := len(f.Versions); n > 1 && !f.Versions[n-1].Removed {
			newest = max(newest, f.Versions[n-1].Recorded)
		}
		return nil
	})
	if err != nil {
		return time.Time{}, "", err
	}
	if newest == 0 {
		return time.Time{}, "", nil
	}
	t := time.Unix(newest, 0).Add(-time.Second)
	return t, "The newest edit was kept on " + t.Format("2 January 2006 at 15:04") + "; this is the moment before it.", nil
}

// request makes a selection and a target of what the wizard gathered.
func (l *Library) request(ctx context.Context, r face.Request) (*restore.Selection, restore.Target, error) {
	o := restore.Options{At: r.At, Paths: r.Paths, Deleted: r.Deleted || r.Reason == face.ReasonLost, Group: l.lib.Together}
	if len(r.IDs) > 0 {
		o.Only = map[vault.FileID]bool{}
		for _, id := range r.IDs {
			p := l.lib.Photo(id)
			if p == nil {
				continue
			}
			for _, f := range p.Files {
				o.Only[f.ID] = true
			}
		}
	}
	if file, version, ok := strings.Cut(r.Version, "/"); ok {
		f, err1 := vault.ParseSpaceID(file) // 32 hex digits, as every identifier
		v, err2 := vault.ParseSpaceID(version)
		if err1 != nil || err2 != nil {
			return nil, restore.Target{}, fmt.Errorf("version: %w", vault.ErrMalformed)
		}
		o.Versions = map[vault.FileID]vault.VersionID{vault.FileID(f): vault.VersionID(v)}
		o.Only = map[vault.FileID]bool{vault.FileID(f): true}
		o.Group = nil
	}
	t := restore.Target{Dir: r.Dir}
	if r.Original {
		t.Dir = ""
	}
	s, err := restore.Select(ctx, l.lib, l.lib.Sources(), o)
	return s, t, err
}

func (l *Library) plan(ctx context.Context, r face.Request) (*restore.Plan, error) {
	s, t, err := l.request(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := l.lib.Reach(ctx, s); err != nil {
		return nil, err
	}
	c, _ := restore.ParseConflict(string(r.Conflict))
	return restore.MakePlan(ctx, s, t, restore.PlanOptions{Conflict: c, Now: time.Now()})
}

// PlanRestore implements face.Library. Its errors are *present.Refused.
func (l *Library) PlanRestore(ctx context.Context, r face.Request) (face.Plan, error) {
	p, err := l.plan(ctx, r)
	if err != nil {
		return face.Plan{}, refused(err)
	}
	out := face.Plan{Request: r, Files: int64(p.Files), Bytes: p.Bytes, New: int64(p.New), Identical: int64(p.Identical), Differ: int64(p.Different), Need: p.Write, Free: p.Free}
	if r.Dir != "" && !r.Original {
		if e, err := os.ReadDir(r.Dir); err == nil {
			out.NotEmpty = len(e) > 0
		}
	}
	for _, x := range p.Problems {
		switch x.Kind {
		case restore.ProblemLong:
			out.LongNames++
		case restore.ProblemClash, restore.ProblemReserved:
			out.Clashes++
		default:
			out.Missing = append(out.Missing, face.Trouble{Code: string(x.Kind), Path: x.Path, Why: x.Kind.String()})
		}
	}
	return out, nil
}

// refused gives an error the message that belongs to it.
func refused(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, channel.ErrHeld):
		return fmt.Errorf("%w: %w", face.ErrElsewhere, err)
	case errors.Is(err, channel.ErrHung):
		return &present.Refused{Code: "engine-silent", Err: err}
	}
	code, args := library.Refusal(err)
	return &present.Refused{Code: code, Args: args, Err: err}
}

// RunRestore implements face.Library. Its errors are *present.Refused; what came of the files that were begun is in the report.
func (l *Library) RunRestore(ctx context.Context, p face.Plan, progress func(face.Progress)) (face.Report, error) {
	jobs, err := l.lib.Jobs()
	if err != nil {
		return face.Report{}, refused(err)
	}
	defer jobs.Close()
	began := time.Now()
	o := restore.RunOptions{Space: l.lib.Space(), Fetch: l.lib.Fetcher(), Now: time.Now, Progress: func(x restore.Progress) {
		progress(progressOf(x, time.Since(began)))
	}}
	var rep *restore.Report
	if p.Job != "" {
		id, perr := restore.ParseJobID(p.Job)
		if perr != nil {
			return face.Report{}, refused(perr)
		}
		rep, err = restore.Resume(ctx, jobs, id, o)
	} else {
		var plan *restore.Plan
		if plan, err = l.plan(ctx, p.Request); err != nil {
			return face.Report{}, refused(err)
		}
		rep, err = restore.Run(ctx, jobs, plan, o)
	}
	if rep == nil {
		return face.Report{}, refused(err)
	}
	if l.desk.InFront == nil || !l.desk.InFront() {
		if eerr := l.lib.Ended(ctx, rep, err); eerr != nil && err == nil {
			err = eerr
		}
	}
	out := reportOf(rep)
	out.Took, out.Stopped = time.Since(began), ctx.Err() != nil
	if werr := l.writeReport(rep, &out, p.Request); werr != nil && err == nil {
		err = werr
	}
	if out.Stopped {
		err = nil
	}
	return out, refused(err)
}

func progressOf(x restore.Progress, took time.Duration) face.Progress {
	p := face.Progress{Done: int64(x.Files), Total: int64(x.OfFiles), Bytes: x.Bytes, TotalBytes: x.OfBytes}
	if x.Phase == restore.PhaseProving {
		p.Current = "Reading back from the disk"
	}
	if s := took.Seconds(); s > 0 {
		p.Rate = float64(x.Bytes) / s
	}
	if p.Rate > 0 && x.OfBytes > 0 && x.Bytes*10 >= x.OfBytes {
		p.Left = time.Duration(float64(x.OfBytes-x.Bytes) / p.Rate * float64(time.Second))
	}
	return p
}

func reportOf(r *restore.Report) face.Report {
	out := face.Report{Selected: int64(r.Selected), Identical: int64(r.Written), Already: int64(r.AlreadyThere), Dir: r.Target.Dir}
	for line := range r.Failed() {
		out.NotRestored = append(out.NotRestored, face.Trouble{Code: string(line.Reason), Path: line.Origin, Why: line.Reason.String()})
	}
	return out
}

// reportDir is where reports go: beside what was restored, or in the person's documents for a restore in place.
func reportDir(r face.Request) string {
	if r.Dir != "" && !r.Original {
		return r.Dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return os.TempDir()
	}
	return filepath.Join(home, "Lightproof reports")
}

// Waiting implements face.Library.
func (l *Library) Waiting(ctx context.Context) (*face.Plan, error) {
	jobs, err := l.lib.Jobs()
	if err != nil {
		return nil, err
	}
	defer jobs.Close()
	list, err := jobs.Waiting(ctx)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	j := list[0]
	return &face.Plan{Job: j.ID.String(), Files: int64(j.Files), Done: int64(j.Done), Request: face.Request{Dir: j.Target.Dir, Original: j.Target.InPlace()}}, nil
}

// writeReport saves the proof report, signed by this device, and tells where it is.
func (l *Library) writeReport(r *restore.Report, out *face.Report, q face.Request) error {
	keys := l.lib.Keys()
	dir, err := r.Save(reportDir(q), restore.Identity{Device: keys.Device, Public: keys.Control.Public(), Sign: keys.Control.Cosign})
	if err != nil {
		return err
	}
	out.Dir, out.HTML, out.CSV = dir, filepath.Join(dir, restore.HTMLName), filepath.Join(dir, restore.CSVName)
	return nil
}

// WriteProof implements face.Library: every version held is opened at each destination and compared with its fingerprint.
func (l *Library) WriteProof(ctx context.Context, dir string) (face.Report, error) {
	st, err := l.refresh(ctx)
	if err != nil {
		return face.Report{}, err
	}
	var out face.Report
	began := time.Now()
	for _, d := range st.Destinations {
		o, err := l.lib.OpenCopies(ctx, d.ID, nil)
		out.Selected += o.Files + o.Wrong
		out.Identical += o.Files
		for range o.Wrong {
			out.NotRestored = append(out.NotRestored, face.Trouble{Code: "damaged-copy", Path: d.Label})
		}
		if err != nil {
			return out, err
		}
	}
	out.Dir, out.Took = dir, time.Since(began)
	return out, nil
}

package restore

import (
	"context"
	"fmt"
	"iter"
	"time"

	"lightproof/backup/vault"
)

// Line is what came of one selected file.
type Line struct {
	Origin   string // path where it was, in the bytes of its system
	Target   string // path where it is now, or was to go
	Folder   string // name of the protected folder
	Size     int64
	Taken    string // local time of the camera, empty = not known
	Modified time.Time
	Recorded time.Time // when this version was backed up
	Version  vault.VersionID
	Deleted  bool // it was deleted at the moment chosen
	Link     bool
	Expected vault.Hash // SHA-256 when it was backed up
	Read     vault.Hash // SHA-256 read back from the disk, valid if WasRead
	WasRead  bool
	Result   Result // Written, AlreadyThere, Unread or NotRestored
	Reason   Reason // of NotRestored
	Detail   string
	Notes    []string // what the target did not keep, and what was done about conflicts
}

// Report says what came of a restore. Selected = Written + AlreadyThere + Unread + the sum over NotRestored, always.
type Report struct {
	Job      JobID
	Target   Target
	Conflict Conflict
	At       time.Time // the moment restored, zero = newest
	Began    time.Time
	Ended    time.Time

	Selected     int
	Written      int // written and identical
	AlreadyThere int // there before and identical
	Unread       int // written, but not read back as was asked for: not proven
	NotRestored  map[Reason]int
	Bytes        int64 // of the files that are proven
	UnreadBytes  int64 // of those that were not read back

	each   func(fn func(*Line) error) error
	failed iter.Seq[*Line]
}

// Each calls fn for every selected file, in the order of folder and path, until fn returns an error. The lines are made one by one from the list of
// restores, which has to be open: all of them at a time would be much. fn does not keep the line. Errors: those of fn and of the list.
func (r *Report) Each(fn func(*Line) error) error { return r.each(fn) }

// Failed gives the selected files that are not restored, without what the list of restores has to be asked for: Taken, Modified, Recorded, Version,
// Expected and Read.
func (r *Report) Failed() iter.Seq[*Line] { return r.failed }

// Whole tells whether every selected file is there and proven.
func (r *Report) Whole() bool { return r.Selected == r.Written+r.AlreadyThere }

// Complete tells whether every selected file is there, proven or not.
func (r *Report) Complete() bool { return r.Selected == r.Written+r.AlreadyThere+r.Unread }

// Missing is the number of files that are not restored.
func (r *Report) Missing() (n int) {
	for _, k := range r.NotRestored {
		n += k
	}
	return n
}

// Sums is the equation that holds for every report.
func (r *Report) Sums() string {
	unread := ""
	if r.Unread > 0 {
		unread = fmt.Sprintf(" + %d written, not read back", r.Unread)
	}
	return fmt.Sprintf("%d selected = %d written and identical + %d already there and identical%s + %d not restored", r.Selected, r.Written, r.AlreadyThere, unread, r.Missing())
}

func (r *run) report() *Report {
	out := &Report{Job: r.id, Target: r.plan.Target, Conflict: r.plan.Conflict, At: r.plan.At, Began: r.began, Ended: r.o.Now(), NotRestored: map[Reason]int{}}
	left := ReasonStopped
	if f := r.stop.Load(); f != nil {
		left = f.reason
	}
	for _, it := range r.plan.items {
		result, reason, _ := r.verdict(it, left)
		out.add(result, reason, it.size)
	}
	out.each = func(fn func(*Line) error) error {
		// Also a restore that was stopped has its report.
		return r.originals(context.Background(), func(it *item, o *original) error {
			l, v := r.line(it, left), o.version()
			l.Taken, l.Modified, l.Recorded, l.Version = o.taken, nanoseconds(o.modTime()), time.Unix(v.Recorded, 0).UTC(), v.ID
			l.Expected, l.Read = v.Sum, v.Sum
			if other := it.rest().other; other != nil {
				l.Read = *other
			}
			return fn(&l)
		})
	}
	out.failed = func(yield func(*Line) bool) {
		for _, it := range r.plan.items {
			if l := r.line(it, left); l.Result == NotRestored && !yield(&l) {
				return
			}
		}
	}
	return out
}

// verdict says what came of an item. left is why the run ended early.
func (r *run) verdict(it *item, left Reason) (Result, Reason, string) {
	switch {
	case it.result == Waiting:
		return NotRestored, left, it.rest().detail
	case it.result != NotRestored && !it.has && it.reason() != ReasonNone: // see prove
		return NotRestored, it.reason(), it.rest().detail
	case it.result == Written && r.o.NoReRead && it.hashed && !it.has:
		return Unread, it.reason(), it.rest().detail
	case it.result != NotRestored && !it.has:
		return NotRestored, left, "it has its name there, but was not read back yet"
	}
	return it.result, it.reason(), it.rest().detail
}

// line is what a report tells of an item without asking the list.
func (r *run) line(it *item, left Reason) Line {
	l := Line{Origin: it.origin(), Target: join(r.plan.trees[it.tree], join(it.dir, it.final())), Folder: it.from.name, Size: it.size, Deleted: it.deleted,
		Link: it.link, WasRead: it.has && !it.link, Notes: it.rest().notes}
	l.Result, l.Reason, l.Detail = r.verdict(it, left)
	return l
}

func (r *Report) add(result Result, reason Reason, size int64) {
	r.Selected++
	switch result {
	case Written:
		r.Written++
		r.Bytes += size
	case AlreadyThere:
		r.AlreadyThere++
		r.Bytes += size
	case Unread:
		r.Unread++
		r.UnreadBytes += size
	default:
		r.NotRestored[reason]++
	}
}

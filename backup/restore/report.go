package restore

import (
	"fmt"
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
	Lines        []Line
}

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
	out := &Report{Job: r.id, Target: r.plan.Target, Conflict: r.plan.Conflict, At: r.plan.At, Began: r.began, Ended: r.o.Now(),
		NotRestored: map[Reason]int{}, Lines: make([]Line, 0, len(r.plan.items))}
	left := ReasonStopped
	if f := r.stop.Load(); f != nil {
		left = f.reason
	}
	for _, it := range r.plan.items {
		l := Line{Origin: it.origin(), Target: join(r.plan.trees[it.tree], join(it.dir, it.final)), Folder: it.source, Size: it.size, Taken: it.taken,
			Modified: nanoseconds(it.modTime), Recorded: time.Unix(it.recorded, 0).UTC(), Version: it.version, Deleted: it.deleted,
			Link: it.typ == vault.TypeSymlink, Expected: it.sum, Read: it.sum, WasRead: it.has && it.typ == vault.TypeFile,
			Result: it.result, Reason: it.reason, Detail: it.detail, Notes: it.notes}
		if it.other != nil {
			l.Read = *it.other
		}
		switch {
		case l.Result == Waiting:
			l.Result, l.Reason = NotRestored, left
		case l.Result != NotRestored && !it.has && l.Reason != ReasonNone: // see prove
			l.Result = NotRestored
		case l.Result == Written && r.o.NoReRead && it.hashed && !it.has:
			l.Result = Unread
		case l.Result != NotRestored && !it.has:
			l.Result, l.Reason, l.Detail = NotRestored, left, "it has its name there, but was not read back yet"
		}
		out.add(l)
	}
	return out
}

func (r *Report) add(l Line) {
	r.Selected++
	switch l.Result {
	case Written:
		r.Written++
		r.Bytes += l.Size
	case AlreadyThere:
		r.AlreadyThere++
		r.Bytes += l.Size
	case Unread:
		r.Unread++
		r.UnreadBytes += l.Size
	default:
		r.NotRestored[l.Reason]++
	}
	r.Lines = append(r.Lines, l)
}

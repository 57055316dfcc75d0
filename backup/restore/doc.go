// Package restore brings originals back and proves it.
//
// [Select] chooses files of a catalogue as they were at a moment. [MakePlan] is the dry run: it reads the target, writes nothing, and
// says what would happen to each file. [Run] saves the list and writes it, and [Resume] goes on after a kill, a stop or an
// unplugged drive. Every file gets a temporary name in its own folder, its bytes, attributes and times, a flush, and then its name,
// which never replaces another file. Where the file system allows it, one flush serves a whole group of files, and a new folder of small ones is
// named once, with all its files in it. Every file is read back from the disk after its flush and its fingerprint compared with the one recorded
// when it was backed up: a small one of a group at once, past the page cache, and at the end the name must lead to that very file, unchanged since;
// all others at the end. The [Report] says for each selected file what came of it. Whoever leaves that reading out ([RunOptions].NoReRead) gets
// a report that calls nothing proven that this restore wrote.
//
// What the versions are is packed in memory until the list is saved, and read from the list from then on: the items of a run hold only what
// is asked for all the time.
//
// Links below the target are never followed: each folder on the way is opened relative to the one above it and must be a folder.
package restore

import "errors"

// Errors that a caller decides on.
var (
	// ErrTargetGone means that the folder restored to is not there any more, or another disk stands in its place. Nothing is written
	// anywhere else; Resume goes on once it is back.
	ErrTargetGone = errors.New("the target is gone")
	// ErrNoMoreCopies is what a Fetcher returns when it was asked for another copy of an object and there is none.
	ErrNoMoreCopies = errors.New("no further copy")
	// ErrNoJob means that there is no such unfinished restore.
	ErrNoJob = errors.New("no such restore")
	// ErrBadGlob means a path pattern that cannot be read.
	ErrBadGlob = errors.New("bad pattern")
	// ErrNothing means that the selection holds no file.
	ErrNothing = errors.New("nothing is selected")
	// ErrNoTrash means that the system has no trash that could take the file; the file is untouched.
	ErrNoTrash = errors.New("no trash for this file")
)

// Conflict says what happens where another file has the name already. Files with the same bytes are never written again.
type Conflict uint8

// The policies.
const (
	KeepBoth Conflict = iota // the restored file gets a name of its own, the same addition for a whole group
	Skip                     // the file that is there stays, the selected one is not restored
	Replace                  // the file that is there goes to the system's trash first
)

var conflictNames = [...]string{"keep-both", "skip", "replace"}

func (c Conflict) String() string {
	if int(c) < len(conflictNames) {
		return conflictNames[c]
	}
	return "?"
}

// ParseConflict reads "keep-both", "skip" or "replace".
func ParseConflict(s string) (Conflict, bool) {
	for i, n := range conflictNames {
		if s == n {
			return Conflict(i), true
		}
	}
	return 0, false
}

// Result is what came of one selected file. The numbers are saved.
type Result uint8

// The results. In a report Written and AlreadyThere are proven: read from the disk after the last write, equal to the recorded fingerprint.
const (
	Waiting      Result = iota // not done yet; in a report it counts as not restored
	Written                    // written and identical
	AlreadyThere               // was there before, identical
	NotRestored                // see the reason
	Unread                     // in a report: written from parts that were each in order, flushed, but not read back (RunOptions.NoReRead)
)

var resultNames = [...]string{"waiting", "written and identical", "already there and identical", "not restored", "written, not read back"}

func (r Result) String() string {
	if int(r) < len(resultNames) {
		return resultNames[r]
	}
	return "?"
}

// Reason is why a file was not restored: a stable code, worded by the caller; String gives a plain sentence.
type Reason string

// The reasons.
const (
	ReasonNone         Reason = ""
	ReasonSkipped      Reason = "conflict"      // another file is there and the policy is Skip
	ReasonNotIdentical Reason = "not-identical" // read back with other bytes
	ReasonNotReadBack  Reason = "not-read-back" // it has its name there and could not be read: nothing is proven
	ReasonMissing      Reason = "missing"       // no copy of a part was found
	ReasonDamaged      Reason = "damaged"       // all copies of a part are damaged
	ReasonFull         Reason = "full"          // the target's disk is full
	ReasonLarge        Reason = "large"         // larger than the target's disk, or than a file can be there
	ReasonGone         Reason = "gone"          // the target was removed meanwhile
	ReasonStopped      Reason = "stopped"       // the run was stopped before this file
	ReasonName         Reason = "name"          // the target cannot hold the name
	ReasonFolder       Reason = "folder"        // a file or link stands where a folder is needed
	ReasonRefused      Reason = "refused"       // the target does not allow writing there
	ReasonTarget       Reason = "target"        // another fault of the target
	ReasonAway         Reason = "away"          // no destination with a copy could be reached
)

var reasonTexts = map[Reason]string{
	ReasonSkipped:      "another file has this name and was kept, as chosen",
	ReasonNotIdentical: "not identical: read back from the disk with other bytes",
	ReasonNotReadBack:  "it could not be read back from the disk, so nothing is proven about it",
	ReasonMissing:      "no copy of a part of it was found",
	ReasonDamaged:      "every copy of a part of it is damaged",
	ReasonFull:         "the target's disk is full",
	ReasonLarge:        "it is larger than the target's disk can hold",
	ReasonGone:         "the target was removed while restoring",
	ReasonStopped:      "stopped before this file",
	ReasonName:         "the target cannot hold this name",
	ReasonFolder:       "a file or link stands where a folder is needed",
	ReasonRefused:      "the target does not allow writing there",
	ReasonTarget:       "the target failed",
	ReasonAway:         "no place with a copy could be reached",
}

func (r Reason) String() string {
	if s, ok := reasonTexts[r]; ok {
		return s
	}
	return string(r)
}

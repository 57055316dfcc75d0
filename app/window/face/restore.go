package face

import "time"

// Reason presets a restore.
type Reason string

// The reasons that need no later part of the program.
const (
	ReasonLost       Reason = "lost"
	ReasonBadEdit    Reason = "bad-edit"
	ReasonEverything Reason = "everything"
)

// Conflict says what happens where a different file stands in the way. Identical ones are always skipped and counted as proven.
type Conflict string

// The choices of this version.
const (
	KeepBoth Conflict = "keep-both"
	Replace  Conflict = "replace" // the old file goes to the system trash first
	Skip     Conflict = "skip"
)

// Request describes a restore. At zero means the newest state. IDs and Paths empty mean everything.
type Request struct {
	Reason   Reason
	At       time.Time
	IDs      []string // groups of the timeline
	Version  string   // one version of the single group in IDs
	Paths    []string // glob patterns over stored paths
	Original bool     // to where the files came from; else into Dir
	Dir      string
	Conflict Conflict
	Deleted  bool // include what was deleted at the source
}

// Trouble is one thing that the dry run or the run found, as a message code with a file.
type Trouble struct {
	Code string
	Path string
	Why  string // plain words; from the string table, never from a server
}

// Plan is a resolved, saved restore. Files = New + Identical + Differ + len of Missing.
type Plan struct {
	Job       string
	Request   Request
	Files     int64
	Bytes     int64
	New       int64
	Identical int64
	Differ    int64
	Missing   []Trouble // no good copy
	LongNames int64
	Clashes   int64
	Need      int64 // bytes to be written
	Free      int64 // bytes free at the target; -1 unknown
	NotEmpty  bool  // the target folder holds something else: to be confirmed
	Done      int64 // of an interrupted run
}

// Progress of a run. Left is zero until an estimate means something.
type Progress struct {
	Done, Total       int64
	Bytes, TotalBytes int64
	Rate              float64 // bytes a second
	Left              time.Duration
	Current           string
}

// Report is the outcome: Selected = Identical + Already + len(NotRestored), unless Stopped before the end, when the rest is among
// NotRestored.
type Report struct {
	Selected    int64
	Identical   int64 // written and identical
	Already     int64 // already there and identical
	NotRestored []Trouble
	HTML, CSV   string // paths of the written report
	Dir         string
	Took        time.Duration
	Stopped     bool
}

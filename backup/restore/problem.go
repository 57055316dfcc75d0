package restore

// ProblemKind says what a Problem of a plan is.
type ProblemKind string

// The problems that a dry run finds. A plan with problems can be run: each such file then gets its result.
const (
	ProblemNoCopy   ProblemKind = "no-copy"   // no good copy of a part is known
	ProblemClash    ProblemKind = "clash"     // the target takes this name and another one for the same
	ProblemReserved ProblemKind = "reserved"  // the target's disk cannot hold this name
	ProblemLong     ProblemKind = "long"      // too long for the target's disk
	ProblemLarge    ProblemKind = "large"     // larger than the whole disk
	ProblemName     ProblemKind = "name"      // no usable path at all
	ProblemFolder   ProblemKind = "folder"    // a file or link stands where a folder is needed, or a folder where the file goes
	ProblemReadOnly ProblemKind = "read-only" // the folder does not allow new files
	ProblemTarget   ProblemKind = "target"    // the folder restored to cannot be used
)

var problemTexts = map[ProblemKind]string{
	ProblemNoCopy:   "no good copy of it is known",
	ProblemClash:    "the disk there takes its name and another one for the same",
	ProblemReserved: "the disk there cannot hold its name",
	ProblemLong:     "its path is too long for the disk there",
	ProblemLarge:    "it is larger than the whole disk there",
	ProblemName:     "it has no usable path",
	ProblemFolder:   "a file stands where a folder is needed, or the other way round",
	ProblemReadOnly: "the folder there does not allow new files",
	ProblemTarget:   "the folder there cannot be used",
}

// String gives a plain sentence.
func (k ProblemKind) String() string {
	if s, ok := problemTexts[k]; ok {
		return s
	}
	return string(k)
}

// Problem is one of them, with the path of the original.
type Problem struct {
	Kind   ProblemKind
	Path   string
	Detail string
}

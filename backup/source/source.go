// Package source walks, watches and reads the folders whose files are backed up. It never writes to them.
//
// What holds, and what the tests of this package cite:
//
//  1. Every name a directory lists becomes exactly one Item, is a directory that is walked, or vanished before it could be looked
//     at (and is counted as such). Nothing is left out silently.
//  2. Originals are only ever opened for reading; no time, mode or attribute of them changes, access times included where the
//     system lets us ask for that.
//  3. Symbolic links are recorded, never followed. Sockets, pipes and devices are never opened.
//  4. Paths are the operating system's own bytes with '/' between names; nothing is normalised. Each step of a path is resolved
//     from an open directory, so neither the length of a path nor a link slipped into it matters.
//  5. A file that changed between scan and end of reading is reported; its bytes must not be kept as a version.
//  6. Files whose bytes are elsewhere (online-only) are recognised without opening them.
//  7. A directory that cannot be listed is one Item, and totals then say "at least".
//
// A change made through a shared memory mapping may reach the file's times late (POSIX mmap: at msync or munmap), so such a
// writer can slip past rule 5 until the next scan sees the new time.
package source

import (
	"context"
	"errors"
	"io"
	"time"
)

// Sentinel errors. They are wrapped with the system's error, never with a path; callers decide with errors.Is.
var (
	ErrFolderMissing    = errors.New("folder is not where it was")            // gone, not a directory, its drive disconnected
	ErrFolderExcluded   = errors.New("folder lies inside an excluded path")   // the destination or our own state
	ErrVanished         = errors.New("file vanished after it was listed")     // recount; never protected
	ErrChanged          = errors.New("file is not the one that was scanned")  // other file, size or time: scan it again
	ErrChangedWhileRead = errors.New("file changed while it was read")        // throw the bytes away
	ErrUnreadable       = errors.New("no permission to read")                 // permission, privacy settings
	ErrReadError        = errors.New("the medium cannot be read")             // bad sector, broken file system
	ErrBusy             = errors.New("file is in use by a program")           // locked, or the system is short of descriptors
	ErrOnlineOnly       = errors.New("file's bytes are not on this computer") // needs consent
	ErrNotFile          = errors.New("not a regular file")                    // nothing to read here
	ErrNameTooLong      = errors.New("name is too long")                      // for the system or for ScanOptions.MaxPath
	ErrBadPattern       = errors.New("pattern is not valid")                  // of a Rule
)

// Folder is one chosen folder.
type Folder struct {
	ID    [16]byte // random, made when the folder was chosen; survives a move of the folder
	Root  string   // absolute path; may itself be a symbolic link, which is followed
	Rules Rules    // the user's, in order; the built-in ones come after them
}

// Kind is what a name stands for.
type Kind uint8

// The kinds. KindDir appears only in Items for directories that were not walked.
const (
	KindFile Kind = iota + 1
	KindSymlink
	KindDir
	KindOther // socket, pipe, device
)

// String returns a word for logs and tests.
func (k Kind) String() string {
	return [...]string{"unknown", "file", "symlink", "directory", "other"}[min(int(k), 4)]
}

// State is what the scan alone can say of an Item. Protected and Pending are not among them: only copies decide those.
type State uint8

// The states. Found means: may be read and backed up.
const (
	Found State = iota + 1
	Skipped
	Unreadable
	OnlineOnly
	Failed
)

// String returns a word for logs and tests.
func (s State) String() string {
	return [...]string{"unknown", "found", "skipped", "unreadable", "online-only", "failed"}[min(int(s), 5)]
}

// Reason is a stable code for why an Item is Unreadable or Failed; empty for Found, Skipped and OnlineOnly.
type Reason string

// The reasons.
const (
	ReasonPermission      Reason = "permission"       // Unreadable: the system refuses this file
	ReasonContentsUnknown Reason = "contents-unknown" // Unreadable: a directory could not be listed (to its end)
	ReasonReadError       Reason = "read-error"       // Failed: its facts could not be read
	ReasonNameTooLong     Reason = "name-too-long"    // Failed: longer than ScanOptions.MaxPath, or than the system can open
)

// Identity tells one file from another on a running system. Device numbers may change when a drive is connected anew, so compare
// across restarts only with that in mind. Zero Device and Inode mean: the system does not tell (Windows, while scanning).
type Identity struct {
	Device, Inode uint64
	ChangeTime    time.Time // POSIX st_ctime; zero where there is none
}

// Item is one name found by a scan.
type Item struct {
	Path   string // relative to the folder's root; the system's bytes, '/' between names; "" is the root itself
	Kind   Kind
	State  State
	Reason Reason // for Unreadable and Failed
	Rule   string // for Skipped: the name of the rule
	Err    error  // for Unreadable and Failed: the cause, without a path

	Size      int64     // bytes; of a symlink, the length of Target
	Mode      uint32    // POSIX permission bits with setuid, setgid and sticky (07777)
	ModTime   time.Time // UTC, nanoseconds as the file system gives them
	BirthTime time.Time // zero where the system does not tell
	ID        Identity
	UID, GID  int64  // -1 where there is none
	Links     uint64 // hard links to this file; each is an Item of its own
	Target    string // of a symlink: exactly what it holds
}

// Summary is what a scan says of a folder as a whole. found = Items, by state.
type Summary struct {
	Items      int64 // calls of the callback
	Found      int64
	Skipped    int64
	Unreadable int64
	OnlineOnly int64
	Failed     int64
	Vanished   int64 // listed but gone before they could be looked at; no Item, and not part of the sum
	Dirs       int64 // directories walked, the root included
	Bytes      int64 // sum of the sizes of Found files

	// AtLeast: some directory's contents are unknown, so the counts are lower bounds. Every such directory has its Item; nothing
	// below it may be taken for deleted.
	AtLeast bool
	// Full: the walk came to its own end, with no directory cut short by an error of the medium. Only then may a missing path be
	// taken for a deletion.
	Full bool

	Root RootEvidence
}

// RootEvidence lets a caller tell a folder from the empty mount point that is left when its drive is gone.
type RootEvidence struct {
	ID         Identity  // of the root directory
	BirthTime  time.Time // of the root directory, zero where unknown
	FileSystem string    // type as the system names or numbers it, "" where unknown
	MountPoint bool      // a file system begins here
	Network    bool      // file events cannot be relied on
	Entries    int64     // names the root listed
}

// Excluded is a path that must never be backed up, such as the destination itself.
type Excluded struct {
	Path string // absolute; what it is now is compared, not how it is spelled
	Name string // shown as the rule's name
}

// DefaultMaxPath is the longest relative path in bytes that a scan accepts unless told otherwise. It lies far above what systems
// open in one call (PATH_MAX, 4,096 on Linux) and bounds what a hostile or looping file system can make us remember.
const DefaultMaxPath = 65_535

// ScanOptions steers a scan.
type ScanOptions struct {
	// Under limits the scan to one path relative to the root (a file or a directory with all below it), for looking again at
	// what a Change names. Rules apply as in a whole scan. A path that does not exist gives no Items and no error.
	Under string
	// Exclude are paths to leave out by a named rule.
	Exclude []Excluded
	// MaxPath bounds relative paths in bytes; 0 means DefaultMaxPath.
	MaxPath int
	// SparseMeansOnline names file system types (as in RootEvidence.FileSystem) on which a file of some size without a single
	// block on disk is online-only. Elsewhere such a file is merely sparse.
	SparseMeansOnline []string

	entering func(path string) error // called for each directory before its names are read; an error ends the scan
}

// Tree is what the engine asks of a source. [OS] is the real one, sourcetest.Tree invents one.
type Tree interface {
	// Scan calls fn once for each Item, in an order that depends on the names alone: in each directory first what is not a
	// directory, then the directories, each by the bytes of the name. It remembers one directory's names at a time and those
	// of the directories still to be walked. It returns ErrFolderMissing, ErrFolderExcluded, ErrBadPattern, fn's error or
	// ctx's; whatever is wrong with single files is said in their Items. The Summary is valid with every error.
	Scan(ctx context.Context, folder Folder, options ScanOptions, fn func(Item) error) (Summary, error)
	// Open prepares a Found file (KindFile) for one reading. It returns ErrVanished, ErrChanged, ErrUnreadable, ErrReadError,
	// ErrBusy, ErrNotFile, ErrNameTooLong, ErrFolderMissing, or ErrOnlineOnly where the item's state or the file says so. After
	// consent a caller sets item.State to Found and the file is opened, which makes the system fetch its bytes.
	Open(ctx context.Context, folder Folder, item Item) (File, error)
}

// Holder is a Tree that can hold a folder open, so that opening many of its files does not look it up for each.
type Holder interface {
	// Hold opens the folder. Errors are those of Tree.Open that concern a folder.
	Hold(folder Folder) (Held, error)
}

// Held is a folder that is held open. It is safe for concurrent use.
type Held interface {
	// Open is Tree.Open for a file of the folder as it was when it was opened: where the folder was moved, unmounted or replaced since,
	// files that are gone with it are ErrVanished, and only Tree.Open tells which it is.
	Open(ctx context.Context, item Item) (File, error)
	// Close lets go of the folder.
	Close() error
}

// File is one file during its one reading. It is not safe for concurrent use, ReadAt aside.
type File interface {
	// Reader reads on from the start. Errors: io.EOF, ErrReadError, ErrBusy, ErrVanished, or ErrChangedWhileRead as soon as
	// more bytes come than the scan saw.
	io.Reader
	// ReaderAt reads anywhere in the same open file, for headers; it does not count as reading.
	io.ReaderAt
	// Metadata reads what is to be kept beside the bytes.
	Metadata() (Metadata, error)
	// Finish is called when Read has returned io.EOF and says whether all bytes belong to one version:
	// nil, or ErrChangedWhileRead, or why that cannot be told. The bytes count only after nil.
	Finish() error
	// Close ends the reading. It may be called more than once.
	Close() error
}

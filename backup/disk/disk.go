// Package disk tells what kind of disk lies under a path, so that who reads or writes many files there can do as many at a time as suit
// it: a spinning disk loses most of its speed to seeks once two readers compete for its head.
package disk

// Kind is a kind of disk, as far as it changes how many reads at a time serve.
type Kind uint8

// The kinds. Where the system does not say, as with the virtual drives of most hosts, the kind is Unknown.
const (
	Unknown    Kind = iota
	SolidState      // no seek penalty; also memory
	Network         // another computer answers
	Removable       // on USB, a memory card, a disc: one slow line, whatever is behind it
	Spinning        // heads have to move
)

// String is a stable lower-case word for logs and JSON.
func (k Kind) String() string {
	switch k {
	case SolidState:
		return "solid-state"
	case Network:
		return "network"
	case Removable:
		return "removable"
	case Spinning:
		return "spinning"
	}
	return "unknown"
}

// mostReaders bounds Readers on machines with many cores: beyond it an SSD gains nothing and buffers cost memory.
const mostReaders = 16

// Readers is how many files are read at a time from such a disk by a machine of so many cores, at least 1.
//
// One on a spinning or removable disk, whose order of reading is its speed. On a network two, so that one is under way while the other is
// opened; the disk behind it may spin. Else as many as there are cores, at least two: one waits while the other's bytes are worked on.
// Unknown counts as solid state: most disks of today are, and a wrong guess costs less this way round than the other.
func (k Kind) Readers(cores int) int {
	switch k {
	case Spinning, Removable:
		return 1
	case Network:
		return 2
	}
	return min(max(cores, 2), mostReaders)
}

// Of tells the kind of disk that path lies on. The path must exist; where it does not, or nothing can be learned, the answer is Unknown.
// It asks the system's tables and reads nothing from the disk itself, and may take some milliseconds: ask once a folder, not once a file.
func Of(path string) Kind { return of(path) }

// slower is the kind of a volume that lies on two disks: each read may meet the slower one.
func slower(a, b Kind) Kind { return max(a, b) }

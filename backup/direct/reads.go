package direct

import "os"

// MaxReads is how many files one call of [Reads.Read] takes.
const MaxReads = 64

// Reads reads many small files at a time past the page cache. One by one each read of a few KB costs its own trip to the disk: for 100,000 files of 9 KB that
// took four times as long. Not for concurrent use.
type Reads struct {
	room   []byte
	kernel *kernelReads // nil where the system has no such call
	into   [MaxReads][]byte
	got    [MaxReads]int
	out    [MaxReads][]byte
}

// NewReads makes room for so many bytes. It is closed by Close.
func NewReads(room int) *Reads { return &Reads{room: Buffer(room), kernel: newKernelReads()} }

// Close gives back what the system lent.
func (r *Reads) Close() {
	if r.kernel != nil {
		r.kernel.close()
	}
}

// Room is how much of a Reads a file of this size takes.
func Room(size int64) int64 { return (size + Align) &^ (Align - 1) } // a byte more than the file has, so that one that grew is noticed

// Read reads files whole that should have these sizes, and gives their bytes, which are good until the next call. nil stands for a file that has to be
// read in another way: it has another size, could not be read, lies on a file system that does not do this, or there was no room left. Files are left as
// they are then, to be closed: reads that follow may be direct ones.
func (r *Reads) Read(files []*os.File, sizes []int64) [][]byte {
	files = files[:min(len(files), MaxReads)]
	room := r.room
	for i := range files {
		r.into[i], r.got[i], r.out[i] = nil, -1, nil
		if n := Room(sizes[i]); sizes[i] >= 0 && n > 0 && n <= int64(len(room)) {
			r.into[i], room = room[:n:n], room[n:]
		}
	}
	if r.kernel != nil {
		r.kernel.read(files, r.into[:len(files)], r.got[:len(files)])
	}
	for i := range files {
		if int64(r.got[i]) == sizes[i] && r.into[i] != nil {
			r.out[i] = r.into[i][:sizes[i]]
		}
	}
	return r.out[:len(files)]
}

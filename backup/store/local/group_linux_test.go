package local

import (
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setGroupSync chooses between one flush for a batch and one for each file, whatever the file system under the test allows.
func setGroupSync(s *Store, on bool) { s.fs.groupSync = on }

// What Properties promise of fresh reads: they do not fill the page cache, so they cannot have come from it.
func TestFreshReadsGoPastTheCache(t *testing.T) {
	dir, id := newPlace(t)
	s := openPlace(t, dir, id)
	if !s.Properties().CacheBypass {
		t.Log("the temporary folder's file system promises nothing")
		return
	}
	const size = 256 << 10 // small enough to be written through the cache
	put := s.PutNew(t.Context(), "c/a", make([]byte, size))
	if err := s.Barrier(t.Context()); put != nil || err != nil {
		t.Fatal(put, err)
	}
	f, n, err := s.openObject("c/a")
	if err != nil || n != size {
		t.Fatal(n, err)
	}
	defer f.Close()
	resident := func() (pages int) {
		m, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Munmap(m)
		for _, in := range mincore(t, m) {
			pages += int(in & 1)
		}
		return pages
	}
	if resident() == 0 {
		t.Fatal("what was just written is not in the cache: the test can tell nothing")
	}
	fresh, err := s.freshReader(f, "c/a")
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if got, err := fresh.ReadAt(make([]byte, size), 0); got != size || err != nil {
		t.Fatal(got, err)
	}
	if n := resident(); n != 0 {
		t.Fatalf("%d pages are in the cache after a fresh read", n)
	}
}

func mincore(t *testing.T, m []byte) []byte {
	t.Helper()
	vec := make([]byte, (len(m)+4095)/4096)
	_, _, errno := unix.Syscall(unix.SYS_MINCORE, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), uintptr(unsafe.Pointer(&vec[0])))
	if errno != 0 {
		t.Fatal(errno)
	}
	return vec
}

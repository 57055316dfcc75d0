package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setGroupSync chooses between one flush for a batch and one for each file, whatever the file system under the test allows.
func setGroupSync(s *Store, on bool) { s.fs.groupSync = on }

// One group flush makes the names of a batch durable. Where it fails, each directory is flushed by itself, and no group flush is believed
// any more: the error is told once.
func TestNamesAreFlushedOneByOneWhereTheGroupFlushFails(t *testing.T) {
	for dirs, fails := range map[int]bool{1: false, groupDirs - 1: false, groupDirs: true, groupDirs + 5: true} {
		dir, id := newPlace(t)
		s := openPlace(t, dir, id)
		setGroupSync(s, true)
		for i := range dirs {
			s.dirty[fmt.Sprintf("c/%d", i)] = true
			if err := s.root.MkdirAll(fmt.Sprintf("c/%d", i), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.dir.Close(); err != nil { // a descriptor on which nothing can be done
			t.Fatal(err)
		}
		if err := s.flushDirs(t.Context()); err != nil || len(s.dirty) != 0 {
			t.Errorf("%d directories: %v, %d are left", dirs, err, len(s.dirty))
		}
		if s.fs.groupSync == fails {
			t.Errorf("%d directories: group flushes are believed: %v", dirs, s.fs.groupSync)
		}
		if s.dir, _ = os.Open(dir); s.dir == nil {
			t.Fatal("the place is gone")
		}
	}
}

// A directory that could not be flushed, or that changed meanwhile, is flushed by the next Barrier.
func TestADirectoryThatWasNotFlushedStays(t *testing.T) {
	for _, group := range []bool{false, true} {
		dir, id := newPlace(t)
		s := openPlace(t, dir, id)
		setGroupSync(s, group)
		for i := range groupDirs - 1 {
			s.dirty[fmt.Sprintf("c/%d", i)] = true
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.flushDirs(ctx); !errors.Is(err, context.Canceled) || len(s.dirty) != groupDirs-1 {
			t.Errorf("stopped: %v, %d are left", err, len(s.dirty))
		}
		if err := s.flushDirs(t.Context()); err != nil || len(s.dirty) != 0 {
			t.Errorf("then: %v, %d are left", err, len(s.dirty))
		}
	}
}

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

package local

import (
	"os"
	"path"
	"sync"
)

// flushWorkers is how many files are flushed at once where a file system needs each flushed by itself.
const flushWorkers = 8

// groupDirs is from how many directories on they are flushed together where the file system can: each by itself empties the drive's cache
// once more.
const groupDirs = 8

// flushEach flushes every staged file with fn, several at a time, and returns the first error.
func (s *Store) flushEach(batch []*staged, flag int, fn func(*os.File) error) error {
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
		work  = make(chan *staged)
	)
	for range min(flushWorkers, len(batch)) {
		wg.Go(func() {
			for st := range work {
				f, err := s.root.OpenFile(path.Join(s.writer.name, st.tmp), flag, 0)
				if err == nil {
					err = fn(f)
					f.Close()
				}
				if err != nil {
					once.Do(func() { first = err })
				}
			}
		})
	}
	for _, st := range batch {
		work <- st
	}
	close(work)
	wg.Wait()
	return first
}

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
)

// atContent calls do once n objects of contents were put, counted over all destinations.
type atContent struct {
	store.Store
	puts *atomic.Int64
	n    int64
	do   func()
}

func (s atContent) PutNew(ctx context.Context, name string, b []byte) error {
	err := s.Store.PutNew(ctx, name, b)
	if strings.HasPrefix(name, "c/") && s.puts.Add(1) == s.n {
		s.do()
	}
	return err
}

// What a run staged and never came to make durable stays staged as long as the destination is open. The next run meets it.
func TestWhatACutShortRunStagedIsTakenOverByTheNext(t *testing.T) {
	for name, interrupt := range map[string]func(film string, stop func()) error{
		"the only new film grew while it was read": func(film string, _ func()) error {
			f, err := os.OpenFile(film, os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = f.Write(make([]byte, 1<<20))
			return err
		},
		"the run was stopped within its first file": func(_ string, stop func()) error { stop(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			film := filepath.Join(m.photos, "film", "000.bin")
			var puts atomic.Int64
			m.open = wrapped(func(s store.Store) store.Store {
				return atContent{s, &puts, 3, func() {
					if err := interrupt(film, cancel); err != nil {
						t.Error(err)
					}
				}}
			})
			m.setUp().withTwoPlaces()
			numbered(t, m.photos, "film", 5, 1, 40<<20)
			if run, err := m.engine.Do(ctx, backup.BackUp{}); err == nil && run.Run.New != 0 {
				t.Fatalf("the first run was not cut short: %+v", run.Run)
			}
			if run := m.backUpQuietly(); run.New != 1 {
				t.Errorf("the next run: %+v", run)
			}
			m.mustProve()
			m.mustBeWhole(nil)
		})
	}
}

// heldBarrier holds the first Barrier that follows a content until that content is put a second time.
type heldBarrier struct {
	store.Store
	mu       *sync.Mutex
	puts     map[string]int
	again    chan struct{}
	replaced *atomic.Int64
}

func (s heldBarrier) PutNew(ctx context.Context, name string, b []byte) error {
	err := s.Store.PutNew(ctx, name, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.puts[name]++; s.puts[name] == 2 && strings.HasPrefix(name, "c/") {
		close(s.again)
	}
	return err
}

func (s heldBarrier) Barrier(ctx context.Context) error {
	s.mu.Lock()
	content := false
	for name := range s.puts {
		content = content || strings.HasPrefix(name, "c/")
	}
	s.mu.Unlock()
	if content {
		select {
		case <-s.again:
		case <-time.After(2 * time.Minute): // an end for a test that fails
			return errors.New("no content was put again while a batch waited")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Store.Barrier(ctx)
}

func (s heldBarrier) Replace(ctx context.Context, name string, b []byte) error {
	s.replaced.Add(1)
	return s.Store.Replace(ctx, name, b)
}

// While a batch waits for its Barrier the next one is filled. A content of both is stored once.
func TestContentOfABatchThatIsBeingCommittedIsNotWrittenAgain(t *testing.T) {
	m := newMachine(t)
	var replaced atomic.Int64
	held := heldBarrier{mu: &sync.Mutex{}, puts: map[string]int{}, again: make(chan struct{}), replaced: &replaced}
	m.open = wrapped(func(s store.Store) store.Store { held.Store = s; return held })
	m.setUp().withFolderAndPlace()
	content := bytes.Repeat([]byte("photo "), 20_000)
	write(t, filepath.Join(m.photos, "a.bin"), content)
	links(t, m.photos, "m", 5100) // more than a batch takes
	write(t, filepath.Join(m.photos, "z.bin"), content)
	if run := m.backUpQuietly(); run.New != 5102 || replaced.Load() != 0 {
		t.Errorf("%d new, %d written again", run.New, replaced.Load())
	}
	m.mustProve()
}

// links makes symbolic links, which are originals without content.
func links(t *testing.T, root, prefix string, n int) {
	t.Helper()
	for i := range n {
		must(t, os.Symlink("x", filepath.Join(root, fmt.Sprintf("%s%06d", prefix, i))))
	}
}

// beaten reports at each Barrier of records that another writer of the same content was first with an object of the batch that is filled
// meanwhile.
type beaten struct {
	store.Store
	records *atomic.Bool
	chunk   *atomic.Pointer[string]
}

func (s beaten) PutNew(ctx context.Context, name string, b []byte) error {
	s.records.Store(!strings.HasPrefix(name, "c/"))
	if strings.HasPrefix(name, "c/") {
		s.chunk.Store(&name)
	}
	return s.Store.PutNew(ctx, name, b)
}

func (s beaten) Barrier(ctx context.Context) error {
	err := s.Store.Barrier(ctx)
	if chunk := s.chunk.Load(); err == nil && s.records.Load() && chunk != nil {
		return &store.BarrierError{Taken: []string{*chunk}}
	}
	return err
}

func TestAnObjectThatAnotherWriterHadFirstIsNoMatterOfTheRecords(t *testing.T) {
	m := newMachine(t)
	var records atomic.Bool
	var chunk atomic.Pointer[string]
	m.open = wrapped(func(s store.Store) store.Store { return beaten{s, &records, &chunk} })
	m.setUp().withTwoPlaces()
	numbered(t, m.photos, "a", 1, 3, 100_000)
	m.backUpQuietly()
	m.mustProve()
}

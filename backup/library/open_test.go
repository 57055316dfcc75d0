package library_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/photo/sample"
	"lightproof/backup/setup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// counted counts the fresh reads of each object of a destination.
type counted struct {
	store.Store
	reads *reads
}

type reads struct {
	mu    sync.Mutex
	fresh map[string]int // by name
	on    func(name string)
}

func (c counted) Get(ctx context.Context, name string, o store.GetOptions) ([]byte, error) {
	if o.Fresh {
		c.reads.mu.Lock()
		c.reads.fresh[name]++
		on := c.reads.on
		c.reads.mu.Unlock()
		if on != nil {
			on(name)
		}
	}
	return c.Store.Get(ctx, name, o)
}

// counting makes the engine of a rig count.
func (r *rig) counting(t *testing.T) *reads {
	t.Helper()
	n := &reads{fresh: map[string]int{}}
	r.open = func(ctx context.Context, kind, dir string, identity json.RawMessage) (store.Store, error) {
		s, err := backup.OpenFolder(ctx, kind, dir, identity)
		return counted{s, n}, err
	}
	if err := r.engine.Close(); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	return n
}

func (n *reads) take() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := maps.Clone(n.fresh)
	clear(n.fresh)
	return out
}

// content writes n bytes that no other file has.
func content(t *testing.T, path string, seed uint64, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	rng := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	rng.Read(b)
	write(t, path, b)
	return b
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// fullCheck is a full check with open keys, as the terminal does it.
func (r *rig) fullCheck(t *testing.T, l *library.Library) (*backup.Run, library.Opened) {
	t.Helper()
	s, err := r.engine.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := s.Destinations[0].ID
	r.check(t, backup.CheckRecords)
	o, err := l.OpenCopies(t.Context(), d, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := r.check(t, backup.CheckRest)
	if err := l.OpenAgain(t.Context(), d, &o, nil); err != nil {
		t.Fatal(err)
	}
	return run, o
}

func (r *rig) check(t *testing.T, level string) *backup.Run {
	t.Helper()
	reply, err := r.engine.Do(t.Context(), backup.Check{Level: level})
	if err != nil {
		t.Fatal(err)
	}
	return reply.Run
}

// mixed fills a library with all that is stored differently: records of bundles, chunks, photos that are cut, files of several chunks, files that
// are the same, and edits of them; and backs it up after each.
func (r *rig) mixed(t *testing.T) {
	t.Helper()
	if _, err := sample.WriteLibrary(r.photos, 1, 20); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		content(t, filepath.Join(r.photos, "small", fmt.Sprint(i, ".xmp")), uint64(i), 100+i*1000)
	}
	film := content(t, filepath.Join(r.photos, "film.mov"), 1000, 20<<20)
	content(t, filepath.Join(r.photos, "one.bin"), 1001, 300_000)
	for _, name := range []string{"again/one.bin", "more/one.bin"} {
		content(t, filepath.Join(r.photos, name), 1001, 300_000)
	}
	write(t, filepath.Join(r.photos, "zeros.bin"), make([]byte, 24<<20))
	write(t, filepath.Join(r.photos, "again/film.mov"), film)
	r.backUp(t)
	film[100] ^= 1 // the first chunk is another one, the others stay
	write(t, filepath.Join(r.photos, "film.mov"), film)
	content(t, filepath.Join(r.photos, "small", "3.xmp"), 2000, 5_000)
	r.backUp(t)
}

// stored gives the object names and sizes at the rig's destination.
func (r *rig) stored(t *testing.T) map[string]int64 {
	t.Helper()
	out := map[string]int64{}
	err := filepath.WalkDir(r.place, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(r.place, path)
		info, err := e.Info()
		out[filepath.ToSlash(name)] = info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAFullCheckWithOpenKeysReadsEachObjectOnce(t *testing.T) {
	r := newRig(t)
	n := r.counting(t)
	r.mixed(t)
	l := r.unlock(t)
	n.take()
	run, o := r.fullCheck(t, l)
	if run.Bad != 0 || o.Wrong != 0 || o.Bad != 0 || o.Files < 80 {
		t.Fatalf("%+v %+v", run, o)
	}
	got := n.take()
	objects := 0
	for name := range r.stored(t) {
		if strings.HasPrefix(name, "m2/") && !strings.HasPrefix(name, "m2/u/") && got[name] != 1 {
			t.Errorf("record %s was read %d times", name, got[name])
		}
		if _, ok := vault.ParseChunkName(name); !ok {
			continue
		}
		objects++
		if _, doubled := r.stored(t)[vault.Mirror(name)]; doubled { // a page or a list of parts: a record
			if got[name] == 0 {
				t.Errorf("record %s was not read", name)
			}
			continue
		}
		if got[name] != 1 {
			t.Errorf("%s was read %d times", name, got[name])
		}
	}
	if objects < 10 {
		t.Errorf("%d objects in all", objects)
	}
	plain := r.check(t, "full")
	if plain.Objects != run.Objects {
		t.Errorf("%d parts checked, a check without keys %d", run.Objects, plain.Objects)
	}
	for name, times := range n.take() {
		if times != 1 {
			t.Errorf("a check without keys reads %s %d times", name, times)
		}
	}
	if s, _ := r.engine.State(t.Context()); s.Destinations[0].Proven != s.Counts.Found || s.OpenedDue != 0 {
		t.Errorf("%+v", s.Destinations[0])
	}
}

// What a check without keys knows of a destination does not depend on what another check opened.
func TestTheRestIsEverythingWhereNoCheckWasBegun(t *testing.T) {
	r := newRig(t)
	n := r.counting(t)
	content(t, filepath.Join(r.photos, "a.bin"), 1, 200_000)
	content(t, filepath.Join(r.photos, "b.bin"), 2, 2_000)
	r.backUp(t)
	l := r.unlock(t)
	s, _ := r.engine.State(t.Context())
	r.check(t, backup.CheckRecords)
	if _, err := l.OpenCopies(t.Context(), s.Destinations[0].ID, nil); err != nil {
		t.Fatal(err)
	}
	r.check(t, backup.CheckRest)
	n.take()
	r.check(t, backup.CheckRest)
	if got := n.take(); len(got) < 4 {
		t.Errorf("read %v", got)
	}
	r.check(t, backup.CheckRecords)
	if run := r.check(t, backup.CheckStopped); !run.Stopped || run.Objects == 0 {
		t.Errorf("stopped: %+v", run)
	}
	n.take()
	r.check(t, backup.CheckRest)
	if got := n.take(); len(got) < 4 {
		t.Errorf("after a stop: read %v", got)
	}
}

func TestWhatWasOpenedBeforeAStopIsKept(t *testing.T) {
	r := newRig(t)
	n := r.counting(t)
	for i := range 40 {
		content(t, filepath.Join(r.photos, fmt.Sprint(i, ".bin")), uint64(i), 100_000)
	}
	r.backUp(t)
	l := r.unlock(t)
	s, _ := r.engine.State(t.Context())
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	r.check(t, backup.CheckRecords)
	n.take()
	n.mu.Lock()
	left := 20
	n.on = func(string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		if left--; left == 0 {
			stop()
		}
	}
	n.mu.Unlock()
	o, err := l.OpenCopies(ctx, s.Destinations[0].ID, nil)
	if !errors.Is(err, context.Canceled) || o.Files < 10 || o.Files >= 40 {
		t.Fatalf("%+v %v", o, err)
	}
	r.check(t, backup.CheckRest)
	twice := 0
	for _, times := range n.take() {
		if times > 1 {
			twice++
		}
	}
	if twice > 40-int(o.Files) {
		t.Errorf("%d objects were read twice though %d versions were opened", twice, o.Files)
	}
}

func TestProgressEndsWithEverythingDone(t *testing.T) {
	r := newRig(t)
	r.mixed(t)
	l := r.unlock(t)
	s, _ := r.engine.State(t.Context())
	var last library.OpenProgress
	o, err := l.OpenCopies(t.Context(), s.Destinations[0].ID, func(p library.OpenProgress) {
		if p.Bytes < last.Bytes || p.Versions < last.Versions || p.Bytes > p.OfBytes {
			t.Errorf("%+v after %+v", p, last)
		}
		last = p
	})
	if err != nil || last.Versions != o.Files || last.Versions != last.OfVersions || last.Bytes != last.OfBytes || last.Bytes == 0 {
		t.Errorf("%+v %+v %v", last, o, err)
	}
}

// opener is unlock for opening copies alone.
func (r *rig) opener(t *testing.T) *library.Opener {
	t.Helper()
	keys, err := setup.Unlock(t.Context(), r.home, r.chain, []byte("six words"))
	if err != nil {
		t.Fatal(err)
	}
	o, err := library.NewOpener(t.Context(), r.engine, keys, r.home)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Whether the catalogue is rebuilt, goes on from what is on the disk, or is only read there: the same versions are opened, and nothing of it
// is lost.
func TestAnOpenerOpensWhatALibraryOpens(t *testing.T) {
	r := newRig(t)
	for round := range 3 {
		for i := range 5 * (2 - min(round, 2)) { // the last round adds nothing
			content(t, filepath.Join(r.photos, fmt.Sprint(round), fmt.Sprint(i, ".bin")), uint64(100*round+i), 1_000+50_000*i)
		}
		r.backUp(t)
		o := r.opener(t)
		s, _ := r.engine.State(t.Context())
		got, err := o.OpenCopies(t.Context(), s.Destinations[0].ID, nil)
		if err := errors.Join(err, o.Close()); err != nil || got.Files != s.Counts.Found || got.Wrong != 0 {
			t.Fatalf("round %d: %+v of %d, %v", round, got, s.Counts.Found, err)
		}
	}
	l := r.unlock(t)
	if n := len(l.Timeline()); n != 15 {
		t.Errorf("%d files in the catalogue afterwards", n)
	}
	if n := len(l.Sources()); n != 1 {
		t.Errorf("%d folders in the catalogue afterwards", n)
	}
}

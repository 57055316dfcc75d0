package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/store/fault"
	"lightproof/backup/store/memory"
)

// numbered writes n files of the given sizes with contents that follow from the seed.
func numbered(t testing.TB, root, prefix string, seed uint64, n, size int) {
	t.Helper()
	for i := range n {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		b := make([]byte, size+r.IntN(1+size/10))
		for j := 0; j+8 <= len(b); j += 8 {
			v := r.Uint64()
			for k := range 8 {
				b[j+k] = byte(v >> (8 * k))
			}
		}
		write(t, filepath.Join(root, fmt.Sprintf("%s/%03d.bin", prefix, i)), b)
	}
}

// copyFolder copies files, as a crash leaves them.
func copyFolder(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	list, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.IsDir() {
			if err := copyFolder(filepath.Join(from, d.Name()), filepath.Join(to, d.Name())); err != nil {
				return err
			}
			continue
		}
		in, err := os.Open(filepath.Join(from, d.Name()))
		if err != nil {
			return err
		}
		out, err := os.Create(filepath.Join(to, d.Name()))
		if err == nil {
			_, err = io.Copy(out, in)
			err = errors.Join(err, out.Close())
		}
		in.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// deadline takes the picture of the data folder at the moment of the crash: what the engine does afterwards, a dead process would not.
type deadline struct {
	store.Store
	plan *fault.Plan
	once *sync.Once
	take func()
}

func (d deadline) after(err error) error {
	if errors.Is(err, fault.ErrCrashed) {
		d.once.Do(d.take)
	}
	return err
}

func (d deadline) PutNew(ctx context.Context, name string, b []byte) error {
	return d.after(d.Store.PutNew(ctx, name, b))
}

func (d deadline) Barrier(ctx context.Context) error { return d.after(d.Store.Barrier(ctx)) }

func (d deadline) Replace(ctx context.Context, name string, b []byte) error {
	return d.after(d.Store.Replace(ctx, name, b))
}

func (d deadline) Delete(ctx context.Context, name string) error {
	return d.after(d.Store.Delete(ctx, name))
}

func opener(open func() store.Store) backup.Opener {
	return func(context.Context, string, string, json.RawMessage) (store.Store, error) { return open(), nil }
}

// crashed is one machine that can be put back to the moment before its second backup, again and again.
type crashed struct {
	*machine
	base  string
	place *memory.Place
	saved *memory.Place
	old   history
	first map[string]seen // the files that nobody moved, as they were at the first backup
}

// newCrashed has an earlier backup of some files, of which some are edited and one is deleted since, and 300 new ones: 230 with an object
// of their own, 70 that share bundles.
func newCrashed(t *testing.T) *crashed {
	c := &crashed{machine: newMachine(t), place: memory.NewPlace(), old: history{}}
	c.machine.open = opener(func() store.Store { return c.place.Open() })
	c.setUp().withFolderAndPlace()
	numbered(t, c.photos, "old", 1, 12, 90_000)
	numbered(t, c.photos, "old-small", 2, 12, 9_000)
	c.backUpQuietly()
	c.old.note(t, c.photos)
	c.first = readTree(t, c.photos)
	delete(c.first, "old/010.bin")
	numbered(t, c.photos, "old", 3, 3, 90_000)
	numbered(t, c.photos, "old-small", 4, 3, 9_000)
	must(t, os.Remove(filepath.Join(c.photos, "old", "011.bin")))
	must(t, os.Rename(filepath.Join(c.photos, "old", "010.bin"), filepath.Join(c.photos, "old", "moved.bin")))
	c.old["old/moved.bin"] = c.old["old/010.bin"] // its history goes with it
	delete(c.old, "old/010.bin")
	numbered(t, c.photos, "new", 5, 230, 70_000)
	numbered(t, c.photos, "new-small", 6, 70, 5_000)
	c.stop()
	c.base = filepath.Join(c.dir, "base")
	must(t, os.Rename(c.home, c.base))
	c.saved = c.place.Clone()
	return c
}

// again puts data folder and destination back.
func (c *crashed) again() {
	c.t.Helper()
	must(c.t, os.RemoveAll(c.home))
	must(c.t, copyFolder(c.base, c.home))
	c.place.Restore(c.saved)
}

// A crash after every single storage operation of a backup; what no Barrier covered is once kept and once lost. Each time the next
// run finishes the work with nothing to say, all files are proven, and all earlier versions are what they were.
func TestCrashAfterEveryStorageOperation(t *testing.T) {
	c := newCrashed(t)
	c.again()
	whole := fault.NewPlan()
	c.open = opener(func() store.Store { return whole.Wrap(c.place.Open()) })
	c.start()
	run := c.backUpQuietly()
	if run.New < 300 || run.Removed != 1 {
		t.Fatalf("%+v", run)
	}
	c.stop()
	total := whole.Count(fault.Write)
	points := rand.New(rand.NewPCG(11, 11)).Perm(total)
	if !torture() {
		// The last operations are the commit itself: all of them, and a sample of the many before.
		points = append(points[:12], total-1, total-2, total-3, total-4, total-5, total-6)
	}
	done := 0
	for _, p := range points {
		for name, mode := range map[string]fault.Mode{"kept": fault.Keep, "lost": fault.Lose} {
			if !t.Run(fmt.Sprintf("%d-%s", p+1, name), func(t *testing.T) { c.crash(t, p+1, mode) }) && !torture() {
				return
			}
			done++
		}
	}
	t.Logf("figure: %d storage operations in the backup of %d files; %d crashes", total, run.New, done)
}

func (c *crashed) crash(t *testing.T, after int, mode fault.Mode) {
	c.t = t
	died := filepath.Join(c.dir, "died")
	var plan *fault.Plan
	for range 10 {
		c.again()
		plan = fault.NewPlan().CrashAfter(fault.Write, after, mode)
		must(t, os.RemoveAll(died))
		take := func() { must(t, copyFolder(c.home, died)) }
		once := &sync.Once{}
		c.open = opener(func() store.Store { return deadline{plan.Wrap(c.place.Open()), plan, once, take} })
		c.start()
		_, _ = c.engine.Do(t.Context(), backup.BackUp{})
		if plan.Crashed() {
			break
		}
		c.stop()
		n := plan.Count(fault.Write)
		if after-n > 2 {
			t.Fatalf("%d operations came, the one to crash after is %d", n, after)
		}
		after = n // which reader takes which small files makes one bundle more or less: then it is the last operation
	}
	plan.MustHaveFired(t)
	c.stop()
	must(t, os.RemoveAll(c.home))
	must(t, os.Rename(died, c.home))

	c.open = opener(func() store.Store { return c.place.Open() })
	c.start()
	defer c.stop()
	c.backUpQuietly()
	c.mustProve()
	c.mustBeWhole(c.old)
	if after%10 == 0 || !torture() {
		c.mustBringBack(c.first, filepath.Join(c.dir, "first"))
	}
	if again := c.backUpQuietly(); again.New+again.Removed+again.StoredByte != 0 {
		t.Errorf("a third run still found work: %+v", again)
	}
}

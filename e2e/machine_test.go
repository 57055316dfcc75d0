package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/restore"
	"lightproof/backup/setup"
	"lightproof/backup/source"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/keystore"
	"lightproof/keystore/keystoretest"
)

// passphrase is the app's and the kit's, in all tests.
var passphrase = []byte("six words that nobody else knows")

// quickKDF is the weakest that the format allows: tests need the path, not the cost.
var quickKDF = vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}

// torture tells whether long tests run in full.
func torture() bool { return os.Getenv("LIGHTPROOF_TORTURE") == "1" }

// clock is the computer's, moved by what a test adds.
type clock struct {
	mu    sync.Mutex
	moved time.Duration
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.moved)
}

func (c *clock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moved += d
}

// machine is one computer: its data folder, its keychain, its photos and its engine.
type machine struct {
	t      testing.TB
	dir    string
	home   string
	photos string
	chain  keystore.Keychain
	clock  *clock
	ticks  source.Clock  // nil: clock
	tree   source.Tree   // nil: the file system
	open   backup.Opener // nil: folders
	made   *setup.Made
	engine *backup.Engine
}

// newMachine makes a vault on an empty computer and starts its engine; there is no folder and no destination yet.
func newMachine(t testing.TB) *machine {
	t.Helper()
	dir := t.TempDir()
	m := &machine{t: t, dir: dir, home: filepath.Join(dir, "home"), photos: filepath.Join(dir, "photos"), chain: &keystoretest.Memory{}, clock: &clock{}}
	must(t, os.Mkdir(m.photos, 0o755))
	return m
}

// setUp makes the vault.
func (m *machine) setUp() *machine {
	m.t.Helper()
	var err error
	m.made, err = setup.Create(context.Background(), setup.Options{Home: m.home, DeviceName: "desk", Passphrase: passphrase, Mode: backup.ModeStrict,
		Keychain: m.chain, KDF: quickKDF, Now: m.clock.Now(), Endpoints: []string{m.place("a")}})
	must(m.t, err)
	m.made.Reader.Wipe()
	m.start()
	return m
}

// place is a folder for copies.
func (m *machine) place(name string) string { return filepath.Join(m.dir, "place-"+name) }

// start starts the engine on the data folder.
func (m *machine) start() {
	m.t.Helper()
	must(m.t, m.tryStart())
}

func (m *machine) tryStart() error {
	start, err := setup.Start(context.Background(), m.home, m.chain)
	if err != nil {
		return err
	}
	defer start.Wipe()
	e, err := backup.Open(context.Background(), backup.Options{Home: m.home, Build: "test", Clock: m.time(), Tree: m.tree, Open: m.open, Keychain: m.chain}, start)
	if err != nil {
		return err
	}
	m.engine = e
	m.t.Cleanup(func() { e.Close() })
	return nil
}

// time is the engine's clock.
func (m *machine) time() source.Clock {
	if m.ticks != nil {
		return m.ticks
	}
	return m.clock
}

// stop ends the engine.
func (m *machine) stop() {
	m.t.Helper()
	must(m.t, m.engine.Close())
}

func (m *machine) do(c backup.Command) backup.Reply {
	m.t.Helper()
	r, err := m.engine.Do(context.Background(), c)
	if err != nil {
		m.t.Fatalf("%s: %v", c.CommandName(), err)
	}
	return r
}

// withFolderAndPlace protects the photos folder and adds one destination.
func (m *machine) withFolderAndPlace() *machine {
	m.t.Helper()
	m.do(backup.AddFolder{Path: m.photos})
	m.do(backup.AddDestination{Kind: "folder", Dir: m.place("a"), Label: "A", Place: "home"})
	return m
}

// withTwoPlaces makes everything that green needs.
func (m *machine) withTwoPlaces() *machine {
	m.t.Helper()
	m.withFolderAndPlace()
	m.do(backup.AddDestination{Kind: "folder", Dir: m.place("b"), Label: "B", Place: "office", Away: true})
	m.do(backup.KitChecked{})
	return m
}

// backUp runs a backup that must end without an error; issues are the caller's to judge.
func (m *machine) backUp() *backup.Run {
	m.t.Helper()
	return m.do(backup.BackUp{}).Run
}

// backUpQuietly runs a backup that must have nothing to say.
func (m *machine) backUpQuietly() *backup.Run {
	m.t.Helper()
	run := m.backUp()
	if len(run.Issues) != 0 || run.Bad != 0 || run.Stopped {
		m.t.Fatalf("the run had something to say: %+v", run)
	}
	return run
}

func (m *machine) state() *backup.State {
	m.t.Helper()
	s, err := m.engine.State(context.Background())
	must(m.t, err)
	return s
}

// unlock opens the catalogue.
func (m *machine) unlock() *library.Library {
	m.t.Helper()
	l, err := m.tryUnlock()
	must(m.t, err)
	m.t.Cleanup(func() { l.Close() })
	return l
}

func (m *machine) tryUnlock() (*library.Library, error) {
	keys, err := setup.Unlock(context.Background(), m.home, m.chain, passphrase)
	if err != nil {
		return nil, err
	}
	return library.Open(context.Background(), m.engine, keys, m.home)
}

// copies fetches stored objects for a restore.
type copies struct{ svc backup.Service }

func (c copies) Object(ctx context.Context, name string, attempt int) ([]byte, error) {
	s, err := c.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	if attempt >= len(s.Destinations) {
		return nil, restore.ErrNoMoreCopies
	}
	b, err := c.svc.Object(ctx, name, s.Destinations[attempt].ID, false)
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", vault.ErrMissing, err)
	}
	return b, err
}

// eachFile calls fn for every file of the catalogue until it returns false.
func eachFile(l *library.Library, fn func(*reader.File) bool) {
	ended := errors.New("ended")
	if err := l.Each(context.Background(), func(f *reader.File) error {
		if !fn(f) {
			return ended
		}
		return nil
	}); err != nil && !errors.Is(err, ended) {
		panic(err)
	}
}

// restoreTo restores what o chooses into dir and demands that every line is identical.
func (m *machine) restoreTo(l *library.Library, dir string, o restore.Options) *restore.Report {
	m.t.Helper()
	r, err := m.tryRestore(context.Background(), l, dir, o)
	must(m.t, err)
	if !r.Whole() {
		m.t.Fatalf("not all was restored: %s %v", r.Sums(), r.NotRestored)
	}
	return r
}

func (m *machine) tryRestore(ctx context.Context, l *library.Library, dir string, o restore.Options) (*restore.Report, error) {
	sel, err := restore.Select(ctx, l, l.Sources(), o)
	if err != nil {
		return nil, err
	}
	jobs, err := restore.OpenJobs(filepath.Join(m.home, "restore.db"), l.Keys().CacheKey, l.Space())
	if err != nil {
		return nil, err
	}
	defer jobs.Close()
	p, err := restore.MakePlan(ctx, sel, restore.Target{Dir: dir}, restore.PlanOptions{Now: m.clock.Now()})
	if err != nil {
		return nil, err
	}
	return restore.Run(ctx, jobs, p, restore.RunOptions{Space: l.Space(), Fetch: copies{m.engine}, Now: m.clock.Now})
}

// history is what must stay: the fingerprints of all versions that were ever proven, by path.
type history map[string]map[[32]byte]bool

// note adds the files of a folder as they are now.
func (h history) note(t testing.TB, root string) {
	t.Helper()
	for path, f := range readTree(t, root) {
		if f.link != "" || f.mode.IsDir() {
			continue
		}
		if h[path] == nil {
			h[path] = map[[32]byte]bool{}
		}
		h[path][f.sum] = true
	}
}

// mustBeWhole decrypts everything at every destination and compares: what stands in the folder now is the newest version of exactly
// one live file each, and all earlier versions of h open.
func (m *machine) mustBeWhole(h history) {
	m.t.Helper()
	l, err := m.tryUnlock()
	must(m.t, err)
	defer l.Close()
	now := readTree(m.t, m.photos)
	versions := map[string]map[[32]byte]bool{}
	live := map[string]int{}
	var total int64
	eachFile(l, func(f *reader.File) bool {
		if versions[f.Path] == nil {
			versions[f.Path] = map[[32]byte]bool{}
		}
		for i := range f.Versions {
			if v := &f.Versions[i]; !v.Removed {
				versions[f.Path][v.Sum] = true
				if len(v.Parts)+len(v.Lists) > 0 {
					total++
				}
			}
		}
		last := f.Versions[len(f.Versions)-1]
		if last.Removed {
			return true
		}
		live[f.Path]++
		if want, ok := now[f.Path]; !ok {
			m.t.Errorf("%s is live in the catalogue and not in the folder", f.Path)
		} else if want.link == "" && want.sum != last.Sum {
			m.t.Errorf("%s: the newest version is not what stands in the folder", f.Path)
		}
		return true
	})
	for path, f := range now {
		if !f.mode.IsDir() && live[path] != 1 {
			m.t.Errorf("%s is in the catalogue %d times", path, live[path])
		}
	}
	for path, sums := range h {
		for sum := range sums {
			if !versions[path][sum] {
				m.t.Errorf("%s: version %x is lost", path, sum[:4])
			}
		}
	}
	for _, d := range m.state().Destinations {
		got, err := l.OpenCopies(context.Background(), d.ID, nil)
		if err != nil || got.Wrong != 0 || got.Bad != 0 || got.Files != total {
			m.t.Fatalf("destination %s: opened %+v of %d versions, %v", d.Label, got, total, err)
		}
	}
}

// mustBringBack restores the oldest version of each file that stands in first, and compares it whole: bytes, mode, time, attributes.
func (m *machine) mustBringBack(first map[string]seen, to string) {
	m.t.Helper()
	l, err := m.tryUnlock()
	must(m.t, err)
	defer l.Close()
	o := restore.Options{Only: map[vault.FileID]bool{}, Versions: map[vault.FileID]vault.VersionID{}}
	eachFile(l, func(f *reader.File) bool {
		if want, ok := first[f.Path]; ok && f.Versions[0].Sum == want.sum {
			o.Only[f.ID] = true
			o.Versions[f.ID] = f.Versions[0].ID
		}
		return true
	})
	m.restoreTo(l, to, o)
	mustEqual(m.t, first, readTree(m.t, filepath.Join(to, "photos")))
	must(m.t, os.RemoveAll(to))
}

// mustProve checks the figures of a quiet machine: all found originals are proven at every destination.
func (m *machine) mustProve() {
	m.t.Helper()
	s := m.state()
	if !s.Counts.Sums() || s.Counts.Failed+s.Counts.Unreadable+s.Counts.OnlineOnly != 0 {
		m.t.Errorf("counts %+v", s.Counts)
	}
	for _, d := range s.Destinations {
		if d.Gap != 0 || d.Proven != s.Counts.Found-s.Counts.Skipped {
			m.t.Errorf("%s: %d proven, gap %d, found %d", d.Label, d.Proven, d.Gap, s.Counts.Found)
		}
	}
	if s.History.Lost+s.History.Damaged+s.History.Due != 0 {
		m.t.Errorf("history %+v", s.History)
	}
}

// seen is one file as a person would compare it.
type seen struct {
	sum    [32]byte
	size   int64
	mode   fs.FileMode
	mtime  int64
	link   string
	xattrs string
}

// readTree reads a whole folder.
func readTree(t testing.TB, root string) map[string]seen {
	t.Helper()
	out := map[string]seen{}
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return nil
		}
		rel, _ := filepath.Rel(root, path)
		info, err := d.Info()
		if err != nil {
			return err
		}
		s := seen{size: info.Size(), mode: info.Mode(), mtime: info.ModTime().UnixNano()}
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			s.link, err = os.Readlink(path)
		case info.Mode().IsRegular():
			var b []byte
			if b, err = os.ReadFile(path); err == nil {
				s.sum = sha256.Sum256(b)
				s.xattrs, err = readXattrs(path)
			}
		default:
			return nil
		}
		out[rel] = s
		return err
	}))
	return out
}

// mustEqual compares two folders: names, bytes, modes, times to the nanosecond, extended attributes.
func mustEqual(t testing.TB, want, got map[string]seen) {
	t.Helper()
	for path, w := range want {
		g, ok := got[path]
		if !ok {
			t.Errorf("%q is missing", path)
		} else if w != g {
			t.Errorf("%q differs: %+v, want %+v", path, g, w)
		}
	}
	for path := range got {
		if _, ok := want[path]; !ok {
			t.Errorf("%q is there and was not before", path)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, b, 0o644))
}

// wrapped opens folders through wrap.
func wrapped(wrap func(store.Store) store.Store) backup.Opener {
	return func(ctx context.Context, kind, dir string, id json.RawMessage) (store.Store, error) {
		s, err := backup.OpenFolder(ctx, kind, dir, id)
		if err != nil {
			return nil, err
		}
		return wrap(s), nil
	}
}

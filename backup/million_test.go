package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/setup"
	"lightproof/backup/source"
	"lightproof/backup/source/sourcetest"
	"lightproof/backup/vault"
	"lightproof/keystore/keystoretest"
)

// really is how many of the invented files are backed up by the engine itself; what the records say of the others is made after them.
const really = 40

// sizeOf the i-th invented file: those that are never read are as large as photos.
func sizeOf(i int) int64 {
	if i < really {
		return 70_000
	}
	return 3<<20 + int64(i)
}

var phrase = []byte("six words that nobody else knows")

// library is a computer with an invented folder of many files, all of them backed up to two places.
type library struct {
	dir, home, photos string
	n                 int
}

func (l library) tree() *sourcetest.Tree {
	t := sourcetest.New()
	t.Invent(l.photos, l.n, sizeOf)
	return t
}

// open starts the engine, and tells when it began and how much processor time was spent before.
func (l library) open(t *testing.T) (e *backup.Engine, began time.Time, spent float64, err error) {
	t.Helper()
	start, err := setup.StartWith(l.home, phrase)
	must(t, err)
	defer start.Wipe()
	forgetPeak() // what the passphrase takes
	began, spent = time.Now(), processor(t)
	e, err = backup.Open(t.Context(), backup.Options{Home: l.home, Build: "test", Tree: l.tree()}, start)
	return e, began, spent, err
}

// newLibrary makes one of n files.
func newLibrary(t *testing.T, n int) library {
	t.Helper()
	ctx := t.Context()
	dir := t.TempDir()
	l := library{dir: dir, home: filepath.Join(dir, "home"), photos: filepath.Join(dir, "photos"), n: really}
	must(t, os.Mkdir(l.photos, 0o755))
	made, err := setup.Create(ctx, setup.Options{Home: l.home, DeviceName: "desk", Passphrase: phrase, Mode: backup.ModePassphraseAtStart,
		Keychain: &keystoretest.Memory{}, KDF: vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}, Now: time.Now(), Endpoints: []string{dir}})
	must(t, err)
	made.Reader.Wipe()
	made.Start.Wipe()
	e, _, _, err := l.open(t)
	must(t, err)
	defer e.Close()
	for _, c := range []backup.Command{
		backup.AddFolder{Path: l.photos},
		backup.AddDestination{Kind: "folder", Dir: filepath.Join(dir, "a"), Label: "A", Place: "home"},
		backup.AddDestination{Kind: "folder", Dir: filepath.Join(dir, "b"), Label: "B", Place: "office", Away: true},
		backup.BackUp{},
	} {
		_, err := e.Do(ctx, c)
		must(t, err)
	}
	l.n = n
	began := time.Now()
	l.fill(t, e.Records(), e.LastCommit())
	t.Logf("%d files entered in %.1f s", n, time.Since(began).Seconds())
	return l
}

// fill writes what a backup of all files leaves behind, with the rows of one that was really backed up as the pattern.
func (l library) fill(t *testing.T, db *catalog.Writer, seq uint64) {
	t.Helper()
	ctx := t.Context()
	var folder [16]byte
	var file catalog.File
	must(t, db.Files.Each(ctx, func(k catalog.FileKey, f catalog.File) error { folder, file = k.Folder, f; return nil }))
	object, err := db.Objects.Get(ctx, file.Objects[0])
	must(t, err)
	places := map[[16]byte]catalog.Copy{}
	must(t, db.Copies.Each(ctx, func(k catalog.CopyKey, c catalog.Copy) error {
		if k.CID == file.Objects[0] {
			places[k.Destination] = c
		}
		return nil
	}))
	if len(places) != 2 || len(file.Objects) != 1 {
		t.Fatalf("%d copies of %d objects", len(places), len(file.Objects))
	}
	id := func(what byte, i int) [32]byte {
		return sha256.Sum256(binary.BigEndian.AppendUint64([]byte{what}, uint64(i)))
	}
	var items []source.Item
	each := func(rows int, write func(w *catalog.Writer, i int, it source.Item) error) {
		for at := 0; at < len(items); {
			end := min(len(items), at+catalog.MaxTxWrites/rows-10)
			must(t, db.Update(ctx, func(w *catalog.Writer) error {
				for ; at < end; at++ {
					if err := write(w, really+at, items[at]); err != nil {
						return err
					}
				}
				return nil
			}))
		}
	}
	n := 0
	_, err = l.tree().Scan(ctx, source.Folder{Root: l.photos}, source.ScanOptions{}, func(it source.Item) error {
		if n++; n > really {
			items = append(items, it)
		}
		return nil
	})
	must(t, err)
	each(1, func(w *catalog.Writer, i int, it source.Item) error {
		f, a, b := file, id('f', i), id('v', i)
		copy(f.FileID[:], a[:])
		copy(f.VersionID[:], b[:])
		f.Size, f.ModTimeNS, f.CTimeNS, f.Inode = it.Size, it.ModTime.UnixNano(), it.ID.ChangeTime.UnixNano(), it.ID.Inode
		f.BirthNS = it.BirthTime.UnixNano()
		f.SHA256, f.Objects, f.Commit = id('s', i), [][32]byte{id('o', i)}, seq
		return w.Files.Put(ctx, catalog.FileKey{Folder: folder, Path: it.Path}, f)
	})
	each(1, func(w *catalog.Writer, i int, it source.Item) error {
		o := object
		o.CTH, o.Size, o.FirstSeq = id('c', i), uint32(it.Size), seq
		return w.Objects.Put(ctx, id('o', i), o)
	})
	for place, c := range places {
		each(1, func(w *catalog.Writer, i int, it source.Item) error {
			return w.Copies.Put(ctx, catalog.CopyKey{Destination: place, CID: id('o', i)}, c)
		})
	}
}

// TestLargeLibrary measures a start and runs that find nothing new, on a library of 20,000 invented files; of 1,000,000 with
// LIGHTPROOF_TORTURE=1, or as many as LIGHTPROOF_FILES says. A process of its own does it, so that its memory is that alone.
func TestLargeLibrary(t *testing.T) {
	n := 20_000
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" {
		n = 1_000_000
	}
	if s := os.Getenv("LIGHTPROOF_FILES"); s != "" {
		var err error
		n, err = strconv.Atoi(s)
		must(t, err)
	}
	l := newLibrary(t, n)
	for _, start := range []string{"first", "second"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLargeLibraryInAProcess$", "-test.v")
		cmd.Env = append(os.Environ(), "LIGHTPROOF_LARGE="+l.dir, "LIGHTPROOF_FILES="+strconv.Itoa(n))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			if _, what, ok := strings.Cut(strings.TrimSpace(line), "figure: "); ok {
				t.Logf("figure: %d files, %s start: %s", n, start, what)
			}
		}
	}
}

// TestLargeLibraryInAProcess is the process that TestLargeLibrary measures.
func TestLargeLibraryInAProcess(t *testing.T) {
	dir := os.Getenv("LIGHTPROOF_LARGE")
	if dir == "" {
		return // TestLargeLibrary starts it
	}
	n, err := strconv.Atoi(os.Getenv("LIGHTPROOF_FILES"))
	must(t, err)
	l := library{dir: dir, home: filepath.Join(dir, "home"), photos: filepath.Join(dir, "photos"), n: n}
	ctx := t.Context()
	e, began, spent, err := l.open(t)
	must(t, err)
	defer e.Close()
	say := func(what string, began time.Time, spent float64) {
		fmt.Printf("figure: %s %.2f s, %.2f s of processor time, peak %d MiB\n", what, time.Since(began).Seconds(), processor(t)-spent, peak(t))
	}
	say("start to usable", began, spent)
	s := counted(t, e)
	say("start to figures", began, spent)
	if s.Counts.Found != int64(n) || s.Counts.Protected != int64(n) || s.History.Proven != int64(n) {
		t.Errorf("the state says %+v, %+v", s.Counts, s.History)
	}
	for range 2 {
		began, spent = time.Now(), processor(t)
		r, err := e.Do(ctx, backup.BackUp{})
		must(t, err)
		say("a run that finds nothing new", began, spent)
		if r.Run.Looked != int64(n) || r.Run.New+r.Run.Removed+r.Run.Objects+r.Run.Bytes != 0 {
			t.Errorf("the run did %+v", r.Run)
		}
		s, err = e.State(ctx)
		must(t, err)
		if s.Counts.Found != int64(n) || s.Counts.Protected != int64(n) || s.History.Proven != int64(n) || s.History.Versions != int64(n) {
			t.Errorf("the state says %+v, %+v", s.Counts, s.History)
		}
	}
}

// counted waits for a state whose figures are counted.
func counted(t *testing.T, e *backup.Engine) *backup.State {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	events, err := e.Events(ctx)
	must(t, err)
	for ev := range events {
		if s := ev.State; s != nil && !slices.ContainsFunc(s.Causes, func(c backup.Cause) bool { return c.Code == "counting" }) {
			return s
		}
	}
	t.Fatal("nothing is counted")
	return nil
}

// peak is the most resident memory of this process so far, in MiB; 0 where the system does not tell.
func peak(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			must(t, err)
			return kib >> 10
		}
	}
	return 0
}

// processor is the processor time that this process has spent so far, in seconds; 0 where the system does not tell.
func processor(t *testing.T) float64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0
	}
	// The name in parentheses may hold anything. After it, utime and stime are the 12th and 13th field, in hundredths (proc(5)).
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	var sum float64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseFloat(field, 64)
		must(t, err)
		sum += n / 100
	}
	return sum
}

// forgetPeak makes peak begin anew.
func forgetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // Linux, proc(5); elsewhere peak says nothing anyway
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

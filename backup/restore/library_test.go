package restore

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// quickKDF is the weakest that the format allows.
var quickKDF = vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}

var space = sync.OnceValues(func() (*reader.Created, error) {
	return reader.Create(reader.CreateOptions{DeviceName: "desk", Passphrase: []byte("p"), KDF: quickKDF, Now: 1})
})

// library is a vault in memory with its catalogue.
type library struct {
	t       testing.TB
	keys    *writer.Keyset
	sources map[[16]byte]vault.Source
	files   map[vault.FileID]*reader.File
	buf     *vault.ChunkBuffer

	mu      sync.Mutex
	objects map[string][]byte
	bad     map[string][]byte // what copy 0 holds instead
	copies  int
	fetched map[string]int
}

var photos = [16]byte{1}

func newLibrary(t testing.TB) *library {
	t.Helper()
	c, err := space()
	if err != nil {
		t.Fatal(err)
	}
	return &library{t: t, keys: c.Writer, sources: map[[16]byte]vault.Source{photos: {ID: photos, Root: "/home/a/Pictures"}},
		files: map[vault.FileID]*reader.File{}, buf: vault.NewChunkBuffer(), objects: map[string][]byte{}, bad: map[string][]byte{}, copies: 1, fetched: map[string]int{}}
}

// Object implements Fetcher.
func (l *library) Object(_ context.Context, name string, attempt int) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fetched[name]++
	if attempt >= l.copies {
		return nil, ErrNoMoreCopies
	}
	if b, ok := l.bad[name]; ok && attempt == 0 {
		return bytes.Clone(b), nil
	}
	if b, ok := l.objects[name]; ok {
		return bytes.Clone(b), nil
	}
	return nil, fmt.Errorf("%s: %w", name, vault.ErrMissing)
}

// ObjectInto implements IntoFetcher.
func (l *library) ObjectInto(ctx context.Context, name string, attempt int, buffer []byte) ([]byte, error) {
	b, err := l.Object(ctx, name, attempt)
	if err != nil || cap(buffer) < len(b) {
		return b, err
	}
	return append(buffer[:0], b...), nil
}

// EachAtOnce implements Files.
func (l *library) EachAtOnce(_ context.Context, fn func(*reader.File) error) error {
	var all sync.WaitGroup
	errs := make(chan error, len(l.files))
	for _, f := range l.files {
		all.Go(func() { errs <- fn(f) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Count implements Files.
func (l *library) Count(context.Context) (int, error) { return len(l.files), nil }

// File implements Files.
func (l *library) File(_ context.Context, id vault.FileID) (*reader.File, error) {
	if f := l.files[id]; f != nil {
		return f, nil
	}
	return nil, vault.ErrMissing
}

type readerFile = reader.File

type opt func(*readerFile, *vault.Version)

func (l *library) file(path string) *reader.File {
	for _, f := range l.files {
		if f.Path == path && f.Source == photos {
			return f
		}
	}
	f := &reader.File{File: vault.File{Entry: vault.Entry{ID: vault.NewFileID(uint64(len(l.files) + 1)), Source: photos, Path: path, Mode: 0o644, ModTime: 1_600_000_000_123_456_789}}}
	l.files[f.ID] = f
	return f
}

func (l *library) version(f *reader.File, content []byte, recorded int64, parts []vault.Part, opts []opt) {
	v := vault.Version{ID: vault.NewVersionID(), Size: uint64(len(content)), Sum: sha256.Sum256(content), Parts: parts, ModTime: f.ModTime, Recorded: recorded}
	for _, o := range opts {
		o(f, &v)
	}
	f.Versions = append(f.Versions, v)
}

// chunks stores content as chunks of at most size bytes.
func (l *library) chunks(content []byte, size int) (parts []vault.Part) {
	for len(content) > 0 {
		n := copy(l.buf.Room(), content[:min(size, len(content))])
		s, err := l.keys.Current().Seal(l.buf, n, 0, nil)
		if err != nil {
			l.t.Fatal(err)
		}
		l.objects[s.Name()] = bytes.Clone(s.Object)
		parts = append(parts, vault.Part{Cap: s.Cap})
		content = content[n:]
	}
	return parts
}

// big adds a version made of chunks.
func (l *library) big(path string, content []byte, recorded int64, opts ...opt) *reader.File {
	f := l.file(path)
	l.version(f, content, recorded, l.chunks(content, 256<<10), opts)
	return f
}

type small struct {
	path    string
	content []byte
	at      int64
	opts    []opt
}

// bundle adds several small versions in one bundle.
func (l *library) bundle(list ...small) vault.CID {
	b := l.keys.Current().NewBundle(vault.NewChunkBuffer())
	refs := make([]vault.Ref, len(list))
	for i, s := range list {
		if len(s.content) == 0 {
			continue
		}
		r, _, err := b.Add(s.content)
		if err != nil {
			l.t.Fatal(err)
		}
		refs[i] = r
	}
	sealed, err := b.Close()
	if err != nil {
		l.t.Fatal(err)
	}
	l.objects[sealed.Name()] = bytes.Clone(sealed.Object)
	table := []vault.BundleRef{{Cap: sealed.Cap, Salt: b.Salt()}}
	for i, s := range list {
		f := l.file(s.path)
		var parts []vault.Part
		if len(s.content) > 0 {
			r, err := f.Own(refs[i], table)
			if err != nil {
				l.t.Fatal(err)
			}
			parts = []vault.Part{{Small: true, Ref: r}}
		}
		l.version(f, s.content, s.at, parts, s.opts)
	}
	return sealed.Cap.CID
}

func (l *library) link(path, target string) {
	f := l.file(path)
	f.Type, f.Target = vault.TypeSymlink, target
	l.version(f, nil, 1, nil, nil)
}

func (l *library) remove(path string, at int64) {
	f := l.file(path)
	f.Versions = append(f.Versions, vault.Version{ID: vault.NewVersionID(), Removed: true, Recorded: at})
}

// picture is the content of a sample's small file.
func picture(i int) []byte {
	return fmt.Appendf(nil, "picture %d %s", i, bytes.Repeat([]byte{byte(i)}, i*37%3000))
}

// sample fills the library with n small and a few large files.
func (l *library) sample(n int) {
	var list []small
	for i := range n {
		list = append(list, small{path: fmt.Sprintf("20%02d/IMG_%04d.JPG", i%7, i), content: picture(i), at: int64(10 + i)})
		if len(list) == 50 {
			l.bundle(list...)
			list = nil
		}
	}
	if list != nil {
		l.bundle(list...)
	}
	for i := range 4 {
		l.big(fmt.Sprintf("raw/DSC_%d.NEF", i), bytes.Repeat(fmt.Appendf(nil, "raw data %d ", i), 70_000), 5)
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func noonNow() time.Time { return noon }

func (l *library) selection(o Options) *Selection {
	l.t.Helper()
	s, err := Select(context.Background(), l, l.sources, o)
	if err != nil {
		l.t.Fatal(err)
	}
	return s
}

func (l *library) options() RunOptions {
	return RunOptions{Space: l.keys.Space, Fetch: l, Now: noonNow}
}

func (l *library) jobs(dir string) *Jobs {
	l.t.Helper()
	j, err := OpenJobs(filepath.Join(dir, "restore.db"), secret.New(bytes.Repeat([]byte{7}, 32)), l.keys.Space)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { j.Close() })
	return j
}

func (l *library) plan(target string, c Conflict) *Plan {
	l.t.Helper()
	p, err := MakePlan(context.Background(), l.selection(Options{}), Target{target}, PlanOptions{Conflict: c, Now: noon})
	if err != nil {
		l.t.Fatal(err)
	}
	return p
}

// restore plans and runs everything into target.
func (l *library) restore(target string, c Conflict) *Report {
	l.t.Helper()
	r, err := Run(context.Background(), l.jobs(l.t.TempDir()), l.plan(target, c), l.options())
	if err != nil {
		l.t.Fatal(err)
	}
	l.sums(r)
	return r
}

func (l *library) sums(r *Report) {
	l.t.Helper()
	lines := l.lines(r)
	if r.Selected != r.Written+r.AlreadyThere+r.Missing() || r.Selected != len(lines) {
		l.t.Fatalf("the sums do not add up: %s, %d lines", r.Sums(), len(lines))
	}
}

// lines are all lines of a report. Those that failed are told alike by Failed.
func (l *library) lines(r *Report) (out []Line) {
	l.t.Helper()
	if err := r.Each(func(line *Line) error {
		out = append(out, *line)
		return nil
	}); err != nil {
		l.t.Fatal(err)
	}
	failed := slices.DeleteFunc(slices.Clone(out), func(line Line) bool { return line.Result != NotRestored })
	n := 0
	for line := range r.Failed() {
		if n >= len(failed) || line.Origin != failed[n].Origin || line.Reason != failed[n].Reason || line.Detail != failed[n].Detail || line.Target != failed[n].Target {
			l.t.Fatalf("%+v is not among those that failed", line)
		}
		n++
	}
	if n != len(failed) {
		l.t.Fatalf("%d files failed, %d are told", len(failed), n)
	}
	return out
}

// wantFile fails unless the file holds content.
func wantFile(t testing.TB, path string, content []byte) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	} else if !bytes.Equal(got, content) {
		t.Errorf("%s: %d bytes, want %d", filepath.Base(path), len(got), len(content))
	}
}

// leftovers lists names of our own below a folder.
func leftovers(t testing.TB, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && len(d.Name()) > 11 && d.Name()[:11] == ".lightproof" {
			out = append(out, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

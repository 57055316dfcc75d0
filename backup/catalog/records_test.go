package catalog

import (
	"fmt"
	"path/filepath"
	"reflect"
	"testing"
)

func openWriter(t testing.TB, path string) *Writer {
	t.Helper()
	w, err := OpenWriter(path, testKey(1), [16]byte{9})
	must(t, err)
	t.Cleanup(func() { w.Close() })
	return w
}

func openReader(t testing.TB, path string, tileCap int64) *Reader {
	t.Helper()
	r, err := OpenReader(path, testKey(2), [16]byte{9}, tileCap)
	must(t, err)
	t.Cleanup(func() { r.Close() })
	return r
}

func sampleFile() File {
	return File{FileID: [16]byte{1}, VersionID: [16]byte{2}, Size: 1 << 40, ModTimeNS: -1, CTimeNS: 1 << 62, Inode: 1<<64 - 1, Dev: 7,
		Mode: 0o100644, State: StateFailed, Reason: "read-error", Since: 5, SHA256: [32]byte{3}, Objects: [][32]byte{{4}, {5}}, Commit: 6,
		Group: [16]byte{8}, Cuts: []int64{1, 1 << 40}, BirthNS: -2, Unsettled: true, Recorded: 1<<33 + 1}
}

func roundTrip[K comparable, V any](t *testing.T, s *Store[K, V], k K, v V) {
	t.Helper()
	must(t, s.Put(ctx, k, v))
	got, err := s.Get(ctx, k)
	must(t, err)
	if !reflect.DeepEqual(got, v) {
		t.Errorf("got %+v, want %+v", got, v)
	}
	n := 0
	must(t, s.Each(ctx, func(gotKey K, got V) error {
		if gotKey == k {
			n++
			if !reflect.DeepEqual(got, v) {
				t.Errorf("Each: got %+v, want %+v", got, v)
			}
		}
		return nil
	}))
	if n != 1 {
		t.Errorf("Each gave the key %d times", n)
	}
	must(t, s.Delete(ctx, k))
	_, err = s.Get(ctx, k)
	wantErr(t, err, ErrNotFound)
	must(t, s.Put(ctx, k, v))
}

func TestRecordsComeBackAsTheyWere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.db")
	w := openWriter(t, path)
	roundTrip(t, w.Objects, [32]byte{1}, Object{CTH: [32]byte{2}, Size: 1<<32 - 1, Class: 2, FirstSeq: 1 << 60})
	roundTrip(t, w.Bundles, [32]byte{1}, Bundle{Salt: [32]byte{2}, Contents: []BundleContent{{[16]byte{3}, 1 << 40, 65536}, {}}})
	full := Copy{LevelOpened, 1, 2, 3, 4, FaultDamaged, 5}
	roundTrip(t, w.Copies, CopyKey{Destination: [16]byte{1}, CID: [32]byte{2}}, full)
	roundTrip(t, w.Copies, CopyKey{Destination: [16]byte{1}, Name: "l/ab/0000000/0000000001"}, Copy{Level: LevelSent, SentAt: 1})
	roundTrip(t, w.Files, FileKey{[16]byte{1}, "a/\xff\n.jpg"}, sampleFile())
	roundTrip(t, w.Files, FileKey{}, File{})
	roundTrip(t, w.Versions, [16]byte{1}, Version{[16]byte{2}, 3, 4, true, 5, [][32]byte{{6}}})
	must(t, w.Close())
	w = openWriter(t, path)
	if f, err := w.Files.Get(ctx, FileKey{[16]byte{1}, "a/\xff\n.jpg"}); err != nil || f.Reason != "read-error" {
		t.Errorf("%+v %v", f, err)
	}
}

func TestTheTwoSidesDoNotOpenEachOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "w.db")
	w := openWriter(t, path)
	must(t, w.Close())
	_, err := OpenReader(path, testKey(1), [16]byte{9}, 0)
	wantErr(t, err, ErrNewerSchema) // their versions differ; a reader that had the same one would meet other tables
	_, err = OpenWriter(path, testKey(1), [16]byte{8})
	wantErr(t, err, ErrDamaged)
}

func TestUpdateOverSeveralStoresIsOne(t *testing.T) {
	w := openWriter(t, filepath.Join(t.TempDir(), "w.db"))
	stop := fmt.Errorf("stop")
	wantErr(t, w.Update(ctx, func(w *Writer) error {
		must(t, w.Objects.Put(ctx, [32]byte{1}, Object{}))
		must(t, w.Files.Put(ctx, FileKey{}, File{}))
		return stop
	}), stop)
	for _, count := range []func() (int, error){
		func() (int, error) { return w.Objects.Count(ctx) }, func() (int, error) { return w.Files.Count(ctx) },
	} {
		if n, err := count(); n != 0 || err != nil {
			t.Errorf("%d rows %v", n, err)
		}
	}
	must(t, w.View(ctx, func(w *Writer) error {
		wantErr(t, w.Objects.Put(ctx, [32]byte{}, Object{}), ErrReadOnly)
		return nil
	}))
}

func TestActivityIsListedNewestFirstAndTrimmed(t *testing.T) {
	w := openWriter(t, filepath.Join(t.TempDir(), "w.db"))
	for i := range 10 {
		must(t, w.Runs.Append(ctx, Run{int64(i * 1000), "backup", []int64{int64(i), -1}}))
	}
	must(t, w.Runs.Append(ctx, Run{0, "backup", []int64{0, -1}})) // told twice
	must(t, w.Update(ctx, func(w *Writer) error { return w.Runs.Trim(ctx, 4) }))
	got, err := w.Runs.List(ctx, 3)
	must(t, err)
	want := []Run{{9000, "backup", []int64{9, -1}}, {8000, "backup", []int64{8, -1}}, {7000, "backup", []int64{7, -1}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	if all, _ := w.Runs.List(ctx, 0); len(all) != 4 {
		t.Errorf("%d rows after trimming to 4", len(all))
	}
}

func TestTilesUsedLeastRecentlyGoFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.db")
	r := openReader(t, path, 100_000)
	key := func(i int) TileKey { return TileKey{Content: [32]byte{byte(i)}, Pixels: 256, Rule: 1} }
	for i := range 10 {
		must(t, r.Tiles.Put(ctx, key(i), make([]byte, 10_000)))
	}
	wantErr(t, r.Tiles.Put(ctx, key(50), make([]byte, 12_501)), ErrTooLarge)
	if _, err := r.Tiles.Get(ctx, key(0)); err != nil { // looked at: the oldest is now 1
		t.Fatal(err)
	}
	must(t, r.Close()) // the look is remembered
	r = openReader(t, path, 100_000)
	must(t, r.Tiles.Put(ctx, key(3), make([]byte, 9_000))) // replacing counts once
	if n, err := r.Tiles.Bytes(ctx); err != nil || n != 99_000 {
		t.Errorf("%d bytes %v", n, err)
	}
	must(t, r.Tiles.Put(ctx, key(10), make([]byte, 10_000)))
	var left []int
	for i := range 11 {
		if _, err := r.Tiles.Get(ctx, key(i)); err == nil {
			left = append(left, i)
		}
	}
	if want := []int{0, 3, 5, 6, 7, 8, 9, 10}; !reflect.DeepEqual(left, want) {
		t.Errorf("left %v, want %v", left, want)
	}
	n, err := r.Tiles.Bytes(ctx)
	must(t, err)
	stored := int64(0)
	must(t, r.DB().Table("tiles").Scan(ctx, func(_, v []byte) error { stored += int64(len(v)); return nil }))
	if n != stored || n > 87_500 {
		t.Errorf("count says %d, stored are %d", n, stored)
	}
}

func TestRowThatDoesNotDecodeIsDamage(t *testing.T) {
	w := openWriter(t, filepath.Join(t.TempDir(), "w.db"))
	must(t, w.DB().Table("files").Put(ctx, make([]byte, 16), []byte{recordVersion, 1, 2}))
	_, err := w.Files.Get(ctx, FileKey{})
	wantErr(t, err, ErrDamaged)
	wantErr(t, w.Files.Each(ctx, func(FileKey, File) error { return nil }), ErrDamaged)
}

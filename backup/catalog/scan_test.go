package catalog

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"
)

// planted are the things that must not be found in any file, as they would stand there in plain text.
func planted() map[string][]byte {
	photo := make([]byte, 0, 4096)
	for sum := sha256.Sum256([]byte("photo")); len(photo) < 4096; sum = sha256.Sum256(sum[:]) {
		photo = append(photo, sum[:]...)
	}
	out := map[string][]byte{"photo bytes": photo}
	for name, s := range map[string]string{"file name": "Urlaub/Grandma's garden 2019.jpg", "camera": "Canon EOS R6m2", "position": "48.137154,11.576124"} {
		out[name] = []byte(s)
		var wide []byte
		for _, u := range utf16.Encode([]rune(s)) {
			wide = append(wide, byte(u), byte(u>>8))
		}
		out[name+" in UTF-16"] = wide
	}
	return out
}

// findPlain looks through every file of the folder for any planted text, of longer ones for any 64-byte window.
func findPlain(t *testing.T, dir string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	files, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(dir, f.Name()))
		must(t, err)
		for name, p := range planted() {
			for at := 0; at == 0 || at+64 <= len(p); at += 64 {
				if bytes.Contains(b, p[at:min(at+64, len(p))]) {
					found[name] = true
				}
			}
		}
	}
	return found
}

func TestNoPlaintextInAnyFile(t *testing.T) {
	dir := t.TempDir()
	w, err := OpenWriter(filepath.Join(dir, "writer.db"), testKey(1), [16]byte{1})
	must(t, err)
	defer w.Close()
	r, err := OpenReader(filepath.Join(dir, "reader.db"), testKey(2), [16]byte{1}, 0)
	must(t, err)
	defer r.Close()
	write := func() {
		for i, p := range planted() {
			text := string(p)
			must(t, w.Update(ctx, func(w *Writer) error {
				for n := range 50 {
					must(t, w.Files.Put(ctx, FileKey{[16]byte{byte(n)}, text}, File{Reason: text}))
				}
				must(t, w.Copies.Put(ctx, CopyKey{Name: text}, Copy{}))
				must(t, w.Runs.Append(ctx, Run{Code: text}))
				return w.State.Put(ctx, p, p)
			}))
			id := [16]byte(sum16(i))
			must(t, r.Entries.Put(ctx, id, p))
			must(t, r.Tiles.Put(ctx, TileKey{Content: sha256.Sum256(p)}, p))
		}
	}
	write()
	if got := findPlain(t, dir); len(got) > 0 {
		t.Errorf("while open: %v", got)
	}
	if wal, err := os.Stat(filepath.Join(dir, "writer.db-wal")); err != nil || wal.Size() == 0 {
		t.Errorf("the scan must have met a write-ahead log: %v", err)
	}
	must(t, w.Update(ctx, func(w *Writer) error { // spills to the log before it is given up
		for n := range 10_000 {
			must(t, w.State.Put(ctx, append(numbered(n), planted()["camera"]...), planted()["photo bytes"][:512]))
		}
		if got := findPlain(t, dir); len(got) > 0 {
			t.Errorf("within a transaction: %v", got)
		}
		return w.State.Clear(ctx)
	}))
	must(t, w.DB().Rekey(ctx))
	must(t, w.Files.Clear(ctx))
	must(t, w.Close())
	must(t, r.Close())
	if got := findPlain(t, dir); len(got) > 0 {
		t.Errorf("after close: %v", got)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*")); len(files) != 2 {
		t.Errorf("files left after close: %v", files)
	}

	// The scan can fail: the same values in a table that is not sealed.
	plain := t.TempDir()
	path := filepath.Join(plain, "plain.db")
	raw(t, path, "CREATE TABLE t(v BLOB)")
	for _, p := range planted() {
		raw(t, path, "INSERT INTO t VALUES(?)", p)
	}
	if got := findPlain(t, plain); len(got) != len(planted()) {
		t.Errorf("planted %d, the scan found only %v", len(planted()), got)
	}
}

func sum16(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:16]
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	db, path := fresh(t)
	fill(t, db, "files", 10, 10)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	must(t, err)
	if len(files) != 3 {
		t.Errorf("expected database, log and index, got %v", files)
	}
	for _, f := range files {
		info, err := os.Stat(f)
		must(t, err)
		if filepath.Separator == '/' && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", filepath.Base(f), info.Mode())
		}
	}
}

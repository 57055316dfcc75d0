package e2e

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup"
	"lightproof/backup/vault"
)

// Foreign bytes stand where a content is to go. They are reported and left alone, and the content goes under its next name at every place;
// there it is found again, by a second file, by a full check, and by a repair from the original.
func TestForeignBytesUnderAChunksNameAreLeftAndToldOf(t *testing.T) {
	m := newMachine(t).setUp()
	m.withTwoPlaces()
	numbered(t, m.photos, "a", 1, 3, 90_000)
	content, err := os.ReadFile(filepath.Join(m.photos, "a/001.bin"))
	must(t, err)
	g := m.readerKeys().View().Current()
	buf := vault.NewChunkBuffer()
	nameAt := func(variant uint8) string {
		s, err := g.Seal(buf, copy(buf.Room(), content), variant, nil)
		must(t, err)
		return filepath.FromSlash(s.Name())
	}
	junk := bytes.Repeat([]byte("junk"), 5000)
	taken := filepath.Join(m.place("b"), nameAt(0))
	write(t, taken, junk)
	run := m.backUp()
	if len(run.Issues) != 1 || run.Issues[0].Code != "foreign-bytes" || run.Issues[0].Args["destination"] != "B" || run.New != 3 || run.Stopped {
		t.Errorf("the run: %+v", run)
	}
	for _, place := range []string{"a", "b"} {
		if _, err := os.Stat(filepath.Join(m.place(place), nameAt(1))); err != nil {
			t.Errorf("place %s: %v", place, err)
		}
	}
	m.mustProve()
	m.mustBeWhole(nil)

	write(t, filepath.Join(m.photos, "again.bin"), content)
	if run := m.backUp(); run.New != 1 || run.Stopped {
		t.Errorf("the same content once more: %+v", run)
	}
	if _, err := os.Stat(filepath.Join(m.place("b"), nameAt(2))); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the same content takes a third name")
	}
	for _, place := range []string{"a", "b"} {
		must(t, os.Remove(filepath.Join(m.place(place), nameAt(1))))
	}
	if run := m.do(backup.Check{Level: "full"}).Run; run.Repaired != 2 {
		t.Errorf("repaired %d copies of 2 from the original: %+v", run.Repaired, run)
	}
	m.mustProve()
	m.mustBeWhole(nil)
	if b, err := os.ReadFile(taken); err != nil || !bytes.Equal(b, junk) {
		t.Errorf("the foreign bytes were replaced: %v", err)
	}
}

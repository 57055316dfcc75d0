package restore

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"lightproof/backup/vault"
)

func TestPracticeTakesARawAVideoAndTheOldestYearAndLeavesNothing(t *testing.T) {
	l := newLibrary(t)
	for i := range 200 {
		l.bundle(small{path: "p/" + strings.Repeat("x", i+1) + ".jpg", content: []byte{byte(i), 1}, at: 1})
	}
	l.big("v/clip.MOV", bytes.Repeat([]byte("movie"), 30_000), 1)
	l.big("r/shot.cr3", bytes.Repeat([]byte("raw"), 30_000), 1)
	l.bundle(small{path: "old.jpg", content: []byte("old"), at: 1, opts: []opt{func(_ *readerFile, v *vault.Version) { v.EXIF = &vault.EXIF{Taken: "1998-01-02T03:04:05"} }}})
	scratch := t.TempDir()
	chosen := map[string]bool{}
	for seed := range uint64(5) {
		decoded := 0
		p, err := PracticeRestore(context.Background(), l, l.sources, PracticeOptions{RunOptions: l.options(), Scratch: scratch, Seed: seed,
			Decode: func(path, _ string) error {
				if _, err := os.Stat(path); err != nil {
					t.Error(err)
				}
				decoded++
				if strings.HasSuffix(path, ".MOV") {
					return ErrNotDecoded
				}
				return nil
			}})
		if err != nil || !p.Passed() || p.Report.Selected != PracticeFiles || p.RAW < 1 || p.Videos < 1 || p.Oldest < 1 || p.Year != 1998 {
			t.Fatalf("%v %+v", err, p)
		}
		if decoded != PracticeFiles || p.Decoded != PracticeFiles-1 {
			t.Errorf("%d decoded, %d counted", decoded, p.Decoded)
		}
		for _, line := range l.lines(p.Report) {
			chosen[line.Origin] = true
		}
	}
	if len(chosen) < 60 {
		t.Errorf("five practices chose %d different files", len(chosen))
	}
	if list, _ := os.ReadDir(scratch); len(list) != 0 {
		t.Error(list)
	}
}

func TestPracticeFailsWhereAPictureDoesNotOpenOrIsLost(t *testing.T) {
	l := newLibrary(t)
	l.sample(3)
	o := PracticeOptions{RunOptions: l.options(), Scratch: t.TempDir(), Decode: func(string, string) error { return errors.New("no picture") }}
	p, err := PracticeRestore(context.Background(), l, l.sources, o)
	if err != nil || p.Passed() || len(p.Undecoded) != 7 {
		t.Error(err, p)
	}
	o.Decode = nil
	clear(l.objects)
	p, err = PracticeRestore(context.Background(), l, l.sources, o)
	if err != nil || p.Passed() || p.Report.NotRestored[ReasonMissing] != 7 {
		t.Error(err, p)
	}
}

package restore

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup/vault"
)

// film adds a file of part lists that says to have size bytes, and content of its own.
func (l *library) film(path string, content []byte, size uint64) {
	parts := l.chunks(content, 256<<10)
	b := vault.PartList{Parts: parts}.Encode()
	list := l.chunks(b, len(b))
	l.version(l.file(path), content, 1, nil, []opt{func(_ *readerFile, v *vault.Version) { v.Lists, v.Size = []vault.Cap{list[0].Cap}, size }})
}

func disk(free, total int64) func(string) (int64, int64) {
	return func(string) (int64, int64) { return free, total }
}

// A file larger than the whole disk is named before the start, and does not keep the others from being restored.
func TestAFileLargerThanTheDiskIsLeftOutOfThePlan(t *testing.T) {
	l := newLibrary(t)
	l.sample(20)
	l.film("film.mov", bytes.Repeat([]byte("film"), 300_000), 20<<20)
	target := t.TempDir()
	p, err := MakePlan(context.Background(), l.selection(Options{}), Target{target}, PlanOptions{Now: noon, room: disk(10<<20, 15<<20)})
	if err != nil {
		t.Fatal(err)
	}
	if p.Short() != 0 || p.Blocked != 1 || len(p.Problems) != 1 || p.Problems[0].Kind != ProblemLarge || p.Write > 10<<20 {
		t.Errorf("short of %d, %d blocked, %d to write, %v", p.Short(), p.Blocked, p.Write, p.Problems)
	}
	r, err := Run(context.Background(), l.jobs(t.TempDir()), p, l.options())
	if err != nil || r.NotRestored[ReasonLarge] != 1 || r.Written != 24 {
		t.Error(err, r.Sums(), r.NotRestored)
	}
}

func TestTheRoomThatAPlanNeedsNeverTurnsNegative(t *testing.T) {
	p := &planner{Plan: &Plan{Free: 1 << 40}}
	for range 3 {
		p.items = append(p.items, &item{size: math.MaxInt64 - 10})
	}
	if p.count(); p.Write != math.MaxInt64 || p.Short() != math.MaxInt64-1<<40 {
		t.Errorf("%d to write, short of %d", p.Write, p.Short())
	}
}

// What a file says about its size ends the run only where it is true and the disk could hold it.
func TestAFileWithoutRoomStopsTheRunOnlyIfItCouldBeWritten(t *testing.T) {
	content := bytes.Repeat([]byte("film"), 300_000)
	size := int64(len(content))
	for _, c := range []struct {
		name        string
		says        int64
		free, total int64
		reason      Reason
		stops       bool
	}{
		{"enough room", size, size, 2 * size, ReasonNone, false},
		{"not known", size, -1, -1, ReasonNone, false},
		{"not told", size, 0, 0, ReasonNone, false},
		{"a true size, and the disk is full", size, size - 1, 2 * size, ReasonFull, true},
		{"larger than the disk", size, size - 2, size - 1, ReasonLarge, false},
		{"a false size that the disk could hold", 3 * size, 2 * size, 4 * size, ReasonDamaged, false},
		{"a false size", 3 * size, 2 * size, 2 * size, ReasonLarge, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLibrary(t)
			l.bundle(small{path: "a.jpg", content: []byte("a"), at: 1}, small{path: "b.jpg", content: []byte("b"), at: 1})
			l.film("film.mov", content, uint64(c.says))
			target, jobs := t.TempDir(), l.jobs(t.TempDir())
			o := l.options()
			o.hooks.room = disk(c.free, c.total)
			r, err := Run(context.Background(), jobs, l.plan(target, KeepBoth), o)
			var full *FullError
			if errors.As(err, &full) != c.stops || err != nil && !c.stops {
				t.Fatal(err)
			}
			l.sums(r)
			for _, line := range l.lines(r) {
				if filepath.Base(line.Origin) == "film.mov" && line.Reason != c.reason {
					t.Errorf("%s: %q", line.Result, line.Reason)
				}
			}
			if !c.stops && r.Written < 2 {
				t.Errorf("%s %v", r.Sums(), r.NotRestored)
			}
			if _, err := os.Lstat(filepath.Join(target, "Pictures", "film.mov")); (err == nil) != (c.reason == ReasonNone) {
				t.Error("film:", err)
			}
			if !c.stops {
				return
			}
			o.hooks.room = nil // somebody made room
			if r, err = Resume(context.Background(), jobs, r.Job, o); err != nil || !r.Whole() {
				t.Error(err)
			}
		})
	}
}

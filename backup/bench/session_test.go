package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"lightproof/backup/bench/floor"
	"lightproof/backup/bench/library"
	"lightproof/backup/bench/measure"
	"lightproof/backup/bench/program"
	"lightproof/backup/bench/table"
)

// The test binary does what the benchmark's own binary does for what is measured.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{measure.HelperName, program.FloorName}, os.Args[1]) {
		if err := choose(os.Args[1:]); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// shell is a program that copies with the shell and keeps the newest copy; restore is its command to bring the folder $1 back to $2.
func shell(name, restore string) *program.Program {
	return &program.Program{Name: name, Setup: func(_ context.Context, _ measure.Meter, s program.Site) (*program.Instance, error) {
		copied := filepath.Join(s.Dir, "copy")
		if err := os.Mkdir(copied, 0o755); err != nil {
			return nil, err
		}
		run := func(script, from, to string) measure.Command {
			return measure.Command{Program: "sh", Args: []string{"-e", "-c", script, "sh", from, to}}
		}
		backup := func() measure.Command { return run(`rm -rf "$2/now"; cp -a "$1" "$2/now"`, s.Library, copied) }
		return &program.Instance{Backup: backup, Unchanged: backup, Versions: true, Stored: []string{copied},
			Restore: func(_ context.Context, to string) (measure.Command, error) {
				return run(restore, copied+"/now", to), nil
			},
			Verify: func() measure.Command { return run("true", "", "") },
			Came:   func(to string) (string, error) { return filepath.Join(to, "back"), nil }}, nil
	}}
}

func newSession(t *testing.T, programs ...*program.Program) *session {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	work := t.TempDir()
	programs = append(programs, program.NewFloor(self, floor.Best, 2))
	return &session{options: options{scale: 0.0005, runs: 2, number: 1}, work: work, meter: measure.Meter{Self: self, Scratch: work}, programs: programs,
		flush: func() {}} // no time here is looked at, and a busy machine needs seconds
}

const faithful = `cp -a "$1" "$2/back"`

func TestEveryStepOfEveryRunIsMeasured(t *testing.T) {
	s := newSession(t, shell(program.Lightproof, faithful), shell(program.Borg, faithful))
	if err := s.measure(context.Background(), "b"); err != nil {
		t.Fatal(err)
	}
	s.runs = 1
	if err := s.measure(context.Background(), "d"); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, x := range s.samples {
		if x.Wall <= 0 {
			t.Errorf("no time: %+v", x)
		}
		if (x.Step == table.First) != (x.Stored > 0) && x.Case == "b" {
			t.Errorf("stored: %+v", x)
		}
		if (x.Step == table.Edits) != (x.Edited > 0) {
			t.Errorf("edited: %+v", x)
		}
		got[x.Case+" "+string(x.Step)+" "+x.Program]++
	}
	want := map[string]int{"b first backup floor": 2, "b full verify floor": 2}
	for _, p := range []string{program.Lightproof, program.Borg} {
		for _, step := range []table.Step{table.First, table.Unchanged, table.Restore, table.Verify} {
			want["b "+string(step)+" "+p] = 2
		}
		for _, step := range []table.Step{table.Edits, table.Reorganised, table.Restore} {
			want["d "+string(step)+" "+p] = 1
		}
	}
	for what, n := range want {
		if got[what] != n {
			t.Errorf("%s: measured %d times, not %d", what, got[what], n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("measured %v", got)
	}
	left, err := os.ReadDir(s.work)
	if err != nil || len(left) != 0 {
		t.Errorf("%d entries are left: %v", len(left), err)
	}
}

func TestARestoreThatDiffersEndsTheBenchmark(t *testing.T) {
	for name, script := range map[string]string{
		"other bytes": faithful + `; f=$(find "$2/back" -type f | head -n 1); touch -r "$f" "$2/stamp"; printf x | dd of="$f" bs=1 seek=9 conv=notrunc 2>/dev/null; touch -r "$2/stamp" "$f"; rm "$2/stamp"`,
		"other time":  `cp -R "$1" "$2/back"`,
		"one less":    faithful + `; rm "$(find "$2/back" -type f | head -n 1)"`,
	} {
		s := newSession(t, shell(program.Restic, script))
		s.programs = s.programs[:1]
		if err := s.measure(context.Background(), "b"); !errors.Is(err, measure.ErrDiffers) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTooLittleRoomIsSaidBeforeAnythingIsMade(t *testing.T) {
	s := newSession(t)
	if n := s.needs("c", 1<<60); n <= 1<<60 {
		t.Errorf("needs %d", n)
	}
	for in, least := range map[string]int64{"a": 3, "b": 3, "c": 3, "d": 3} {
		if n := s.needs(in, 1000); n < 1000*least {
			t.Errorf("case %s needs only %d times its library", in, n/1000)
		}
	}
	if err := library.Room(s.work, s.needs("a", 1<<60)); !errors.Is(err, library.ErrRoom) {
		t.Error(err)
	}
}

func TestTheProgramsTakeTurns(t *testing.T) {
	s := newSession(t, shell("x", ""), shell("y", ""))
	var order string
	for run := range 4 {
		for _, p := range s.turn(run) {
			order += p.Name[:1]
		}
		order += " "
	}
	if order != "xyf yfx fxy xyf " {
		t.Error(order)
	}
}

func TestFlagsAreChecked(t *testing.T) {
	o, err := parse([]string{"-case", "a,c", "-size", "full", "-runs", "5", "-peers", "restic,kopia"})
	if err != nil || !slices.Equal(o.cases, []string{"a", "c"}) || o.scale != 1 || o.runs != 5 || !slices.Equal(o.peers, []string{"restic", "kopia"}) {
		t.Errorf("%+v, %v", o, err)
	}
	if o, err := parse(nil); err != nil || len(o.cases) != 4 || o.scale != 0.05 {
		t.Errorf("nothing said: %+v, %v", o, err)
	}
	if o, err := parse([]string{"-scale", "0.2", "-size", "full"}); err != nil || o.scale != 0.2 {
		t.Errorf("a scale: %+v, %v", o, err)
	}
	for _, bad := range [][]string{{"-case", "e"}, {"-case", "ab"}, {"-case", ""}, {"-size", "huge"}, {"-runs", "0"}, {"-write", "fast"}, {"-workers", "0"}, {"stray"}} {
		if _, err := parse(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

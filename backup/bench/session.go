package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"lightproof/backup/bench/library"
	"lightproof/backup/bench/measure"
	"lightproof/backup/bench/program"
	"lightproof/backup/bench/table"
)

// session is one benchmark: the programs, where they work, and what was measured so far.
type session struct {
	options
	work     string
	meter    measure.Meter
	programs []*program.Program
	samples  []table.Sample
	flush    func() // writes everything to the disks, see measure.FlushDisks
	small    bool   // the case is of many small files
	gone     int    // folders that were put aside
}

// prepare starts what the session needs; end stops it and removes what was made.
func prepare(ctx context.Context, o options) (s *session, end func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	if err := os.MkdirAll(o.dir, 0o755); err != nil {
		return nil, nil, err
	}
	work, err := os.MkdirTemp(o.dir, "lightproof-bench.")
	if err != nil {
		return nil, nil, err
	}
	s = &session{options: o, work: work, meter: measure.Meter{Self: self, Scratch: work}, flush: measure.FlushDisks}
	stopKeyring := func() {}
	end = func() {
		stopKeyring()
		if o.keep {
			fmt.Fprintln(os.Stderr, "everything is kept in", work)
			return
		}
		if err := os.RemoveAll(work); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
	}
	defer func() {
		if err != nil {
			end()
		}
	}()
	env, stopKeyring, err := program.Keyring()
	if err != nil {
		return nil, nil, err
	}
	ours, err := program.NewLightproof(ctx, o.program, env)
	if err != nil {
		return nil, nil, fmt.Errorf("%w (make cli builds it)", err)
	}
	s.programs, err = program.All(ctx, ours, program.NewFloor(self, o.mode, o.workers), o.peers)
	return s, end, err
}

// measure runs one case: its library is made once, and each program gets a new repository in every run.
func (s *session) measure(ctx context.Context, name string) error {
	spec, err := library.For(name, s.number, s.scale)
	if err != nil {
		return err
	}
	if err := library.Room(s.work, s.needs(name, spec.Bytes())); err != nil {
		return err
	}
	s.say("case %s: making %d files, %.2f GB", name, len(spec.Files()), float64(spec.Bytes())/1e9)
	lib, err := library.Make(ctx, spec, filepath.Join(s.work, "case-"+name, "library"))
	if err != nil {
		return err
	}
	s.small = name == "b"
	if !s.keep {
		defer s.sweep()
		defer os.RemoveAll(filepath.Dir(lib.Dir))
	}
	for run := range s.runs {
		if name == "d" {
			err = s.changes(ctx, lib, run)
		} else {
			err = s.whole(ctx, name, lib, run)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// remove removes a folder. One of very many files is put aside until the case is over: for some minutes after a deletion ext4 looks, for each
// new file, past all the inodes that became free, and whoever comes next pays for it (the kernel's recently_deleted; a restore of 100,000
// files took 60 s instead of 20).
func (s *session) remove(dir string) error {
	if !s.small {
		return os.RemoveAll(dir)
	}
	s.gone++
	return os.Rename(dir, s.aside(s.gone))
}

func (s *session) aside(n int) string { return filepath.Join(s.work, fmt.Sprintf("gone-%d", n)) }

// sweep removes what was put aside.
func (s *session) sweep() {
	for ; s.gone > 0; s.gone-- {
		os.RemoveAll(s.aside(s.gone))
	}
}

// needs is the most room that a case takes at any time: the library, and one repository with one restored library, or, where the programs
// go through the same changes one after another, a repository of each.
func (s *session) needs(name string, bytes int64) int64 {
	if name == "b" { // each file takes whole blocks; of each program a repository and one or two restored libraries stay
		return bytes * 3 / 2 * int64(1+s.runs*(1+2*len(s.programs)))
	}
	if name == "d" { // a tenth more is added on the way
		repositories := int64(1 + len(program.Peers))
		return (bytes + bytes/8) * (2 + min(repositories, int64(len(s.programs))))
	}
	return 3*bytes + bytes/10
}

// turn gives the programs in the order of a run: each run another one begins.
func (s *session) turn(run int) []*program.Program {
	n := run % len(s.programs)
	return append(append([]*program.Program(nil), s.programs[n:]...), s.programs[:n]...)
}

// place is the folder of a program in a run.
func (s *session) place(in string, run int, p *program.Program) string {
	return filepath.Join(s.work, fmt.Sprintf("case-%s-%d-%s", in, run+1, filepath.Base(p.Name)))
}

// install sets a program up in a folder of its own.
func (s *session) install(ctx context.Context, in string, run int, p *program.Program, lib *library.Library) (*program.Instance, error) {
	dir := s.place(in, run, p)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	i, err := p.Setup(ctx, s.meter, program.Site{Library: lib.Dir, Dir: dir})
	if err != nil {
		return nil, fmt.Errorf("set %s up: %w", p.Name, err)
	}
	return i, nil
}

// timed runs one step and records its cost; what the step reads is read once before, or is nowhere but on the disk.
func (s *session) timed(ctx context.Context, sample table.Sample, c measure.Command, reads ...string) (*table.Sample, error) {
	s.flush()
	if err := s.prepareCache(reads); err != nil {
		return nil, err
	}
	cost, _, err := s.meter.Run(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sample.Step, err)
	}
	sample.Cost = cost
	s.samples = append(s.samples, sample)
	s.say("case %s, run %d, %s: %s %.2f s, CPU %.2f s, peak %d MiB", sample.Case, sample.Run, sample.Program, sample.Step, cost.Wall.Seconds(),
		cost.CPU.Seconds(), cost.Peak>>20)
	return &s.samples[len(s.samples)-1], nil
}

func (s *session) prepareCache(reads []string) error {
	if !s.cold {
		return measure.Warm(reads...)
	}
	if err := measure.DropCaches(); err != nil {
		return fmt.Errorf("empty the page cache: %w", err)
	}
	return nil
}

func (s *session) say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

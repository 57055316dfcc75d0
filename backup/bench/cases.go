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

// whole takes each program through a first backup, an unchanged one, the restores and a full verify.
func (s *session) whole(ctx context.Context, in string, lib *library.Library, run int) error {
	for _, p := range s.turn(run) {
		if err := s.wholeOf(ctx, in, lib, run, p); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		if err := s.clear(in, run, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) wholeOf(ctx context.Context, in string, lib *library.Library, run int, p *program.Program) error {
	i, err := s.install(ctx, in, run, p, lib)
	if err != nil {
		return err
	}
	at := func(step table.Step) table.Sample {
		return table.Sample{Case: in, Step: step, Program: p.Name, Run: run + 1}
	}
	if i.Backup != nil {
		done, err := s.timed(ctx, at(table.First), i.Backup(), lib.Dir)
		if err != nil {
			return err
		}
		if done.Stored, err = measure.Size(i.Stored...); err != nil {
			return err
		}
		if i.ReadBack != nil {
			if err := s.readBack(ctx, at(table.FirstProven), done.Cost, i); err != nil {
				return err
			}
		}
	}
	if i.Unchanged != nil {
		if _, err := s.timed(ctx, at(table.Unchanged), i.Unchanged(), lib.Dir); err != nil {
			return err
		}
	}
	if err := s.restores(ctx, at, lib, i); err != nil {
		return err
	}
	if i.Verify != nil {
		if _, err := s.timed(ctx, at(table.Verify), i.Verify(), i.Stored...); err != nil {
			return err
		}
	}
	return nil
}

// readBack times the read-back of what a backup stored, and shows both together.
func (s *session) readBack(ctx context.Context, at table.Sample, backup measure.Cost, i *program.Instance) error {
	done, err := s.timed(ctx, at, i.ReadBack(), i.Stored...)
	if err != nil {
		return err
	}
	done.Wall += backup.Wall
	done.CPU += backup.CPU
	done.Peak = max(done.Peak, backup.Peak)
	return nil
}

// restores times each way to restore that the program has, and compares what came back with the library.
func (s *session) restores(ctx context.Context, at func(table.Step) table.Sample, lib *library.Library, i *program.Instance) error {
	for _, way := range []struct {
		step    table.Step
		restore func(context.Context, string) (measure.Command, error)
	}{{table.Restore, i.Restore}, {table.RestorePlain, i.RestorePlain}} {
		if way.restore == nil {
			continue
		}
		to := filepath.Join(s.work, "restored")
		if err := os.Mkdir(to, 0o755); err != nil {
			return err
		}
		c, err := way.restore(ctx, to)
		if err != nil {
			return err
		}
		if _, err := s.timed(ctx, at(way.step), c, i.Stored...); err != nil {
			return err
		}
		if err := s.compare(lib, i, to); err != nil {
			return err
		}
	}
	return nil
}

// compare holds what was restored against the library and removes it.
func (s *session) compare(lib *library.Library, i *program.Instance, to string) error {
	came, err := i.Came(to)
	if err != nil {
		return err
	}
	if _, err := measure.Compare(lib.Dir, came); err != nil {
		return fmt.Errorf("restored: %w", err)
	}
	return s.remove(to)
}

// changes takes each program through the changes of case d: all back the library up, it is edited, all back up again, it is reorganised, all
// back up and restore; then it is made what it was.
func (s *session) changes(ctx context.Context, lib *library.Library, run int) error {
	type one struct {
		p *program.Program
		i *program.Instance
	}
	var all []one
	for _, p := range s.turn(run) {
		i, err := s.install(ctx, "d", run, p, lib)
		if err != nil {
			return err
		}
		if !i.Versions { // the floor, and what only gives orientation
			if err := s.clear("d", run, p); err != nil {
				return err
			}
			continue
		}
		if _, _, err := s.meter.Run(ctx, i.Backup()); err != nil {
			return err
		}
		all = append(all, one{p, i})
	}
	step := func(step table.Step, edited int64) error {
		for _, x := range all {
			before, err := measure.Size(x.i.Stored...)
			if err != nil {
				return err
			}
			done, err := s.timed(ctx, table.Sample{Case: "d", Step: step, Program: x.p.Name, Run: run + 1, Edited: edited}, x.i.Backup(), lib.Dir)
			if err != nil {
				return fmt.Errorf("%s: %w", x.p.Name, err)
			}
			after, err := measure.Size(x.i.Stored...)
			if err != nil {
				return err
			}
			done.Stored = after - before
		}
		return nil
	}
	edited, err := lib.EditMetadata(ctx)
	if err != nil {
		return err
	}
	s.say("case d: rated %d JPEGs, moved the pictures in %d RAWs, %.2f GB in all", edited.JPEGs, edited.RAWs, float64(edited.Bytes)/1e9)
	if err := step(table.Edits, edited.Bytes); err != nil {
		return err
	}
	if _, err := lib.Reorganise(ctx); err != nil {
		return err
	}
	if err := step(table.Reorganised, 0); err != nil {
		return err
	}
	for _, x := range all {
		at := func(step table.Step) table.Sample {
			return table.Sample{Case: "d", Step: step, Program: x.p.Name, Run: run + 1}
		}
		if err := s.restores(ctx, at, lib, x.i); err != nil {
			return fmt.Errorf("%s: %w", x.p.Name, err)
		}
		if err := s.clear("d", run, x.p); err != nil {
			return err
		}
	}
	return lib.Reset(ctx)
}

// clear removes the folder of a program.
func (s *session) clear(in string, run int, p *program.Program) error {
	if s.keep {
		return nil
	}
	return s.remove(s.place(in, run, p))
}

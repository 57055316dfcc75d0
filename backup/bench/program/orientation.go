package program

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"

	"lightproof/backup/bench/floor"
	"lightproof/backup/bench/measure"
)

// NewFloor is the floor program, which is the binary at self with FloorName as its first argument.
func NewFloor(self string, mode floor.Mode, workers int) *Program {
	return &Program{Name: Floor, Version: "-", Note: "least work of the format; writes " + string(mode) + ", " + strconv.Itoa(workers) + " workers; reads past the cache to verify; restores nothing",
		Setup: func(_ context.Context, _ measure.Meter, s Site) (*Instance, error) {
			to := filepath.Join(s.Dir, "pieces")
			return &Instance{
				Backup: func() measure.Command {
					return measure.Command{Program: self, Args: []string{FloorName, "-from", s.Library, "-to", to, "-write", string(mode),
						"-workers", strconv.Itoa(workers)}}
				},
				Verify: func() measure.Command {
					return measure.Command{Program: self, Args: []string{FloorName, "-verify", "-to", to, "-workers", strconv.Itoa(workers)}}
				},
				Stored: []string{to},
			}, nil
		}}
}

// FloorName is the first argument that makes the benchmark's binary the floor program.
const FloorName = "floor"

// NewCopy is cp -a, which only copies. Error: ErrMissing.
func NewCopy(ctx context.Context) (*Program, error) {
	path, version, err := find(ctx, "cp", "--version")
	if err != nil {
		return nil, err
	}
	return &Program{Name: Copy, Version: version, Note: "orientation: neither encrypts nor makes anything durable",
		Setup: func(_ context.Context, _ measure.Meter, s Site) (*Instance, error) {
			copied := filepath.Join(s.Dir, "copy")
			return &Instance{
				Backup: func() measure.Command { return measure.Command{Program: path, Args: []string{"-a", s.Library, copied}} },
				Restore: restoring(func(to string) measure.Command {
					return measure.Command{Program: path, Args: []string{"-a", copied, filepath.Join(to, "back")}}
				}),
				Came:   onlyFolder,
				Stored: []string{copied},
			}, nil
		}}, nil
}

// NewFind is find, asking for the times of every file and printing none. Error: ErrMissing.
func NewFind(ctx context.Context) (*Program, error) {
	path, version, err := find(ctx, "find", "--version")
	if err != nil {
		return nil, err
	}
	return &Program{Name: Find, Version: version, Note: "orientation: a walk that asks for the times of each file",
		Setup: func(_ context.Context, _ measure.Meter, s Site) (*Instance, error) {
			return &Instance{Unchanged: func() measure.Command {
				return measure.Command{Program: path, Args: []string{s.Library, "-newermt", "2200-01-01"}}
			}}, nil
		}}, nil
}

// All are the programs of this machine in a fixed order: Lightproof first, then the peers that are asked for and there, the floor, and what
// gives orientation. peers is "auto" (those on PATH), "none", or names, all of which must be there. Error: ErrMissing.
func All(ctx context.Context, lightproof *Program, floorProgram *Program, peers []string) ([]*Program, error) {
	makers := map[string]func(context.Context) (*Program, error){Kopia: NewKopia, Restic: NewRestic, Borg: NewBorg}
	auto := len(peers) == 1 && peers[0] == "auto"
	if auto {
		peers = Peers
	}
	programs := []*Program{lightproof}
	for _, name := range peers {
		if name == "none" {
			continue
		}
		make, ok := makers[name]
		if !ok {
			return nil, errors.New("no peer is called " + strconv.Quote(name) + "; there are kopia, restic and borg, auto and none")
		}
		p, err := make(ctx)
		if auto && errors.Is(err, ErrMissing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		programs = append(programs, p)
	}
	programs = append(programs, floorProgram)
	for _, make := range []func(context.Context) (*Program, error){NewCopy, NewFind} {
		p, err := make(ctx)
		if errors.Is(err, ErrMissing) {
			continue
		}
		if err != nil {
			return nil, err
		}
		programs = append(programs, p)
	}
	return programs, nil
}

// passphraseFile writes the passphrase where only this user reads it.
func passphraseFile(dir string) (string, error) {
	path := filepath.Join(dir, "passphrase")
	return path, os.WriteFile(path, []byte(secret+"\n"), 0o600)
}

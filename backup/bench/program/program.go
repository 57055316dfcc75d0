// Package program knows the programs that the benchmark compares: how each is set up, asked to back up, to restore and to verify, with
// the settings that it comes with. Lightproof is one of them, driven at the terminal as a person would.
package program

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"lightproof/backup/bench/measure"
)

// The names of the programs.
const (
	Lightproof = "lightproof"
	Restic     = "restic"
	Borg       = "borg"
	Kopia      = "kopia"
	Floor      = "floor"
	Copy       = "cp -a"
	Find       = "find"
)

// Peers are the names of those that people would use instead.
var Peers = []string{Kopia, Restic, Borg}

// ErrMissing means a program that is not on PATH.
var ErrMissing = errors.New("not on PATH")

// Program is one that is measured.
type Program struct {
	Name    string
	Version string
	// Note says what the reader of a figure must know: settings, or what a step includes.
	Note string
	// Setup makes what the first backup needs, such as an empty repository. It is not timed.
	Setup func(ctx context.Context, m measure.Meter, s Site) (*Instance, error)
}

// Site is where one instance works: the library, and an empty folder of its own.
type Site struct{ Library, Dir string }

// Instance is a program with a repository. A step that the program does not have is nil.
type Instance struct {
	// Backup is the first one, and, of a program with Versions, each later one.
	Backup func() measure.Command
	// ReadBack reads back what Backup stored, where that is a choice.
	ReadBack func() measure.Command
	// Unchanged is the pass over an unchanged library.
	Unchanged func() measure.Command
	// Restore brings the newest backup back below an empty folder, with whatever proof the program gives by itself.
	Restore func(ctx context.Context, to string) (measure.Command, error)
	// RestorePlain is Restore without reading back what was written, where that is a choice.
	RestorePlain func(ctx context.Context, to string) (measure.Command, error)
	// Verify reads and checks everything that is stored.
	Verify func() measure.Command
	// Came tells where the library lies below the folder that it was restored to.
	Came func(to string) (string, error)
	// Stored are the folders whose bytes count as stored.
	Stored []string
	// Versions tells that a later backup adds to the repository, so that the program takes part in changes.
	Versions bool
}

// find looks a program up and asks for its version with the given argument. Error: ErrMissing.
func find(ctx context.Context, name string, version ...string) (path, says string, err error) {
	path, err = exec.LookPath(name)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", name, ErrMissing)
	}
	out, err := exec.CommandContext(ctx, path, version...).Output()
	if err != nil {
		return "", "", fmt.Errorf("the version of %s: %w", name, err)
	}
	says, _, _ = strings.Cut(strings.TrimSpace(string(out)), "\n")
	return path, strings.TrimSpace(strings.TrimPrefix(says, name)), nil
}

// itself is Came of a program that restores right into the folder.
func itself(to string) (string, error) { return to, nil }

// below is Came of a program that restores the library's whole path below the folder.
func below(library string) func(string) (string, error) {
	return func(to string) (string, error) { return filepath.Join(to, library), nil }
}

// onlyFolder is Came of a program that makes one folder in the one that it restores to.
func onlyFolder(to string) (string, error) {
	list, err := os.ReadDir(to)
	if err != nil {
		return "", err
	}
	if len(list) != 1 || !list[0].IsDir() {
		return "", fmt.Errorf("%d entries in %s, one folder was expected", len(list), to)
	}
	return filepath.Join(to, list[0].Name()), nil
}

// must runs commands of a setup one after another, untimed.
func must(ctx context.Context, m measure.Meter, commands ...measure.Command) error {
	for _, c := range commands {
		if _, _, err := m.Run(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// restoring makes Restore of a command that is known beforehand.
func restoring(f func(to string) measure.Command) func(context.Context, string) (measure.Command, error) {
	return func(_ context.Context, to string) (measure.Command, error) { return f(to), nil }
}

// secret is the passphrase of every repository here; it protects nothing.
const secret = "larch violet harbour sixteen meadow kettle"

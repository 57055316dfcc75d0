package program

import (
	"context"
	"path/filepath"

	"lightproof/backup/bench/measure"
)

// needsSomebody is the exit code of a command that is done although something waits for a person, as with a single destination it may.
// What was restored is compared anyway.
const needsSomebody = 3

// NewLightproof is the terminal at path: one process for each command with no keeper beside it, in Convenient mode, so that no command
// derives a key from a passphrase. env leads to the Secret Service that holds its key.
func NewLightproof(ctx context.Context, path string, env []string) (*Program, error) {
	path, version, err := find(ctx, path, "version")
	if err != nil {
		return nil, err
	}
	return &Program{Name: Lightproof, Version: version,
		Note: "\"read back\" is the backup and the read-back of all that it stored; restore reads every file back",
		Setup: func(ctx context.Context, m measure.Meter, s Site) (*Instance, error) {
			run := func(args ...string) measure.Command {
				return measure.Command{Program: path, Args: append([]string{"--home", filepath.Join(s.Dir, "home")}, args...), Env: env}
			}
			drive := filepath.Join(s.Dir, "drive")
			secretAt, err := passphraseFile(s.Dir)
			if err != nil {
				return nil, err
			}
			backup := func(flags ...string) func() measure.Command {
				return func() measure.Command {
					c := run(append([]string{"backup"}, flags...)...)
					c.Accept = []int{needsSomebody}
					return c
				}
			}
			i := &Instance{
				Backup: backup("--read-back-later"), ReadBack: backup(), Unchanged: backup(), Versions: true,
				Restore:      restoring(func(to string) measure.Command { return run("restore", "--to", to) }),
				RestorePlain: restoring(func(to string) measure.Command { return run("restore", "--no-re-read", "--to", to) }),
				Verify:       func() measure.Command { return run("verify", "--level", "full") },
				Came:         onlyFolder,
				Stored:       []string{drive},
			}
			return i, must(ctx, m,
				run("setup", "--convenient", "--kit-file", filepath.Join(s.Dir, "kit.txt"), "--passphrase-file", secretAt),
				run("folders", "add", s.Library),
				run("destinations", "add", "folder", drive))
		}}, nil
}

package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"lightproof/backup/bench/measure"
)

// NewRestic finds restic. Error: ErrMissing.
func NewRestic(ctx context.Context) (*Program, error) {
	path, version, err := find(ctx, Restic, "version")
	if err != nil {
		return nil, err
	}
	return &Program{Name: Restic, Version: version, Note: "default settings (compression auto)",
		Setup: func(ctx context.Context, m measure.Meter, s Site) (*Instance, error) {
			repo := filepath.Join(s.Dir, "repository")
			run := func(args ...string) measure.Command {
				return measure.Command{Program: path, Args: append([]string{"--repo", repo, "--quiet"}, args...),
					Env: []string{"RESTIC_PASSWORD=" + secret, "RESTIC_CACHE_DIR=" + filepath.Join(s.Dir, "cache")}}
			}
			backup := func() measure.Command { return run("backup", s.Library) }
			return &Instance{
				Backup: backup, Unchanged: backup, Versions: true,
				Restore: restoring(func(to string) measure.Command {
					return run("restore", "latest", "--target", to)
				}),
				Verify: func() measure.Command { return run("check", "--read-data") },
				Came:   below(s.Library),
				Stored: []string{repo},
			}, must(ctx, m, run("init"))
		}}, nil
}

// NewBorg finds BorgBackup. Error: ErrMissing.
func NewBorg(ctx context.Context) (*Program, error) {
	path, version, err := find(ctx, Borg, "--version")
	if err != nil {
		return nil, err
	}
	return &Program{Name: Borg, Version: version, Note: "encryption repokey, default settings (compression lz4)",
		Setup: func(ctx context.Context, m measure.Meter, s Site) (*Instance, error) {
			repo := filepath.Join(s.Dir, "repository")
			run := func(dir string, args ...string) measure.Command {
				return measure.Command{Program: path, Args: args, Dir: dir, Env: []string{"BORG_PASSPHRASE=" + secret,
					"BORG_BASE_DIR=" + filepath.Join(s.Dir, "base")}}
			}
			archives := 0
			newest := func() string { return repo + "::" + strconv.Itoa(archives) }
			backup := func() measure.Command { archives++; return run(s.Library, "create", newest(), ".") }
			return &Instance{
				Backup: backup, Unchanged: backup, Versions: true,
				Restore: restoring(func(to string) measure.Command {
					return run(to, "extract", newest())
				}),
				Verify: func() measure.Command { return run("", "check", "--verify-data", repo) },
				Came:   itself,
				Stored: []string{repo},
			}, must(ctx, m, run("", "init", "--encryption", "repokey", repo))
		}}, nil
}

// NewKopia finds Kopia. Error: ErrMissing.
func NewKopia(ctx context.Context) (*Program, error) {
	path, version, err := find(ctx, Kopia, "--version")
	if err != nil {
		return nil, err
	}
	return &Program{Name: Kopia, Version: version, Note: "default settings",
		Setup: func(ctx context.Context, m measure.Meter, s Site) (*Instance, error) {
			repo := filepath.Join(s.Dir, "repository")
			run := func(args ...string) measure.Command {
				return measure.Command{Program: path, Args: append([]string{"--no-progress"}, args...), Env: []string{
					"KOPIA_PASSWORD=" + secret, "KOPIA_CHECK_FOR_UPDATES=false", "KOPIA_CONFIG_PATH=" + filepath.Join(s.Dir, "config"),
					"KOPIA_CACHE_DIRECTORY=" + filepath.Join(s.Dir, "cache"), "KOPIA_LOG_DIR=" + filepath.Join(s.Dir, "log")}}
			}
			if err := os.Mkdir(repo, 0o700); err != nil {
				return nil, err
			}
			backup := func() measure.Command { return run("snapshot", "create", s.Library) }
			return &Instance{
				Backup: backup, Unchanged: backup, Versions: true,
				Restore: func(ctx context.Context, to string) (measure.Command, error) {
					_, out, err := m.Run(ctx, run("snapshot", "list", "--json", s.Library))
					if err != nil {
						return measure.Command{}, err
					}
					id, err := newestSnapshot(out)
					return run("snapshot", "restore", id, to), err
				},
				Verify: func() measure.Command { return run("snapshot", "verify", "--verify-files-percent=100") },
				Came:   itself,
				Stored: []string{repo},
			}, must(ctx, m, run("--no-persist-credentials", "repository", "create", "filesystem", "--path", repo))
		}}, nil
}

// newestSnapshot reads the identifier of the last snapshot from Kopia's list.
func newestSnapshot(list []byte) (string, error) {
	var snapshots []struct{ ID string }
	if err := json.Unmarshal(list, &snapshots); err != nil {
		return "", fmt.Errorf("Kopia's list of snapshots: %w", err)
	}
	if len(snapshots) == 0 || snapshots[len(snapshots)-1].ID == "" {
		return "", errors.New("Kopia lists no snapshot")
	}
	return snapshots[len(snapshots)-1].ID, nil
}

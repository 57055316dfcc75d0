package library

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/restore"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

// UnreachableError says that no destination could be read: the label of the first one, and what was wrong with it (store.ErrAway,
// store.ErrWrongPlace, store.ErrRefused).
type UnreachableError struct {
	Label string
	Err   error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("%q cannot be read: %v", e.Label, e.Err)
}

// Unwrap gives what was wrong with it.
func (e *UnreachableError) Unwrap() error { return e.Err }

// Reach tells whether what was selected can be read at present, by reading one object of it from each destination until one answers.
// A copy that is missing or damaged is no reason to refuse: the restore meets it file by file. Errors: *UnreachableError, those of ctx
// and of the engine.
func (l *Library) Reach(ctx context.Context, s *restore.Selection) error {
	name, err := s.Sample(ctx)
	if err != nil || name == "" {
		return err
	}
	st, err := l.svc.State(ctx)
	if err != nil {
		return err
	}
	first := &UnreachableError{Err: fmt.Errorf("no destination: %w", store.ErrAway)}
	for i, d := range st.Destinations {
		_, err := l.svc.Object(ctx, name, d.ID, true)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, backup.ErrGone), errors.Is(err, backup.ErrLocked):
			return err
		case err == nil || !errors.Is(err, store.ErrAway) && !errors.Is(err, store.ErrWrongPlace) && !errors.Is(err, store.ErrRefused):
			return nil
		case i == 0:
			first = &UnreachableError{d.Label, err}
		}
	}
	return first
}

// refusals are the errors for which a restore cannot start or go on, each with its message class of the string table; the more
// specific ones stand first.
var refusals = []struct {
	err  error
	code string
}{
	{restore.ErrNothing, "restore-nothing"},
	{restore.ErrBadGlob, "restore-pattern"},
	{restore.ErrTargetGone, "restore-gone"},
	{backup.ErrLocked, "locked"},
	{backup.ErrGone, "engine"},
	{backup.ErrBusy, "restore-elsewhere"},
	{catalog.ErrBusy, "restore-elsewhere"},
	{catalog.ErrFull, "no-room"},
	{vault.ErrNewer, "newer"},
	{catalog.ErrNewerSchema, "newer"},
	{store.ErrWrongPlace, "wrong-disk"},
	{store.ErrAway, "restore-away"},
	{store.ErrRefused, "restore-away"},
	{vault.ErrRollback, "rolled-back"},
	{vault.ErrFork, "tampered"},
	{catalog.ErrDamaged, "restore-records"},
	{vault.ErrTampered, "restore-records"},
	{vault.ErrMalformed, "restore-records"},
	{vault.ErrMissing, "restore-records"},
	{vault.ErrWrongKey, "restore-records"},
	{fs.ErrPermission, "restore-target"},
	{fs.ErrExist, "restore-target"},
}

// Refusal is the message class of the string table for an error of choosing, planning or running a restore, and what its template
// takes; "restore-failed" for one that nobody foresaw.
func Refusal(err error) (code string, args map[string]string) {
	args = map[string]string{}
	var gone *UnreachableError
	if errors.As(err, &gone) {
		args["name"] = gone.Label
	}
	var full *restore.FullError
	if errors.As(err, &full) {
		return "restore-full", args
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.code, args
		}
	}
	args["what"] = err.Error()
	return "restore-failed", args
}

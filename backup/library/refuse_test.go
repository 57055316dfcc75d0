package library_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/library"
	"lightproof/backup/photo/sample"
	"lightproof/backup/restore"
	"lightproof/backup/store"
	"lightproof/backup/vault"
)

func TestARestoreIsRefusedOnlyWhereNoDestinationAnswers(t *testing.T) {
	r := newRig(t)
	if _, err := sample.WriteLibrary(r.photos, 1, 6); err != nil {
		t.Fatal(err)
	}
	r.backUp(t)
	l := r.unlock(t)
	sel, err := restore.Select(t.Context(), l, l.Sources(), restore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	reach := func(name string, l *library.Library, want error) {
		t.Helper()
		err := l.Reach(t.Context(), sel)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		var gone *library.UnreachableError
		if want != nil && (!errors.As(err, &gone) || gone.Label != "Backup A") {
			t.Errorf("%s: %v names no destination", name, err)
		}
	}
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	reach("there", l, nil)
	l.Close()
	r.engine.Close()
	move(r.place, r.place+" aside")
	r.start(t)
	l = r.unlock(t)
	reach("away", l, store.ErrAway)
	move(r.place+" aside", r.place)
	reach("back", l, nil)
	needed, err := sel.Sample(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// What is lost there is told file by file, not for the whole restore.
	if err := os.Remove(filepath.Join(r.place, filepath.FromSlash(needed))); err != nil {
		t.Fatal(err)
	}
	reach("one object gone", l, nil)
	if n, err := (&restore.Selection{Items: []restore.Selected{{File: sel.Items[0].File}}}).Sample(t.Context()); n != "" || err != nil {
		t.Errorf("an empty file needs %s, %v", n, err)
	}
}

func TestEachRefusalHasAMessageOfItsOwn(t *testing.T) {
	for want, err := range map[string]error{
		"restore-nothing": restore.ErrNothing, "restore-pattern": fmt.Errorf("[: %w", restore.ErrBadGlob), "restore-gone": restore.ErrTargetGone,
		"restore-full": &restore.FullError{Err: errors.New("no space")}, "locked": backup.ErrLocked, "engine": backup.ErrGone,
		"restore-elsewhere": catalog.ErrBusy, "newer": vault.ErrNewer, "restore-records": fmt.Errorf("page: %w", vault.ErrTampered),
		"restore-away": &library.UnreachableError{Label: "NAS", Err: store.ErrAway}, "wrong-disk": &library.UnreachableError{Label: "NAS", Err: store.ErrWrongPlace},
		"restore-target": &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, "restore-failed": errors.New("a riddle"),
	} {
		code, args := library.Refusal(err)
		if code != want {
			t.Errorf("%v is %s, want %s", err, code, want)
		}
		if code == "wrong-disk" && args["name"] != "NAS" || code == "restore-failed" && args["what"] != "a riddle" {
			t.Errorf("%s: %v", code, args)
		}
	}
}

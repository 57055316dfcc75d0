package terminal

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/keystore/keystoretest"
)

// A keychain that answers and holds no key will not heal by itself: red. Nothing chosen yet is no riddle: amber.
func TestStatusOfALostKeyAndOfNothingChosen(t *testing.T) {
	r := newRig(t)
	r.opened(t, Done, "setup", "--kit-file", r.kit())
	if s := r.decoded(t, Done, "status"); s["verdict"] != "not-yet" || !strings.Contains(s["headline"].(string), "nothing is protected yet") {
		t.Errorf("without a folder: %v %v", s["verdict"], s["headline"])
	}
	r.opened(t, Done, "folders", "add", r.photos)
	r.chain = &keystoretest.Memory{}
	s := r.decoded(t, NeedsYou, "status")
	if s["verdict"] != "needs-you" || s["headline"] != "The key is no longer in the system keychain." {
		t.Errorf("the key is lost: %v %v", s["verdict"], s["headline"])
	}
	if text := r.opened(t, NeedsYou, "status").out; !strings.HasPrefix(text, "! The key is no longer") || !strings.Contains(text, "LP403") {
		t.Errorf("%q", text)
	}
}

// A destination whose path leads to another disk is named in what status says.
func TestStatusNamesTheSwappedDestination(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.decoded(t, Done, "backup")
	other := newRig(t)
	other.ready(t)
	for _, move := range [][2]string{{r.drive, r.drive + " aside"}, {other.drive, r.drive}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
	run := r.decoded(t, NeedsYou, "backup")
	issue := run["issues"].([]any)[0].(map[string]any)
	if m := issue["message"].(map[string]any); m["code"] != "LP203" || m["what"] != "The disk here is not “Backup A”." {
		t.Errorf("the run says %v", m)
	}
	if got := r.opened(t, NeedsYou, "status").out; !strings.Contains(got, "The disk here is not “Backup A”.") {
		t.Errorf("status says %q", got)
	}
}

func TestACauseSaysItsNumbers(t *testing.T) {
	a := &app{Options: Options{Now: time.Now}}
	m := a.causeMessage(backup.Cause{Code: "read-error", Verdict: backup.NeedsYou, Count: 3, Args: map[string]string{"n": "3", "good": "2"}})
	if m.What != "The disk cannot read 3 originals." || m.Why != "It may be failing. 2 good copies are safe." {
		t.Errorf("%+v", m)
	}
}

// The newest state is kept beside the key: a data folder that comes back from an old image is noticed by the program itself.
func TestAnOldDataFolderIsNoticed(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.decoded(t, Done, "backup")
	image := filepath.Join(r.dir, "image")
	if err := os.CopyFS(image, os.DirFS(r.home)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(r.photos, "later.jpg"), "later")
	r.decoded(t, Done, "backup")
	for _, move := range [][2]string{{r.home, r.home + " new"}, {image, r.home}, {r.drive, r.drive + " off"}} {
		if err := os.Rename(move[0], move[1]); err != nil {
			t.Fatal(err)
		}
	}
	if s := r.decoded(t, NeedsYou, "status"); !strings.Contains(fmt.Sprint(s["causes"]), "rolled-back") {
		t.Errorf("%v", s["causes"])
	}
	if err := os.Rename(r.drive+" off", r.drive); err != nil {
		t.Fatal(err)
	}
	r.decoded(t, Done, "backup")
	if p := r.decoded(t, Done, "versions", "later.jpg")["files"].([]any); len(p) != 1 {
		t.Errorf("what was stored since is not known: %v", p)
	}
}

package terminal

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lightproof/assets/samples"
	"lightproof/backup"
	"lightproof/keystore/keystoretest"
)

// sameTree compares every file of one folder with the same name in another.
func sameTree(t *testing.T, want, got string) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(want, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(want, path)
		a, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(filepath.Join(got, rel))
		if err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs", rel)
		}
		n++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// nextSecond waits until versions recorded from now on have a later time: they are kept to the second.
func nextSecond() time.Time {
	now := time.Now()
	<-time.After(time.Until(now.Truncate(time.Second).Add(time.Second)))
	return now
}

func TestTheWholeLineWithEachKindOfKey(t *testing.T) {
	for name, flags := range map[string][]string{"keychain": nil, "no keychain": {"--keychain", "none"}, "convenient": {"--convenient"}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			setup := r.decoded(t, Done, append([]string{"setup", "--kit-file", r.kit()}, flags...)...)
			if setup["kit_file"] != r.kit() || setup["kit_checked"] != false || len(setup["space_id"].(string)) != 32 {
				t.Errorf("setup: %v", setup)
			}
			r.decoded(t, Done, "folders", "add", r.photos, "--exclude", "*.tmp")
			r.decoded(t, Done, "destinations", "add", "folder", r.drive, "--name", "Backup A")
			run := r.decoded(t, Done, "backup")
			if run["looked"] != 8.0 || run["new"] != 8.0 || run["verdict"] != "not-yet" {
				t.Errorf("backup: %v", run)
			}
			status := r.decoded(t, Done, "status")
			if !strings.HasPrefix(status["headline"].(string), "Not safe yet: 8 of 8 originals are checked in 1 of 2 places") {
				t.Errorf("status: %v", status["headline"])
			}
			photos := r.decoded(t, Done, "photos")["photos"].([]any)
			if len(photos) != 6 {
				t.Errorf("%d photos", len(photos))
			}
			r.decoded(t, Done, "kit", "check", "--kit-file", r.kit())
			if s := r.decoded(t, Done, "status"); strings.Contains(s["headline"].(string)+r.opened(t, Done, "status").out, "kit is not checked") {
				t.Error("the kit was checked and still counts as unchecked")
			}
			full := r.decoded(t, Done, "verify", "--level", "full")
			if o := full["opened"].([]any)[0].(map[string]any); o["versions"] != 8.0 || o["wrong"] != 0.0 || full["bad"] != 0.0 {
				t.Errorf("verify: %v", full)
			}
			back := filepath.Join(r.dir, "Back")
			restored := r.decoded(t, Done, "restore", "--to", back, "--report", filepath.Join(r.dir, "Report"))
			if restored["selected"] != 8.0 || restored["written_and_identical"] != 8.0 {
				t.Errorf("restore: %v", restored)
			}
			if ended, err := backup.TakeRestoreEnded(r.home); err != nil || ended == nil || ended.Identical != 8 || ended.Total != 8 || ended.Waits {
				t.Errorf("the background part is told %+v %v", ended, err)
			}
			if n := sameTree(t, r.photos, filepath.Join(back, "Pictures")); n != 8 {
				t.Errorf("%d files compared", n)
			}
			unread := filepath.Join(r.dir, "Unread")
			plain := r.decoded(t, Done, "restore", "--no-re-read", "--to", unread)
			if plain["written_and_identical"] != 0.0 || plain["written_not_read_back"] != 8.0 {
				t.Errorf("restore without the re-read: %v", plain)
			}
			if ended, err := backup.TakeRestoreEnded(r.home); err != nil || ended != nil {
				t.Errorf("the background part is told of a proof that nobody made: %+v %v", ended, err)
			}
			if later := r.decoded(t, Done, "restore", "--to", unread); later["already_there_and_identical"] != 8.0 {
				t.Errorf("read later: %v", later)
			}
			backup.TakeRestoreEnded(r.home)
			sameTree(t, r.photos, filepath.Join(unread, "Pictures"))
			if _, err := os.Stat(filepath.Join(restored["report"].(string), "report.html")); err != nil {
				t.Error(err)
			}
			if p := r.decoded(t, Done, "practice"); p["passed"] != true || p["files"] != 8.0 || p["decoded"].(float64) < 4 {
				t.Errorf("practice: %v", p)
			}
			for _, quiet := range [][]string{{"problems"}, {"folders", "list"}, {"destinations", "list"}, {"destinations", "test", "Backup A"},
				{"verify"}, {"verify", "--level", "structural"}, {"pause", "2h"}, {"resume"}, {"kit", "new", "--kit-file", r.kit() + ".2"}, {"version"}, {"lock"}} {
				if quiet[0] == "version" || quiet[0] == "lock" {
					decodeOne(t, r.want(t, Done, append(quiet, "--json")...).out)
					continue
				}
				r.decoded(t, Done, quiet...)
			}

			// Another computer: nothing but the drive, the kit and the passphrase.
			other := &rig{dir: r.dir, home: filepath.Join(r.dir, "other"), pass: r.pass, chain: &keystoretest.Memory{}}
			kits := []string{r.kit() + ".2"}
			if flags == nil { // the first one goes on to work
				kits = append(kits, r.kit())
			}
			for _, kit := range kits {
				other.home += "+"
				other.decoded(t, Done, append([]string{"recover", "--from", r.drive, "--kit-file", kit}, flags...)...)
				again := other.home + "-photos"
				if x := other.decoded(t, Done, "restore", "--to", again); x["written_and_identical"] != 8.0 {
					t.Errorf("restore there: %v", x)
				}
				sameTree(t, r.photos, filepath.Join(again, "Pictures"))
			}
		})
	}
}

func TestEditsAndDeletionsAreVersions(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.opened(t, Done, "backup")
	edited, gone := filepath.Join(r.photos, "2019/08/harbour.jpg"), filepath.Join(r.photos, "2020/12/first snow.jpg")
	before, err := os.ReadFile(edited)
	if err != nil {
		t.Fatal(err)
	}
	deleted, err := os.ReadFile(gone)
	if err != nil {
		t.Fatal(err)
	}
	moment := nextSecond()
	if err := samples.Edit(edited); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if run := r.decoded(t, Done, "backup"); run["new"] != 1.0 || run["removed"] != 1.0 {
		t.Errorf("second backup: %v", run)
	}
	for path, want := range map[string]string{edited: "content first", gone: "deleted first", "first snow.jpg": "deleted first", "2019/08/harbour.jpg": "content first"} {
		f := r.decoded(t, Done, "versions", path)["files"].([]any)[0].(map[string]any)
		var changes []string
		for _, v := range f["versions"].([]any) {
			changes = append(changes, v.(map[string]any)["change"].(string))
		}
		if got := strings.Join(changes, " "); got != want {
			t.Errorf("versions %s: %s, want %s", path, got, want)
		}
	}
	if out := r.opened(t, Done, "versions", gone).out; !strings.Contains(out, "deleted at the source") {
		t.Error(out)
	}
	if n, m := len(r.decoded(t, Done, "photos")["photos"].([]any)), len(r.decoded(t, Done, "photos", "--deleted")["photos"].([]any)); n != 5 || m != 6 {
		t.Errorf("%d photos, %d with the deleted one", n, m)
	}
	earlier := filepath.Join(r.dir, "Earlier")
	x := r.decoded(t, Done, "restore", "--at", moment.Format(time.RFC3339), "--path", "**/harbour.jpg", "--to", earlier)
	if x["selected"] != 1.0 {
		t.Errorf("restore --at: %v", x)
	}
	if got, err := os.ReadFile(filepath.Join(earlier, "Pictures/2019/08/harbour.jpg")); err != nil || !bytes.Equal(got, before) {
		t.Errorf("the version before the edit did not come back: %v", err)
	}
	r.opened(t, Failed, "restore", "--path", "first snow.jpg", "--to", earlier)
	r.opened(t, Done, "restore", "--path", "first snow.jpg", "--deleted", "--in-place")
	if got, err := os.ReadFile(gone); err != nil || !bytes.Equal(got, deleted) {
		t.Errorf("the deleted photo did not come back: %v", err)
	}
	// Another file has the name: each policy does what it says.
	target := filepath.Join(earlier, "Pictures/2019/08/harbour.jpg")
	if x := r.decoded(t, NeedsYou, "restore", "--path", "**/harbour.jpg", "--to", earlier, "--conflict", "skip"); len(x["not_restored"].([]any)) != 1 {
		t.Errorf("skip: %v", x)
	}
	r.opened(t, Done, "restore", "--path", "**/harbour.jpg", "--to", earlier)
	if got, _ := os.ReadFile(target); !bytes.Equal(got, before) {
		t.Error("keeping both replaced the file that was there")
	}
	if names, _ := filepath.Glob(filepath.Join(earlier, "Pictures/2019/08/harbour*")); len(names) != 2 {
		t.Errorf("keep both left %v", names)
	}
}

func TestDamageIsFoundRepairedOrSaid(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.opened(t, Done, "backup")
	var biggest string
	var size int64
	filepath.WalkDir(r.drive, func(path string, d os.DirEntry, _ error) error {
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() && info.Size() > size {
			biggest, size = path, info.Size()
		}
		return nil
	})
	damage := func() {
		b, err := os.ReadFile(biggest)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		os.Chmod(biggest, 0o600)
		if err := os.WriteFile(biggest, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damage()
	if x := r.decoded(t, Done, "verify", "--level", "full"); x["bad"] != 1.0 || x["repaired"] != 1.0 {
		t.Errorf("with the original there: %v", x)
	}
	damage()
	if err := os.RemoveAll(r.photos); err != nil {
		t.Fatal(err)
	}
	if x := r.decoded(t, NeedsYou, "verify", "--level", "full"); x["bad"] != 1.0 || x["repaired"] != 0.0 {
		t.Errorf("without it: %v", x)
	}
	if x := r.decoded(t, NeedsYou, "restore", "--to", filepath.Join(r.dir, "Back")); len(x["not_restored"].([]any)) == 0 {
		t.Errorf("restore of a damaged copy: %v", x)
	}
}

func TestAStoppedRestoreGoesOnWithTheSameCommandOnly(t *testing.T) {
	r := newRig(t)
	r.ready(t)
	r.opened(t, Done, "backup")
	back := filepath.Join(r.dir, "Back")
	cutShort := func(path string) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var mu sync.Mutex
		r.now = func() time.Time { // progress asks for the time at each step: stop once a few files have their name
			mu.Lock()
			defer mu.Unlock()
			if names, _ := filepath.Glob(filepath.Join(back, "Pictures/*/*/*.jpg")); len(names) >= 2 {
				stop()
			}
			return time.Now()
		}
		got := r.runContext(ctx, "restore", "--to", back, "--path", path, "--passphrase-file", r.pass)
		if r.now = nil; got.code != Failed || !strings.Contains(got.err, "Run the same command to go on") {
			t.Fatalf("%d %s%s", got.code, got.out, got.err)
		}
	}
	cutShort("*")
	x := r.decoded(t, Done, "restore", "--to", back, "--path", "*")
	if x["continued"] != true || x["selected"] != 8.0 || len(x["not_restored"].([]any)) != 0 {
		t.Errorf("the same command: %v", x)
	}
	sameTree(t, r.photos, filepath.Join(back, "Pictures"))

	os.RemoveAll(back)
	cutShort("*")
	x = r.decoded(t, Done, "restore", "--to", back, "--path", "**/2019/**")
	if x["continued"] == true || x["already_there_and_identical"].(float64)+x["written_and_identical"].(float64) != 5 {
		t.Errorf("another choice: %v", x)
	}
	filepath.WalkDir(back, func(path string, d os.DirEntry, err error) error {
		if strings.Contains(d.Name(), "lightproof") {
			t.Errorf("left behind: %s", path)
		}
		return err
	})
}

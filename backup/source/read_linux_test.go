package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// one plants a file of ten blocks and scans it.
func one(t *testing.T) (path string, folder Folder, item Item) {
	t.Helper()
	dir := t.TempDir()
	path = filepath.Join(dir, "IMG_1.CR3")
	if err := os.WriteFile(path, bytes.Repeat([]byte("0123456789"), 100), 0o640); err != nil {
		t.Fatal(err)
	}
	folder = Folder{Root: dir}
	items, _, _ := scanned(t, folder, ScanOptions{})
	return path, folder, items["IMG_1.CR3"]
}

// changes are ways in which another program alters a file in place.
var changes = map[string]func(path string) error{
	"append":                       func(p string) error { return write(p, os.O_WRONLY|os.O_APPEND, 0, "more") },
	"overwrite with the same size": func(p string) error { return write(p, os.O_WRONLY, 500, "XXXX") },
	"overwrite what was read":      func(p string) error { return write(p, os.O_WRONLY, 0, "X") },
	"truncate":                     func(p string) error { return os.Truncate(p, 10) },
	"truncate and write anew":      func(p string) error { return os.WriteFile(p, bytes.Repeat([]byte("x"), 1000), 0o640) },
	"overwrite and set the time back": func(p string) error {
		info, err := os.Stat(p)
		return errors.Join(err, write(p, os.O_WRONLY, 500, "YYYY"), os.Chtimes(p, info.ModTime(), info.ModTime()))
	},
}

func write(path string, flag int, offset int64, text string) error {
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return err
	}
	if flag&os.O_APPEND != 0 {
		_, err = f.WriteString(text)
	} else {
		_, err = f.WriteAt([]byte(text), offset)
	}
	return errors.Join(err, f.Close())
}

func TestChangeAtAnyReadIsNoticed(t *testing.T) {
	for name, change := range changes {
		for at := 0; at <= 11; at++ { // before the first read, between all, and between the last and Finish
			t.Run(fmt.Sprintf("%s at read %d", name, at), func(t *testing.T) {
				path, folder, item := one(t)
				f, err := NewOS(nil).Open(context.Background(), folder, item)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				buffer := make([]byte, 100)
				for read := 0; err == nil; read++ {
					if read == at {
						if err := change(path); err != nil {
							t.Fatal(err)
						}
					}
					_, err = f.Read(buffer)
				}
				if at == 11 {
					if err := change(path); err != nil {
						t.Fatal(err)
					}
				}
				if errors.Is(err, io.EOF) {
					err = f.Finish()
				}
				if !errors.Is(err, ErrChangedWhileRead) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestFileThatGrowsForEverEndsTheReading(t *testing.T) {
	path, folder, item := one(t)
	f, err := NewOS(nil).Open(context.Background(), folder, item)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	buffer := make([]byte, 64)
	reads := 0
	for err == nil && reads < 1000 {
		if err := write(path, os.O_WRONLY|os.O_APPEND, 0, strings.Repeat("g", 64)); err != nil {
			t.Fatal(err)
		}
		_, err = f.Read(buffer)
		reads++
	}
	if !errors.Is(err, ErrChangedWhileRead) || reads > 20 {
		t.Errorf("%v after %d reads", err, reads)
	}
}

func TestFinishBeforeTheEndIsNoVersion(t *testing.T) {
	_, folder, item := one(t)
	f, err := NewOS(nil).Open(context.Background(), folder, item)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Finish(); !errors.Is(err, ErrChangedWhileRead) {
		t.Errorf("unread: %v", err)
	}
	if _, err := io.ReadFull(f, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	if err := f.Finish(); !errors.Is(err, ErrChangedWhileRead) {
		t.Errorf("end not seen: %v", err)
	}
}

func TestOpenTellsWhatHappenedSinceTheScan(t *testing.T) {
	replace := func(p string, with func() error) error { return errors.Join(os.Remove(p), with()) }
	for name, c := range map[string]struct {
		meanwhile func(path string) error
		want      error
	}{
		"vanished":              {os.Remove, ErrVanished},
		"directory vanished":    {func(p string) error { return os.RemoveAll(filepath.Dir(p)) }, ErrFolderMissing},
		"grown":                 {changes["append"], ErrChanged},
		"rewritten":             {changes["overwrite with the same size"], ErrChanged},
		"now a link":            {func(p string) error { return replace(p, func() error { return os.Symlink("/etc/passwd", p) }) }, ErrChanged},
		"now a pipe":            {func(p string) error { return replace(p, func() error { return unix.Mkfifo(p, 0o644) }) }, ErrChanged},
		"now a directory":       {func(p string) error { return replace(p, func() error { return os.Mkdir(p, 0o755) }) }, ErrChanged},
		"now under a file":      {func(p string) error { return nil }, ErrVanished},
		"grown, time set back":  {growKeepingTime, ErrChanged},
		"moved, a link to it":   {func(p string) error { return errors.Join(os.Rename(p, p+".moved"), os.Symlink(p+".moved", p)) }, ErrChanged},
		"replaced, times equal": {replaceKeepingTime, ErrChanged},
		"only its mode":         {func(p string) error { return os.Chmod(p, 0o600) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			path, folder, item := one(t)
			if name == "now under a file" {
				item.Path += "/below"
			}
			if err := c.meanwhile(path); err != nil {
				t.Fatal(err)
			}
			f, err := NewOS(nil).Open(context.Background(), folder, item)
			if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), folder.Root) {
				t.Errorf("the error tells a path: %v", err)
			}
			if f != nil {
				f.Close()
			}
		})
	}
}

func growKeepingTime(path string) error {
	info, err := os.Stat(path)
	return errors.Join(err, changes["append"](path), os.Chtimes(path, info.ModTime(), info.ModTime()))
}

func replaceKeepingTime(path string) error {
	info, err := os.Stat(path)
	content, err2 := os.ReadFile(path)
	temp := path + ".new"
	return errors.Join(err, err2, os.WriteFile(temp, content, 0o640), os.Chtimes(temp, info.ModTime(), info.ModTime()), os.Rename(temp, path))
}

func TestLinkSlippedIntoAPathIsNotFollowed(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "moved")
	dir := plant(t, "sub/a.jpg")
	items, _, _ := scanned(t, Folder{Root: dir}, ScanOptions{})
	item := items["sub/a.jpg"]
	if err := errors.Join(os.Rename(filepath.Join(dir, "sub"), outside), os.Symlink(outside, filepath.Join(dir, "sub"))); err != nil {
		t.Fatal(err)
	}
	// It is the very same file, so that only the refusal of links can tell.
	for _, old := range []bool{false, true} { // with openat2 and without
		noOpenat2.Store(old)
		_, err := NewOS(nil).Open(context.Background(), Folder{Root: dir}, item)
		noOpenat2.Store(false)
		if !errors.Is(err, ErrChanged) && !errors.Is(err, ErrVanished) {
			t.Errorf("without openat2 %v: %v", old, err)
		}
	}
	for _, path := range []string{"../x", "/etc/passwd", "", "sub/../../x"} {
		item.Path = path
		if f, err := NewOS(nil).Open(context.Background(), Folder{Root: dir}, item); err == nil {
			f.Close()
			t.Errorf("%q was opened", path)
		}
	}
}

func TestFileUnderAnotherProgramsLeaseIsBusy(t *testing.T) {
	path, folder, item := one(t)
	holder, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	if _, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	if _, err := NewOS(nil).Open(context.Background(), folder, item); !errors.Is(err, ErrBusy) {
		t.Errorf("got %v", err)
	}
	if _, err := unix.FcntlInt(holder.Fd(), unix.F_SETLEASE, unix.F_UNLCK); err != nil {
		t.Fatal(err)
	}
	readAll(t, folder, item)
}

// fastClock lets waiting take no time; it starts where the test says.
type fastClock struct {
	now    time.Time
	waited time.Duration
}

func (c *fastClock) Now() time.Time { return c.now }

func (c *fastClock) After(d time.Duration) <-chan time.Time {
	c.now, c.waited = c.now.Add(d), c.waited+d
	ready := make(chan time.Time, 1)
	ready <- c.now
	return ready
}

func TestFileChangedJustNowIsLeftToAge(t *testing.T) {
	_, folder, item := one(t)
	for name, c := range map[string]struct{ age, wait time.Duration }{
		"this instant":          {0, timeStep},
		"within a step":         {timeStep - time.Millisecond, time.Millisecond},
		"a step ago":            {timeStep, 0},
		"long ago":              {time.Hour, 0},
		"by a clock that leads": {-time.Hour, 0},
	} {
		clock := &fastClock{now: item.ID.ChangeTime.Add(c.age)}
		f, err := NewOS(clock).Open(context.Background(), folder, item)
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		if clock.waited != c.wait {
			t.Errorf("%s: waited %v, want %v", name, clock.waited, c.wait)
		}
	}
}

func TestWhatMayChangeUnseenIsUnsettled(t *testing.T) {
	now := time.Date(2024, 5, 6, 7, 8, 9, 123_456_789, time.UTC)
	local, fat, nfs := fileSystem{name: "ext4"}, fileSystem{name: "vfat", coarse: true}, fileSystem{name: "nfs", network: true}
	for name, c := range map[string]struct {
		system    fileSystem
		changed   time.Duration // ago; -1 = the system has no change time
		modified  time.Duration // ago
		wait      time.Duration
		unsettled bool
	}{
		"long ago":                             {local, time.Hour, time.Hour, 0, false},
		"just now":                             {local, time.Millisecond, time.Hour, timeStep - time.Millisecond, false},
		"a step ago":                           {local, timeStep, time.Hour, 0, false},
		"FAT, a second ago":                    {fat, time.Second, time.Second, time.Second, false},
		"FAT, two seconds ago":                 {fat, 2 * time.Second, 2 * time.Second, 0, false},
		"network, ten seconds ago":             {nfs, 10 * time.Second, time.Hour, 0, true},
		"network, a minute ago":                {nfs, time.Minute, time.Hour, 0, false},
		"changed in the future":                {local, -time.Hour, time.Hour, 0, true},
		"modified in the future":               {local, time.Hour, -time.Hour, 0, false},
		"no change time, future":               {local, -1, -time.Hour, 0, false},
		"no change time, a moment ahead":       {local, -1, -time.Millisecond, 0, true},
		"no change time, just now":             {local, -1, 5 * time.Millisecond, 15 * time.Millisecond, false},
		"whole seconds, less than two of them": {local, 1_123_456_789, time.Hour, 876_543_211, false},
	} {
		f := facts{Item: Item{ModTime: now.Add(-c.modified)}}
		if c.changed != -1 {
			f.ID.ChangeTime = now.Add(-c.changed)
		}
		if wait, unsettled := settling(f, now, c.system); wait != c.wait || unsettled != c.unsettled {
			t.Errorf("%s: wait %v, unsettled %v", name, wait, unsettled)
		}
	}
}

func TestFileOfAClockThatLeadsIsUnsettled(t *testing.T) {
	_, folder, item := one(t)
	for age, want := range map[time.Duration]bool{-time.Hour: true, 0: false, time.Hour: false} {
		f, err := NewOS(&fastClock{now: item.ID.ChangeTime.Add(age)}).Open(context.Background(), folder, item)
		if err != nil {
			t.Fatal(err)
		}
		m, err := f.Metadata()
		f.Close()
		if err != nil || m.Unsettled != want {
			t.Errorf("opened %v after the change: %v, unsettled %v", age, err, m.Unsettled)
		}
	}
}

func TestMetadataAreComplete(t *testing.T) {
	path, folder, _ := one(t)
	stamp := time.Unix(1_234_567_890, 123_456_789).UTC()
	want := []Xattr{{"user.a", []byte("rating=5")}, {"user.b", []byte{}}, {"user.c", []byte{0, 255, 10}}, {"user.d", bytes.Repeat([]byte("d"), 2000)}}
	err := errors.Join(os.Chmod(path, 0o751|os.ModeSetgid), os.Chtimes(path, stamp, stamp))
	for _, x := range want {
		err = errors.Join(err, unix.Setxattr(path, x.Name, x.Value, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	items, _, _ := scanned(t, folder, ScanOptions{})
	f, err := NewOS(nil).Open(context.Background(), folder, items["IMG_1.CR3"])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := f.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	if m.Mode != 0o2751 || !m.ModTime.Equal(stamp) || len(m.XattrsLeftOut) != 0 {
		t.Errorf("%+v", m)
	}
	got := slices.DeleteFunc(m.Xattrs, func(x Xattr) bool { return !strings.HasPrefix(x.Name, "user.") })
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("attributes %v, want %v", got, want)
	}
	if m.BirthTime.IsZero() != items["IMG_1.CR3"].BirthTime.IsZero() {
		t.Errorf("birth time %v", m.BirthTime)
	}
}

func TestAttributesBeyondTheBoundsAreNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	dir := "/dev/shm" // ext4 holds no attribute of 64 KiB; tmpfs does
	if d, err := os.MkdirTemp(dir, "lightproof-"); err == nil {
		t.Cleanup(func() { os.RemoveAll(d) })
		path = filepath.Join(d, "a.jpg")
	}
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	set := 0
	for i := range 20 {
		if unix.Setxattr(path, fmt.Sprintf("user.%02d", i), bytes.Repeat([]byte("v"), 64<<10), 0) != nil {
			break
		}
		set++
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := ReadMetadata(f)
	total := 0
	for _, x := range m.Xattrs {
		total += len(x.Name) + len(x.Value)
	}
	t.Logf("%d attributes set, %d kept, %d left out", set, len(m.Xattrs), len(m.XattrsLeftOut))
	if err != nil || total > MaxXattrTotal || len(m.Xattrs)+len(m.XattrsLeftOut) < set {
		t.Errorf("%v: %d bytes kept, %d of %d attributes", err, total, len(m.Xattrs), set)
	}
}

func TestReadAtDoesNotMoveTheReading(t *testing.T) {
	_, folder, item := one(t)
	f, err := NewOS(nil).Open(context.Background(), folder, item)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	head := make([]byte, 4)
	if _, err := f.ReadAt(head, 990); err != nil || string(head) != "0123" {
		t.Fatalf("%q %v", head, err)
	}
	if all, err := io.ReadAll(f); err != nil || len(all) != 1000 {
		t.Fatal(err, len(all))
	}
	if err := f.Finish(); err != nil {
		t.Error(err)
	}
}

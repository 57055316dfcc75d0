package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lightproof/backup/store"
)

// ownMounts runs the test once more in a mount namespace of its own, where it may mount what it likes, and reports true in that run.
func ownMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(childEnv) != "" {
		return true
	}
	cmd := child(t, "mounts", "")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if uid, gid := os.Getuid(), os.Getgid(); uid != 0 { // an ordinary user may mount in a user namespace of his own
		cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: uid, Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: gid, Size: 1}}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("in a mount namespace: %v\n%s", err, out)
	}
	return false
}

func mountTmpfs(t *testing.T, dir, options string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
}

// placeOnTmpfs makes a place on a file system of its own.
func placeOnTmpfs(t *testing.T, options string) (disk string, id Identity) {
	t.Helper()
	disk = filepath.Join(t.TempDir(), "disk")
	mountTmpfs(t, disk, options)
	id, err := Create(disk, [16]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	return disk, id
}

func TestFullDisk(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	disk, id := placeOnTmpfs(t, "size=1m")
	s := openPlace(t, disk, id)
	data := make([]byte, 100_000)
	kept := 0
	var err error
	for ; err == nil && kept < 20; kept++ {
		err = s.PutNew(t.Context(), fmt.Sprintf("c/%d", kept), data)
	}
	kept--
	if !errors.Is(err, store.ErrFull) || kept < 5 {
		t.Fatalf("after %d objects: %v", kept, err)
	}
	if left := names(t, filepath.Join(disk, s.writer.name)); len(left) != kept+1 { // and the lock
		t.Errorf("%d files staged, %d objects", len(left)-1, kept)
	}
	if err := s.Barrier(t.Context()); err != nil {
		t.Fatalf("Barrier of what fitted: %v", err)
	}
	room, err := s.Room(t.Context())
	if err != nil || room.Total != 1<<20 || room.Free >= 100_000 {
		t.Errorf("Room: %+v, %v", room, err)
	}
	if err := s.Replace(t.Context(), "c/0", make([]byte, 150_000)); !errors.Is(err, store.ErrFull) {
		t.Errorf("Replace: %v", err)
	}
	for i := range kept {
		if got, err := s.Get(t.Context(), fmt.Sprintf("c/%d", i), store.GetOptions{}); err != nil || len(got) != len(data) {
			t.Fatalf("object %d: %d bytes, %v", i, len(got), err)
		}
	}
	if err := errors.Join(s.Delete(t.Context(), "c/0"), s.PutNew(t.Context(), "c/new", data), s.Barrier(t.Context())); err != nil {
		t.Errorf("after room was made: %v", err)
	}
}

func TestNoRoomForFoldersIsMadeUpLater(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	disk, id := placeOnTmpfs(t, "size=1m,nr_inodes=12")
	s := openPlace(t, disk, id)
	for i := range 3 {
		if err := s.PutNew(t.Context(), fmt.Sprintf("c/%d/x", i), []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Barrier(t.Context()); !errors.Is(err, store.ErrFull) {
		t.Fatalf("Barrier: %v", err)
	}
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT, "nr_inodes=100"); err != nil {
		t.Fatal(err)
	}
	if err := s.Barrier(t.Context()); err != nil {
		t.Fatalf("Barrier with room: %v", err)
	}
	for i := range 3 {
		if _, err := s.Stat(t.Context(), fmt.Sprintf("c/%d/x", i)); err != nil {
			t.Error(err)
		}
	}
}

func TestAnotherDiskIsMountedOverThePath(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	disk, id := placeOnTmpfs(t, "size=4m")
	s := openPlace(t, disk, id)
	if err := errors.Join(s.PutNew(t.Context(), "c/a", []byte("a")), s.Barrier(t.Context()), s.PutNew(t.Context(), "c/staged", nil)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"an empty disk": store.ErrAway, "another place": store.ErrWrongPlace} {
		mountTmpfs(t, disk, "size=1m")
		if want == store.ErrWrongPlace {
			if _, err := Create(disk, [16]byte{1}); err != nil {
				t.Fatal(err)
			}
		}
		before := tree(t, disk)
		errs := writes(t, s)
		for what, err := range asks(t, s) {
			errs[what] = err
		}
		wantAll(t, errs, want)
		if got := tree(t, disk); got != before {
			t.Errorf("%s was written to:\n%s", name, got)
		}
		if err := unix.Unmount(disk, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.Check(t.Context()), s.Barrier(t.Context())); err != nil {
		t.Fatalf("after the right disk came back: %v", err)
	}

	// Pulled out: the mount point below is on the system disk.
	if err := unix.Unmount(disk, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	errs := writes(t, s)
	for what, err := range asks(t, s) {
		errs[what] = err
	}
	wantAll(t, errs, store.ErrAway)
	if got := names(t, disk); len(got) != 0 {
		t.Errorf("written to the empty mount point: %v", got)
	}
}

func TestAReadOnlyDiskRefusesWrites(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	disk, id := placeOnTmpfs(t, "size=1m")
	s := openPlace(t, disk, id)
	if err := errors.Join(s.PutNew(t.Context(), "c/a", []byte("a")), s.Barrier(t.Context())); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	s = openPlace(t, disk, id)
	if got, err := s.Get(t.Context(), "c/a", store.GetOptions{Fresh: true}); err != nil || string(got) != "a" {
		t.Errorf("Get: %q, %v", got, err)
	}
	errs := writes(t, s)
	delete(errs, "Barrier") // nothing is staged
	wantAll(t, errs, store.ErrRefused)
}

func TestPropertiesOfMemoryPromiseNoMedium(t *testing.T) {
	if !ownMounts(t) {
		return
	}
	disk, id := placeOnTmpfs(t, "size=1m")
	if p := openPlace(t, disk, id).Properties(); p.CacheBypass || p.Remote || !p.CreateExclusive {
		t.Errorf("%+v", p)
	}
}

package restore

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// markOf is the mark of an open file; none where it is not of this size, or lies on another device than the top of the tree.
func (t *tree) markOf(f *os.File, size int64) mark {
	var st unix.Stat_t
	if ignoringEINTR(func() error { return unix.Fstat(int(f.Fd()), &st) }) != nil {
		return mark{}
	}
	return t.mark(&st, size)
}

// markIn is the mark of what has a name in a folder; none where it is no regular file of this size.
func (t *tree) markIn(d *dir, name string, size int64) mark {
	var st unix.Stat_t
	err := ignoringEINTR(func() error { return unix.Fstatat(int(d.file.Fd()), name, &st, unix.AT_SYMLINK_NOFOLLOW) })
	if err != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return mark{}
	}
	return t.mark(&st, size)
}

func (t *tree) mark(st *unix.Stat_t, size int64) mark {
	if top, ok := t.self.Sys().(*syscall.Stat_t); !ok || top.Dev != st.Dev || st.Size != size {
		return mark{}
	}
	return mark{st.Ino, st.Mtim.Nano(), st.Ctim.Nano()}
}

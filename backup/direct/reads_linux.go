package direct

import (
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// control block and event of Linux's native asynchronous input (io_submit(2)); the fields that are zero here change places with the byte order.
type controlBlock struct {
	data   uint64
	_      [2]uint32
	op     uint16
	_      int16
	fd     uint32
	buf    uint64
	n      uint64
	offset int64
	_      uint64
	_      [2]uint32
}

type event struct {
	data, _ uint64
	res, _  int64
}

const opRead = 0 // IOCB_CMD_PREAD

// kernelReads are handed to the kernel in one call, which merges those that lie beside each other on the disk and rings the disk's bell once.
type kernelReads struct {
	context uintptr
	blocks  [MaxReads]controlBlock
	list    [MaxReads]*controlBlock
	events  [MaxReads]event
}

func newKernelReads() *kernelReads {
	k := &kernelReads{}
	if _, _, e := unix.Syscall(unix.SYS_IO_SETUP, MaxReads, uintptr(unsafe.Pointer(&k.context)), 0); e != 0 {
		return nil // the system has no room for one more, or forbids it
	}
	return k
}

func (k *kernelReads) close() { unix.Syscall(unix.SYS_IO_DESTROY, k.context, 0, 0) }

// read reads every file into its buffer, past the page cache, and says how much came of each: less than 0 for none.
func (k *kernelReads) read(files []*os.File, into [][]byte, got []int) {
	n := 0
	if k.context == 0 || len(files) == 0 || !able(files[0]) {
		return
	}
	for i, f := range files {
		if len(into[i]) == 0 || readDirect(f) != nil {
			continue
		}
		k.blocks[n] = controlBlock{data: uint64(i), op: opRead, fd: uint32(f.Fd()), buf: uint64(uintptr(unsafe.Pointer(unsafe.SliceData(into[i])))), n: uint64(len(into[i]))}
		k.list[n] = &k.blocks[n]
		n++
	}
	sent := 0
	for at := 0; at < n; {
		m, _, e := unix.Syscall(unix.SYS_IO_SUBMIT, k.context, uintptr(n-at), uintptr(unsafe.Pointer(&k.list[at])))
		switch {
		case e == unix.EINTR:
		case e != 0 || m == 0:
			at++ // the first of them is turned down: it is read in another way
		default:
			at, sent = at+int(m), sent+int(m)
		}
	}
	for sent > 0 {
		m, _, e := unix.Syscall6(unix.SYS_IO_GETEVENTS, k.context, uintptr(sent), uintptr(sent), uintptr(unsafe.Pointer(&k.events[0])), 0, 0)
		switch {
		case e == unix.EINTR:
		case e != 0:
			k.close() // waits for what is on its way
			k.context, sent = 0, 0
		default:
			for _, v := range k.events[:m] {
				got[v.data] = int(max(v.res, -1))
			}
			sent -= int(m)
		}
	}
	runtime.KeepAlive(into)
}

// readDirect turns direct reading of a file on that is open for nothing else (fcntl(2), F_SETFL, which leaves how it was opened alone).
func readDirect(f *os.File) error {
	return control(f, func(fd int) error {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFL, unix.O_DIRECT)
		return err
	})
}

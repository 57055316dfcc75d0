package direct

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of the larger pages of x86-64, and of ARM with small pages of 4 KiB; elsewhere the call is turned down.
const hugePage = 2 << 20

// inHugePages has the system put what lies in whole larger pages of a fresh buffer into such, where it can: a direct read or write of 8 MiB otherwise
// looks up and pins 2,048 small ones. It is done once and for the moment (madvise(2), MADV_COLLAPSE, Linux 6.1): the range belongs to Go's heap,
// which must not stay marked for larger pages when it holds other things.
func inHugePages(b []byte) (done bool) {
	at := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	from := int(-at & (hugePage - 1))
	to := int((at+uintptr(len(b)))&^(hugePage-1) - at)
	if to <= from {
		return false
	}
	for i := from; i < to; i += hugePage {
		b[i] = 0 // a page that nobody has touched is not there to be put elsewhere
	}
	return unix.Madvise(b[from:to], unix.MADV_COLLAPSE) == nil
}

package direct

import "unsafe"

// Align is what buffers, offsets and lengths of direct reads and writes are multiples of, in bytes: open(2) asks for the logical block size,
// which is 4,096 on the drives that are not content with 512.
const Align = 4096

// hugeFrom is the size in bytes from which a buffer is put into larger pages: below it, little of it would be whole ones.
const hugeFrom = 4 << 20

// Buffer is n bytes that begin on a block's boundary, with a capacity of whole blocks. Making a large one is work for the system: it is meant to be
// used again and again.
func Buffer(n int) []byte {
	whole := (n + Align - 1) &^ (Align - 1)
	b := make([]byte, whole+Align)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) & (Align - 1))
	b = b[skip : skip+n : skip+whole]
	if n >= hugeFrom {
		inHugePages(b)
	}
	return b
}

// Within tells whether p lies in the memory of room.
func Within(room, p []byte) bool {
	if len(p) == 0 || cap(room) == 0 {
		return false
	}
	at, from := uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(unsafe.Pointer(unsafe.SliceData(room)))
	return at >= from && at < from+uintptr(cap(room))
}

// Aligned tells whether p begins on a block's boundary.
func Aligned(p []byte) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(p)))&(Align-1) == 0
}

package direct

import (
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"unsafe"
)

// huge is how many bytes of larger pages the system has put behind the memory that b is in (proc(5), smaps).
func huge(t *testing.T, b []byte) int {
	smaps, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	at := uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b))))
	for _, m := range regexp.MustCompile(`(?m)^([0-9a-f]+)-([0-9a-f]+) [^\n]*\n(?:[A-Z][^\n]*\n)*?AnonHugePages: +([0-9]+) kB`).FindAllSubmatch(smaps, -1) {
		from, _ := strconv.ParseUint(string(m[1]), 16, 64)
		to, _ := strconv.ParseUint(string(m[2]), 16, 64)
		if from <= at && at < to {
			n, err := strconv.Atoi(string(m[3]))
			if err != nil {
				t.Fatal(err)
			}
			return n << 10
		}
	}
	t.Fatal("the buffer is nowhere")
	return 0
}

func TestALargeBufferLiesInLargePages(t *testing.T) {
	first := make([]byte, 16<<20)
	if !inHugePages(first) {
		t.Log("this kernel does not put memory into larger pages when asked (Linux before 6.1, or none free)")
		return
	}
	was := huge(t, first)
	b := Buffer(8 << 20)
	if now := huge(t, b); now < was+6<<20 {
		t.Errorf("%d bytes of larger pages, %d before", now, was)
	}
	for i, x := range b {
		if x != 0 {
			t.Fatalf("byte %d is %d", i, x)
		}
	}
	runtime.KeepAlive(first)
	runtime.KeepAlive(b)
	if inHugePages(make([]byte, 100)) {
		t.Error("100 bytes")
	}
}

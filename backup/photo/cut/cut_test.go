package cut_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"testing"

	"lightproof/backup/photo/cut"
)

const kib = 1 << 10

// counted is a file in memory that counts what is read of it and fails the test at a read outside.
type counted struct {
	t     testing.TB
	data  []byte
	reads int
	bytes int
	fail  int // the read that fails; 0: none
}

var errDisk = errors.New("the disk is gone")

func (c *counted) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > int64(len(c.data)) {
		c.t.Errorf("%d bytes are read at %d of %d", len(p), off, len(c.data))
	}
	c.reads++
	c.bytes += len(p)
	if c.reads == c.fail {
		return 0, errDisk
	}
	return bytes.NewReader(c.data).ReadAt(p, off)
}

// points calls Points and checks what holds for every input.
func points(t testing.TB, data []byte) (uint8, []int64) {
	t.Helper()
	c := &counted{t: t, data: data}
	size := int64(len(data))
	splitter, cuts := cut.Points(context.Background(), c, size)
	if c.reads > 1024 || c.bytes > 1<<20 {
		t.Errorf("%d bytes in %d reads", c.bytes, c.reads)
	}
	if (splitter == cut.Fixed) != (len(cuts) == 0) || splitter > cut.Media || len(cuts) > cut.MaxPoints {
		t.Errorf("splitter %d with %d cuts", splitter, len(cuts))
	}
	from, before := int64(0), int64(64*kib)
	for i, at := range append(slices.Clone(cuts), size) {
		if size > 0 && at <= from || at > size || i < len(cuts) && at == size { // so the pieces join to the file
			t.Fatalf("cuts %v of %d bytes", cuts, size)
		}
		if length := at - from; length < 64*kib && before < 64*kib {
			t.Errorf("two small pieces side by side at %d: %v of %d", from, cuts, size)
		} else {
			before = length
		}
		from = at
	}
	again, cuts2 := cut.Points(context.Background(), bytes.NewReader(data), size)
	if again != splitter || !slices.Equal(cuts, cuts2) {
		t.Errorf("the same bytes give %d %v, then %d %v", splitter, cuts, again, cuts2)
	}
	return splitter, cuts
}

// example is a file made for one rule and what is expected of it.
type example struct {
	data     []byte
	splitter uint8
	cuts     []int64
}

func judge(t *testing.T, examples map[string]example) {
	t.Helper()
	for name, e := range examples {
		t.Run(name, func(t *testing.T) {
			splitter, cuts := points(t, e.data)
			if splitter != e.splitter || !slices.Equal(cuts, e.cuts) {
				t.Errorf("splitter %d, cuts %v; want %d, %v", splitter, cuts, e.splitter, e.cuts)
			}
		})
	}
}

func refused(data []byte) example { return example{data: data} }

// picture is n bytes that stand for picture data and look like no marker, directory or box.
func picture(n int) []byte { return bytes.Repeat([]byte{0x5A}, n) }

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func be16(v ...int) (b []byte) {
	for _, n := range v {
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	}
	return b
}

func be32(v ...int64) (b []byte) {
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return b
}

func be64(v ...uint64) (b []byte) {
	for _, n := range v {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}

// all is every hand-made file by name, made once.
var all = sync.OnceValue(func() map[string][]byte {
	out := map[string][]byte{}
	for kind, examples := range map[string]map[string]example{"JPEG": jpegs(), "TIFF": tiffs(), "media": films()} {
		for name, e := range examples {
			out[kind+", "+name] = e.data
		}
	}
	return out
})

func TestFilesOfOtherKindsAreNotCut(t *testing.T) {
	judge(t, map[string]example{
		"nothing":          refused(nil),
		"one byte":         refused([]byte{0xFF}),
		"zeros":            refused(make([]byte, 200*kib)),
		"text":             refused(bytes.Repeat([]byte("a photo "), 20*kib)),
		"PNG":              refused(join([]byte("\x89PNG\r\n\x1a\n"), picture(100*kib))),
		"JPEG of 64 KiB":   refused(jpeg(64*kib, segment(0xE1, 100))),
		"two small pieces": refused(jpeg(64*kib+101, segment(0xE1, 100))),
	})
	if splitter, cuts := points(t, jpeg(64*kib+102, segment(0xE1, 100))); splitter != cut.JPEG || len(cuts) != 1 {
		t.Errorf("64 KiB behind the metadata: %d %v", splitter, cuts)
	}
}

func TestAReadThatFailsLeavesTheFileWhole(t *testing.T) {
	for name, data := range all() {
		whole := &counted{t: t, data: data}
		cut.Points(context.Background(), whole, int64(len(data)))
		for fail := 1; fail <= min(whole.reads, 20); fail++ {
			c := &counted{t: t, data: data, fail: fail}
			if splitter, cuts := cut.Points(context.Background(), c, int64(len(data))); splitter != cut.Fixed || cuts != nil {
				t.Errorf("%s, read %d fails: %d %v", name, fail, splitter, cuts)
			}
			if c.reads != fail {
				t.Errorf("%s: %d reads follow the one that failed", name, c.reads-fail)
			}
		}
	}
}

func TestAFileThatShrinksIsLeftWhole(t *testing.T) {
	data := jpeg(200*kib, segment(0xE1, 40*kib))
	shorter := readerFunc(func(p []byte, off int64) (int, error) { return bytes.NewReader(data[:30*kib]).ReadAt(p, off) })
	if splitter, cuts := cut.Points(context.Background(), shorter, int64(len(data))); splitter != cut.Fixed || cuts != nil {
		t.Errorf("%d %v", splitter, cuts)
	}
}

type readerFunc func([]byte, int64) (int, error)

func (f readerFunc) ReadAt(p []byte, off int64) (int, error) { return f(p, off) }

func TestNothingIsReadOnceTheContextEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, data := range all() {
		c := &counted{t: t, data: data}
		if splitter, cuts := cut.Points(ctx, c, int64(len(data))); splitter != cut.Fixed || cuts != nil || c.reads > 0 {
			t.Errorf("%s: %d %v after %d reads", name, splitter, cuts, c.reads)
		}
	}
}

// TestReadersThatEndWithEOFAreFine: io.ReaderAt may give io.EOF with the last bytes.
func TestReadersThatEndWithEOFAreFine(t *testing.T) {
	data := jpeg(200*kib, segment(0xE1, 40*kib))
	eager := readerFunc(func(p []byte, off int64) (int, error) {
		n := copy(p, data[off:])
		return n, io.EOF
	})
	if splitter, cuts := cut.Points(context.Background(), eager, int64(len(data))); splitter != cut.JPEG || len(cuts) != 1 {
		t.Errorf("%d %v", splitter, cuts)
	}
}

// TestDamageGivesValidCutsOrNone changes bytes of each head, shortens each file and puts bytes in front of it; points judges.
func TestDamageGivesValidCutsOrNone(t *testing.T) {
	step := 11
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" {
		step = 1
	}
	for name, whole := range all() {
		if len(whole) > 400*kib {
			continue // the large ones would take long and show nothing new
		}
		try := func(data []byte, what string, n int, v byte) {
			if points(t, data); t.Failed() {
				t.Fatalf("%s: %s %d %#x", name, what, n, v)
			}
		}
		data := bytes.Clone(whole)
		for at := 0; at < min(len(data), 400); at += step {
			for _, v := range []byte{0, 1, 0x7F, 0xFF, data[at] ^ 0x10} {
				data[at] = v
				try(data, "changed at", at, v)
			}
			data[at] = whole[at]
		}
		for _, n := range []int{1, 2, 3, 5, 9} {
			try(data[:len(data)*n/10], "tenths left", n, 0)
			try(join(picture(n), data), "put in front", n, 0)
		}
	}
}

func FuzzPoints(f *testing.F) {
	for _, data := range all() {
		if len(data) <= 400*kib {
			f.Add(data[:min(len(data), 2*kib)], len(data))
		}
	}
	f.Fuzz(func(t *testing.T, head []byte, size int) {
		if size < 0 || size > 400*kib || len(head) > 64*kib {
			t.Skip()
		}
		data := head
		if size > len(head) {
			data = join(head, picture(size-len(head)))
		}
		points(t, data)
	})
}

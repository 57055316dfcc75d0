package photo_test

import (
	"reflect"
	"testing"

	"lightproof/backup/photo"
	"lightproof/backup/photo/corpustest"
	"lightproof/backup/photo/sample"
)

// sameBothWays reads bytes in memory and as a file, and fails where the outcome differs. A file may meet a limit of reads that memory has not.
func sameBothWays(t *testing.T, name string, data []byte) {
	t.Helper()
	file, hints := read(data, name)
	for _, h := range hints {
		if h.Code == photo.HintLimit {
			return
		}
	}
	memory, other := photo.ReadBytes(data, name, testNow)
	if !reflect.DeepEqual(file, memory) || !reflect.DeepEqual(hints, other) {
		t.Errorf("%s: in memory\n%+v %v\nas a file\n%+v %v", name, memory, other, file, hints)
	}
}

func TestBytesInMemorySayWhatAFileSays(t *testing.T) {
	for name, data := range synthetic() {
		sameBothWays(t, name, data)
	}
	for name, data := range crafted() {
		sameBothWays(t, name, data)
		sameBothWays(t, name, data[:len(data)/2])
	}
	sameBothWays(t, "empty.jpg", nil)
}

func TestHeadsOfRealPhotosSayInMemoryWhatAFileSays(t *testing.T) {
	dir := corpustest.Dir(t)
	for _, name := range corpusFiles(t, dir) {
		data := readCorpus(t, dir, name)
		for _, n := range []int{1000, 10000, 64 << 10, 64<<10 + 1} {
			sameBothWays(t, name, data[:min(n, len(data))])
		}
	}
}

func TestReadingBytesLeavesThemAsTheyAre(t *testing.T) {
	for name, data := range synthetic() {
		before := string(data)
		photo.ReadBytes(data, name, testNow)
		if string(data) != before {
			t.Errorf("%s was changed", name)
		}
	}
}

func BenchmarkReadBytes(b *testing.B) {
	data := sample.JPEG(1, common())
	b.ReportAllocs()
	for b.Loop() {
		photo.ReadBytes(data, "IMG_0001.JPG", testNow)
	}
}

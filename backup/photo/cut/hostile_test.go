package cut_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/metrics"
	"testing"

	"lightproof/backup/photo/corpustest"
	"lightproof/backup/photo/cut"
)

// mostMemory is how much one call may allocate, in bytes.
const mostMemory = 1 << 20

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// TestDamagedPhotosGiveValidCutsOrNone takes every file of the corpus as it is, cut off at seeded places and with seeded bytes of its
// head changed: a sample, or with LIGHTPROOF_TORTURE=1 all of it.
func TestDamagedPhotosGiveValidCutsOrNone(t *testing.T) {
	corpus := corpustest.Dir(t)
	ends, changes := 2, 3
	if os.Getenv("LIGHTPROOF_TORTURE") == "1" {
		ends, changes = 20, 30
	}
	runs := 0
	err := filepath.WalkDir(corpus, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(file)
		if err != nil || len(data) == 0 {
			return err
		}
		rnd := rand.New(rand.NewChaCha8(sha256.Sum256([]byte(filepath.Base(file)))))
		try := func(what string, data []byte) {
			if points(t, data); t.Failed() {
				t.Fatalf("%s %s", filepath.Base(file), what)
			}
			runs++
		}
		try("as it is", data)
		for range ends {
			n := rnd.IntN(len(data))
			try(fmt.Sprintf("up to %d", n), data[:n])
		}
		head := bytes.Clone(data[:min(len(data), 16*kib)])
		for i := range changes {
			for range 1 + rnd.IntN(12) {
				data[rnd.IntN(len(head))] = byte(rnd.Uint32())
			}
			try(fmt.Sprintf("with change %d", i), data)
			copy(data, head)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("figure: cut points of %d whole and damaged photos: valid or none", runs)
}

func TestNoFileCostsMuchMemory(t *testing.T) {
	worst, name := uint64(0), ""
	for what, data := range all() {
		before := allocated()
		cut.Points(context.Background(), bytes.NewReader(data), int64(len(data)))
		if n := allocated() - before; n > worst {
			worst, name = n, what
		}
	}
	t.Logf("at most %d KiB allocated (%s)", worst>>10, name)
	if worst > mostMemory {
		t.Errorf("%d bytes are allocated for %s, %d are allowed", worst, name, mostMemory)
	}
}

// BenchmarkPoints is what each new file of a backup costs, from a file on the disk: a photo and films as cameras lay them out.
func BenchmarkPoints(b *testing.B) {
	still, _ := still([][]byte{infe(1, "hvc1"), infe(2, "Exif")}, func(base int64) []byte { return located(0, base, 0, 1000*kib, 1000*kib, 3000) }, picture(2000*kib))
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"JPEG", jpeg(4000*kib, segment(0xE1, 20*kib), segment(0xE1, 5*kib), segment(0xE2, 4*kib))},
		{"TIFF", list(30000*kib, every(700, 100*kib, 40*kib), same(700, 40*kib))},
		{"HEIC", still},
		{"MP4", join(bmff("ftyp", picture(12)), bmff("moov", picture(100*kib)), bmff("mdat", picture(4000*kib)))},
		{"other", picture(1000 * kib)},
	} {
		b.Run(f.name, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "photo")
			if err := os.WriteFile(path, f.data, 0o600); err != nil {
				b.Fatal(err)
			}
			file, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			counter := &counted{t: b, data: f.data}
			cut.Points(context.Background(), counter, int64(len(f.data)))
			b.ReportAllocs()
			for b.Loop() {
				cut.Points(context.Background(), file, int64(len(f.data)))
			}
			b.ReportMetric(float64(counter.reads), "reads/op")
		})
	}
}

package restore

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"testing"
)

// BenchmarkSmallFiles restores 2,000 files of 20 kB from bundles, flushes, reads back and compares them.
func BenchmarkSmallFiles(b *testing.B) {
	l := newLibrary(b)
	var list []small
	for i := range 2000 {
		list = append(list, small{path: fmt.Sprintf("%d/IMG_%d.JPG", i%20, i), content: fmt.Appendf(bytes.Repeat([]byte{byte(i)}, 20_000), "%d", i), at: 1})
		if len(list) == 400 {
			l.bundle(list...)
			list = nil
		}
	}
	sel := l.selection(Options{})
	jobs := l.jobs(b.TempDir())
	b.SetBytes(sel.Bytes())
	for i := 0; b.Loop(); i++ {
		p, err := MakePlan(context.Background(), sel, Target{filepath.Join(b.TempDir(), fmt.Sprint(i))}, PlanOptions{Now: noon})
		if err != nil {
			b.Fatal(err)
		}
		r, err := Run(context.Background(), jobs, p, l.options())
		if err != nil || !r.Whole() {
			b.Fatal(err)
		}
	}
	b.ReportMetric(2000*float64(b.N)/b.Elapsed().Seconds(), "files/s")
}

// cloning gives a copy of each object, as reading from a disk or a network does.
type cloning struct{ *library }

func (c cloning) Object(ctx context.Context, name string, attempt int) ([]byte, error) {
	b, err := c.library.Object(ctx, name, attempt)
	return bytes.Clone(b), err
}

// BenchmarkLargeFiles restores eight films of 64 MiB with four workers and reports the largest heap beyond what the test itself holds.
func BenchmarkLargeFiles(b *testing.B) {
	l := newLibrary(b)
	content := make([]byte, 64<<20)
	for i := range content {
		content[i] = byte(i * i >> 7)
	}
	parts := l.chunks(content, 8<<20)
	for i := range 8 {
		l.version(l.file(fmt.Sprintf("%d.mov", i)), content, 1, parts, nil)
	}
	content = nil
	sel := l.selection(Options{})
	runtime.GC()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	base, peak := sample[0].Value.Uint64(), uint64(0)
	o := l.options()
	o.Fetch, o.Workers = cloning{l}, 4
	o.Progress = func(Progress) {
		metrics.Read(sample)
		peak = max(peak, sample[0].Value.Uint64())
	}
	jobs := l.jobs(b.TempDir())
	b.SetBytes(sel.Bytes())
	for i := 0; b.Loop(); i++ {
		p, err := MakePlan(context.Background(), sel, Target{filepath.Join(b.TempDir(), fmt.Sprint(i))}, PlanOptions{Now: noon})
		if err != nil {
			b.Fatal(err)
		}
		if r, err := Run(context.Background(), jobs, p, o); err != nil || !r.Whole() {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(peak-base)/(1<<20), "MiB-peak")
}

// Package library makes the seeded photo libraries that the benchmark measures on: files with the structure of real ones (JPEG, DNG,
// XMP, ISO base media) around bytes that do not compress, made as fast as the disk takes them. Equal specifications give equal bytes and
// times on every machine. Change edits such a library as people and their programs do, and Reset takes the edits back.
package library

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Span is a range of sizes in bytes, both ends included.
type Span struct{ Min, Max int64 }

func (s Span) pick(rnd *rand.Rand) int64 { return s.Min + rnd.Int64N(s.Max-s.Min+1) }

// Spec says what a library holds. Every RAW has an XMP sidecar.
type Spec struct {
	Number    uint64 // what the stream of each file starts from
	JPEGs     int
	JPEGSize  Span
	RAWs      int
	RAWSize   Span
	Small     int // small JPEGs in a deep tree, without thumbnails
	SmallSize Span
	Film      int64 // bytes of one video; 0: none
}

// ErrScale means a scale that is not above 0 and at most 1.
var ErrScale = errors.New("the scale lies above 0 and is at most 1")

const (
	mib = 1 << 20
	kib = 1 << 10
)

// For gives the specification of a case: "a" (and "d", which edits it) 600 JPEGs and 50 RAWs, "b" 100,000 small files, "c" one video
// of 8 GB. The scale shrinks the number of files and the length of the video; each kind keeps at least one.
func For(name string, number uint64, scale float64) (Spec, error) {
	if !(scale > 0 && scale <= 1) {
		return Spec{}, fmt.Errorf("%v: %w", scale, ErrScale)
	}
	count := func(n int) int { return max(int(float64(n)*scale+0.5), 1) }
	switch name {
	case "a", "d":
		return Spec{Number: number, JPEGs: count(600), JPEGSize: Span{2 * mib, 6 * mib}, RAWs: count(50), RAWSize: Span{25 * mib, 35 * mib}}, nil
	case "b":
		return Spec{Number: number, Small: count(100_000), SmallSize: Span{2 * kib, 16 * kib}}, nil
	case "c":
		return Spec{Number: number, Film: max(int64(8e9*scale), 4*mib)}, nil
	}
	return Spec{}, fmt.Errorf("no case %q; there are a, b, c and d", name)
}

// kind is what a file is made as.
type kind int

const (
	jpegFile kind = iota
	rawFile
	xmpFile
	filmFile
)

// File is one file of a library.
type File struct {
	Path string    // below the library, with "/"
	Size int64     // in bytes, as planned; RAWs and sidecars come out a little different
	Time time.Time // when it was last modified

	kind      kind
	taken     time.Time
	number    uint64
	rating    int
	inserted  int // bytes put into the head of a RAW
	rewritten int // how often a sidecar was written anew
}

// Files lists the library in the order in which it is made.
func (s Spec) Files() []File {
	rnd := rand.New(rand.NewPCG(s.Number, 1))
	start := time.Date(2019, 5, 4, 9, 30, 0, 0, time.UTC)
	var files []File
	add := func(k kind, path string, size int64, at time.Time) {
		at = at.Add(time.Duration(rnd.IntN(1e9)))
		files = append(files, File{Path: path, Size: size, Time: at, kind: k, taken: at, number: s.Number<<24 + uint64(len(files)),
			rating: rnd.IntN(3)})
	}
	for i := range s.JPEGs {
		at := start.AddDate(0, 0, i/20).Add(time.Duration(i%20) * 7 * time.Minute)
		add(jpegFile, fmt.Sprintf("%s/%s/IMG_%04d.JPG", at.Format("2006"), at.Format("2006-01-02"), i+1), s.JPEGSize.pick(rnd), at)
	}
	for i := range s.RAWs {
		at := start.AddDate(0, 1, i/10).Add(time.Duration(i%10) * 5 * time.Minute)
		stem := fmt.Sprintf("%s/%s RAW/LPB_%04d", at.Format("2006"), at.Format("2006-01-02"), i+1)
		add(rawFile, stem+".DNG", s.RAWSize.pick(rnd), at)
		add(xmpFile, stem+".xmp", 8*kib, at.Add(time.Hour))
	}
	for i := range s.Small { // about a hundred in a folder, four folders a month
		at := start.AddDate(-12, 0, i/100*7).Add(time.Duration(i%100) * time.Minute)
		add(jpegFile, fmt.Sprintf("%s/%s/%s Outing/P%07d.JPG", at.Format("2006"), at.Format("01"), at.Format("2006-01-02"), i+1), s.SmallSize.pick(rnd), at)
	}
	if s.Film > 0 {
		add(filmFile, "2024/Ferry.MP4", s.Film, start.AddDate(5, 0, 0))
	}
	return files
}

// Bytes is the size of the whole library, as planned.
func (s Spec) Bytes() int64 {
	var n int64
	for _, f := range s.Files() {
		n += f.Size
	}
	return n
}

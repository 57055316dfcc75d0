package vault

import (
	"fmt"
	"testing"

	"lightproof/keystore/secret"
)

func benchGeneration() *Generation { return NewGeneration(SpaceID{1}, 1, secret.Random(32)) }

// BenchmarkSeal seals one chunk of full length, and one that is padded to the least.
func BenchmarkSeal(b *testing.B) {
	g := benchGeneration()
	for _, n := range []int{MaxChunk, MinChunkPad} {
		b.Run(fmt.Sprintf("%dKiB", n>>10), func(b *testing.B) {
			buf := NewChunkBuffer()
			b.SetBytes(int64(n))
			for b.Loop() {
				if _, err := g.Seal(buf, n, 0, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkBundle adds contents of 9 KB to bundles and seals each bundle when it is full.
func BenchmarkBundle(b *testing.B) {
	g, buf, content := benchGeneration(), NewChunkBuffer(), make([]byte, 9<<10)
	b.SetBytes(int64(len(content)))
	bundle := g.NewBundle(buf)
	for b.Loop() {
		if !bundle.Fits(len(content)) {
			if _, err := bundle.Close(); err != nil {
				b.Fatal(err)
			}
			bundle = g.NewBundle(buf)
		}
		if _, _, err := bundle.Add(content); err != nil {
			b.Fatal(err)
		}
	}
}

// benchFile is a photo of one bundle record, as most are in a library of small files.
func benchFile(i int) *File {
	f := &File{Bundles: []BundleRef{{Cap: Cap{CID: CID{byte(i / 100)}, Len: MaxChunk}}}}
	f.ID, f.Path, f.ModTime, f.Mode = FileID{byte(i >> 8), byte(i)}, fmt.Sprintf("2024/summer/IMG_%05d.JPG", i), 1_700_000_000_000_000_000, 0o644
	v := Version{ID: VersionID{byte(i)}, Size: 9000, Parts: []Part{{Small: true, Ref: Ref{Off: 40, Len: 9000}}}, ModTime: f.ModTime, Recorded: 1_700_000_000}
	v.EXIF = &EXIF{Kind: "JPEG", Taken: "2024-07-01T12:00:00", TakenSource: "DateTimeOriginal", Make: "Maker", Model: "Model", Orientation: 1, Width: 6000, Height: 4000,
		Aperture: 4, Exposure: 0.005, ISO: 200, FocalLength: 35}
	f.Versions = []Version{v}
	return f
}

func benchPage() *PageBuilder {
	page := NewPageBuilder()
	for i := range MaxPageEntries {
		page.Add(benchFile(i))
	}
	return page
}

// BenchmarkPageEncode fills and encodes a page of 500 entries.
func BenchmarkPageEncode(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if len(benchPage().Encode()) == 0 {
			b.Fatal("an empty page")
		}
	}
}

// BenchmarkPageDecode decodes a page of 500 entries.
func BenchmarkPageDecode(b *testing.B) {
	p := benchPage().Encode()
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParsePage(p); err != nil {
			b.Fatal(err)
		}
	}
}

// Package samples makes a small photo library for demonstrations and tests: pictures painted by a formula, with EXIF as
// cameras write it, a RAW with its JPEG, a sidecar and a file that is no photo. The same call gives the same bytes.
package samples

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// photo is one exposure of the library.
type photo struct {
	path                string // without extension
	taken               time.Time
	zoned               bool // the camera wrote its zone
	camera              string
	shutter, aperture   uint32 // 1/s; f-number × 10
	iso                 uint16
	focal               uint32  // mm
	latitude, longitude float64 // degrees; 0 = no position
	raw, sidecar        bool
}

func library() []photo {
	summer, winter := time.FixedZone("", 2*3600), time.FixedZone("", 3600)
	at := func(y int, m time.Month, d, hour, minute int, zone *time.Location) time.Time {
		return time.Date(y, m, d, hour, minute, 11, 0, zone)
	}
	return []photo{
		{path: "2019/08/harbour", taken: at(2019, 8, 14, 18, 2, summer), zoned: true, camera: "Sample One", shutter: 250,
			aperture: 28, iso: 100, focal: 50, latitude: 53.5439, longitude: 9.9664},
		{path: "2019/08/meadow", taken: at(2019, 8, 17, 7, 41, summer), zoned: true, camera: "Sample One", shutter: 60, aperture: 80,
			iso: 200, focal: 35},
		{path: "2019/08/LP_0412", taken: at(2019, 8, 21, 20, 15, summer), zoned: true, camera: "Sample Two", shutter: 125,
			aperture: 40, iso: 400, focal: 85, raw: true, sidecar: true},
		{path: "2020/12/first snow", taken: at(2020, 12, 3, 9, 30, winter), camera: "Sample One", shutter: 500, aperture: 56, iso: 100,
			focal: 24},
		{path: "2021/05/Wörthsee", taken: at(2021, 5, 22, 16, 55, summer), zoned: true, camera: "Sample Phone", shutter: 1000,
			aperture: 18, iso: 50, focal: 6, latitude: 48.0683, longitude: 11.1811},
	}
}

// Size of the sample pictures in pixels.
const (
	Width  = 960
	Height = 640
)

// Write makes the library below dir, which is created if absent, and gives each photo the time at which it was taken as its
// file time. It returns how many files it wrote.
func Write(dir string) (int, error) {
	files := 0
	write := func(name string, data []byte, at time.Time) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
		files++
		return os.Chtimes(path, at, at)
	}
	for i, p := range library() {
		data, err := jpegFile(landscape(uint64(i+1), Width, Height, 1), p.exif())
		if err != nil {
			return files, fmt.Errorf("paint %s: %w", p.path, err)
		}
		if err := write(p.path+".jpg", data, p.taken); err != nil {
			return files, err
		}
		if p.raw {
			if err := write(p.path+".dng", dngFile(landscape(uint64(i+1), Width/2, Height/2, 1), p.exif()), p.taken); err != nil {
				return files, err
			}
		}
		if p.sidecar {
			if err := write(p.path+".xmp", []byte(sidecar), p.taken.Add(time.Hour)); err != nil {
				return files, err
			}
		}
	}
	note := []byte("A text among photos is kept like everything else.\n")
	return files, write("2021/05/notes.txt", note, time.Date(2021, 5, 23, 8, 0, 0, 0, time.UTC))
}

// Edit develops the photo at path again, brighter, as an editing program would: same name, other bytes, the same EXIF. The
// path must end in one of the library's JPEG names.
func Edit(path string) error {
	slashed := filepath.ToSlash(path)
	for i, p := range library() {
		if name := p.path + ".jpg"; len(slashed) >= len(name) && slashed[len(slashed)-len(name):] == name {
			data, err := jpegFile(landscape(uint64(i+1), Width, Height, 1.2), p.exif())
			if err != nil {
				return err
			}
			return os.WriteFile(path, data, 0o644)
		}
	}
	return fmt.Errorf("%s is not a photo of the sample library", path)
}

const sidecar = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Rating="4"/>
</rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>
`

// Package sample makes photos that nobody took: pleasant seeded landscapes in real containers with real metadata, so that
// a demonstration, a screenshot or a test needs no file of a person. Everything is a function of the seed and the options;
// the camera is made up. Only WriteLibrary touches a disk.
package sample

import (
	"time"
)

// The made-up camera that default samples name.
const (
	Make     = "Lightproof"
	Model    = "Lightproof Sample 1"
	LensName = "Sample 24-70mm f/2.8"
)

// Position is a place in decimal degrees, north and east positive, with the altitude in metres above sea level.
type Position struct{ Lat, Lon, Alt float64 }

// Options say what a sample picture holds. The zero value is a 960 × 640 picture, upright, without position or thumbnail, taken
// 2021-06-15 12:00:00 with no zone.
type Options struct {
	// Width and Height are the upright size in pixels, before any turning; 0 means 960 × 640.
	Width, Height int
	// Taken is the wall clock of the camera; its location is ignored. Zero means 2021-06-15 12:00:00.
	Taken time.Time
	// Zone is the offset written as OffsetTimeOriginal, such as "+02:00"; empty writes none.
	Zone string
	// SubSec holds the digits of SubSecTimeOriginal; empty writes none.
	SubSec string
	// Make, Model and Lens replace the made-up camera; "-" writes none.
	Make, Model, Lens string
	// Orientation is EXIF orientation 1 to 8; the stored pixels are turned so that a viewer that follows it shows the scene upright.
	// 0 means 1.
	Orientation int
	// Position writes a GPS directory; nil writes none. GPSTaken is the UTC time in it; zero writes no GPS time.
	Position *Position
	GPSTaken time.Time
	// Thumbnail embeds a 160 × 120 JPEG in IFD1.
	Thumbnail bool
	// ContentID writes an Apple maker note with this identifier, as the still half of a Live Photo has; BurstID likewise.
	ContentID, BurstID string
	// BigEndian writes the EXIF block as "MM" instead of "II".
	BigEndian bool
}

func (o Options) filled() Options {
	if o.Width <= 0 || o.Height <= 0 {
		o.Width, o.Height = 960, 640
	}
	if o.Taken.IsZero() {
		o.Taken = time.Date(2021, 6, 15, 12, 0, 0, 0, time.UTC)
	}
	if o.Orientation < 1 || o.Orientation > 8 {
		o.Orientation = 1
	}
	o.Make, o.Model, o.Lens = pick(o.Make, Make), pick(o.Model, Model), pick(o.Lens, LensName)
	return o
}

func pick(given, standard string) string {
	switch given {
	case "":
		return standard
	case "-":
		return ""
	}
	return given
}

package photo

import (
	"time"
)

// State says how far a value may be believed.
type State uint8

// The states of a value. Absent is the zero value.
const (
	Absent State = iota
	OK
	Doubtful
)

// Value is one field with where it came from. Why is empty unless the state is Doubtful.
type Value[T any] struct {
	V      T
	Source string // such as "EXIF DateTimeOriginal", "XMP", "QuickTime"
	State  State
	Why    string
}

// Known reports whether there is a value at all, doubtful ones included.
func (v Value[T]) Known() bool { return v.State != Absent }

// set stores a value unless an earlier, stronger source already gave one.
func (v *Value[T]) set(value T, source string) {
	if v.State == Absent {
		*v = Value[T]{V: value, Source: source, State: OK}
	}
}

func (v *Value[T]) doubt(why string) {
	if v.State == OK {
		v.State, v.Why = Doubtful, why
	}
}

// Zone says what is known of the time zone of a wall clock. The zone of the machine that reads is never used.
type Zone uint8

// Zone states. ZoneUnknown is normal: most cameras write none.
const (
	ZoneUnknown    Zone = iota
	ZoneTag             // the camera wrote an offset
	ZoneGPS             // local time minus GPS time gives a valid offset
	ZoneClaimedUTC      // the container's standard says UTC; many cameras write local time
)

// Taken is a wall clock and what is known of its zone.
type Taken struct {
	// Wall holds the clock's reading as if it were UTC. It is not an instant; sort and group by it, and use Instant to compare.
	Wall time.Time
	// SubSec holds the digits of the fraction as written, "" where there are none. Wall includes them.
	SubSec string
	Zone   Zone
	// Offset is east of Greenwich, −12 h to +14 h in quarter hours; 0 where the zone is unknown.
	Offset time.Duration
}

// Instant is the moment on the world's clock, known only where the zone is.
func (t Taken) Instant() (time.Time, bool) {
	return t.Wall.Add(-t.Offset), t.Zone != ZoneUnknown
}

// Position is a place in decimal degrees (WGS 84), north and east positive. Altitude is in metres above sea level, where HasAltitude.
type Position struct {
	Lat, Lon, Altitude float64
	HasAltitude        bool
}

// Fraction is an exposure time in seconds as the camera wrote it, such as 1/250. Den is never 0.
type Fraction struct{ Num, Den int64 }

// Seconds is the fraction as a number.
func (f Fraction) Seconds() float64 { return float64(f.Num) / float64(f.Den) }

// Preview is a JPEG inside the file. Offset and Length lie inside the file; Width and Height come from its own header.
type Preview struct {
	Offset, Length int64
	Width, Height  int
	// Turn is the EXIF orientation (1 to 8) that shows the preview upright.
	Turn int
	// Source names where it stood, such as "IFD1" or "PRVW".
	Source string
}

// Motion says where the movie of a motion photo lies: Length bytes at Offset of the same file; both 0 where only the mark was found.
type Motion struct{ Offset, Length int64 }

// Fields is what one file says about itself.
type Fields struct {
	Kind Kind
	// Width and Height are the stored pixels, before turning.
	Width, Height Value[int]
	// Orientation is the EXIF value 1 to 8 as written. Turn is the one that a viewer applies: in HEIF and AVIF it comes from the
	// container alone, because the EXIF value only repeats it.
	Orientation Value[int]
	Turn        int

	Make, Model, Lens Value[string]
	// Taken is when the picture was taken. Edited is when a program last wrote it; it is never used as Taken.
	Taken, Edited Value[Taken]
	// PassedOver is a date that was found but cannot be true: before 1900 or more than a day ahead.
	PassedOver Value[Taken]

	Exposure    Value[Fraction]
	FNumber     Value[float64]
	ISO         Value[int]
	FocalLength Value[float64] // millimetres, as written, not the 35 mm equivalent
	Position    Value[Position]
	Duration    Value[time.Duration] // movies

	// ContentID joins the halves of a Live Photo; BurstID the frames of a burst.
	ContentID, BurstID Value[string]
	Motion             Value[Motion]
	Rating             Value[int] // XMP rating −1 to 5

	// Previews are ordered by area, smallest first, at most 16.
	Previews []Preview
	// HEIF holds what a tile maker needs of an HEIF file; nil for others.
	HEIF *HEIFItems
}

// HEIFItems says which item of an HEIF file is the picture and which its thumbnail (ISO 23008-12).
type HEIFItems struct {
	// PrimaryAt is the file offset of the primary item's number in the pitm box, PrimaryBytes its width: 2 or 4.
	PrimaryAt    int64
	PrimaryBytes int
	// Thumbnail is the item number of the primary item's thumbnail, 0 where it has none.
	Thumbnail                       uint32
	ThumbnailWidth, ThumbnailHeight int
	// HEVC reports whether the thumbnail is coded in HEVC.
	HEVC bool
}

// Upright is the size in pixels as shown: Width and Height, swapped where Turn is 5 to 8. Zero where unknown.
func (f *Fields) Upright() (width, height int) {
	if f.Turn >= 5 {
		return f.Height.V, f.Width.V
	}
	return f.Width.V, f.Height.V
}

// HintCode is what a hint says, for a caller that decides by it.
type HintCode uint8

// The hints of a first read. They answer only "was something odd already there"; no hint stops a backup.
const (
	HintEmpty      HintCode = iota + 1 // the file has no bytes
	HintName                           // the name promises another kind
	HintEndsEarly                      // a structure points behind the end of the file
	HintUnreadable                     // a structure contradicts itself; the rest was read
	HintLimit                          // reading stopped at a limit or at the caller's deadline
	HintDate                           // a date was passed over
)

// Hint is one observation. Text is a short English sentence without values from the file.
type Hint struct {
	Code HintCode
	Text string
}

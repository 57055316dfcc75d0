package backup

import (
	"context"
	"io"
	"strings"
	"time"

	"lightproof/backup/photo"
	"lightproof/backup/vault"
)

// describe reads what a picture says about itself, as the catalogue keeps it. Nothing about storing the file depends on the outcome.
func describe(ctx context.Context, r io.ReaderAt, size int64, name string, now time.Time) *vault.EXIF {
	f, _ := photo.Read(ctx, r, size, name, now)
	return entryOf(&f)
}

// describeSmall is describe for an original whose bytes are all there.
func describeSmall(content []byte, name string, now time.Time) *vault.EXIF {
	f, _ := photo.ReadBytes(content, name, now)
	return entryOf(&f)
}

// entryOf is what the catalogue keeps of what a picture says.
func entryOf(f *photo.Fields) *vault.EXIF {
	if f.Kind == photo.Unknown {
		return nil
	}
	x := &vault.EXIF{Kind: f.Kind.String(), Make: clip(f.Make.V), Model: clip(f.Model.V), Lens: clip(f.Lens.V),
		ContentID: clip(f.ContentID.V), BurstID: clip(f.BurstID.V)}
	if f.Taken.Known() {
		x.Taken = f.Taken.V.Wall.Format("2006-01-02T15:04:05.999999999")
		x.TakenSource = clip(f.Taken.Source)
		if f.Taken.V.Zone != photo.ZoneUnknown {
			x.ZoneKnown, x.ZoneMinutes = true, int16(f.Taken.V.Offset/time.Minute)
			x.ZoneSource = zoneSource(f.Taken.V.Zone)
		}
	}
	if f.Position.Known() {
		p := f.Position.V
		x.HasPosition, x.Latitude, x.Longitude = true, p.Lat, p.Lon
		x.HasAltitude, x.Altitude = p.HasAltitude, p.Altitude
	}
	if f.Orientation.Known() && f.Orientation.V >= 1 && f.Orientation.V <= 8 {
		x.Orientation = uint8(f.Orientation.V)
	}
	if f.Width.Known() && f.Height.Known() {
		x.Width, x.Height = uint32(f.Width.V), uint32(f.Height.V)
	}
	x.Aperture, x.FocalLength = f.FNumber.V, f.FocalLength.V
	if f.ISO.Known() && f.ISO.V > 0 {
		x.ISO = uint32(f.ISO.V)
	}
	if f.Exposure.Known() {
		x.Exposure = f.Exposure.V.Seconds()
	}
	if f.Duration.Known() {
		x.DurationMS = uint32(f.Duration.V.Milliseconds())
	}
	return x
}

func zoneSource(z photo.Zone) string {
	switch z {
	case photo.ZoneTag:
		return "tag"
	case photo.ZoneGPS:
		return "gps"
	default:
		return "video"
	}
}

// clip bounds a text for the catalogue: 256 bytes, whole characters.
func clip(s string) string {
	if len(s) > 256 {
		s = strings.ToValidUTF8(s[:256], "")
	}
	return s
}

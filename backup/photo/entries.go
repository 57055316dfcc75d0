package photo

import "encoding/binary"

// exifEntries are the checked entries of the three directories that describe a picture.
type exifEntries struct {
	order           binary.ByteOrder
	ifd0, exif, gps []entry
	sensor          bool // some directory of the file holds sensor data rather than a picture
}

func (x *exifEntries) empty() bool { return len(x.ifd0)+len(x.exif)+len(x.gps) == 0 }

// Tags whose values are asked for (Exif 2.32).
const (
	tagMake           = 0x010F
	tagModel          = 0x0110
	tagDateTime       = 0x0132
	tagExposureTime   = 0x829A
	tagFNumber        = 0x829D
	tagISO            = 0x8827
	tagDateOriginal   = 0x9003
	tagDateDigitized  = 0x9004
	tagOffset         = 0x9010 // this and the next two belong to the three dates
	tagOffsetOriginal = 0x9011
	tagOffsetDigital  = 0x9012
	tagFocalLength    = 0x920A
	tagSubSecOriginal = 0x9291
	tagSubSecDigital  = 0x9292
	tagPixelX         = 0xA002
	tagPixelY         = 0xA003
	tagLensModel      = 0xA434

	tagGPSLatitudeRef  = 1
	tagGPSLatitude     = 2
	tagGPSLongitudeRef = 3
	tagGPSLongitude    = 4
	tagGPSAltitudeRef  = 5
	tagGPSAltitude     = 6
	tagGPSTimeStamp    = 7
	tagGPSStatus       = 9
	tagGPSDateStamp    = 0x1D

	tagAppleBurst   = 0x000B
	tagAppleContent = 0x0011
)

// The tags that are asked for in IFD0 or the Exif directory (some cameras write the latter's into the former), in the GPS directory, and in
// Apple's maker note. Values of others are never read.
var (
	askedTags = []uint16{tagMake, tagModel, tagOrientation, tagDateTime, tagExposureTime, tagFNumber, tagISO, tagDateOriginal, tagDateDigitized, tagOffset,
		tagOffsetOriginal, tagOffsetDigital, tagFocalLength, tagSubSecOriginal, tagSubSecDigital, tagPixelX, tagPixelY, tagLensModel}
	askedGPS = []uint16{tagGPSLatitudeRef, tagGPSLatitude, tagGPSLongitudeRef, tagGPSLongitude, tagGPSAltitudeRef, tagGPSAltitude, tagGPSTimeStamp,
		tagGPSStatus, tagGPSDateStamp}
	askedApple = []uint16{tagAppleBurst, tagAppleContent}
)

// find returns the entry of a tag: those of the GPS directory number below 20 hexadecimal; the Exif directory ranks before IFD0.
func (x *exifEntries) find(tag uint16) (entry, bool) {
	if tag < 0x20 {
		return find(x.gps, tag)
	}
	if e, ok := find(x.exif, tag); ok {
		return e, true
	}
	return find(x.ifd0, tag)
}

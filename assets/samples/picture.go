package samples

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
)

// landscape paints sky, sun and hills; the same seed gives the same picture. Brightness 1 is normal.
func landscape(seed uint64, width, height int, brightness float64) *image.RGBA {
	random := rand.New(rand.NewPCG(seed, 7))
	hue := random.Float64()
	sunX, sunY := random.Float64()*float64(width), (0.15+0.3*random.Float64())*float64(height)
	ridges := make([][3]float64, 4)
	for i := range ridges {
		ridges[i] = [3]float64{random.Float64() * 2 * math.Pi, 1 + 3*random.Float64(), 0.02 + 0.05*random.Float64()}
	}
	picture := image.NewRGBA(image.Rect(0, 0, width, height))
	for x := range width {
		var tops [4]float64
		for i, r := range ridges {
			base := 0.5 + 0.13*float64(i)
			tops[i] = float64(height) * (base + r[2]*math.Sin(r[0]+r[1]*2*math.Pi*float64(x)/float64(width)))
		}
		for y := range height {
			depth := float64(y) / float64(height)
			red, green, blue := 0.45+0.4*depth+0.15*hue, 0.6+0.25*depth, 0.95-0.2*depth-0.3*hue
			if away := math.Hypot(float64(x)-sunX, float64(y)-sunY) / float64(height); away < 0.35 {
				glow := math.Pow(1-away/0.35, 2)
				red, green, blue = red+0.5*glow, green+0.4*glow, blue+0.2*glow
			}
			for i, top := range tops {
				if float64(y) > top {
					shade := 0.75 - 0.16*float64(i)
					red, green, blue = shade*(0.35+0.3*hue), shade*0.7, shade*(0.5-0.25*hue)
				}
			}
			grain := (random.Float64() - 0.5) * 0.04
			picture.SetRGBA(x, y, color.RGBA{level((red + grain) * brightness), level((green + grain) * brightness),
				level((blue + grain) * brightness), 255})
		}
	}
	return picture
}

func level(v float64) uint8 { return uint8(255 * max(0, min(1, v))) }

// exif describes one exposure as a camera would.
func (p photo) exif() *directory {
	root, exposure := &directory{}, &directory{}
	root.ascii(tagMake, "Lightproof")
	root.ascii(tagModel, p.camera)
	root.short(tagOrientation, 1)
	root.ascii(tagDateTime, p.taken.Format(exifTime))
	exposure.rational(tagExposureTime, 1, p.shutter)
	exposure.rational(tagFNumber, p.aperture, 10)
	exposure.short(tagISO, p.iso)
	exposure.fields = append(exposure.fields, field{tagExifVersion, 7, 4, []byte("0232")})
	exposure.ascii(tagDateTimeOriginal, p.taken.Format(exifTime))
	if p.zoned {
		exposure.ascii(tagOffsetOriginal, p.taken.Format("-07:00"))
	}
	exposure.rational(tagFocalLength, p.focal, 1)
	exposure.ascii(tagLensModel, fmt.Sprintf("Sample %d mm", p.focal))
	root.point(tagExifIFD, exposure)
	if p.latitude != 0 {
		place := &directory{}
		place.ascii(tagGPSLatitudeRef, "N")
		place.rational(tagGPSLatitude, degrees(p.latitude)...)
		place.ascii(tagGPSLongitudeRef, "E")
		place.rational(tagGPSLongitude, degrees(p.longitude)...)
		root.point(tagGPSIFD, place)
	}
	return root
}

const exifTime = "2006:01:02 15:04:05"

// degrees gives degrees, minutes and hundredths of seconds as Exif's three rationals.
func degrees(v float64) []uint32 {
	hundredths := uint32(math.Round(v * 360000))
	return []uint32{hundredths / 360000, 1, hundredths / 6000 % 60, 1, hundredths % 6000, 100}
}

// jpegFile is the picture with its EXIF in an APP1 segment right after the start marker, as Exif 2.32 section 4.7 has it.
func jpegFile(picture image.Image, about *directory) ([]byte, error) {
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, picture, &jpeg.Options{Quality: 88}); err != nil {
		return nil, err
	}
	segment := append([]byte("Exif\x00\x00"), tiff(about, nil)...)
	file := append([]byte{0xFF, 0xD8, 0xFF, 0xE1}, binary.BigEndian.AppendUint16(nil, uint16(len(segment)+2))...)
	file = append(file, segment...)
	return append(file, plain.Bytes()[2:]...), nil
}

// dngFile is a small uncompressed linear DNG: a RAW file that needs no decoder to be read.
func dngFile(picture *image.RGBA, about *directory) []byte {
	bounds := picture.Bounds()
	about.bytes(tagDNGVersion, 1, 4, 0, 0)
	about.ascii(tagUniqueModel, "Lightproof Sample")
	about.long(tagImageWidth, uint32(bounds.Dx()))
	about.long(tagImageLength, uint32(bounds.Dy()))
	about.short(tagBitsPerSample, 8, 8, 8)
	about.short(tagCompression, 1)
	about.short(tagPhotometric, 34892) // LinearRaw
	about.short(tagSamplesPerPixel, 3)
	about.long(tagStripOffsets, 0)
	about.long(tagRowsPerStrip, uint32(bounds.Dy()))
	about.long(tagStripByteCounts, uint32(bounds.Dx()*bounds.Dy()*3))
	pixels := make([]byte, 0, bounds.Dx()*bounds.Dy()*3)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			c := picture.RGBAAt(x, y)
			pixels = append(pixels, c.R, c.G, c.B)
		}
	}
	return tiff(about, pixels)
}

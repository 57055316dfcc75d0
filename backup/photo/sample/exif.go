package sample

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
)

const exifTime = "2006:01:02 15:04:05"

// exposures a sample camera may show: seconds as 1/n, f-number, ISO, focal length in millimetres.
var exposures = []struct{ perSecond, f, iso, focal float64 }{
	{1000, 5.6, 100, 35}, {250, 2.8, 100, 50}, {60, 4, 800, 24}, {500, 8, 200, 70}, {30, 2.8, 3200, 28}, {125, 11, 100, 24},
}

// describe fills IFD0, the Exif directory and, where there is a position, the GPS directory (Exif 2.32, 4.6).
func describe(seed uint64, o Options, order byteOrder, width, height int) (ifd0, exif, gps *directory) {
	ifd0, exif = &directory{}, &directory{}
	ifd0.text(0x010F, o.Make)
	ifd0.text(0x0110, o.Model)
	ifd0.short(order, 0x0112, o.Orientation)
	ifd0.text(0x0131, "Lightproof sample generator")
	ifd0.text(0x0132, o.Taken.Format(exifTime))
	ifd0.link(0x8769, exif)

	e := exposures[rand.New(rand.NewPCG(seed, 7)).IntN(len(exposures))]
	exif.rational(order, 0x829A, uint32(e.perSecond), 1/e.perSecond)
	exif.rational(order, 0x829D, 10, e.f)
	exif.short(order, 0x8827, int(e.iso))
	exif.add(0x9000, 7, 4, []byte("0232"))
	exif.text(0x9003, o.Taken.Format(exifTime))
	exif.text(0x9004, o.Taken.Format(exifTime))
	exif.text(0x9011, o.Zone)
	exif.text(0x9291, o.SubSec)
	exif.rational(order, 0x920A, 10, e.focal)
	exif.long(order, 0xA002, width)
	exif.long(order, 0xA003, height)
	exif.text(0xA434, o.Lens)
	if note := appleNote(o.ContentID, o.BurstID); note != nil {
		exif.add(0x927C, 7, len(note), note)
	}
	if o.Position != nil {
		gps = position(o, order)
		ifd0.link(0x8825, gps)
	}
	return ifd0, exif, gps
}

func position(o Options, order byteOrder) *directory {
	gps := &directory{}
	side := func(v float64, pos, neg string) string {
		if v < 0 {
			return neg
		}
		return pos
	}
	axis := func(tag uint16, v float64) {
		total := int64(math.Round(math.Abs(v) * 3600 * 10000)) // 1/10,000 of a second of arc: 3 mm
		var b []byte
		for _, part := range [][2]uint32{{uint32(total / 36000000), 1}, {uint32(total / 600000 % 60), 1}, {uint32(total % 600000), 10000}} {
			b = order.AppendUint32(order.AppendUint32(b, part[0]), part[1])
		}
		gps.add(tag, 5, 3, b)
	}
	gps.add(0, 1, 4, []byte{2, 3, 0, 0})
	gps.text(1, side(o.Position.Lat, "N", "S"))
	axis(2, o.Position.Lat)
	gps.text(3, side(o.Position.Lon, "E", "W"))
	axis(4, o.Position.Lon)
	below := byte(0)
	if o.Position.Alt < 0 {
		below = 1
	}
	gps.add(5, 1, 1, []byte{below})
	gps.rational(order, 6, 100, math.Abs(o.Position.Alt))
	if !o.GPSTaken.IsZero() {
		t := o.GPSTaken.UTC()
		gps.rational(order, 7, 1, float64(t.Hour()), float64(t.Minute()), float64(t.Second()))
		gps.text(0x1D, t.Format("2006:01:02"))
	}
	return gps
}

// appleNote builds the maker note that carries the Live Photo and burst identifiers: "Apple iOS", version 1, "MM", then a
// directory whose offsets count from the start of the note.
func appleNote(contentID, burstID string) []byte {
	d := &directory{at: 14}
	d.text(0x000B, burstID)
	d.text(0x0011, contentID)
	if len(d.fields) == 0 {
		return nil
	}
	return d.append(binary.BigEndian, []byte("Apple iOS\x00\x00\x01MM"))
}

// exifBlock is the whole TIFF block of a picture stored width × height, with a thumbnail in IFD1 where one is given.
func exifBlock(seed uint64, o Options, width, height int, thumbnail []byte) []byte {
	var order byteOrder = binary.LittleEndian
	if o.BigEndian {
		order = binary.BigEndian
	}
	ifd0, exif, gps := describe(seed, o, order, width, height)
	dirs := []*directory{ifd0, exif}
	if gps != nil {
		dirs = append(dirs, gps)
	}
	if thumbnail == nil {
		return block(order, dirs...)
	}
	ifd1 := &directory{}
	ifd1.short(order, 0x0103, 6)
	ifd1.long(order, 0x0201, 0)
	ifd1.long(order, 0x0202, len(thumbnail))
	ifd0.next = ifd1
	dirs = append(dirs, ifd1)
	at := len(block(order, dirs...)) // the thumbnail follows the last directory, so its offset is only known now
	order.PutUint32(ifd1.fields[1].value, uint32(at))
	return append(block(order, dirs...), thumbnail...)
}

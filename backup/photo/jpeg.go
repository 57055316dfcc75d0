package photo

import (
	"bytes"
	"encoding/binary"
)

var (
	exifHead      = []byte("Exif\x00")
	xmpHead       = []byte("http://ns.adobe.com/xap/1.0/\x00")
	photoshopHead = []byte("Photoshop 3.0\x00")
)

// jpegParts is what the marker segments before the scan of a JPEG say (ITU-T T.81, annex B).
type jpegParts struct {
	width, height      int
	frame              byte // SOF marker: C0 and C1 sequential, C2 progressive, C3 lossless
	precision          byte
	exif, xmp, iptc    section
	scan, complete, ok bool
}

// walkJPEG reads the segments of a JPEG up to its scan. It looks at 64 bytes of each.
func walkJPEG(s section) (j jpegParts) {
	if b := s.ahead(0, 2, 64); b == nil || b[0] != 0xFF || b[1] != 0xD8 {
		return j
	}
	j.ok = true
	off := int64(2)
	for range maxSegments {
		b := s.ahead(off, int(min(64, s.size-off)), 64)
		if len(b) < 4 || b[0] != 0xFF {
			return j
		}
		marker := b[1]
		switch {
		case marker == 0xFF: // fill byte
			off++
			continue
		case marker == 0xDA:
			j.scan = true
			return j
		case marker == 0xD9:
			return j
		case marker == 0x01, marker >= 0xD0 && marker <= 0xD7:
			off += 2
			continue
		}
		n := int64(binary.BigEndian.Uint16(b[2:]))
		if n < 2 {
			return j
		}
		body, length := b[4:min(len(b), int(2+n))], n-2
		switch {
		case marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC:
			if len(body) >= 6 && j.frame == 0 {
				j.frame, j.precision = marker, body[0]
				j.height, j.width = int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
			}
		case marker == 0xE1 && bytes.HasPrefix(body, exifHead) && j.exif.size == 0:
			j.exif = s.sub(off+4+6, length-6)
		case marker == 0xE1 && bytes.HasPrefix(body, xmpHead) && j.xmp.size == 0:
			j.xmp = s.sub(off+4+int64(len(xmpHead)), length-int64(len(xmpHead)))
		case marker == 0xED && bytes.HasPrefix(body, photoshopHead) && j.iptc.size == 0:
			j.iptc = s.sub(off+4+int64(len(photoshopHead)), length-int64(len(photoshopHead)))
		}
		off += 2 + n
	}
	return j
}

// jpeg reads a JPEG that is the file or that holds the EXIF of a RAW; label names the latter.
func (p *parse) jpeg(s section, label string) {
	j := walkJPEG(s)
	if !j.ok {
		return
	}
	if label == "" {
		if j.frame != 0 {
			p.f.Width.set(j.width, "JPEG")
			p.f.Height.set(j.height, "JPEG")
		}
		if !j.scan {
			p.hint(HintEndsEarly, "the JPEG ends before its picture data")
		}
	}
	if j.exif.size > 0 {
		p.exifBlock(j.exif)
	}
	if j.xmp.size > 0 {
		p.xmp(j.xmp, "XMP")
	}
	if j.iptc.size > 0 {
		p.iptc(j.iptc)
	}
}

// addPreview keeps a JPEG inside the file as a preview, if it is one that an ordinary decoder draws: 8 bits, not lossless (the
// sensor data of many RAWs is lossless JPEG), of a plausible length.
func (p *parse) addPreview(s section, off, n int64, source string) {
	if off <= 0 || n == 0 || len(p.f.Previews) >= maxPreviews {
		return
	}
	at, inside := s.place(off, n)
	if !inside {
		p.hint(HintEndsEarly, "an embedded preview lies outside the file")
		return
	}
	if n < minPreview || n > maxPreview {
		return
	}
	for _, have := range p.f.Previews {
		if have.Offset == at {
			return
		}
	}
	part := p.w.section(at, n)
	j := walkJPEG(part)
	if !j.scan || j.precision != 8 || j.frame < 0xC0 || j.frame > 0xC2 || j.width == 0 || j.height == 0 {
		return
	}
	turn := 0
	if j.exif.size > 0 {
		turn = ownTurn(j.exif)
	}
	p.f.Previews = append(p.f.Previews, Preview{Offset: at, Length: n, Width: j.width, Height: j.height, Turn: turn, Source: source})
}

// ownTurn is the orientation in the EXIF block of an embedded JPEG, 0 where it has none.
func ownTurn(s section) int {
	t, at, ok := openTIFF(s)
	if !ok {
		return 0
	}
	d := t.directory(at, nil)
	if d == nil {
		return 0
	}
	if o := t.link(d, tagOrientation); o >= 1 && o <= 8 {
		return int(o)
	}
	return 0
}

// iptc reads the date of an IPTC record (IIM 4.2: 2:55 date, 2:60 time) in a Photoshop resource 0404.
func (p *parse) iptc(s section) {
	for off, n := int64(0), 0; n < 256; n++ {
		head := s.at(off, 12)
		if head == nil || string(head[:4]) != "8BIM" {
			return
		}
		id := binary.BigEndian.Uint16(head[4:])
		name := (int64(head[6]) + 2) &^ 1
		size, ok := s.u32(off+6+name, binary.BigEndian)
		if !ok {
			return
		}
		data := off + 6 + name + 4
		if id == 0x0404 {
			p.iptcRecords(s.bytes(data, int(min(size, maxIPTC, s.size-data))))
			return
		}
		off = data + (size+1)&^1
	}
}

func (p *parse) iptcRecords(b []byte) {
	var date, clock string
	for len(b) >= 5 && b[0] == 0x1C {
		n := int(binary.BigEndian.Uint16(b[3:]))
		if n >= 0x8000 || n > len(b)-5 {
			break
		}
		if b[1] == 2 && b[2] == 55 {
			date = cleanText(b[5 : 5+n])
		} else if b[1] == 2 && b[2] == 60 {
			clock = cleanText(b[5 : 5+n])
		}
		b = b[5+n:]
	}
	if len(date) != 8 || !allDigits(date) {
		return
	}
	text := date[:4] + ":" + date[4:6] + ":" + date[6:]
	if len(clock) >= 6 && allDigits(clock[:6]) {
		text += " " + clock[:2] + ":" + clock[2:4] + ":" + clock[4:6] + clock[6:]
	}
	if d, _, ok := parseDate(text); ok {
		p.offerDate(d.taken(), "IPTC DateCreated")
	}
}

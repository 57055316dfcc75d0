package photo

import (
	"encoding/binary"
)

// raf reads a Fujifilm RAF: a JPEG with EXIF at the offset at 0x54, its length at 0x58.
func (p *parse) raf(s section) {
	off, ok1 := s.u32(0x54, binary.BigEndian)
	n, ok2 := s.u32(0x58, binary.BigEndian)
	if !ok1 || !ok2 {
		p.hint(HintEndsEarly, "the RAF header is incomplete")
		return
	}
	if off > s.size || n > s.size-off {
		p.hint(HintEndsEarly, "the picture in the RAF lies outside the file")
	}
	p.jpeg(s.sub(off, n), "RAF")
	p.addPreview(s, off, n, "RAF")
	for at := int64(0x5C); at <= 0x64; at += 8 {
		off, ok1 := s.u32(at, binary.BigEndian)
		n, ok2 := s.u32(at+4, binary.BigEndian)
		if !ok1 || !ok2 || off > s.size || n > s.size-off {
			p.hint(HintEndsEarly, "the sensor data of the RAF lies outside the file")
			return
		}
	}
}

// mrw reads a Minolta MRW: blocks of a four-byte tag and a length; \0TTW is a TIFF block.
func (p *parse) mrw(s section) {
	n, ok := s.u32(4, binary.BigEndian)
	if !ok {
		return
	}
	end := min(8+n, s.size)
	for off, blocks := int64(8), 0; off+8 <= end && blocks < 64; blocks++ {
		head := s.at(off, 8)
		if head == nil {
			return
		}
		length := int64(binary.BigEndian.Uint32(head[4:]))
		switch string(head[:4]) {
		case "\x00TTW":
			p.exifBlock(s.sub(off+8, length))
		case "\x00PRD":
			if b := s.at(off+8, 12); b != nil && length >= 12 {
				p.f.Height.set(int(binary.BigEndian.Uint16(b[8:])), "MRW")
				p.f.Width.set(int(binary.BigEndian.Uint16(b[10:])), "MRW")
			}
		}
		off += 8 + length
	}
}

// x3f reads a Sigma X3F: the last four bytes point at a directory of sections; image sections of format 18 are JPEGs.
func (p *parse) x3f(s section) {
	le := binary.LittleEndian
	at, ok := s.u32(s.size-4, le)
	if !ok {
		return
	}
	head := s.at(at, 12)
	if head == nil || string(head[:4]) != "SECd" {
		p.hint(HintEndsEarly, "the directory of the X3F lies outside the file")
		return
	}
	count := min(int64(le.Uint32(head[8:])), 64)
	for i := range count {
		e := s.at(at+12+12*i, 12)
		if e == nil {
			return
		}
		off, n, kind := int64(le.Uint32(e)), int64(le.Uint32(e[4:])), string(e[8:12])
		if kind != "IMAG" && kind != "IMA2" {
			continue
		}
		image := s.sub(off, n)
		b := image.at(0, 28)
		if b == nil || string(b[:4]) != "SECi" || le.Uint32(b[12:]) != 18 {
			continue
		}
		p.jpeg(image.sub(28, n-28), "X3F")
		p.addPreview(s, off+28, n-28, "X3F")
	}
}

const (
	canonUUID   = "\x85\xc0\xb6\x87\x82\x0f\x11\xe0\x81\x11\xf4\xce\x46\x2b\x6a\x48"
	previewUUID = "\xea\xf4\x2b\x5e\x1c\x98\x4b\x88\xb9\xfb\xb7\xdc\x40\x6e\x4d\x16"
	xmpUUID     = "\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac"
)

// cr3 reads a Canon CR3: four small TIFF blocks that together are one EXIF block, and up to three previews.
func (p *parse) cr3(s section) {
	p.topLevel(s, func(b box) {
		switch {
		case b.kind == "moov":
			boxes(s, b.at, b.end, func(c box) bool {
				if uuid(s, c) == canonUUID {
					p.canonBlocks(s, c)
				} else if c.kind == "trak" {
					p.canonTrack(s, c)
				}
				return true
			})
		case uuid(s, b) == previewUUID:
			if c, ok := child(s, b.at+24, b.end, "PRVW"); ok {
				p.canonPreview(s, c, 12)
			}
		case uuid(s, b) == xmpUUID:
			p.xmp(s.sub(b.at+16, b.size()-16), "XMP")
		}
	})
}

func (p *parse) canonBlocks(s section, u box) {
	boxes(s, u.at+16, u.end, func(b box) bool {
		if b.kind == "THMB" {
			p.canonPreview(s, b, 8)
			return true
		}
		if len(b.kind) != 4 || b.kind[:3] != "CMT" {
			return true
		}
		t, at, ok := openTIFF(s.sub(b.at, b.size()))
		if !ok {
			return true
		}
		asked := askedTags
		if b.kind == "CMT4" {
			asked = askedGPS
		}
		d := t.directory(at, asked)
		if d == nil || p.exif.order != nil && p.exif.order != t.order {
			return true
		}
		p.exif.order = t.order
		switch b.kind {
		case "CMT1":
			p.exif.ifd0 = d.kept
			if w, h := t.link(d, tagWidth), t.link(d, tagHeight); w > 0 && h > 0 && w < 1<<24 && h < 1<<24 {
				p.f.Width.set(int(w), "CR3 CMT1")
				p.f.Height.set(int(h), "CR3 CMT1")
			}
		case "CMT2":
			p.exif.exif = d.kept
		case "CMT4":
			p.exif.gps = d.kept
		}
		return true
	})
}

// canonPreview reads a THMB or PRVW box: a 16-byte head that holds the length of the JPEG behind it.
func (p *parse) canonPreview(s section, b box, lengthAt int64) {
	if n, ok := s.u32(b.at+lengthAt, binary.BigEndian); ok && n <= b.size()-16 {
		p.addPreview(s, b.at+16, n, b.kind)
	}
}

// canonTrack finds the full-size JPEG: the first track whose sample description says CRAW with a JPEG inside has one sample.
func (p *parse) canonTrack(s section, trak box) {
	at := trak
	for _, kind := range []string{"mdia", "minf", "stbl"} {
		var ok bool
		if at, ok = child(s, at.at, at.end, kind); !ok {
			return
		}
	}
	description, ok := child(s, at.at, at.end, "stsd")
	if !ok {
		return
	}
	raw := s.at(description.at, int(min(description.size(), 256)))
	if !hasJPEG(raw) {
		return
	}
	sizes, ok1 := child(s, at.at, at.end, "stsz")
	offsets, ok2 := child(s, at.at, at.end, "co64")
	if !ok1 || !ok2 {
		return
	}
	n, _ := s.u32(sizes.at+4, binary.BigEndian)
	if n == 0 {
		n, _ = s.u32(sizes.at+12, binary.BigEndian)
	}
	if off, ok := s.u64(offsets.at+8, binary.BigEndian); ok {
		p.addPreview(s, off, n, "JPEG track")
	}
}

func hasJPEG(b []byte) bool {
	for i := 0; i+4 <= len(b); i++ {
		if string(b[i:i+4]) == "JPEG" {
			return true
		}
	}
	return false
}

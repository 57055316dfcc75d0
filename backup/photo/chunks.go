package photo

import (
	"bytes"
	"encoding/binary"
)

// png reads the chunks of a PNG (PNG 3rd edition): IHDR, eXIf anywhere, XMP in an uncompressed iTXt.
func (p *parse) png(s section) {
	p.w.maxCalls = maxCallsLong
	be := binary.BigEndian
	for off := int64(8); ; {
		head := s.ahead(off, 8, 8)
		if head == nil {
			if !p.w.stopped {
				p.hint(HintEndsEarly, "the PNG ends before its last chunk")
			}
			return
		}
		n, kind := int64(be.Uint32(head)), string(head[4:])
		if n > 1<<31-1 {
			p.hint(HintUnreadable, "a PNG chunk has an impossible length")
			return
		}
		switch kind {
		case "IHDR":
			if b := s.at(off+8, 8); b != nil && n >= 8 {
				w, h := be.Uint32(b), be.Uint32(b[4:])
				if w > 0 && h > 0 && w < 1<<31 && h < 1<<31 {
					p.f.Width.set(int(w), "PNG")
					p.f.Height.set(int(h), "PNG")
				}
			}
		case "eXIf":
			if p.exif.empty() {
				p.bareEXIF(s.sub(off+8, n))
			}
		case "iTXt":
			p.pngText(s.sub(off+8, n))
		case "IEND":
			return
		}
		off += 12 + n
	}
}

// pngText reads an iTXt chunk: keyword, NUL, compression flag and method, language, NUL, translated keyword, NUL, text.
func (p *parse) pngText(s section) {
	const keyword = "XML:com.adobe.xmp\x00\x00\x00"
	b := s.at(0, int(min(s.size, 256)))
	if !bytes.HasPrefix(b, []byte(keyword)) {
		return
	}
	at := len(keyword)
	for range 2 {
		i := bytes.IndexByte(b[at:], 0)
		if i < 0 {
			return
		}
		at += i + 1
	}
	p.xmp(s.sub(int64(at), s.size-int64(at)), "XMP")
}

// bareEXIF reads an EXIF block that may carry the "Exif\0\0" of JPEG in front.
func (p *parse) bareEXIF(s section) {
	if b := s.at(0, 6); b != nil && string(b) == "Exif\x00\x00" {
		s = s.sub(6, s.size-6)
	}
	p.exifBlock(s)
}

// webp reads the chunks of a WebP (RIFF, little-endian, padded to even lengths).
func (p *parse) webp(s section) {
	p.w.maxCalls = maxCallsLong
	le := binary.LittleEndian
	if n, ok := s.u32(4, le); ok && n+8 > s.size {
		p.hint(HintEndsEarly, "the WebP is shorter than it says")
	}
	for off := int64(12); off+8 <= s.size; {
		head := s.ahead(off, 8, 8)
		if head == nil {
			return
		}
		kind, n := string(head[:4]), int64(le.Uint32(head[4:]))
		body := s.sub(off+8, n)
		switch kind {
		case "VP8X":
			if b := body.at(0, 10); b != nil {
				p.webpSize(1+(int(b[4])|int(b[5])<<8|int(b[6])<<16), 1+(int(b[7])|int(b[8])<<8|int(b[9])<<16))
			}
		case "VP8 ":
			if b := body.at(0, 10); b != nil && string(b[3:6]) == "\x9d\x01\x2a" {
				p.webpSize(int(le.Uint16(b[6:])&0x3FFF), int(le.Uint16(b[8:])&0x3FFF))
			}
		case "VP8L":
			if b := body.at(0, 5); b != nil && b[0] == 0x2F {
				v := le.Uint32(b[1:])
				p.webpSize(1+int(v&0x3FFF), 1+int(v>>14&0x3FFF))
			}
		case "EXIF":
			if p.exif.empty() {
				p.bareEXIF(body)
			}
		case "XMP ":
			p.xmp(body, "XMP")
		}
		off += 8 + n + n&1
	}
}

func (p *parse) webpSize(w, h int) {
	p.f.Width.set(w, "WebP")
	p.f.Height.set(h, "WebP")
}

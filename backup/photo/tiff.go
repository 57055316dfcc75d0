package photo

import "encoding/binary"

// exifBlock reads an EXIF block: IFD0 with its Exif and GPS directories, and the thumbnail of IFD1.
func (p *parse) exifBlock(s section) {
	t, at, ok := openTIFF(s)
	if !ok {
		p.hint(HintUnreadable, "the EXIF block has no TIFF header")
		return
	}
	d := t.directory(at, askedTags)
	if d == nil {
		return
	}
	p.describe(t, d)
	if next := t.directory(d.next, nil); next != nil {
		p.addPreview(s, t.link(next, tagJPEGOffset), t.link(next, tagJPEGBytes), "IFD1")
	}
}

// describe takes the entries of IFD0 and of the directories it points at, unless an earlier block already gave them.
func (p *parse) describe(t *tiffWalk, ifd0 *directory) {
	if p.exif.order == nil {
		p.exif.order = t.order
	}
	if p.exif.order != t.order {
		return
	}
	if p.exif.ifd0 == nil {
		p.exif.ifd0 = ifd0.kept
	}
	if e := t.directory(t.link(ifd0, tagExifIFD), askedTags); e != nil && p.exif.exif == nil {
		p.exif.exif = e.kept
		if note, ok := find(e.links, tagMakerNote); ok {
			p.makerNote(t, note)
		}
	}
	if g := t.directory(t.link(ifd0, tagGPSIFD), askedGPS); g != nil && p.exif.gps == nil {
		p.exif.gps = g.kept
	}
	if x, ok := find(ifd0.links, tagXMP); ok && x.bytes() > 4 {
		p.xmp(t.s.sub(x.at, x.bytes()), "XMP")
	}
}

// tiffFile reads a TIFF, a DNG or a RAW built on TIFF.
func (p *parse) tiffFile(s section) {
	t, at, ok := openTIFF(s)
	if !ok {
		p.hint(HintUnreadable, "the TIFF header is damaged")
		return
	}
	d := t.directory(at, askedTags)
	if d == nil {
		p.hint(HintEndsEarly, "the first directory lies outside the file")
		return
	}
	if p.f.Kind == TIFF {
		if _, dng := find(d.links, tagDNGVersion); dng {
			p.f.Kind = DNG
		}
	}
	if p.f.Kind == RW2 {
		p.panasonic(t, d)
	}
	p.describe(t, d)
	for chain := 0; d != nil && chain < maxIFDChain; chain++ {
		label := "IFD" + string(rune('0'+chain))
		p.pictures(t, d, label, 0)
		// Only IFD0 was kept with values; later directories of the chain hold pictures.
		d = t.directory(d.next, nil)
	}
}

// panasonic reads the JPEG that an RW2 keeps its EXIF in; the RW2's own IFD0 names the camera too, in tags that partly mean something else.
func (p *parse) panasonic(t *tiffWalk, d *directory) {
	if j, ok := find(d.links, tagPanasonicJPEG); ok && j.bytes() > 4 {
		p.jpeg(t.s.sub(j.at, j.bytes()), "JpgFromRaw")
		p.addPreview(t.s, j.at, j.bytes(), "JpgFromRaw")
	}
	safe := d.kept[:0]
	for _, e := range d.kept {
		switch e.tag {
		case tagMake, tagModel, tagOrientation:
			safe = append(safe, e)
		}
	}
	d.kept = safe
}

// pictures measures a directory and its SubIFDs: embedded JPEGs become previews, the largest picture gives the size.
func (p *parse) pictures(t *tiffWalk, d *directory, label string, depth int) {
	if depth > maxIFDDepth {
		return
	}
	p.addPreview(t.s, t.link(d, tagJPEGOffset), t.link(d, tagJPEGBytes), label)
	if strip, ok := find(d.links, tagStripOffsets); ok && strip.count == 1 && p.f.Kind != RW2 {
		if c := t.link(d, tagCompression); c == 6 || c == 7 {
			p.addPreview(t.s, t.link(d, tagStripOffsets), t.link(d, tagStripBytes), label)
		}
	}
	if p.f.Kind != RW2 {
		w, h := t.link(d, tagWidth), t.link(d, tagHeight)
		if w > 0 && h > 0 && w < 1<<24 && h < 1<<24 && w*h > int64(p.f.Width.V)*int64(p.f.Height.V) {
			p.f.Width = Value[int]{V: int(w), Source: "TIFF " + label, State: OK}
			p.f.Height = Value[int]{V: int(h), Source: "TIFF " + label, State: OK}
		}
	}
	subs, ok := find(d.links, tagSubIFDs)
	if !ok {
		if label == "IFD0" && p.f.Kind == TIFF && t.link(d, tagCompression) == 65535 { // Pentax keeps sensor data in IFD0
			p.exif.sensor = true
		}
		return
	}
	for i := range min(subs.count, maxElements) {
		off, ok := t.number(subs, i)
		if !ok {
			return
		}
		if sub := t.directory(off, nil); sub != nil {
			p.exif.sensor = true
			p.pictures(t, sub, label+"/SubIFD"+string(rune('0'+i%10)), depth+1)
		}
	}
}

// makerNote looks at the few notes that hold an identifier or a preview. Its entries never reach another decoder.
func (p *parse) makerNote(t *tiffWalk, note entry) {
	s := t.s.sub(note.at, note.bytes())
	b := s.at(0, int(min(18, s.size)))
	has := func(prefix string) bool { return len(b) >= 18 && string(b[:len(prefix)]) == prefix }
	switch {
	case has("Apple iOS\x00"):
		p.appleNote(s, b[12:14])
	case has("Nikon\x00\x02"):
		inner := t.s.sub(note.at+10, t.s.size-note.at-10)
		if n, at, ok := openTIFF(inner); ok {
			p.notePreview(n, n.directory(at, nil), 0x0011)
		}
	case has("AOC\x00"):
		p.pentaxPreview(newTIFFWalk(t.s, noteOrder(b[4:6], t.order)), note.at+6)
	case has("PENTAX \x00"):
		p.pentaxPreview(newTIFFWalk(s, noteOrder(b[8:10], t.order)), 10)
	}
}

func noteOrder(b []byte, standard binary.ByteOrder) binary.ByteOrder {
	switch string(b) {
	case "II":
		return binary.LittleEndian
	case "MM":
		return binary.BigEndian
	}
	return standard
}

// appleNote reads the identifiers that join a Live Photo (tag 0011) and a burst (000B).
func (p *parse) appleNote(s section, mark []byte) {
	t := newTIFFWalk(s, noteOrder(mark, binary.BigEndian))
	d := t.directory(14, askedApple)
	if d == nil {
		return
	}
	for _, e := range d.kept {
		text := cleanText(e.value)
		if e.typ != 2 || text == "" {
			continue
		}
		switch e.tag {
		case tagAppleContent:
			p.f.ContentID.set(text, "Apple maker note")
		case tagAppleBurst:
			p.f.BurstID.set(text, "Apple maker note")
		}
	}
}

// notePreview follows a pointer in a maker note to the directory of a preview.
func (p *parse) notePreview(t *tiffWalk, d *directory, pointer uint16) {
	if d == nil {
		return
	}
	at := p.noteNumber(t, d, pointer)
	if sub := t.directory(at, nil); sub != nil {
		p.addPreview(t.s, t.link(sub, tagJPEGOffset), t.link(sub, tagJPEGBytes), "maker note")
	}
}

// pentaxPreview reads the note entries 3 (length) and 4 (offset) of a preview.
func (p *parse) pentaxPreview(t *tiffWalk, at int64) {
	if d := t.directory(at, nil); d != nil {
		p.addPreview(t.s, p.noteNumber(t, d, 4), p.noteNumber(t, d, 3), "maker note")
	}
}

// noteNumber finds a whole number by its tag in the directory last read by t; maker notes use tags that mean other things elsewhere.
func (p *parse) noteNumber(t *tiffWalk, d *directory, tag uint16) int64 {
	if e, ok := find(d.low, tag); ok {
		v, _ := t.number(e, 0)
		return v
	}
	return 0
}

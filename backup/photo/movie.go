package photo

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

func sortIDs(ids []uint32) { slices.Sort(ids) }

// movie reads the metadata of a QuickTime or MP4 file.
func (p *parse) movie(s section) {
	var created int64
	p.topLevel(s, func(b box) {
		switch b.kind {
		case "moov":
			boxes(s, b.at, b.end, func(c box) bool {
				switch c.kind {
				case "mvhd":
					created = p.movieHead(s, c)
				case "trak":
					p.track(s, c)
				case "meta":
					p.movieMeta(s, c)
				case "udta":
					p.userData(s, c)
				}
				return true
			})
		case "meta":
			p.movieMeta(s, b)
		}
	})
	if created > 0 { // 0 means the camera wrote none
		p.offerDate(Taken{Wall: appleTime(created), Zone: ZoneClaimedUTC}, "movie header")
	}
}

// movieHead reads the creation time in seconds since 1904 and the duration (ISO 14496-12, 8.2.2).
func (p *parse) movieHead(s section, b box) (created int64) {
	version, ok := s.u8(b.at)
	if !ok {
		return 0
	}
	var scale, length int64
	if version == 1 {
		created, _ = s.u64(b.at+4, binary.BigEndian)
		scale, _ = s.u32(b.at+20, binary.BigEndian)
		length, _ = s.u64(b.at+24, binary.BigEndian)
	} else {
		created, _ = s.u32(b.at+4, binary.BigEndian)
		scale, _ = s.u32(b.at+12, binary.BigEndian)
		length, _ = s.u32(b.at+16, binary.BigEndian)
		if length == math.MaxUint32 {
			length = 0
		}
	}
	if seconds := float64(length) / float64(max(scale, 1)); scale > 0 && length > 0 && seconds < 1e7 {
		p.f.Duration.set(time.Duration(seconds*float64(time.Second)), "movie header")
	}
	if created < 0 || created > 1<<34 {
		return 0
	}
	return created
}

// track takes size and turning from the first track that has a size (ISO 14496-12, 8.3.2).
func (p *parse) track(s section, trak box) {
	b, ok := child(s, trak.at, trak.end, "tkhd")
	if !ok || p.f.Width.Known() {
		return
	}
	at := b.at + 40
	if version, _ := s.u8(b.at); version == 1 {
		at = b.at + 52
	}
	raw := s.at(at, 44)
	if raw == nil || at+44 > b.end {
		return
	}
	w, h := binary.BigEndian.Uint32(raw[36:])>>16, binary.BigEndian.Uint32(raw[40:])>>16
	if w == 0 || h == 0 {
		return
	}
	p.f.Width.set(int(w), "movie track")
	p.f.Height.set(int(h), "movie track")
	var m [4]int32
	for i, off := range []int{0, 4, 12, 16} {
		m[i] = int32(binary.BigEndian.Uint32(raw[off:])) >> 16
	}
	switch m {
	case [4]int32{0, 1, -1, 0}:
		p.f.Turn = 6
	case [4]int32{-1, 0, 0, -1}:
		p.f.Turn = 3
	case [4]int32{0, -1, 1, 0}:
		p.f.Turn = 8
	case [4]int32{-1, 0, 0, 1}:
		p.f.Turn = 2
	case [4]int32{1, 0, 0, -1}:
		p.f.Turn = 4
	}
}

// movieMeta reads QuickTime metadata: a list of key names and values by number. The meta box of MP4 has a version before its content,
// that of QuickTime has none.
func (p *parse) movieMeta(s section, meta box) {
	from := meta.at
	if b := s.at(meta.at, 8); b == nil {
		return
	} else if string(b[4:8]) != "hdlr" {
		from += 4
	}
	keysBox, ok1 := child(s, from, meta.end, "keys")
	list, ok2 := child(s, from, meta.end, "ilst")
	if !ok2 {
		return
	}
	var keys []string
	if ok1 {
		budget := int64(maxMovieKeys)
		boxes(s, keysBox.at+8, keysBox.end, func(k box) bool {
			if budget -= k.size(); budget < 0 {
				return false
			}
			keys = append(keys, string(s.at(k.at, int(min(k.size(), 128)))))
			return len(keys) < 1024
		})
	}
	boxes(s, list.at, list.end, func(entry box) bool {
		name := entry.kind
		if n := int64(binary.BigEndian.Uint32([]byte(entry.kind))); n >= 1 && n <= int64(len(keys)) {
			name = keys[n-1]
		}
		if data, ok := child(s, entry.at, entry.end, "data"); ok && data.size() > 8 && data.size() <= maxValue {
			p.movieValue(name, cleanText(s.at(data.at+8, int(data.size()-8))))
		}
		return true
	})
}

// userData reads the older place of the same values: text with its length and language in front.
func (p *parse) userData(s section, udta box) {
	boxes(s, udta.at, udta.end, func(b box) bool {
		switch {
		case b.kind == "meta":
			p.movieMeta(s, b)
		case len(b.kind) == 4 && b.kind[0] == 0xA9 && b.size() > 4 && b.size() <= maxValue:
			if n, ok := s.u16(b.at, binary.BigEndian); ok && n <= b.size()-4 {
				p.movieValue(b.kind, cleanText(s.at(b.at+4, int(n))))
			}
		}
		return true
	})
}

func (p *parse) movieValue(name, text string) {
	if text == "" {
		return
	}
	switch name {
	case "com.apple.quicktime.make", "\xA9mak":
		p.f.Make.set(text, "QuickTime make")
	case "com.apple.quicktime.model", "\xA9mod":
		p.f.Model.set(text, "QuickTime model")
	case "com.apple.quicktime.content.identifier":
		p.f.ContentID.set(text, "QuickTime content identifier")
	case "com.apple.quicktime.creationdate", "\xA9day":
		if d, _, ok := parseDate(text); ok {
			p.offerDate(d.taken(), "QuickTime creation date")
		}
	case "com.apple.quicktime.location.ISO6709", "\xA9xyz":
		if pos, ok := parseISO6709(text); ok {
			p.f.Position.set(pos, "QuickTime location")
		}
	}
}

package photo

import "encoding/binary"

// box is one ISO-BMFF box (ISO 14496-12, 4.2): its type and where its content lies in the section.
type box struct {
	kind string
	at   int64 // of the content
	end  int64
	head int64 // of the whole box
}

func (b box) size() int64 { return b.end - b.at }

// boxes calls f for each box between from and to until it says stop. Size 0 runs to the end, 1 means a 64-bit size follows; a size below
// the header ends the walk, and a box that leaves its parent is cut at it. It reports whether the boxes tile the range exactly.
func boxes(s section, from, to int64, f func(box) (more bool)) (tiled bool) {
	to = min(to, s.size)
	for range maxBoxes {
		if from == to {
			return true
		}
		h := s.ahead(from, 8, 64)
		if h == nil || from+8 > to {
			return false
		}
		n := int64(binary.BigEndian.Uint32(h))
		b := box{kind: string(h[4:8]), head: from, at: from + 8}
		switch {
		case n == 0:
			n = to - from
		case n == 1:
			var ok bool
			if n, ok = s.u64(from+8, binary.BigEndian); !ok || n < 16 {
				return false
			}
			b.at += 8
		case n < 8:
			return false
		}
		cut := n > to-from
		b.end = from + min(n, to-from)
		if b.at > b.end {
			return false
		}
		if !f(b) {
			return !cut
		}
		if cut {
			return false
		}
		from = b.end
	}
	return false
}

// child finds the first box of a kind directly inside the range.
func child(s section, from, to int64, kind string) (box, bool) {
	var found box
	boxes(s, from, to, func(b box) bool {
		if b.kind == kind {
			found = b
		}
		return found.kind == ""
	})
	return found, found.kind != ""
}

// topLevel walks the boxes of the file and notes when they do not fill it.
func (p *parse) topLevel(s section, f func(box)) {
	tiled := boxes(s, 0, s.size, func(b box) bool {
		f(b)
		return true
	})
	if !tiled && !p.w.stopped {
		p.hint(HintEndsEarly, "the boxes of the file do not fill it")
	}
}

// uuid reads the extended type of a uuid box.
func uuid(s section, b box) string {
	if b.kind != "uuid" || b.size() < 16 {
		return ""
	}
	return string(s.at(b.at, 16))
}

package photo

import (
	"bytes"
	"encoding/binary"
	"strings"
	"unicode/utf16"
)

// Kind is the container of a file, told from its first bytes alone. The label of a TIFF based RAW (NEF, ARW, PEF, SRW) needs
// the maker and is refined by Read.
type Kind uint8

// The kinds that Detect and Read distinguish.
const (
	Unknown Kind = iota
	JPEG
	TIFF
	DNG
	GPR
	CR2
	NEF
	ARW
	PEF
	SRW
	ORF
	RW2
	CR3
	RAF
	MRW
	X3F
	CRW
	HEIF
	AVIF
	JXL
	PNG
	WebP
	MOV
	MP4
	XMP
	AAE
	kindCount
)

var kindNames = [kindCount]string{"unknown", "JPEG", "TIFF", "DNG", "GPR", "CR2", "NEF", "ARW", "PEF", "SRW", "ORF", "RW2", "CR3", "RAF", "MRW", "X3F",
	"CRW", "HEIF", "AVIF", "JXL", "PNG", "WebP", "MOV", "MP4", "XMP", "AAE"}

// String names the kind as photographers do.
func (k Kind) String() string {
	if k < kindCount {
		return kindNames[k]
	}
	return kindNames[Unknown]
}

// RAW reports whether the kind holds undeveloped sensor data.
func (k Kind) RAW() bool { return k >= DNG && k <= CRW }

// Still reports whether the kind is a picture: RAW or developed.
func (k Kind) Still() bool { return k >= JPEG && k <= WebP }

// Video reports whether the kind is a movie.
func (k Kind) Video() bool { return k == MOV || k == MP4 }

// Sidecar reports whether the kind describes another file: XMP or Apple's edit list.
func (k Kind) Sidecar() bool { return k == XMP || k == AAE }

// tiffBased reports whether Read walks the kind as TIFF directories from byte 4.
func (k Kind) tiffBased() bool { return k >= TIFF && k <= RW2 }

// Detect tells the kind from the first bytes of a file; HeadSize of them are enough. It never looks at a name.
func Detect(head []byte) Kind {
	has := func(at int, s string) bool { return len(head) >= at+len(s) && string(head[at:at+len(s)]) == s }
	switch {
	case has(0, "\xFF\xD8\xFF"):
		return JPEG
	case has(0, "II*\x00"), has(0, "MM\x00*"):
		return detectTIFF(head)
	case has(0, "IIRO"), has(0, "IIRS"), has(0, "MMOR"):
		return ORF
	case has(0, "IIU\x00"):
		return RW2
	case has(0, "II\x1A\x00\x00\x00HEAPCCDR"):
		return CRW
	case has(0, "FUJIFILMCCD-RAW"):
		return RAF
	case has(0, "\x00MRM"):
		return MRW
	case has(0, "FOVb"):
		return X3F
	case has(0, "\x89PNG\r\n\x1A\n"):
		return PNG
	case has(0, "RIFF") && has(8, "WEBP"):
		return WebP
	case has(0, "\xFF\x0A"), has(0, "\x00\x00\x00\x0CJXL \x0D\x0A\x87\x0A"):
		return JXL
	case has(4, "ftyp"):
		return detectBrand(head)
	case has(4, "moov"), has(4, "mdat"), has(4, "wide"), has(4, "free"), has(4, "skip"):
		return MOV
	case has(0, "bplist00") && bytes.Contains(head, []byte("adjustment")):
		return AAE
	}
	return detectText(head)
}

// detectTIFF looks at the CR2 mark and, where IFD0 lies in the head, for DNGVersion and GoPro's make.
func detectTIFF(head []byte) Kind {
	if len(head) >= 10 && string(head[8:10]) == "CR" {
		return CR2
	}
	var o binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		o = binary.BigEndian
	}
	if len(head) < 8 {
		return TIFF
	}
	at := int64(o.Uint32(head[4:]))
	if at+2 > int64(len(head)) {
		return TIFF
	}
	n := int(o.Uint16(head[at:]))
	for i := range min(n, maxScanned) {
		e := at + 2 + int64(i)*12
		if e+12 > int64(len(head)) {
			break
		}
		if o.Uint16(head[e:]) == tagDNGVersion {
			return DNG
		}
	}
	return TIFF
}

var (
	heifBrands = []string{"heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"}
	movBrands  = []string{"isom", "mp4", "avc1", "M4V", "3g", "iso", "mmp4", "dash", "MSNV", "XAVC"}
)

// detectBrand reads the major brand of an ISO-BMFF file (ISO 14496-12, 4.3), then the compatible ones.
func detectBrand(head []byte) Kind {
	size := int(min(int64(binary.BigEndian.Uint32(head)), int64(len(head))))
	for at := 8; at+4 <= size; at += 4 {
		if at == 12 { // the minor version is not a brand
			continue
		}
		switch brand := string(head[at : at+4]); {
		case brand == "avif" || brand == "avis":
			return AVIF
		case brand == "mif1" || brand == "msf1": // says only "an image container": an AVIF may begin with it
			if bytes.Contains(head[8:size], []byte("avif")) {
				return AVIF
			}
			return HEIF
		case contains(heifBrands, brand):
			return HEIF
		case brand == "crx ":
			return CR3
		case brand == "qt  ":
			return MOV
		case hasPrefixOf(brand, movBrands):
			return MP4
		}
	}
	return Unknown
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func hasPrefixOf(s string, list []string) bool {
	for _, l := range list {
		if strings.HasPrefix(s, l) {
			return true
		}
	}
	return false
}

// detectText recognises XMP packets and Apple's property lists in UTF-8 or UTF-16.
func detectText(head []byte) Kind {
	text := decodeText(head[:min(len(head), HeadSize)])
	trimmed := strings.TrimLeft(text, "\ufeff \t\r\n")
	if !strings.HasPrefix(trimmed, "<") {
		return Unknown
	}
	switch {
	case strings.Contains(text, "x:xmpmeta"), strings.Contains(text, "rdf:RDF"), strings.Contains(text, "<?xpacket"):
		return XMP
	case strings.Contains(text, "<plist") && strings.Contains(text, "adjustment"):
		return AAE
	}
	return Unknown
}

// decodeText turns UTF-16 with a byte order mark, or with the zeros that ASCII text shows in it, into UTF-8. Other bytes pass as
// they are.
func decodeText(b []byte) string {
	var o binary.ByteOrder
	switch {
	case len(b) < 4:
		return string(b)
	case b[0] == 0xFF && b[1] == 0xFE, b[0] == '<' && b[1] == 0 && b[3] == 0:
		o = binary.LittleEndian
	case b[0] == 0xFE && b[1] == 0xFF, b[0] == 0 && b[1] == '<' && b[2] == 0:
		o = binary.BigEndian
	default:
		return string(b)
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = o.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}

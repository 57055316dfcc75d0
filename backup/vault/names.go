package vault

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
)

// Object names (FORMAT.md, "Names"). All are lower case, relative and "/"-separated.

// ChunkName is where the chunk with this cid is stored.
func ChunkName(c CID) string {
	h := hex.EncodeToString(c[:])
	return "c/" + h[:2] + "/" + h[2:]
}

// ParseChunkName is the reverse of ChunkName; ok is false for every other name.
func ParseChunkName(name string) (c CID, ok bool) {
	if len(name) != 2+2+1+62 || name[:2] != "c/" || name[4] != '/' {
		return c, false
	}
	b, err := hex.DecodeString(name[2:4] + name[5:])
	if err != nil {
		return c, false
	}
	copy(c[:], b)
	return c, ChunkName(c) == name
}

// Seq10 is a sequence number as ten decimal digits, the form that stands in names.
func Seq10(seq uint64) string { return fmt.Sprintf("%010d", seq) }

// MaxSeq is the largest sequence number that a name can carry; larger ones are refused.
const MaxSeq = 9_999_999_999

// CommitName is the place of commit seq in a device's log.
func CommitName(d DevTag, seq uint64) string {
	s := Seq10(seq)
	return "l/" + d.String() + "/" + s[:7] + "/" + s
}

// ListName is the place of an object list that belongs to a commit; x8 is 8 random hex digits.
func ListName(d DevTag, seq uint64, x8 string) string { return CommitName(d, seq) + "." + x8 }

// ControlName is the place of control entry seq.
func ControlName(seq uint64) string { return "k/" + Seq10(seq) }

// EpochName is the place of an epoch object of generation g.
func EpochName(g uint32, x8 string) string { return "e/" + Seq10(uint64(g)) + "." + x8 }

// SlotName is the place of a recovery slot.
func SlotName(slot [16]byte) string { return "r/" + hex.EncodeToString(slot[:]) }

// Mirror is the second place of a doubled object: same bytes, same logical name in its seal.
func Mirror(name string) string { return "m2/" + name }

var (
	commitName  = regexp.MustCompile(`^l/([0-9a-f]{16})/([0-9]{7})/([0-9]{10})(?:-([0-9a-f]{8}))?$`)
	listName    = regexp.MustCompile(`^l/([0-9a-f]{16})/([0-9]{7})/([0-9]{10})\.([0-9a-f]{8})$`)
	controlName = regexp.MustCompile(`^k/([0-9]{10})(?:-([0-9a-f]{8}))?$`)
	epochName   = regexp.MustCompile(`^e/([0-9]{10})\.([0-9a-f]{8})$`)
	objectName  = regexp.MustCompile(`^(m2/)?(c/[0-9a-f]{2}/[0-9a-f]{62}|l/[0-9a-f]{16}/[0-9]{7}/[0-9]{10}([.-][0-9a-f]{8})?|k/[0-9]{10}(-[0-9a-f]{8})?|e/[0-9]{10}\.[0-9a-f]{8}|r/[0-9a-f]{32}|u/[0-9a-f]{16}/[0-9]{10}(-[0-9a-f]{8})?)$|^x/[0-9a-f]{32}/[0-9]{1,3}$`)
)

// ValidName tells whether a name is one that the format can produce.
func ValidName(name string) bool { return len(name) <= 128 && objectName.MatchString(name) }

// ParseCommitName reads a commit's name, with or without the suffix of a name that was taken by junk.
func ParseCommitName(name string) (d DevTag, seq uint64, suffix string, ok bool) {
	m := commitName.FindStringSubmatch(name)
	if m == nil || m[3][:7] != m[2] {
		return d, 0, "", false
	}
	b, _ := hex.DecodeString(m[1])
	copy(d[:], b)
	seq, _ = strconv.ParseUint(m[3], 10, 64)
	return d, seq, m[4], seq > 0
}

// IsListName tells whether name is an object list's.
func IsListName(name string) bool {
	m := listName.FindStringSubmatch(name)
	return m != nil && m[3][:7] == m[2]
}

// ParseControlName reads a control entry's name.
func ParseControlName(name string) (seq uint64, suffix string, ok bool) {
	m := controlName.FindStringSubmatch(name)
	if m == nil {
		return 0, "", false
	}
	seq, _ = strconv.ParseUint(m[1], 10, 64)
	return seq, m[2], seq > 0
}

// ParseEpochName reads an epoch object's name.
func ParseEpochName(name string) (g uint32, x8 string, ok bool) {
	m := epochName.FindStringSubmatch(name)
	if m == nil {
		return 0, "", false
	}
	v, err := strconv.ParseUint(m[1], 10, 32)
	return uint32(v), m[2], err == nil && v > 0
}

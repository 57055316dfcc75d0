package vault

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// CommitType says what a commit is for.
type CommitType uint8

// The commit types of FORMAT.md, "Commits".
const (
	CommitDelta CommitType = iota
	CommitFull
	CommitHeartbeat
	CommitRepair
	CommitGCIntent
	CommitGCDone
)

// Head is a place in a chain: sequence number and SHA-256 of the signed record there. The zero Head is before the first.
type Head struct {
	Seq  uint64
	Hash Hash
}

// SeenHead is the verified head of another device's log.
type SeenHead struct {
	Tag DevTag
	Head
}

// ListPart names an object list stored as an envelope of its own; Hash covers its payload.
type ListPart struct {
	Name string
	Hash Hash
}

// Counters are figures for people and for other devices; nothing is decided by them.
type Counters struct {
	Files         uint64
	BytesUp       uint64
	BytesDown     uint64
	FailedUnlocks uint32
	LastVerify    int64 // Unix seconds
}

// Commit is the header of a commit: its signed record.
type Commit struct {
	Space       SpaceID
	Author      DeviceID
	Seq         uint64
	Prev        Hash
	Generation  uint32
	PayloadHash Hash
	Time        int64 // the device's clock in Unix seconds: shown, never judged by
	Control     Head
	Seen        []SeenHead
	Type        CommitType
	Suspect     bool // written while a hold was on
	Counters    Counters
	Lists       []ListPart
	Inline      []byte // encoded ObjectList of at most MaxInlineList bytes
	FoldedTo    uint64 // CommitFull: deltas up to this number are contained
	Cosign      []byte // CommitGCIntent: signatures of the author's control key over the record without this field
	Condemned   []CID  // CommitGCIntent: the names that are to be collected, ascending, at most MaxCondemned
}

// MaxCondemned is how many names one gc-intent condemns; a larger collection writes several.
const MaxCondemned = 1 << 17

const (
	tagSpace       = 0x01
	tagKind        = 0x02
	tagAuthor      = 0x03
	tagSeq         = 0x04
	tagPrev        = 0x05
	tagGeneration  = 0x06
	tagPayloadHash = 0x07

	tagTime     = 0x10
	tagCtlSeq   = 0x11
	tagCtlHash  = 0x12
	tagSeen     = 0x13
	tagType     = 0x14
	tagFlags    = 0x15
	tagCounters = 0x16
	tagLists    = 0x17
	tagInline   = 0x18
	tagFoldedTo = 0x19
	tagCosign   = 0x1a
	tagCondemn  = 0x1b
)

var commitTags = []uint16{tagSpace, tagKind, tagAuthor, tagSeq, tagPrev, tagGeneration, tagPayloadHash, tagTime, tagCtlSeq,
	tagCtlHash, tagSeen, tagType, tagFlags, tagCounters, tagLists, tagInline, tagFoldedTo, tagCosign, tagCondemn}

// Encode makes the signed record.
func (c Commit) Encode() []byte {
	f := NewFields().Bytes(tagSpace, c.Space[:]).U8(tagKind, uint8(KindCommit)).Bytes(tagAuthor, c.Author[:]).U64(tagSeq, c.Seq).
		Bytes(tagPrev, c.Prev[:]).U32(tagGeneration, c.Generation).Bytes(tagPayloadHash, c.PayloadHash[:]).
		I64(tagTime, c.Time).U64(tagCtlSeq, c.Control.Seq).Bytes(tagCtlHash, c.Control.Hash[:])
	var seen []byte
	for _, s := range c.Seen {
		seen = append(seen, s.Tag[:]...)
		seen = binary.BigEndian.AppendUint64(seen, s.Seq)
		seen = append(seen, s.Hash[:]...)
	}
	var flags uint8
	if c.Suspect {
		flags |= 1
	}
	n := make([]byte, 0, 36)
	for _, v := range []uint64{c.Counters.Files, c.Counters.BytesUp, c.Counters.BytesDown} {
		n = binary.BigEndian.AppendUint64(n, v)
	}
	n = binary.BigEndian.AppendUint32(n, c.Counters.FailedUnlocks)
	n = binary.BigEndian.AppendUint64(n, uint64(c.Counters.LastVerify))
	f.Bytes(tagSeen, seen).U8(tagType, uint8(c.Type)).U8(tagFlags, flags).Bytes(tagCounters, n)
	var lists [][]byte
	for _, l := range c.Lists {
		lists = append(lists, append(append([]byte(nil), l.Hash[:]...), l.Name...))
	}
	f.List(tagLists, lists).Bytes(tagInline, c.Inline)
	if c.Type == CommitFull {
		f.U64(tagFoldedTo, c.FoldedTo)
	}
	if c.Cosign != nil {
		f.Bytes(tagCosign, c.Cosign)
	}
	if c.Type == CommitGCIntent {
		f.Bytes(tagCondemn, appendCIDs(nil, c.Condemned))
	}
	return f.Encoded()
}

// Head is the place that a commit with this signed record takes in its log.
func HeadOf(seq uint64, signed []byte) Head { return Head{Seq: seq, Hash: sha256.Sum256(signed)} }

// ParseCommit decodes a signed commit record.
func ParseCommit(signed []byte) (c Commit, err error) {
	fail := func(e error) (Commit, error) { return Commit{}, fmt.Errorf("commit header: %w", e) }
	r, err := ParseFields(signed, commitTags...)
	if err != nil {
		return fail(err)
	}
	var kind, typ, flags uint8
	var n [36]byte
	for _, step := range []func() error{
		func() error { return r.Fixed(tagSpace, c.Space[:]) },
		func() (e error) { kind, e = r.U8(tagKind); return },
		func() error { return r.Fixed(tagAuthor, c.Author[:]) },
		func() (e error) { c.Seq, e = r.U64(tagSeq); return },
		func() error { return r.Fixed(tagPrev, c.Prev[:]) },
		func() (e error) { c.Generation, e = r.U32(tagGeneration); return },
		func() error { return r.Fixed(tagPayloadHash, c.PayloadHash[:]) },
		func() (e error) { c.Time, e = r.I64(tagTime); return },
		func() (e error) { c.Control.Seq, e = r.U64(tagCtlSeq); return },
		func() error { return r.Fixed(tagCtlHash, c.Control.Hash[:]) },
		func() (e error) { typ, e = r.U8(tagType); return },
		func() (e error) { flags, e = r.U8(tagFlags); return },
		func() error { return r.Fixed(tagCounters, n[:]) },
	} {
		if err := step(); err != nil {
			return fail(err)
		}
	}
	if kind != uint8(KindCommit) || c.Seq == 0 || c.Seq > MaxSeq || c.Generation == 0 || flags > 1 {
		return fail(ErrMalformed)
	}
	if typ > uint8(CommitGCDone) {
		return fail(ErrNewer)
	}
	c.Type, c.Suspect = CommitType(typ), flags&1 != 0
	c.Counters = Counters{Files: binary.BigEndian.Uint64(n[:]), BytesUp: binary.BigEndian.Uint64(n[8:]), BytesDown: binary.BigEndian.Uint64(n[16:]),
		FailedUnlocks: binary.BigEndian.Uint32(n[24:]), LastVerify: int64(binary.BigEndian.Uint64(n[28:]))}
	seen := r.Bytes(tagSeen)
	if len(seen)%48 != 0 {
		return fail(ErrMalformed)
	}
	for ; len(seen) > 0; seen = seen[48:] {
		c.Seen = append(c.Seen, SeenHead{Tag: DevTag(seen[:8]), Head: Head{Seq: binary.BigEndian.Uint64(seen[8:]), Hash: Hash(seen[16:48])}})
	}
	lists, err := r.List(tagLists, 4096)
	if err != nil {
		return fail(err)
	}
	for _, l := range lists {
		if len(l) < 33 || !IsListName(string(l[32:])) {
			return fail(ErrMalformed)
		}
		c.Lists = append(c.Lists, ListPart{Name: string(l[32:]), Hash: Hash(l[:32])})
	}
	if c.Inline = r.Bytes(tagInline); len(c.Inline) > MaxInlineList {
		return fail(ErrMalformed)
	}
	if len(c.Inline) == 0 { // an empty field and none mean the same
		c.Inline = nil
	}
	if c.Type == CommitFull {
		if c.FoldedTo, err = r.U64(tagFoldedTo); err != nil || c.FoldedTo >= c.Seq {
			return fail(ErrMalformed)
		}
	} else if r.Has(tagFoldedTo) {
		return fail(ErrMalformed)
	}
	if c.Type != CommitGCIntent && (r.Has(tagCosign) || r.Has(tagCondemn)) {
		return fail(ErrMalformed)
	}
	if c.Cosign = r.Bytes(tagCosign); r.Has(tagCosign) && len(c.Cosign) != SignaturesLen {
		return fail(ErrMalformed)
	}
	if c.Type == CommitGCIntent {
		if c.Condemned, err = parseCIDs(r.Bytes(tagCondemn), MaxCondemned); err != nil || len(c.Condemned) == 0 {
			return fail(ErrMalformed)
		}
	}
	return c, nil
}

// PayloadInfo is the HPKE info string of a commit payload: it binds the payload to Space, device and place in the log.
func PayloadInfo(space SpaceID, dev DeviceID, seq uint64) []byte {
	b := append([]byte("lp1/payload"), space[:]...)
	b = append(b, dev[:]...)
	return binary.BigEndian.AppendUint64(b, seq)
}

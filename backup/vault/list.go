package vault

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
)

// ObjectRecord says which bytes stand under a chunk's name. Writer-level devices check and repair by it.
type ObjectRecord struct {
	CID    CID
	Object Hash   // SHA-256 of the stored object
	Size   uint32 // of the stored object in bytes
	Class  Class
}

// ObjectRecordLen is the length of an encoded record.
const ObjectRecordLen = 69

// Append encodes the record.
func (r ObjectRecord) Append(b []byte) []byte {
	b = append(b, r.CID[:]...)
	b = append(b, r.Object[:]...)
	b = binary.BigEndian.AppendUint32(b, r.Size)
	return append(b, byte(r.Class))
}

// ObjectList is what a log references for the first time, and what it no longer needs, since its previous commit.
type ObjectList struct {
	Records []ObjectRecord
	Dropped []CID
}

const (
	tagListRecords = 1
	tagListDropped = 2
)

// Encode sorts by cid and encodes; a cid given twice (one content met twice in a batch) stands once.
func (l ObjectList) Encode() []byte {
	l.Records, l.Dropped = slices.Clone(l.Records), slices.Clone(l.Dropped)
	slices.SortStableFunc(l.Records, func(a, b ObjectRecord) int { return bytes.Compare(a.CID[:], b.CID[:]) })
	slices.SortFunc(l.Dropped, func(a, b CID) int { return bytes.Compare(a[:], b[:]) })
	l.Records = slices.CompactFunc(l.Records, func(a, b ObjectRecord) bool { return a.CID == b.CID })
	l.Dropped = slices.Compact(l.Dropped)
	rec := make([]byte, 0, len(l.Records)*ObjectRecordLen)
	for _, r := range l.Records {
		rec = r.Append(rec)
	}
	f := NewFields().Bytes(tagListRecords, rec)
	if len(l.Dropped) > 0 {
		f.Bytes(tagListDropped, appendCIDs(nil, l.Dropped))
	}
	return f.Encoded()
}

// ParseObjectList decodes a list and checks order, sizes and classes.
func ParseObjectList(b []byte) (l ObjectList, err error) {
	bad := fmt.Errorf("object list: %w", ErrMalformed)
	if len(b) > MaxListPart {
		return l, bad
	}
	r, err := ParseFields(b, tagListRecords, tagListDropped)
	if err != nil {
		return l, fmt.Errorf("object list: %w", err)
	}
	rec, drop := r.Bytes(tagListRecords), r.Bytes(tagListDropped)
	if len(rec)%ObjectRecordLen != 0 {
		return l, bad
	}
	l.Records = make([]ObjectRecord, 0, len(rec)/ObjectRecordLen)
	for ; len(rec) > 0; rec = rec[ObjectRecordLen:] {
		o := ObjectRecord{CID: CID(rec[:32]), Object: Hash(rec[32:64]), Size: binary.BigEndian.Uint32(rec[64:]), Class: Class(rec[68])}
		if n := len(l.Records); n > 0 && bytes.Compare(l.Records[n-1].CID[:], o.CID[:]) >= 0 {
			return l, bad
		}
		if o.Size < MinChunkPad+ChunkOverhead || o.Size > MaxChunkObject || o.Class > ClassPage {
			return l, bad
		}
		l.Records = append(l.Records, o)
	}
	if l.Dropped, err = parseCIDs(drop, MaxListPart/32); err != nil {
		return l, bad
	}
	return l, nil
}

func appendCIDs(b []byte, list []CID) []byte {
	for _, c := range list {
		b = append(b, c[:]...)
	}
	return b
}

// parseCIDs decodes bare names: ascending, each once, at most limit.
func parseCIDs(b []byte, limit int) (out []CID, err error) {
	if len(b)%32 != 0 || len(b)/32 > limit {
		return nil, fmt.Errorf("names: %w", ErrMalformed)
	}
	for ; len(b) > 0; b = b[32:] {
		c := CID(b[:32])
		if n := len(out); n > 0 && bytes.Compare(out[n-1][:], c[:]) >= 0 {
			return nil, fmt.Errorf("names: %w", ErrMalformed)
		}
		out = append(out, c)
	}
	return out, nil
}

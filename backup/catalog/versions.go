package catalog

import "encoding/binary"

// Version is a kept version of a file that is not its newest (that one stands in the file's own row), so that the whole history can be
// counted against the copies.
type Version struct {
	FileID     [16]byte
	Size       int64  // bytes
	Seq        uint64 // commit that recorded it, 0 = not committed
	Removed    bool   // marks the deletion at the source: it holds no bytes
	RecordedAt int64  // Unix seconds
	Objects    [][32]byte
}

var versionCodec = codec[[16]byte, Version]{
	table: "versions", appendKey: appendID, parseKey: fixedKey16,
	appendValue: func(b []byte, v Version) []byte {
		b = append(append(b, recordVersion), v.FileID[:]...)
		b = binary.AppendVarint(b, v.Size)
		b = binary.AppendUvarint(b, v.Seq)
		b = appendBool(b, v.Removed)
		b = binary.AppendVarint(b, v.RecordedAt)
		return appendDigests(b, v.Objects)
	},
	parseValue: func(b []byte) (Version, error) {
		d := newDecoder(b)
		v := Version{FileID: d.id(), Size: d.varint(), Seq: d.uvarint(), Removed: d.boolean(), RecordedAt: d.varint(), Objects: d.digests()}
		return v, d.done()
	},
}

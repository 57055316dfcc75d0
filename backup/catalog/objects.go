package catalog

import "encoding/binary"

// Object is what is known of one stored object by its cid: one record of a commit's object list.
type Object struct {
	CTH      [32]byte // SHA-256 of the stored bytes
	Size     uint32   // stored bytes
	Class    uint8    // FORMAT.md, "Object list": 0 content, 1 bundle, 2 page, root page, part list
	FirstSeq uint64   // commit of the own log (Foreign: of another) that first listed it; 0 while not committed
	Foreign  bool     // known from the log of another device alone: the own log has to list it when it first refers to it
}

// foreignBit stands beside the class in a row.
const foreignBit = 0x80

var objectCodec = codec[[32]byte, Object]{
	table: "objects", appendKey: appendDigest, parseKey: fixedKey32,
	appendValue: func(b []byte, o Object) []byte {
		b = append(append(b, recordVersion), o.CTH[:]...)
		b = binary.AppendUvarint(b, uint64(o.Size))
		class := o.Class
		if o.Foreign {
			class |= foreignBit
		}
		b = append(b, class)
		return binary.AppendUvarint(b, o.FirstSeq)
	},
	parseValue: func(b []byte) (Object, error) {
		d := newDecoder(b)
		o := Object{CTH: d.digest(), Size: d.u32(), Class: d.u8(), FirstSeq: d.uvarint()}
		o.Foreign, o.Class = o.Class&foreignBit != 0, o.Class&^foreignBit
		return o, d.done()
	},
}

// Bundle is what healing needs to make a bundle again from unchanged originals: its salt and what it holds, in order.
type Bundle struct {
	Salt     [32]byte
	Contents []BundleContent
}

// BundleContent is one small content of a bundle.
type BundleContent struct {
	VersionID [16]byte // the file version it belongs to
	Offset    uint64   // where in that version it begins
	Len       uint32   // bytes, at most 65,536
}

var bundleCodec = codec[[32]byte, Bundle]{
	table: "bundles", appendKey: appendDigest, parseKey: fixedKey32,
	appendValue: func(b []byte, v Bundle) []byte {
		b = append(append(b, recordVersion), v.Salt[:]...)
		b = binary.AppendUvarint(b, uint64(len(v.Contents)))
		for _, c := range v.Contents {
			b = append(b, c.VersionID[:]...)
			b = binary.AppendUvarint(b, c.Offset)
			b = binary.AppendUvarint(b, uint64(c.Len))
		}
		return b
	},
	parseValue: func(b []byte) (Bundle, error) {
		d := newDecoder(b)
		v := Bundle{Salt: d.digest()}
		for n := d.count(18); n > 0 && !d.bad; n-- {
			v.Contents = append(v.Contents, BundleContent{VersionID: d.id(), Offset: d.uvarint(), Len: d.u32()})
		}
		return v, d.done()
	},
}

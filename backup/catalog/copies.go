package catalog

import "encoding/binary"

// Level is what is known of one object at one destination. Only Checked and Opened are proof.
type Level uint8

// The levels, each including the ones below it.
const (
	LevelNone      Level = iota
	LevelSent            // the destination said yes
	LevelConfirmed       // it lists the size or its own checksum
	LevelChecked         // all stored bytes were read back and match the signed record
	LevelOpened          // also decrypted; the fingerprint equals the original's
)

// Fault is what a look at a copy found wrong.
type Fault uint8

// The faults of a copy.
const (
	FaultNone     Fault = iota
	FaultMissing        // the destination no longer has it
	FaultDamaged        // its bytes do not match
	FaultUnopened       // it did not open, or not to its content, although its bytes may match: only opening it ends this, or other bytes in its place
)

// CopyKey names one object at one destination: either an anonymous object by cid, or any other by its name.
type CopyKey struct {
	Destination [16]byte
	CID         [32]byte // used if Name is empty
	Name        string   // a named object (commit, control entry, list …)
}

// Copy is what is known of it. Times are Unix seconds, 0 = never; each is that of the newest such evidence.
type Copy struct {
	Level       Level
	SentAt      int64
	ConfirmedAt int64
	CheckedAt   int64
	OpenedAt    int64
	Fault       Fault // found wrong at FaultAt; FaultNone once repaired and read back
	FaultAt     int64
}

const (
	copyByCID  = 0
	copyByName = 1
)

var copyCodec = codec[CopyKey, Copy]{
	table: "copies",
	appendKey: func(b []byte, k CopyKey) []byte {
		b = append(b, k.Destination[:]...)
		if k.Name != "" {
			return append(append(b, copyByName), k.Name...)
		}
		return append(append(b, copyByCID), k.CID[:]...)
	},
	parseKey: func(b []byte) (CopyKey, error) {
		d := &decoder{b: b}
		k := CopyKey{Destination: d.id()}
		switch d.u8() {
		case copyByCID:
			k.CID = d.digest()
		case copyByName:
			k.Name = string(d.take(len(d.b)))
			d.bad = d.bad || k.Name == ""
		default:
			d.bad = true
		}
		return k, d.done()
	},
	appendValue: func(b []byte, c Copy) []byte {
		b = append(b, recordVersion, byte(c.Level), byte(c.Fault))
		for _, t := range []int64{c.SentAt, c.ConfirmedAt, c.CheckedAt, c.OpenedAt, c.FaultAt} {
			b = binary.AppendVarint(b, t)
		}
		return b
	},
	parseValue: func(b []byte) (Copy, error) {
		d := newDecoder(b)
		c := Copy{Level: Level(d.u8()), Fault: Fault(d.u8()), SentAt: d.varint(), ConfirmedAt: d.varint(), CheckedAt: d.varint(),
			OpenedAt: d.varint(), FaultAt: d.varint()}
		d.bad = d.bad || c.Level > LevelOpened || c.Fault > FaultUnopened
		return c, d.done()
	},
}

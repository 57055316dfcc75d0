package catalog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// recordVersion starts every encoded record. A record grows by a new schema version of its database, never in place.
const recordVersion = 1

// errRecord is the cause inside ErrDamaged for a row that opened but does not decode.
var errRecord = errors.New("record has another layout")

// Lengths are checked against what is left of the record before anything is allocated; these bound what a record may claim.
const maxList = 1 << 20

// decoder reads the fields of one record in order. The first error sticks; done reports it, and bytes left over.
type decoder struct {
	b   []byte
	bad bool
}

func newDecoder(b []byte) *decoder {
	d := &decoder{b: b}
	if d.u8() != recordVersion {
		d.bad = true
	}
	return d
}

func (d *decoder) done() error {
	if d.bad || len(d.b) != 0 {
		return errRecord
	}
	return nil
}

func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) {
		d.bad = true
		return nil
	}
	out := d.b[:n:n]
	d.b = d.b[n:]
	return out
}

func (d *decoder) u8() uint8 {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) boolean() bool {
	v := d.u8()
	if v > 1 {
		d.bad = true
	}
	return v == 1
}

// uvarint refuses encodings longer than needed, so that one value has one encoding.
func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || n > 1 && d.b[n-1] == 0 {
		d.bad = true
		return 0
	}
	d.take(n)
	return v
}

func (d *decoder) varint() int64 {
	u := d.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (d *decoder) u32() uint32 {
	v := d.uvarint()
	if v > 1<<32-1 {
		d.bad = true
	}
	return uint32(v)
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad = true
		return nil
	}
	return d.take(int(n))
}

func (d *decoder) text() string { return string(d.bytes()) }

func (d *decoder) id() (v [16]byte) { copy(v[:], d.take(16)); return v }

func (d *decoder) digest() (v [32]byte) { copy(v[:], d.take(32)); return v }

// count reads the length of a list whose items take at least size bytes each.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > maxList || n > uint64(len(d.b)/size) {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) digests() [][32]byte {
	n := d.count(32)
	if n == 0 {
		return nil
	}
	out := make([][32]byte, n)
	for i := range out {
		out[i] = d.digest()
	}
	return out
}

// offsets reads what appendOffsets wrote.
func (d *decoder) offsets() []int64 {
	n := d.count(1)
	if n == 0 {
		return nil
	}
	out := make([]int64, n)
	at := uint64(0)
	for i := range out {
		step := d.uvarint()
		if at += step; step == 0 || at < step || at > math.MaxInt64 {
			d.bad = true
			return nil
		}
		out[i] = int64(at)
	}
	return out
}

// appendOffsets writes ascending offsets above 0, each as its distance from the one before.
func appendOffsets(dst []byte, list []int64) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	at := int64(0)
	for _, v := range list {
		dst = binary.AppendUvarint(dst, uint64(v-at))
		at = v
	}
	return dst
}

func appendBytes[T []byte | string](dst []byte, v T) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(v))), v...)
}

func appendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func appendDigests(dst []byte, list [][32]byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for i := range list {
		dst = append(dst, list[i][:]...)
	}
	return dst
}

// fixedKey turns a natural key of known length back into an array.
func fixedKey16(b []byte) (k [16]byte, err error) {
	if len(b) != len(k) {
		return k, fmt.Errorf("%w: key of %d bytes", errRecord, len(b))
	}
	return [16]byte(b), nil
}

func fixedKey32(b []byte) (k [32]byte, err error) {
	if len(b) != len(k) {
		return k, fmt.Errorf("%w: key of %d bytes", errRecord, len(b))
	}
	return [32]byte(b), nil
}

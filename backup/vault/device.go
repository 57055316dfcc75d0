package vault

import (
	"fmt"
)

// Role is what a device may do.
type Role uint8

// Roles. A recovery key is not a role but a principal of rank 2.
const (
	RoleUploader Role = iota // writer keyset only
	RoleMember               // reads and writes
	RoleAdmin                // also changes who may
)

// Device is a device's record as it joins.
type Device struct {
	ID         DeviceID
	Tag        DevTag
	Role       Role
	LogKey     PublicKey
	ControlKey PublicKey // zero for an uploader
	WriterKEM  []byte    // X-Wing public key
	ReaderKEM  []byte    // X-Wing public key, empty for an uploader
	Name       string
	Credential string // public id of its storage credential, may be empty
}

// KEMPublicLen is the length of an X-Wing public key (ML-KEM-768 || X25519).
const KEMPublicLen = 1216

// Encode makes the nested record.
func (d Device) Encode() []byte {
	f := NewFields().Bytes(1, d.ID[:]).Bytes(2, d.Tag[:]).U8(3, uint8(d.Role)).Bytes(4, d.LogKey[:])
	if d.Role != RoleUploader {
		f.Bytes(5, d.ControlKey[:])
	}
	f.Bytes(6, d.WriterKEM)
	if d.Role != RoleUploader {
		f.Bytes(7, d.ReaderKEM)
	}
	return f.Str(8, d.Name).Str(9, d.Credential).Encoded()
}

func parseDevice(b []byte) (d Device, err error) {
	fail := func(e error) (Device, error) { return Device{}, fmt.Errorf("device record: %w", e) }
	r, err := ParseFields(b, 1, 2, 3, 4, 5, 6, 7, 8, 9)
	if err != nil {
		return fail(err)
	}
	role, err := r.U8(3)
	if err != nil || role > uint8(RoleAdmin) {
		return fail(ErrMalformed)
	}
	d.Role = Role(role)
	for tag, dst := range map[uint16][]byte{1: d.ID[:], 2: d.Tag[:], 4: d.LogKey[:]} {
		if err := r.Fixed(tag, dst); err != nil {
			return fail(err)
		}
	}
	d.WriterKEM, d.ReaderKEM = r.Bytes(6), r.Bytes(7)
	if d.Role != RoleUploader {
		if err := r.Fixed(5, d.ControlKey[:]); err != nil || len(d.ReaderKEM) != KEMPublicLen {
			return fail(ErrMalformed)
		}
	} else if r.Has(5) || r.Has(7) {
		return fail(ErrMalformed)
	}
	if len(d.WriterKEM) != KEMPublicLen || len(r.Bytes(8)) > 256 || len(r.Bytes(9)) > 256 {
		return fail(ErrMalformed)
	}
	d.Name, d.Credential = string(r.Bytes(8)), string(r.Bytes(9))
	return d, nil
}

// Recovery is the record of a recovery kit: a device on paper.
type Recovery struct {
	ID   DeviceID // names it in principals and as author
	Slot [16]byte // where its sealed seeds are
	Key  PublicKey
	KEM  []byte // X-Wing public key, receives level-0 slots
}

// Encode makes the nested record.
func (r Recovery) Encode() []byte {
	return NewFields().Bytes(1, r.ID[:]).Bytes(2, r.Slot[:]).Bytes(3, r.Key[:]).Bytes(4, r.KEM).Encoded()
}

func parseRecovery(b []byte) (v Recovery, err error) {
	r, err := ParseFields(b, 1, 2, 3, 4)
	if err != nil {
		return v, fmt.Errorf("recovery record: %w", err)
	}
	for tag, dst := range map[uint16][]byte{1: v.ID[:], 2: v.Slot[:], 3: v.Key[:]} {
		if err := r.Fixed(tag, dst); err != nil {
			return v, fmt.Errorf("recovery record: %w", err)
		}
	}
	if v.KEM = r.Bytes(4); len(v.KEM) != KEMPublicLen {
		return v, fmt.Errorf("recovery record: %w", ErrMalformed)
	}
	return v, nil
}

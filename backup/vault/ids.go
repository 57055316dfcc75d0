package vault

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// SpaceID names one keyspace; random and public.
type SpaceID [16]byte

// DeviceID names one device (or the paper device of a recovery kit) for ever.
type DeviceID [16]byte

// DevTag is the part of a device's identity that stands in the names of its log.
type DevTag [8]byte

// FileID names one file entry: u48 sequence number of the commit that created it, then 10 random bytes, so that new files sort last.
type FileID [16]byte

// VersionID names one version of a file.
type VersionID [16]byte

// Hash is a SHA-256 value.
type Hash [32]byte

// CID is the keyed name of a chunk.
type CID [32]byte

func (v SpaceID) String() string   { return hex.EncodeToString(v[:]) }
func (v DeviceID) String() string  { return hex.EncodeToString(v[:]) }
func (v DevTag) String() string    { return hex.EncodeToString(v[:]) }
func (v FileID) String() string    { return hex.EncodeToString(v[:]) }
func (v VersionID) String() string { return hex.EncodeToString(v[:]) }
func (v Hash) String() string      { return hex.EncodeToString(v[:]) }
func (v CID) String() string       { return hex.EncodeToString(v[:]) }

// NewFileID makes the identifier of a file first stored by the commit with number seq.
func NewFileID(seq uint64) FileID {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], seq)
	var id FileID
	copy(id[:6], b[2:])
	rand.Read(id[6:])
	return id
}

// NewVersionID is 16 random bytes.
func NewVersionID() (v VersionID) { rand.Read(v[:]); return v }

// ParseSpaceID reads 32 hex digits.
func ParseSpaceID(s string) (id SpaceID, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("space identifier %q: %w", s, ErrMalformed)
	}
	copy(id[:], b)
	return id, nil
}

// ParseDeviceID reads 32 hex digits.
func ParseDeviceID(s string) (DeviceID, error) {
	id, err := ParseSpaceID(s)
	return DeviceID(id), err
}

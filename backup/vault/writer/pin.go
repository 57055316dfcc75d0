package writer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

// Pin is the newest state this device vouches for; it lives beside the keychain secret, outside the data folder, so that restoring an
// old image of the folder is noticed.
type Pin struct {
	Control vault.Head
	Tag     vault.DevTag
	Log     vault.Head
}

const pinBody = 1 + 40 + 8 + 40

func pinKey(start secret.Secret, device vault.DeviceID) []byte {
	return vault.DeriveKey(start.Bytes(), nil, append([]byte("lp1/local-pin"), device[:]...), 32)
}

// Encode makes the keychain item: base64 of body || HMAC-SHA-256, 164 characters.
func (p Pin) Encode(start secret.Secret, device vault.DeviceID) string {
	b := binary.BigEndian.AppendUint64([]byte{1}, p.Control.Seq)
	b = append(append(b, p.Control.Hash[:]...), p.Tag[:]...)
	b = append(binary.BigEndian.AppendUint64(b, p.Log.Seq), p.Log.Hash[:]...)
	m := hmac.New(sha256.New, pinKey(start, device))
	m.Write(b)
	return base64.StdEncoding.EncodeToString(m.Sum(b))
}

// ParsePin reads and authenticates the item.
func ParsePin(item string, start secret.Secret, device vault.DeviceID) (p Pin, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(item)
	if err != nil || len(b) != pinBody+32 || len(item) != base64.StdEncoding.EncodedLen(len(b)) { // line breaks would be skipped
		return p, fmt.Errorf("pin: %w", vault.ErrMalformed)
	}
	m := hmac.New(sha256.New, pinKey(start, device))
	m.Write(b[:pinBody])
	if !hmac.Equal(m.Sum(nil), b[pinBody:]) {
		return p, fmt.Errorf("pin: %w", vault.ErrTampered)
	}
	if b[0] != 1 {
		return p, fmt.Errorf("pin: %w", vault.ErrNewer)
	}
	p.Control = vault.Head{Seq: binary.BigEndian.Uint64(b[1:]), Hash: vault.Hash(b[9:41])}
	copy(p.Tag[:], b[41:])
	p.Log = vault.Head{Seq: binary.BigEndian.Uint64(b[49:]), Hash: vault.Hash(b[57:89])}
	return p, nil
}

// Histories remembers the hashes of the commits of all logs that were read, by device and number.
type Histories map[vault.DevTag]map[uint64]vault.Hash

// Add takes over a commit that WalkLog gave.
func (h Histories) Add(tag vault.DevTag, at vault.Head) {
	if h[tag] == nil {
		h[tag] = map[uint64]vault.Hash{}
	}
	h[tag][at.Seq] = at.Hash
}

// Check holds what was vouched for (a pin, another log's "seen", a kit's checkpoint) against what is there: ErrRollback where a log ends
// before it, ErrVanished where later commits are there and that one is not, ErrFork where another stands in its place. Only numbers
// from the first one known in a log are judged; a zero hash vouches for the number alone.
func (h Histories) Check(want vault.SeenHead) error {
	if want.Seq == 0 {
		return nil
	}
	log := h[want.Tag]
	if got, ok := log[want.Seq]; ok {
		if want.Hash != (vault.Hash{}) && got != want.Hash {
			return fmt.Errorf("commit %d of log %s: %w", want.Seq, want.Tag, vault.ErrFork)
		}
		return nil
	}
	var first, last uint64
	for seq := range log {
		if first == 0 || seq < first {
			first = seq
		}
		last = max(last, seq)
	}
	switch {
	case last < want.Seq:
		return fmt.Errorf("log %s ends at %d, %d was seen: %w", want.Tag, last, want.Seq, vault.ErrRollback)
	case first < want.Seq:
		return fmt.Errorf("commit %d of log %s: %w", want.Seq, want.Tag, vault.ErrVanished)
	}
	return nil
}

// CheckControl holds a control head that was vouched for against the chain: ErrRollback where it ends earlier, ErrFork where another
// entry stands there.
func CheckControl(c *vault.Chain, want vault.Head) error {
	switch {
	case want.Seq == 0:
		return nil
	case want.Seq > uint64(len(c.Entries)):
		return fmt.Errorf("the control chain ends at %d, %d was seen: %w", len(c.Entries), want.Seq, vault.ErrRollback)
	case c.Entries[want.Seq-1].Head() != want:
		return fmt.Errorf("control entry %d is another one than seen before: %w", want.Seq, vault.ErrFork)
	}
	return nil
}

// CheckPin holds this device's pin against what a destination has.
func CheckPin(c *vault.Chain, h Histories, p Pin) error {
	if err := CheckControl(c, p.Control); err != nil {
		return err
	}
	return h.Check(vault.SeenHead{Tag: p.Tag, Head: p.Log})
}

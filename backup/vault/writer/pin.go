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
	b, err := base64.StdEncoding.DecodeString(item)
	if err != nil || len(b) != pinBody+32 {
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

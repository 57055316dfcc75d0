package vault

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"lightproof/keystore/secret"
)

// KDF is the parameters of Argon2id (RFC 9106, version 0x13) for one passphrase.
type KDF struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultKDF takes about one second on a desktop computer.
var DefaultKDF = KDF{Time: 3, Memory: 256 << 10, Threads: 4}

// KDFLen is the length of encoded parameters: u8 1, u32 time, u32 memory, u8 threads.
const KDFLen = 10

// Encode makes the bytes that stand beside the salt and in the derivation's info.
func (k KDF) Encode() []byte {
	b := binary.BigEndian.AppendUint32([]byte{1}, k.Time)
	return append(binary.BigEndian.AppendUint32(b, k.Memory), k.Threads)
}

// Check refuses parameters outside the format's bounds (1–10 passes, 64 MiB–2 GiB, 1–8 threads) before anything is allocated.
func (k KDF) Check() error {
	if k.Time < 1 || k.Time > 10 || k.Memory < 64<<10 || k.Memory > 2<<20 || k.Threads < 1 || k.Threads > 8 {
		return fmt.Errorf("Argon2id %d passes, %d KiB, %d threads: %w", k.Time, k.Memory, k.Threads, ErrKDFBounds)
	}
	return nil
}

// ParseKDF decodes and bounds parameters.
func ParseKDF(b []byte) (k KDF, err error) {
	if len(b) != KDFLen {
		return k, fmt.Errorf("key derivation parameters: %w", ErrMalformed)
	}
	if b[0] != 1 {
		return k, fmt.Errorf("key derivation %d: %w", b[0], ErrNewer)
	}
	k = KDF{Time: binary.BigEndian.Uint32(b[1:]), Memory: binary.BigEndian.Uint32(b[5:]), Threads: b[9]}
	return k, k.Check()
}

// Stretch is Argon2id of the NFKC form of a passphrase, 32 bytes.
func (k KDF) Stretch(passphrase []byte, salt [16]byte) (secret.Secret, error) {
	if err := k.Check(); err != nil {
		return secret.Secret{}, err
	}
	n := norm.NFKC.Append(nil, passphrase...) // a copy: NFKC.Bytes may return its argument, which is the caller's to wipe
	out := argon2.IDKey(n, salt[:], k.Time, k.Memory, k.Threads, 32)
	clear(n)
	return secret.New(out), nil
}

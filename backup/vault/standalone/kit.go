package standalone

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"filippo.io/mldsa"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

func fromHex(s string, n int) (string, error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != n {
		return "", fmt.Errorf("not %d bytes in hex: %w", n, ErrMalformed)
	}
	return string(b), nil
}

// KitFromWords turns the 24 words of a recovery kit, in lower case and separated by white space, into its 32 bytes. list is the
// English word list of BIP-39, 2,048 words in order. ErrMalformed: another number of words, one that is not in the list, or a
// checksum that does not fit.
func KitFromWords(text string, list []string) ([]byte, error) {
	words := strings.Fields(text)
	if len(words) != 24 || len(list) != 2048 {
		return nil, fmt.Errorf("%d words: %w", len(words), ErrMalformed)
	}
	var out []byte
	acc, have := 0, 0 // bits not yet written out, fewer than 8
	for n, w := range words {
		i := slices.Index(list, w)
		if i < 0 {
			return nil, fmt.Errorf("word %d is not in the list: %w", n+1, ErrMalformed)
		}
		acc, have = acc<<11|i, have+11
		for have >= 8 {
			have -= 8
			out = append(out, byte(acc>>have))
			acc &= 1<<have - 1
		}
	}
	if check := sha256.Sum256(out[:32]); check[0] != out[32] {
		return nil, fmt.Errorf("the words do not belong together: %w", ErrMalformed)
	}
	return out[:32], nil
}

// kdf is the cost of a passphrase as it stands before a slot (FORMAT.md, "Recovery kit").
type kdf struct {
	passes, memory uint32 // memory in KiB
	threads        uint8
}

// parseKDF bounds the cost before anything is computed.
func parseKDF(b []byte) (k kdf, err error) {
	if b[0] != 1 {
		return k, fmt.Errorf("key derivation %d: %w", b[0], ErrNewer)
	}
	k = kdf{num32(b[1:]), num32(b[5:]), b[9]}
	if k.passes < 1 || k.passes > 10 || k.memory < 65536 || k.memory > 2097152 || k.threads < 1 || k.threads > 8 {
		return k, fmt.Errorf("cost of the key derivation out of bounds: %w", ErrMalformed)
	}
	return k, nil
}

// keys is what a recovery slot holds, and the generations opened with it. Index 0 of e and w is generation 1.
type keys struct {
	space   string
	kit     string // deviceID of the kit
	kem     []byte // X-Wing seed
	mix     []byte // M
	genesis string
	e, w    [][]byte
}

var slotShape = shape{{1, 16, true}, {2, 1, true}, {3, 16, true}, {4, 64, true}, {5, 32, true}, {6, 32, true}, {7, 32, true}, {8, 8, true}}

// openSlot reads and opens the recovery slot of a kit.
func openSlot(p place, space string, kit, passphrase []byte, report func(error)) (*keys, error) {
	if len(kit) != 32 || len(passphrase) < 1 || len(passphrase) > 1024 {
		return nil, fmt.Errorf("kit of %d bytes, passphrase of %d: %w", len(kit), len(passphrase), ErrMalformed)
	}
	id := string(derive(kit, space, "lp1/slot-id", 16))
	name := "r/" + hex.EncodeToString([]byte(id))
	return doubled(p, name, report, func(obj []byte) (*keys, error) {
		if len(obj) < 26 {
			return nil, fmt.Errorf("slot cut short: %w", ErrAltered)
		}
		k, err := parseKDF(obj)
		if err != nil {
			return nil, err
		}
		a := argon2.IDKey(norm.NFKC.Bytes(passphrase), obj[10:26], k.passes, k.memory, k.threads, 32)
		ruk := derive(slices.Concat(kit, a), space+string(obj[10:26]), "lp1/recovery"+id+string(obj[:10]), 32)
		b, err := openEnvelope(kindSlot, space, name, ruk, obj[26:])
		if err != nil {
			return nil, err
		}
		r, err := slotShape.parse(b.signed)
		if err != nil {
			return nil, err
		}
		if string(r[1]) != space || r[2][0] != kindSlot || len(b.payload) != 0 {
			return nil, fmt.Errorf("slot of another place: %w", ErrAltered)
		}
		ml, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), r[4][32:])
		if err != nil {
			return nil, err
		}
		public := slices.Concat([]byte(ed25519.NewKeyFromSeed(r[4][:32]).Public().(ed25519.PublicKey)), ml.PublicKey().Bytes())
		if err := verify(public, signatureOf(kindSlot), b.signed, b.signatures); err != nil {
			return nil, err
		}
		return &keys{space: space, kit: string(r[3]), kem: r[5], mix: r[6], genesis: string(r[7])}, nil
	})
}

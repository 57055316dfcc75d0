package vault

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/mlkem"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"slices"
	"testing"

	"filippo.io/mldsa"
	"github.com/c2sp/wycheproof"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
)

// hexBytes is a JSON string of hex digits.
type hexBytes []byte

func (h *hexBytes) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := hex.DecodeString(s)
	*h = v
	return err
}

// wycheCase holds every field that the files used here have; each test reads its own.
type wycheCase struct {
	ID      int      `json:"tcId"`
	Comment string   `json:"comment"`
	Flags   []string `json:"flags"`
	Result  string   `json:"result"`

	Key     hexBytes `json:"key"`
	IV      hexBytes `json:"iv"`
	AAD     hexBytes `json:"aad"`
	Msg     hexBytes `json:"msg"`
	CT      hexBytes `json:"ct"`
	Tag     hexBytes `json:"tag"`
	IKM     hexBytes `json:"ikm"`
	Salt    hexBytes `json:"salt"`
	Info    hexBytes `json:"info"`
	Size    int      `json:"size"`
	OKM     hexBytes `json:"okm"`
	Public  hexBytes `json:"public"`
	Private hexBytes `json:"private"`
	Shared  hexBytes `json:"shared"`
	Sig     hexBytes `json:"sig"`
	Context hexBytes `json:"ctx"`
	Seed    hexBytes `json:"seed"`
	EK      hexBytes `json:"ek"`
	C       hexBytes `json:"c"`
	K       hexBytes `json:"K"`
}

type wycheGroup struct {
	KeySize   int             `json:"keySize"`
	IVSize    int             `json:"ivSize"`
	TagSize   int             `json:"tagSize"`
	PublicKey json.RawMessage `json:"publicKey"`
	Tests     []wycheCase     `json:"tests"`
}

// wyche runs check on every case of a file that take accepts. Fewer cases than published when this was written is a failure: vectors
// that silently vanish prove nothing. check tells whether the primitive accepted the case and its result was the published one.
func wyche(t *testing.T, file string, want int, take func(wycheGroup) bool, check func(wycheGroup, wycheCase) bool) {
	t.Helper()
	raw, err := fs.ReadFile(wycheproof.TestVectors, file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Groups []wycheGroup `json:"testGroups"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range doc.Groups {
		if take != nil && !take(g) {
			continue
		}
		for _, c := range g.Tests {
			n++
			// "acceptable" ones may go either way, but a result that is given must be right; the checks below decide.
			if got := check(g, c); got != (c.Result != "invalid") {
				t.Errorf("%s case %d (%s, %s, %v): accepted %v", file, c.ID, c.Comment, c.Result, c.Flags, got)
			}
		}
	}
	if n < want {
		t.Errorf("%s: %d cases, %d are published", file, n, want)
	}
}

func TestAESGCMAgainstWycheproof(t *testing.T) {
	take := func(g wycheGroup) bool { return g.KeySize == 256 && g.IVSize == 96 && g.TagSize == 128 }
	wyche(t, "aes_gcm_test.json", 66, take, func(_ wycheGroup, c wycheCase) bool {
		aead := newGCM(c.Key)
		plain, err := aead.Open(nil, c.IV, append(slices.Clone(c.CT), c.Tag...), c.AAD)
		if err != nil {
			return false
		}
		sealed := aead.Seal(nil, c.IV, c.Msg, c.AAD)
		return bytes.Equal(plain, c.Msg) && bytes.Equal(sealed, append(slices.Clone(c.CT), c.Tag...))
	})
}

func TestHKDFAgainstWycheproof(t *testing.T) {
	wyche(t, "hkdf_sha256_test.json", 86, nil, func(_ wycheGroup, c wycheCase) bool {
		if c.Size > 255*32 { // never asked for by the format; the library has to refuse
			_, err := hkdf.Expand(sha256.New, extract(c.Salt, c.IKM), string(c.Info), c.Size)
			return err == nil
		}
		return bytes.Equal(DeriveKey(c.IKM, c.Salt, c.Info, c.Size), c.OKM)
	})
}

func TestHMACAgainstWycheproof(t *testing.T) {
	wyche(t, "hmac_sha256_test.json", 174, nil, func(g wycheGroup, c wycheCase) bool {
		whole, split := mac(c.Key, c.Msg), mac(c.Key, c.Msg[:len(c.Msg)/2], c.Msg[len(c.Msg)/2:])
		return whole == split && bytes.Equal(whole[:g.TagSize/8], c.Tag)
	})
}

func TestX25519AgainstWycheproof(t *testing.T) {
	wyche(t, "x25519_test.json", 518, nil, func(_ wycheGroup, c wycheCase) bool {
		priv, err := ecdh.X25519().NewPrivateKey(c.Private)
		if err != nil {
			return false
		}
		pub, err := ecdh.X25519().NewPublicKey(c.Public)
		if err != nil {
			return false
		}
		shared, err := priv.ECDH(pub)
		if slices.Contains(c.Flags, "ZeroSharedSecret") {
			return err != nil // a shared secret that everybody knows must be refused
		}
		return err == nil && bytes.Equal(shared, c.Shared)
	})
}

func TestEd25519AgainstWycheproof(t *testing.T) {
	wyche(t, "ed25519_test.json", 151, nil, func(g wycheGroup, c wycheCase) bool {
		var pk struct {
			PK hexBytes `json:"pk"`
		}
		if err := json.Unmarshal(g.PublicKey, &pk); err != nil || len(pk.PK) != 32 {
			t.Fatal("public key", err)
		}
		return ed25519.Verify(ed25519.PublicKey(pk.PK), c.Msg, c.Sig)
	})
}

func TestMLKEM768AgainstWycheproof(t *testing.T) {
	wyche(t, "mlkem_768_test.json", 201, nil, func(_ wycheGroup, c wycheCase) bool {
		dk, err := mlkem.NewDecapsulationKey768(c.Seed)
		if err != nil {
			return false
		}
		if len(c.EK) > 0 && !bytes.Equal(dk.EncapsulationKey().Bytes(), c.EK) {
			return false
		}
		shared, err := dk.Decapsulate(c.C)
		return err == nil && bytes.Equal(shared, c.K)
	})
}

func TestMLDSA65AgainstWycheproofWithASecondOpinion(t *testing.T) {
	wyche(t, "mldsa_65_verify_test.json", 210, nil, func(g wycheGroup, c wycheCase) bool {
		var key hexBytes
		if err := json.Unmarshal(g.PublicKey, &key); err != nil {
			t.Fatal(err)
		}
		ok := false
		if pk, err := mldsa.NewPublicKey(mldsa.MLDSA65(), key); err == nil {
			ok = mldsa.Verify(pk, c.Msg, c.Sig, &mldsa.Options{Context: string(c.Context)}) == nil
		}
		second := false
		var pk mldsa65.PublicKey
		if err := pk.UnmarshalBinary(key); err == nil {
			second = mldsa65.Verify(&pk, c.Msg, c.Context, c.Sig)
		}
		if ok != second {
			t.Errorf("case %d: %v, the second library says %v", c.ID, ok, second)
		}
		return ok
	})
}

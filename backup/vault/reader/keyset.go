// Package reader is the keyset that reads: it opens payloads, pages and chunks, makes and recovers Spaces, and signs changes of who
// may. Only an unlocked process holds it.
package reader

import (
	"bytes"
	"fmt"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// Keyset is the reader keyset of one device.
type Keyset struct {
	Space       vault.SpaceID
	Device      vault.DeviceID
	Control     *vault.SigningKey
	KEMSeed     secret.Secret   // reader X-Wing
	CacheKey    secret.Secret   // of reader.db
	Generations []secret.Secret // E_1 … E_g, zero where it never came to this device
	Genesis     vault.Hash      // root of trust of the control chain
	Mix         secret.Secret   // M, opens epoch objects
	Matured     uint64          // control entries up to this number count as matured: the kit's word, on a device that a kit added

	condemned writer.Condemned
	file      secret.Secret    // what reader.bin is sealed under, empty where this keyset did not come from one
	head      *vault.StartHead // what stands before it, nil in Convenient mode
}

// Condemned is the set of names that collections claim; every view of this keyset keeps to it and adds to it.
func (k *Keyset) Condemned() *writer.Condemned { return &k.condemned }

// Wipe clears all secrets.
func (k *Keyset) Wipe() {
	if k.Control != nil {
		k.Control.Wipe()
	}
	k.KEMSeed.Wipe()
	k.CacheKey.Wipe()
	k.Mix.Wipe()
	k.file.Wipe()
	for _, e := range k.Generations {
		e.Wipe()
	}
}

// Epoch is E_g, or ErrWrongKey where this keyset does not hold it.
func (k *Keyset) epoch(g uint32) (secret.Secret, error) {
	if g == 0 || int(g) > len(k.Generations) || k.Generations[g-1].IsZero() {
		return secret.Secret{}, fmt.Errorf("generation %d: %w", g, vault.ErrWrongKey)
	}
	return k.Generations[g-1], nil
}

// FileName is the envelope name of the sealed keyset on this computer.
const FileName = "local/reader"

// Lock is what opens reader.bin.
type Lock struct {
	Start      secret.Secret // S_kc from the keychain; empty with "passphrase at each start"
	Passphrase []byte        // app passphrase; nil in Convenient mode
}

func (l Lock) key(device vault.DeviceID, h *vault.StartHead) ([]byte, error) {
	if h == nil && l.Start.IsZero() { // else anybody could put a file of his own in its place
		return nil, fmt.Errorf("reader.bin under no secret: %w", vault.ErrTampered)
	}
	ikm := append([]byte(nil), l.Start.Bytes()...)
	if h != nil {
		a, err := h.KDF.Stretch(l.Passphrase, h.Salt)
		if err != nil {
			return nil, err
		}
		ikm = append(ikm, a.Bytes()...)
		a.Wipe()
	}
	k := vault.DeriveKey(ikm, nil, append([]byte("lp1/local-reader"), device[:]...), 32)
	clear(ikm)
	return k, nil
}

const (
	tagSpace = iota + 1
	tagDevice
	tagControl
	tagKEM
	tagCache
	tagGenerations
	tagGenesis
	tagMix
	tagMatured
)

// Seal makes reader.bin. With a passphrase: kdf || salt16 || envelope; without (Convenient): the envelope alone.
func (k *Keyset) Seal(l Lock, kdf vault.KDF) ([]byte, error) {
	var head []byte
	var hp *vault.StartHead
	if l.Passphrase != nil {
		h := vault.NewStartHead(kdf)
		hp, head = &h, h.Encode()
	} else if l.Start.IsZero() {
		return nil, fmt.Errorf("reader.bin without any secret: %w", vault.ErrMalformed)
	}
	key, err := l.key(k.Device, hp)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	obj, err := k.seal(key)
	return append(head, obj...), err
}

// Reseal makes reader.bin anew, under the same passphrase and keychain secret as the one that this keyset was opened from: to be called when
// it took in a generation (Followed.Grew). old is the file as it is now; where that is none of the same lock, or this keyset did not come
// from a file, ok is false: somebody else has to seal it.
func (k *Keyset) Reseal(old []byte) (b []byte, ok bool, err error) {
	h, _, headed, err := vault.SplitStart(old)
	if err != nil || k.file.IsZero() || headed != (k.head != nil) || headed && h != *k.head {
		return nil, false, err
	}
	if headed {
		b = h.Encode()
	}
	obj, err := k.seal(k.file.Bytes())
	return append(b, obj...), err == nil, err
}

func (k *Keyset) seal(key []byte) ([]byte, error) {
	var gens []byte
	for _, e := range k.Generations {
		var b [32]byte
		copy(b[:], e.Bytes())
		gens = append(gens, b[:]...)
	}
	f := vault.NewFields().Bytes(tagSpace, k.Space[:]).Bytes(tagDevice, k.Device[:]).Bytes(tagControl, k.Control.Seed().Bytes()).
		Bytes(tagKEM, k.KEMSeed.Bytes()).Bytes(tagCache, k.CacheKey.Bytes()).Bytes(tagGenerations, gens).Bytes(tagGenesis, k.Genesis[:]).
		Bytes(tagMix, k.Mix.Bytes())
	if k.Matured > 0 {
		f.U64(tagMatured, k.Matured)
	}
	payload := f.Encoded()
	obj, err := vault.SealEnvelope(vault.KindLocalReader, 0, k.Space, FileName, key, vault.Body{Payload: payload})
	clear(payload)
	clear(gens)
	return obj, err
}

// NeedsPassphrase tells whether a reader.bin opens only with a passphrase.
func NeedsPassphrase(file []byte) (bool, error) {
	_, _, ok, err := vault.SplitStart(file)
	return ok, err
}

// Open reads reader.bin. ErrWrongKey: passphrase or keychain secret do not fit, or the head of the file was altered. ErrTampered without
// it: the file is damaged. ErrNewer: a newer program wrote it.
func Open(space vault.SpaceID, device vault.DeviceID, file []byte, l Lock) (*Keyset, error) {
	h, env, ok, err := vault.SplitStart(file)
	if err != nil {
		return nil, fmt.Errorf("reader.bin: %w", err)
	}
	var hp *vault.StartHead
	if ok {
		hp = &h
	}
	key, err := l.key(device, hp)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	body, err := vault.OpenEnvelope(vault.KindLocalReader, space, FileName, key, env)
	if err != nil {
		return nil, fmt.Errorf("reader.bin: %w", err)
	}
	defer clear(body.Payload)
	r, err := vault.ParseFields(body.Payload, tagSpace, tagDevice, tagControl, tagKEM, tagCache, tagGenerations, tagGenesis, tagMix, tagMatured)
	if err != nil {
		return nil, fmt.Errorf("reader keyset: %w", err)
	}
	k := &Keyset{}
	own := func(tag uint16, n int) secret.Secret {
		b := r.Bytes(tag)
		if len(b) != n {
			err = fmt.Errorf("reader keyset: %w", vault.ErrMalformed)
		}
		return secret.New(append([]byte(nil), b...))
	}
	copy(k.Space[:], r.Bytes(tagSpace))
	copy(k.Device[:], r.Bytes(tagDevice))
	seed := own(tagControl, vault.SigningSeedLen)
	k.KEMSeed, k.CacheKey, k.Mix = own(tagKEM, 32), own(tagCache, 32), own(tagMix, 32)
	copy(k.Genesis[:], r.Bytes(tagGenesis))
	if len(r.Bytes(tagMatured)) > 0 {
		n, merr := r.U64(tagMatured)
		if merr != nil {
			err = merr
		}
		k.Matured = n
	}
	gens := r.Bytes(tagGenerations)
	if n := len(gens); n == 0 || n%32 != 0 || secret.New(gens[n-32:]).IsZero() {
		err = vault.ErrMalformed
	}
	if err != nil || k.Space != space || k.Device != device {
		return nil, fmt.Errorf("reader keyset: %w", vault.ErrMalformed)
	}
	for ; len(gens) > 0; gens = gens[32:] {
		k.Generations = append(k.Generations, secret.New(append([]byte(nil), gens[:32]...)))
	}
	k.file, k.head = secret.New(bytes.Clone(key)), hp
	k.Control, err = vault.NewSigningKey(seed)
	return k, err
}

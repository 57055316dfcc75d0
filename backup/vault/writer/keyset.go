// Package writer is the keyset that backs up: it deduplicates, seals, signs and checks, and cannot read a stored photo. The engine's
// process holds nothing else. The package never imports the reader package; a test holds it to that.
package writer

import (
	"cmp"
	"crypto/hpke"
	"fmt"
	"maps"
	"slices"

	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

// Keyset is the writer keyset of one device.
type Keyset struct {
	Space       vault.SpaceID
	Device      vault.DeviceID
	Tag         vault.DevTag
	Name        string // the device's name
	Genesis     vault.Hash
	Mix         secret.Secret // M
	Log         *vault.SigningKey
	KEMSeed     secret.Secret       // writer X-Wing
	CacheKey    secret.Secret       // of writer.db
	Generations []*vault.Generation // ascending; a number may lack: a generation whose keys never came to this device
	EPKs        [][]byte            // public keys beside Generations, empty where not known
	Credentials map[string]string   // storage logins by destination
	Matured     uint64              // control entries up to this number count as matured: the kit's word, on a device that a kit added

	current   uint32     // generation to write under, 0 = the newest; see Follows
	condemned *Condemned // names that a collection claims, nil = not asked to obey; see Obey
}

// Current is the generation to write under: the one that was current at the head that Follows chose, the newest held before.
func (k *Keyset) Current() *vault.Generation { return k.Generations[k.index()] }

// EPK is the public key of the current generation: payloads are sealed to it.
func (k *Keyset) EPK() []byte { return k.EPKs[k.index()] }

func (k *Keyset) index() int {
	for i, g := range k.Generations {
		if g.Number == k.current {
			return i
		}
	}
	return len(k.Generations) - 1
}

// Follows makes the keyset write under the generation that is current at the head of a chain (after a voided epoch that is not the newest
// one held), or, where its keys did not come to this device, the newest that did. It returns the control head that commits must name:
// the newest at which that generation is current. ErrWrongKey: no generation of this chain is held.
func (k *Keyset) Follows(c *vault.Chain) (vault.Head, error) {
	head, g := c.HeadHeld(func(g uint32) bool { return k.Generation(g) != nil })
	if g == 0 {
		return vault.Head{}, fmt.Errorf("generation %d: %w", c.Generation(), vault.ErrWrongKey)
	}
	k.current = g
	return head, nil
}

// add takes in a generation; one that is held already stays.
func (k *Keyset) add(g *vault.Generation, epk []byte) {
	at, held := slices.BinarySearchFunc(k.Generations, g.Number, func(x *vault.Generation, n uint32) int { return cmp.Compare(x.Number, n) })
	if held {
		return
	}
	if k.condemned != nil {
		g.Avoid(k.condemned.Has)
	}
	k.Generations, k.EPKs = slices.Insert(k.Generations, at, g), slices.Insert(k.EPKs, at, epk)
}

// Generation finds the keys of generation g, nil if not held.
func (k *Keyset) Generation(g uint32) *vault.Generation {
	for _, x := range k.Generations {
		if x.Number == g {
			return x
		}
	}
	return nil
}

// KEM is the private key that receives W_g of new generations.
func (k *Keyset) KEM() (hpke.PrivateKey, error) { return vault.NewKEM(k.KEMSeed.Bytes()) }

// Wipe clears all secrets.
func (k *Keyset) Wipe() {
	k.Mix.Wipe()
	k.KEMSeed.Wipe()
	k.CacheKey.Wipe()
	if k.Log != nil {
		k.Log.Wipe()
	}
	for _, g := range k.Generations {
		g.Wipe()
	}
	clear(k.Credentials)
}

const (
	tagSpace = iota + 1
	tagDevice
	tagTag
	tagName
	tagGenesis
	tagMix
	tagLog
	tagKEM
	tagCache
	tagGenerations
	tagEPKs
	tagCredentials
	tagMatured
)

// FileName is the envelope name of the sealed keyset on this computer.
const FileName = "local/writer"

func fileKey(start secret.Secret, device vault.DeviceID) []byte {
	return vault.DeriveKey(start.Bytes(), nil, append([]byte("lp1/local-writer"), device[:]...), 32)
}

// Seal makes the content of writer.bin: envelope 0x81 under HKDF(start secret).
func (k *Keyset) Seal(start secret.Secret) ([]byte, error) {
	last := k.Generations[len(k.Generations)-1].Number
	gens, epks := make([]byte, 32*last), make([][]byte, last)
	for i, g := range k.Generations {
		copy(gens[32*(g.Number-1):], g.WriterKey().Bytes())
		epks[g.Number-1] = k.EPKs[i]
	}
	var creds [][]byte
	for _, id := range slices.Sorted(maps.Keys(k.Credentials)) {
		creds = append(creds, vault.NewFields().Str(1, id).Str(2, k.Credentials[id]).Encoded())
	}
	f := vault.NewFields().Bytes(tagSpace, k.Space[:]).Bytes(tagDevice, k.Device[:]).Bytes(tagTag, k.Tag[:]).Str(tagName, k.Name).
		Bytes(tagGenesis, k.Genesis[:]).Bytes(tagMix, k.Mix.Bytes()).Bytes(tagLog, k.Log.Seed().Bytes()).Bytes(tagKEM, k.KEMSeed.Bytes()).
		Bytes(tagCache, k.CacheKey.Bytes()).Bytes(tagGenerations, gens).List(tagEPKs, epks).List(tagCredentials, creds)
	if k.Matured > 0 {
		f.U64(tagMatured, k.Matured)
	}
	payload := f.Encoded()
	obj, err := vault.SealEnvelope(vault.KindLocalWriter, 0, k.Space, FileName, fileKey(start, k.Device), vault.Body{Payload: payload})
	clear(payload)
	clear(gens)
	return obj, err
}

// Open reads writer.bin. ErrWrongKey: the start secret is another one, or the head of the file was altered. ErrTampered without it: the
// file is damaged. ErrNewer: a newer program wrote it.
func Open(space vault.SpaceID, device vault.DeviceID, file []byte, start secret.Secret) (*Keyset, error) {
	if start.IsZero() {
		return nil, fmt.Errorf("writer.bin under no secret: %w", vault.ErrWrongKey)
	}
	body, err := vault.OpenEnvelope(vault.KindLocalWriter, space, FileName, fileKey(start, device), file)
	if err != nil {
		return nil, fmt.Errorf("writer.bin: %w", err)
	}
	k, err := parse(body.Payload)
	if err == nil && (k.Space != space || k.Device != device) {
		k.Wipe()
		return nil, fmt.Errorf("writer keyset of another device: %w", vault.ErrMalformed)
	}
	return k, err
}

func parse(b []byte) (*Keyset, error) {
	fail := func(e error) (*Keyset, error) { return nil, fmt.Errorf("writer keyset: %w", e) }
	r, err := vault.ParseFields(b, tagSpace, tagDevice, tagTag, tagName, tagGenesis, tagMix, tagLog, tagKEM, tagCache, tagGenerations, tagEPKs, tagCredentials, tagMatured)
	if err != nil {
		return fail(err)
	}
	k := &Keyset{Name: string(r.Bytes(tagName)), Credentials: map[string]string{}}
	for tag, dst := range map[uint16][]byte{tagSpace: k.Space[:], tagDevice: k.Device[:], tagTag: k.Tag[:], tagGenesis: k.Genesis[:]} {
		if err := r.Fixed(tag, dst); err != nil {
			return fail(err)
		}
	}
	own := func(tag uint16, n int) secret.Secret {
		b := r.Bytes(tag)
		if len(b) != n {
			err = vault.ErrMalformed
			return secret.Secret{}
		}
		return secret.New(append([]byte(nil), b...))
	}
	k.Mix, k.KEMSeed, k.CacheKey = own(tagMix, 32), own(tagKEM, 32), own(tagCache, 32)
	seed := own(tagLog, vault.SigningSeedLen)
	if err != nil {
		return fail(err)
	}
	if k.Log, err = vault.NewSigningKey(seed); err != nil {
		return fail(err)
	}
	gens := r.Bytes(tagGenerations)
	epks, err := r.List(tagEPKs, vault.MaxGeneration)
	if err != nil || len(gens)%32 != 0 || len(epks) != len(gens)/32 {
		return fail(vault.ErrMalformed)
	}
	for i, epk := range epks {
		w := secret.New(append([]byte(nil), gens[32*i:32*i+32]...))
		if len(epk) != 0 && len(epk) != vault.KEMPublicLen {
			return fail(vault.ErrMalformed)
		}
		if !w.IsZero() { // else a generation whose keys this device never had
			k.Generations = append(k.Generations, vault.NewGeneration(k.Space, uint32(i+1), w))
			k.EPKs = append(k.EPKs, append([]byte(nil), epk...))
		}
	}
	if n := len(k.Generations); n == 0 || int(k.Generations[n-1].Number) != len(epks) {
		return fail(vault.ErrMalformed)
	}
	creds, err := r.List(tagCredentials, 1024)
	if err != nil {
		return fail(err)
	}
	for _, c := range creds {
		cr, err := vault.ParseFields(c, 1, 2)
		if err != nil {
			return fail(err)
		}
		k.Credentials[string(cr.Bytes(1))] = string(cr.Bytes(2))
	}
	if len(r.Bytes(tagMatured)) > 0 {
		if k.Matured, err = r.U64(tagMatured); err != nil {
			return fail(err)
		}
	}
	clear(b)
	return k, nil
}

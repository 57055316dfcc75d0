package writer

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"lightproof/backup/vault"
)

// Built is a finished object with its name.
type Built struct {
	Name   string
	Object []byte
}

// BuiltCommit is a finished commit and the place that it takes.
type BuiltCommit struct {
	Built
	Head   vault.Head
	Header vault.Commit
}

// SealList makes an object list's envelope for commit seq and the row that the commit names it by.
func (k *Keyset) SealList(seq uint64, list []byte) (Built, vault.ListPart, error) {
	if len(list) > vault.MaxListPart {
		return Built{}, vault.ListPart{}, fmt.Errorf("object list of %d bytes: %w", len(list), vault.ErrMalformed)
	}
	if err := k.obeyed(list); err != nil {
		return Built{}, vault.ListPart{}, err
	}
	var x [4]byte
	rand.Read(x[:])
	name := vault.ListName(k.Tag, seq, hex.EncodeToString(x[:]))
	g := k.Current()
	obj, err := vault.SealEnvelope(vault.KindList, g.Number, k.Space, name, g.EnvelopeKey(), vault.Body{Payload: list})
	return Built{Name: name, Object: obj}, vault.ListPart{Name: name, Hash: sha256.Sum256(list)}, err
}

// SealPayload seals a commit's payload to the reader keyset; this keyset cannot open it again.
func (k *Keyset) SealPayload(seq uint64, plain []byte) ([]byte, error) {
	if len(plain) > vault.MaxPayload {
		return nil, fmt.Errorf("commit payload of %d bytes: %w", len(plain), vault.ErrMalformed)
	}
	return vault.SealTo(k.EPK(), vault.PayloadInfo(k.Space, k.Device, seq), plain)
}

// SealCommit signs and seals a commit whose payload is sealed already. It fills in Space, Author, Generation and PayloadHash.
// ErrCondemned: it lists a name that a collection claims (Obey).
func (k *Keyset) SealCommit(c vault.Commit, payload []byte) (BuiltCommit, error) {
	return k.sealCommit(c, payload, vault.CommitName(k.Tag, c.Seq))
}

// SealCommitBeside is SealCommit for a place whose name holds bytes that do not verify: the name gets a random suffix. The caller
// raises an alarm.
func (k *Keyset) SealCommitBeside(c vault.Commit, payload []byte) (BuiltCommit, error) {
	var x [4]byte
	rand.Read(x[:])
	return k.sealCommit(c, payload, vault.CommitName(k.Tag, c.Seq)+"-"+hex.EncodeToString(x[:]))
}

func (k *Keyset) sealCommit(c vault.Commit, payload []byte, name string) (BuiltCommit, error) {
	if err := k.obeyed(c.Inline); err != nil {
		return BuiltCommit{}, err
	}
	g := k.Current()
	c.Space, c.Author, c.Generation, c.PayloadHash = k.Space, k.Device, g.Number, sha256.Sum256(payload)
	signed := c.Encode()
	sigs, err := k.Log.Sign(vault.KindCommit, signed)
	if err != nil {
		return BuiltCommit{}, err
	}
	obj, err := vault.SealEnvelope(vault.KindCommit, g.Number, k.Space, name, g.EnvelopeKey(), vault.Body{Signed: signed, Sigs: sigs, Payload: payload})
	return BuiltCommit{Built: Built{Name: name, Object: obj}, Head: vault.HeadOf(c.Seq, signed), Header: c}, err
}

// OpenedCommit is a commit whose envelope opened; its signatures are judged by Chain.CheckCommit.
type OpenedCommit struct {
	Name   string
	Header vault.Commit
	Body   vault.Body
	Head   vault.Head
}

// OpenCommit opens a commit's envelope and checks that it belongs to this name, Space and payload.
func (k *Keyset) OpenCommit(name string, obj []byte) (OpenedCommit, error) {
	fail := func(e error) (OpenedCommit, error) { return OpenedCommit{}, e }
	tag, seq, _, ok := vault.ParseCommitName(name)
	if !ok {
		return fail(fmt.Errorf("commit name: %w", vault.ErrMalformed))
	}
	_, g, err := vault.EnvelopeHead(obj)
	if err != nil {
		return fail(err)
	}
	gen := k.Generation(g)
	if gen == nil {
		return fail(fmt.Errorf("commit of generation %d: %w", g, vault.ErrWrongKey))
	}
	body, err := vault.OpenEnvelope(vault.KindCommit, k.Space, name, gen.EnvelopeKey(), obj)
	if err != nil {
		return fail(err)
	}
	h, err := vault.ParseCommit(body.Signed)
	if err != nil {
		return fail(err)
	}
	if h.Space != k.Space || h.Seq != seq || h.Generation != g || h.PayloadHash != sha256.Sum256(body.Payload) {
		return fail(fmt.Errorf("commit in another's place: %w", vault.ErrTampered))
	}
	for _, l := range h.Lists {
		if !strings.HasPrefix(l.Name, vault.CommitName(tag, seq)+".") {
			return fail(fmt.Errorf("commit %d names another's object list: %w", seq, vault.ErrTampered))
		}
	}
	return OpenedCommit{Name: name, Header: h, Body: body, Head: vault.HeadOf(seq, body.Signed)}, nil
}

// OpenList opens an object list that a verified commit names.
func (k *Keyset) OpenList(part vault.ListPart, obj []byte) (vault.ObjectList, error) {
	_, g, err := vault.EnvelopeHead(obj)
	if err != nil {
		return vault.ObjectList{}, err
	}
	gen := k.Generation(g)
	if gen == nil {
		return vault.ObjectList{}, fmt.Errorf("object list of generation %d: %w", g, vault.ErrWrongKey)
	}
	body, err := vault.OpenEnvelope(vault.KindList, k.Space, part.Name, gen.EnvelopeKey(), obj)
	if err != nil {
		return vault.ObjectList{}, err
	}
	if sha256.Sum256(body.Payload) != part.Hash {
		return vault.ObjectList{}, fmt.Errorf("object list differs from the one its commit names: %w", vault.ErrTampered)
	}
	return vault.ParseObjectList(body.Payload)
}

package vault

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// ControlType says what a control entry does.
type ControlType uint8

// The control types of FORMAT.md, "Control chain". Numbers 16 to 20 are kept for shared Spaces; a client that does not know a type
// stops with ErrNewer.
const (
	CtlGenesis        ControlType = 1
	CtlDeviceAdd      ControlType = 2
	CtlDeviceSuspend  ControlType = 3
	CtlDeviceRevoke   ControlType = 4
	CtlRecoveryAdd    ControlType = 5
	CtlRecoveryRevoke ControlType = 6
	CtlEpoch          ControlType = 7
	CtlEpochSlots     ControlType = 8
	CtlPolicy         ControlType = 9
	CtlFreeze         ControlType = 10
	CtlUnfreeze       ControlType = 11
	CtlGCAuthorise    ControlType = 12
	CtlCheckpoint     ControlType = 13
	CtlVoid           ControlType = 14
)

var controlNames = map[ControlType]string{CtlGenesis: "genesis", CtlDeviceAdd: "device-add", CtlDeviceSuspend: "device-suspend",
	CtlDeviceRevoke: "device-revoke", CtlRecoveryAdd: "recovery-add", CtlRecoveryRevoke: "recovery-revoke", CtlEpoch: "epoch",
	CtlEpochSlots: "epoch-slots", CtlPolicy: "policy", CtlFreeze: "freeze", CtlUnfreeze: "unfreeze", CtlGCAuthorise: "gc-authorise",
	CtlCheckpoint: "checkpoint", CtlVoid: "void"}

// String is the type's name in FORMAT.md.
func (t ControlType) String() string { return controlNames[t] }

// EpochRef names an epoch object: where it is, its SHA-256, the generation's public key and who can open it.
type EpochRef struct {
	Generation uint32
	Name       string
	Hash       Hash
	EPK        []byte // X-Wing public key of the generation
	Principals []DeviceID
}

// Control is one entry of the control chain; the fields used depend on Type.
type Control struct {
	Space      SpaceID
	Author     DeviceID
	Seq        uint64
	Prev       Hash
	Generation uint32 // the generation it is sealed under
	Time       int64
	Type       ControlType
	Device     *Device
	Recovery   *Recovery
	Target     DeviceID // suspend, revoke, recovery-revoke
	Cap        *Head    // suspend, revoke: the last valid commit of the target's log
	Epoch      *EpochRef
	VoidFrom   uint64
	VoidTo     uint64
	Policy     []byte     // policy: an opaque field record
	Heads      []SeenHead // checkpoint
	ByLogKey   bool       // freeze signed with the log key
	Cosign     []byte     // Signatures of the second party

	device []byte // the device's record as received

	Signed []byte // as received; empty on an entry being built
	Sigs   Signatures
	Name   string
}

const (
	tagCtlType    = 0x20
	tagCtlDevice  = 0x21
	tagCtlRecov   = 0x22
	tagCtlTarget  = 0x23
	tagCtlCap     = 0x24
	tagEpochGen   = 0x25
	tagEpochName  = 0x26
	tagEpochHash  = 0x27
	tagEpochEPK   = 0x28
	tagEpochWho   = 0x29
	tagVoidFrom   = 0x2a
	tagVoidTo     = 0x2b
	tagPolicy     = 0x2c
	tagCheckpoint = 0x2d
	tagByLogKey   = 0x2e
	tagCtlCosign  = 0x2f
)

var controlTags = []uint16{tagSpace, tagKind, tagAuthor, tagSeq, tagPrev, tagGeneration, tagPayloadHash, tagTime, tagCtlType, tagCtlDevice,
	tagCtlRecov, tagCtlTarget, tagCtlCap, tagEpochGen, tagEpochName, tagEpochHash, tagEpochEPK, tagEpochWho, tagVoidFrom, tagVoidTo,
	tagPolicy, tagCheckpoint, tagByLogKey, tagCtlCosign}

// Encode makes the signed record; with cosign false the second party's signatures are left out (what that party signs).
func (c *Control) Encode(cosign bool) []byte {
	none := sha256.Sum256(nil)
	f := NewFields().Bytes(tagSpace, c.Space[:]).U8(tagKind, uint8(KindControl)).Bytes(tagAuthor, c.Author[:]).U64(tagSeq, c.Seq).
		Bytes(tagPrev, c.Prev[:]).U32(tagGeneration, c.Generation).Bytes(tagPayloadHash, none[:]).I64(tagTime, c.Time).U8(tagCtlType, uint8(c.Type))
	if c.Device != nil {
		f.Bytes(tagCtlDevice, c.Device.Encode())
	}
	if c.Recovery != nil {
		f.Bytes(tagCtlRecov, c.Recovery.Encode())
	}
	if c.Target != (DeviceID{}) {
		f.Bytes(tagCtlTarget, c.Target[:])
	}
	if c.Cap != nil {
		f.Bytes(tagCtlCap, append(binary.BigEndian.AppendUint64(nil, c.Cap.Seq), c.Cap.Hash[:]...))
	}
	if e := c.Epoch; e != nil {
		f.U32(tagEpochGen, e.Generation).Str(tagEpochName, e.Name).Bytes(tagEpochHash, e.Hash[:]).Bytes(tagEpochEPK, e.EPK)
		var who []byte
		for _, id := range e.Principals {
			who = append(who, id[:]...)
		}
		f.Bytes(tagEpochWho, who)
	}
	if c.Type == CtlVoid {
		f.U64(tagVoidFrom, c.VoidFrom).U64(tagVoidTo, c.VoidTo)
	}
	if c.Policy != nil {
		f.Bytes(tagPolicy, c.Policy)
	}
	if len(c.Heads) > 0 {
		var b []byte
		for _, s := range c.Heads {
			b = append(binary.BigEndian.AppendUint64(append(b, s.Tag[:]...), s.Seq), s.Hash[:]...)
		}
		f.Bytes(tagCheckpoint, b)
	}
	if c.ByLogKey {
		f.U8(tagByLogKey, 1)
	}
	if cosign && c.Cosign != nil {
		f.Bytes(tagCtlCosign, c.Cosign)
	}
	return f.Encoded()
}

// deviceRecord is the nested device field, as it was received where it was.
func (c *Control) deviceRecord() []byte {
	if c.device != nil {
		return c.device
	}
	return c.Device.Encode()
}

// Head is the entry's place in the chain.
func (c *Control) Head() Head { return HeadOf(c.Seq, c.Signed) }

// ParseControl decodes a signed control record.
func ParseControl(signed []byte) (*Control, error) {
	fail := func(e error) (*Control, error) { return nil, fmt.Errorf("control entry: %w", e) }
	r, err := ParseFields(signed, controlTags...)
	if err != nil {
		return fail(err)
	}
	c := &Control{Signed: signed}
	var kind, typ uint8
	var payload Hash
	for _, step := range []func() error{
		func() error { return r.Fixed(tagSpace, c.Space[:]) },
		func() (e error) { kind, e = r.U8(tagKind); return },
		func() error { return r.Fixed(tagAuthor, c.Author[:]) },
		func() (e error) { c.Seq, e = r.U64(tagSeq); return },
		func() error { return r.Fixed(tagPrev, c.Prev[:]) },
		func() (e error) { c.Generation, e = r.U32(tagGeneration); return },
		func() error { return r.Fixed(tagPayloadHash, payload[:]) },
		func() (e error) { c.Time, e = r.I64(tagTime); return },
		func() (e error) { typ, e = r.U8(tagCtlType); return },
	} {
		if err := step(); err != nil {
			return fail(err)
		}
	}
	if kind != uint8(KindControl) || c.Seq == 0 || c.Seq > MaxSeq || c.Generation == 0 || payload != sha256.Sum256(nil) {
		return fail(ErrMalformed)
	}
	c.Type = ControlType(typ)
	if c.Type.String() == "" {
		return fail(ErrNewer)
	}
	if r.Has(tagCtlDevice) {
		d, err := parseDevice(r.Bytes(tagCtlDevice))
		if err != nil {
			return fail(err)
		}
		c.Device, c.device = &d, r.Bytes(tagCtlDevice)
	}
	if r.Has(tagCtlRecov) {
		v, err := parseRecovery(r.Bytes(tagCtlRecov))
		if err != nil {
			return fail(err)
		}
		c.Recovery = &v
	}
	if r.Has(tagCtlTarget) {
		if err := r.Fixed(tagCtlTarget, c.Target[:]); err != nil {
			return fail(err)
		}
	}
	if b := r.Bytes(tagCtlCap); r.Has(tagCtlCap) {
		if len(b) != 40 {
			return fail(ErrMalformed)
		}
		c.Cap = &Head{Seq: binary.BigEndian.Uint64(b), Hash: Hash(b[8:])}
	}
	if r.Has(tagEpochGen) {
		if c.Epoch, err = parseEpochRef(r); err != nil {
			return fail(err)
		}
	}
	if c.Type == CtlVoid {
		if c.VoidFrom, err = r.U64(tagVoidFrom); err != nil {
			return fail(err)
		}
		if c.VoidTo, err = r.U64(tagVoidTo); err != nil {
			return fail(err)
		}
	}
	c.Policy = r.Bytes(tagPolicy)
	heads := r.Bytes(tagCheckpoint)
	if len(heads)%48 != 0 {
		return fail(ErrMalformed)
	}
	for ; len(heads) > 0; heads = heads[48:] {
		c.Heads = append(c.Heads, SeenHead{Tag: DevTag(heads[:8]), Head: Head{Seq: binary.BigEndian.Uint64(heads[8:]), Hash: Hash(heads[16:48])}})
	}
	if c.ByLogKey = r.Has(tagByLogKey); c.ByLogKey {
		if v, err := r.U8(tagByLogKey); err != nil || v != 1 {
			return fail(ErrMalformed)
		}
	}
	c.Cosign = r.Bytes(tagCtlCosign)
	return c, c.checkShape()
}

func parseEpochRef(r Record) (*EpochRef, error) {
	e := &EpochRef{Name: string(r.Bytes(tagEpochName)), EPK: r.Bytes(tagEpochEPK)}
	var err error
	if e.Generation, err = r.U32(tagEpochGen); err != nil {
		return nil, err
	}
	if err := r.Fixed(tagEpochHash, e.Hash[:]); err != nil {
		return nil, err
	}
	who := r.Bytes(tagEpochWho)
	g, _, ok := ParseEpochName(e.Name)
	if !ok || g != e.Generation || len(e.EPK) != KEMPublicLen || len(who)%16 != 0 || len(who)/16 > EpochSlots {
		return nil, ErrMalformed
	}
	for ; len(who) > 0; who = who[16:] {
		e.Principals = append(e.Principals, DeviceID(who[:16]))
	}
	return e, nil
}

// checkShape demands exactly the parts that the type needs.
func (c *Control) checkShape() error {
	need := func(ok bool) error {
		if !ok {
			return fmt.Errorf("control entry %s: %w", c.Type, ErrMalformed)
		}
		return nil
	}
	switch c.Type {
	case CtlGenesis:
		return need(c.Seq == 1 && c.Generation == 1 && c.Prev == Hash{} && c.Device != nil && c.Recovery != nil && c.Epoch != nil && c.Epoch.Generation == 1 && c.Cosign != nil)
	case CtlDeviceAdd:
		return need(c.Device != nil && c.Cosign != nil)
	case CtlDeviceSuspend, CtlDeviceRevoke:
		return need(c.Target != DeviceID{} && c.Cap != nil)
	case CtlRecoveryAdd:
		return need(c.Recovery != nil)
	case CtlRecoveryRevoke:
		return need(c.Target != DeviceID{})
	case CtlEpoch, CtlEpochSlots:
		return need(c.Epoch != nil)
	case CtlPolicy:
		return need(c.Policy != nil)
	case CtlVoid:
		return need(c.VoidFrom > 1 && c.VoidTo >= c.VoidFrom)
	}
	return nil
}

// Sign signs the entry and returns it as it is stored.
func (c *Control) Sign(key *SigningKey) error {
	c.Signed = c.Encode(true)
	sigs, err := key.Sign(KindControl, c.Signed)
	c.Sigs = sigs
	return err
}

// Seal makes the stored object of a signed entry. key is CTL_g of the entry's generation.
func (c *Control) Seal(key []byte) (name string, obj []byte, err error) {
	return c.seal(key, ControlName(c.Seq))
}

// SealBeside is Seal for a place whose name holds bytes that do not verify, or for a fork: the name gets a random suffix.
func (c *Control) SealBeside(key []byte) (name string, obj []byte, err error) {
	var x [4]byte
	rand.Read(x[:])
	return c.seal(key, ControlName(c.Seq)+"-"+hex.EncodeToString(x[:]))
}

func (c *Control) seal(key []byte, name string) (string, []byte, error) {
	obj, err := SealEnvelope(KindControl, c.Generation, c.Space, name, key, Body{Signed: c.Signed, Sigs: c.Sigs})
	return name, obj, err
}

// OpenControl opens and decodes an entry; signatures are judged by the chain.
func OpenControl(space SpaceID, name string, key, obj []byte) (*Control, error) {
	seq, _, ok := ParseControlName(name)
	if !ok {
		return nil, fmt.Errorf("control name: %w", ErrMalformed)
	}
	_, g, err := EnvelopeHead(obj)
	if err != nil {
		return nil, err
	}
	body, err := OpenEnvelope(KindControl, space, name, key, obj)
	if err != nil {
		return nil, err
	}
	c, err := ParseControl(body.Signed)
	if err != nil {
		return nil, err
	}
	if c.Seq != seq || c.Generation != g || c.Space != space || len(body.Payload) != 0 {
		return nil, fmt.Errorf("control entry in another's place: %w", ErrTampered)
	}
	c.Sigs, c.Name = body.Sigs, name
	return c, nil
}

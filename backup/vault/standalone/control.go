package standalone

import (
	"errors"
	"fmt"
	"strconv"
)

// The control types (FORMAT.md, "Control chain").
const (
	ctlGenesis        = 1
	ctlDeviceAdd      = 2
	ctlDeviceSuspend  = 3
	ctlDeviceRevoke   = 4
	ctlRecoveryAdd    = 5
	ctlRecoveryRevoke = 6
	ctlEpoch          = 7
	ctlEpochSlots     = 8
	ctlPolicy         = 9
	ctlFreeze         = 10
	ctlUnfreeze       = 11
	ctlGCAuthorise    = 12
	ctlCheckpoint     = 13
	ctlVoid           = 14
)

const (
	roleUploader = 0
	roleAdmin    = 2
)

var (
	controlShape = shape{{0x01, 16, true}, {0x02, 1, true}, {0x03, 16, true}, {0x04, 8, true}, {0x05, 32, true}, {0x06, 4, true},
		{0x07, 32, true}, {0x10, 8, true}, {0x20, 1, true}, {0x21, 0, false}, {0x22, 0, false}, {0x23, 16, false}, {0x24, 40, false},
		{0x25, 4, false}, {0x26, 0, false}, {0x27, 32, false}, {0x28, kemSize, false}, {0x29, 0, false}, {0x2a, 8, false}, {0x2b, 8, false},
		{0x2c, 0, false}, {0x2d, 0, false}, {0x2e, 1, false}, {0x2f, sigSize, false}}
	deviceShape = shape{{1, 16, true}, {2, 8, true}, {3, 1, true}, {4, publicSize, true}, {5, publicSize, false}, {6, kemSize, true},
		{7, kemSize, false}, {8, 0, false}, {9, 0, false}}
	recoveryShape = shape{{1, 16, true}, {2, 16, true}, {3, publicSize, true}, {4, kemSize, true}}
)

// errInside marks what is unknown in an entry that opened: that stops the reader. An unknown version in an object's open head does
// not, for anybody can write one.
var errInside = errors.New("in an entry that opened")

// needed lists the fields that a type must have besides those of every entry.
var needed = map[byte][]uint16{
	ctlGenesis: {0x21, 0x22, 0x25, 0x2f}, ctlDeviceAdd: {0x21, 0x2f}, ctlDeviceSuspend: {0x23, 0x24}, ctlDeviceRevoke: {0x23, 0x24},
	ctlRecoveryAdd: {0x22}, ctlRecoveryRevoke: {0x23}, ctlEpoch: {0x25}, ctlEpochSlots: {0x25}, ctlPolicy: {0x2c}, ctlFreeze: nil,
	ctlUnfreeze: nil, ctlGCAuthorise: nil, ctlCheckpoint: nil, ctlVoid: {0x2a, 0x2b},
}

// entry is a control entry that opened.
type entry struct {
	record
	name       string
	hash       string // SHA-256 of signed
	signed     []byte
	signatures []byte
	seq        uint64
	generation uint32
	typ        byte
}

// openControl opens a control entry and checks that name, envelope and record agree.
func (k *keys) openControl(name string, obj []byte) (*entry, error) {
	g, err := envelopeGeneration(obj)
	if err != nil {
		return nil, err
	}
	if !k.knows(g) {
		return nil, fmt.Errorf("control entry of generation %d: %w", g, ErrKey)
	}
	b, err := openEnvelope(kindControl, k.space, name, labelled(k.w[g-1], "ctl", k.space, g), obj)
	if err != nil {
		return nil, err
	}
	r, err := controlShape.parse(b.signed)
	if errors.Is(err, ErrNewer) {
		return nil, fmt.Errorf("%w: %w", errInside, err)
	}
	if err != nil {
		return nil, err
	}
	e := &entry{record: r, name: name, hash: sum(b.signed), signed: b.signed, signatures: b.signatures, seq: num64(r[4]), generation: g, typ: r[0x20][0]}
	number, err := strconv.ParseUint(controlName.FindStringSubmatch(name)[1], 10, 64)
	if err != nil || string(r[1]) != k.space || r[2][0] != kindControl || e.seq != number || e.seq < 1 || num32(r[6]) != g ||
		len(b.payload) != 0 || string(r[7]) != sum(nil) {
		return nil, fmt.Errorf("control entry of another place: %w", ErrAltered)
	}
	must, known := needed[e.typ]
	if !known {
		return nil, fmt.Errorf("control type %d: %w: %w", e.typ, errInside, ErrNewer)
	}
	for _, tag := range must {
		if r[tag] == nil {
			return nil, fmt.Errorf("control type %d lacks field %#x: %w", e.typ, tag, ErrMalformed)
		}
	}
	if r[0x25] != nil && (r[0x26] == nil || r[0x27] == nil || r[0x28] == nil || r[0x29] == nil || len(r[0x29])%16 != 0) {
		return nil, fmt.Errorf("epoch reference: %w", ErrMalformed)
	}
	if (e.typ == ctlGenesis) != (e.seq == 1) {
		return nil, fmt.Errorf("control type %d in place %d: %w", e.typ, e.seq, ErrMalformed)
	}
	return e, nil
}

// withoutCosign is signed as received without the co-signature field, header and value: what the recovery key signs of genesis.
func (e *entry) withoutCosign() []byte {
	var out []byte
	for b := e.signed; len(b) > 0; {
		n := 6 + int(num32(b[2:])) // parse has been over it
		if num16(b) != 0x2f {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}

// principal is a device or a recovery kit.
type principal struct {
	id, tag      string // tag: of a device
	role         byte
	log, control []byte // keys; control is nil for an uploader; of a kit: its signing key
	kit, matured bool   // matured: of a kit, it has rank 2
	active       bool
	capped       bool
	capSeq       uint64
	capHash      string
}

func (p *principal) rank() int {
	switch {
	case p.kit && p.matured:
		return 2
	case p.kit || p.role == roleAdmin:
		return 1
	}
	return 0
}

func parseDevice(b []byte) (*principal, error) {
	r, err := deviceShape.parse(b)
	if err != nil {
		return nil, err
	}
	p := &principal{id: string(r[1]), tag: string(r[2]), role: r[3][0], log: r[4], control: r[5], active: true}
	if p.role > roleAdmin || (p.role == roleUploader) != (r[5] == nil) || (r[5] == nil) != (r[7] == nil) || len(r[8]) > 256 || len(r[9]) > 256 {
		return nil, fmt.Errorf("device record: %w", ErrMalformed)
	}
	return p, nil
}

func parseRecovery(b []byte) (*principal, error) {
	r, err := recoveryShape.parse(b)
	if err != nil {
		return nil, err
	}
	return &principal{id: string(r[1]), kit: true, control: r[3], active: true}, nil
}

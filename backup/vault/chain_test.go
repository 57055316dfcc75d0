package vault

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/keystore/secret"
)

// actor is a principal with its private keys.
type actor struct {
	name    string
	id      DeviceID
	control *SigningKey
	log     *SigningKey
	device  *Device
	kit     *Recovery
}

// world builds control entries without any storage: only signatures and order matter to the chain.
type world struct {
	t       *testing.T
	space   SpaceID
	genesis *Control
	admin   *actor // device 1
	kit     *actor
	credits map[Hash]time.Duration
	matured uint64
}

func newKey(t *testing.T) *SigningKey {
	k, err := NewSigningKey(secret.Random(SigningSeedLen))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func kemKey() []byte {
	seed := make([]byte, 32)
	rand.Read(seed)
	k, err := NewKEM(seed)
	if err != nil {
		panic(err)
	}
	return k.PublicKey().Bytes()
}

// theKEM stands wherever a key encapsulation key is only carried along.
var theKEM = kemKey()

func newActor(t *testing.T, name string, role Role) *actor {
	a := &actor{name: name, control: newKey(t), log: newKey(t)}
	rand.Read(a.id[:])
	a.device = &Device{ID: a.id, Role: role, LogKey: a.log.Public(), WriterKEM: theKEM, Name: name}
	if role != RoleUploader {
		a.device.ControlKey, a.device.ReaderKEM = a.control.Public(), theKEM
	}
	rand.Read(a.device.Tag[:])
	return a
}

func newKit(t *testing.T, name string) *actor {
	a := &actor{name: name, control: newKey(t)}
	rand.Read(a.id[:])
	a.kit = &Recovery{ID: a.id, Key: a.control.Public(), KEM: theKEM}
	rand.Read(a.kit.Slot[:])
	return a
}

func epochRef(g uint32, epk []byte, who ...*actor) *EpochRef {
	r := &EpochRef{Generation: g, Name: EpochName(g, "0badc0de"), EPK: epk}
	for _, a := range who {
		r.Principals = append(r.Principals, a.id)
	}
	return r
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, admin: newActor(t, "admin", RoleAdmin), kit: newKit(t, "kit"), credits: map[Hash]time.Duration{}}
	rand.Read(w.space[:])
	g := &Control{Space: w.space, Author: w.admin.id, Seq: 1, Generation: 1, Type: CtlGenesis, Device: w.admin.device, Recovery: w.kit.kit,
		Epoch: epochRef(1, theKEM, w.admin, w.kit)}
	cos, err := w.kit.control.Cosign("genesis", g.Encode(false))
	if err != nil {
		t.Fatal(err)
	}
	g.Cosign = cos.Encode()
	w.genesis = w.sign(g, w.admin.control)
	return w
}

// sign signs an entry and decodes it again, as a reader would meet it.
func (w *world) sign(c *Control, key *SigningKey) *Control {
	w.t.Helper()
	if err := c.Sign(key); err != nil {
		w.t.Fatal(err)
	}
	d, err := ParseControl(c.Signed)
	if err != nil {
		w.t.Fatal(err)
	}
	d.Sigs = c.Sigs
	return d
}

// entry makes an entry of author after prev; change fills in what the type needs.
func (w *world) entry(prev *Control, author *actor, typ ControlType, change func(*Control)) *Control {
	w.t.Helper()
	c := &Control{Space: w.space, Author: author.id, Seq: prev.Seq + 1, Prev: prev.Head().Hash, Generation: 1, Type: typ}
	if change != nil {
		change(c)
	}
	key := author.control
	if c.ByLogKey {
		key = author.log
	}
	return w.sign(c, key)
}

func (w *world) add(prev *Control, by, who *actor) *Control {
	return w.entry(prev, by, CtlDeviceAdd, func(c *Control) { c.Device, c.Cosign = who.device, w.cosign(who) })
}

func (w *world) cosign(who *actor) []byte {
	key := who.control
	if who.device.Role == RoleUploader {
		key = who.log
	}
	genesis := w.genesis.Head().Hash
	s, err := key.Cosign("device-add", append(genesis[:], who.device.Encode()...))
	if err != nil {
		w.t.Fatal(err)
	}
	return s.Encode()
}

func (w *world) revoke(prev *Control, by, who *actor) *Control {
	return w.entry(prev, by, CtlDeviceRevoke, func(c *Control) { c.Target, c.Cap = who.id, &Head{} })
}

func (w *world) addKit(prev *Control, by, kit *actor) *Control {
	return w.entry(prev, by, CtlRecoveryAdd, func(c *Control) { c.Recovery = kit.kit })
}

func (w *world) revokeKit(prev *Control, by, kit *actor) *Control {
	return w.entry(prev, by, CtlRecoveryRevoke, func(c *Control) { c.Target = kit.id })
}

func (w *world) void(prev *Control, by *actor, from, to uint64) *Control {
	return w.entry(prev, by, CtlVoid, func(c *Control) { c.VoidFrom, c.VoidTo = from, to })
}

func (w *world) epoch(prev *Control, by *actor, g uint32, who ...*actor) *Control {
	return w.entry(prev, by, CtlEpoch, func(c *Control) { c.Epoch = epochRef(g, theKEM, who...) })
}

func (w *world) policy(prev *Control, by *actor) *Control {
	return w.entry(prev, by, CtlPolicy, func(c *Control) { c.Policy = []byte{0x80, 1, 0, 0, 0, 0} })
}

func (w *world) eval(entries ...*Control) *Chain {
	w.t.Helper()
	c, err := EvaluateChain(w.space, w.genesis.Head().Hash, append([]*Control{w.genesis}, entries...),
		func(h Hash) time.Duration { return w.credits[h] }, w.matured)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// age gives entries credit.
func (w *world) age(d time.Duration, entries ...*Control) {
	for _, e := range entries {
		w.credits[e.Head().Hash] += d
	}
}

func wantEffects(t *testing.T, c *Chain, want string) {
	t.Helper()
	var got []string
	for _, e := range c.Effects[1:] {
		switch {
		case e.Voided:
			got = append(got, "void")
		case e.Delayed && e.Effective:
			got = append(got, "early")
		case e.Delayed:
			got = append(got, "waits")
		case e.Effective:
			got = append(got, "yes")
		default:
			got = append(got, "no")
		}
	}
	if s := strings.Join(got, " "); s != want {
		t.Errorf("effects %q, want %q (%+v)", s, want, c.Effects)
	}
}

func TestEveryControlTypeNeedsItsRank(t *testing.T) {
	w := newWorld(t)
	member, uploader, extra := newActor(t, "member", RoleMember), newActor(t, "uploader", RoleUploader), newActor(t, "extra", RoleMember)
	e2 := w.add(w.genesis, w.admin, member)
	e3 := w.add(e2, w.admin, uploader)
	all := []*actor{w.admin, w.kit, member, uploader}
	types := map[string]func(by *actor) *Control{
		"device-add": func(by *actor) *Control { return w.add(e3, by, extra) },
		"device-suspend": func(by *actor) *Control {
			return w.entry(e3, by, CtlDeviceSuspend, func(c *Control) { c.Target, c.Cap = uploader.id, &Head{} })
		},
		"device-revoke":   func(by *actor) *Control { return w.revoke(e3, by, uploader) },
		"recovery-add":    func(by *actor) *Control { return w.addKit(e3, by, newKit(t, "kit 2")) },
		"recovery-revoke": func(by *actor) *Control { return w.revokeKit(e3, by, w.kit) },
		"epoch":           func(by *actor) *Control { return w.epoch(e3, by, 2, all...) },
		"epoch-slots": func(by *actor) *Control {
			return w.entry(e3, by, CtlEpochSlots, func(c *Control) { c.Epoch = epochRef(1, theKEM, all...) })
		},
		"policy":       func(by *actor) *Control { return w.policy(e3, by) },
		"freeze":       func(by *actor) *Control { return w.entry(e3, by, CtlFreeze, nil) },
		"unfreeze":     func(by *actor) *Control { return w.entry(e3, by, CtlUnfreeze, nil) },
		"gc-authorise": func(by *actor) *Control { return w.entry(e3, by, CtlGCAuthorise, nil) },
		"checkpoint":   func(by *actor) *Control { return w.entry(e3, by, CtlCheckpoint, nil) },
	}
	want := map[string][3]string{ // admin, kit, member
		"device-add": {"yes", "yes", "no"}, "device-suspend": {"yes", "yes", "no"}, "device-revoke": {"yes", "yes", "no"},
		"recovery-add": {"early", "yes", "no"}, "recovery-revoke": {"waits", "yes", "no"}, "epoch": {"yes", "yes", "no"},
		"epoch-slots": {"yes", "yes", "no"}, "policy": {"waits", "waits", "no"}, "freeze": {"yes", "yes", "yes"},
		"unfreeze": {"waits", "waits", "no"}, "gc-authorise": {"waits", "waits", "no"}, "checkpoint": {"yes", "yes", "yes"},
	}
	for name, make := range types {
		for i, by := range []*actor{w.admin, w.kit, member} {
			t.Run(name+" by "+by.name, func(t *testing.T) {
				wantEffects(t, w.eval(e2, e3, make(by)), "yes yes "+want[name][i])
			})
		}
	}
	t.Run("void by a member", func(t *testing.T) { wantEffects(t, w.eval(e2, e3, w.void(e3, member, 2, 3)), "yes yes no") })
	t.Run("freeze by a log key", func(t *testing.T) {
		f := w.entry(e3, uploader, CtlFreeze, func(c *Control) { c.ByLogKey = true })
		c := w.eval(e2, e3, f)
		wantEffects(t, c, "yes yes yes")
		if !c.Frozen() {
			t.Error("not frozen")
		}
	})
	t.Run("log key for anything else is junk", func(t *testing.T) {
		j := w.entry(e3, member, CtlCheckpoint, func(c *Control) { c.ByLogKey = true })
		if c := w.eval(e2, e3, j); len(c.Entries) != 3 || len(c.Lost) != 1 {
			t.Error(len(c.Entries), len(c.Lost))
		}
	})
	t.Run("an uploader has no control key, so its zero bytes sign nothing", func(t *testing.T) {
		j := w.entry(e3, uploader, CtlFreeze, nil)
		if c := w.eval(e2, e3, j); len(c.Entries) != 3 || len(c.Lost) != 1 {
			t.Error(len(c.Entries), len(c.Lost))
		}
		// Refused for what the key is, before any signature is looked at: for the zero key signatures can be made up.
		err := w.eval(e2, e3).state().signedByKnown(&Control{Author: uploader.id, Type: CtlFreeze})
		if err == nil || !strings.Contains(err.Error(), "not the key for this") {
			t.Error("the zero key counts:", err)
		}
	})
}

func TestJunkIsSetAsideAndReported(t *testing.T) {
	w := newWorld(t)
	stranger := newActor(t, "stranger", RoleAdmin)
	good := w.entry(w.genesis, w.admin, CtlFreeze, nil)
	wrongPrev := w.entry(&Control{Seq: 1, Signed: []byte("x")}, w.admin, CtlFreeze, nil)
	badEd := w.entry(w.genesis, w.admin, CtlFreeze, func(c *Control) { c.Time = 1 })
	badEd.Sigs.Ed25519[5] ^= 1
	badML := w.entry(w.genesis, w.admin, CtlFreeze, func(c *Control) { c.Time = 2 })
	badML.Sigs.MLDSA[5] ^= 1
	far := w.entry(w.genesis, w.admin, CtlFreeze, func(c *Control) { c.Seq = MaxSeq })
	second := w.entry(w.genesis, w.admin, CtlFreeze, func(c *Control) { c.Seq = 3 })
	c := w.eval(good, wrongPrev, badEd, badML, far, second, w.entry(w.genesis, stranger, CtlFreeze, nil))
	if len(c.Entries) != 2 || c.Entries[1] != good || len(c.Lost) != 6 {
		t.Errorf("%d entries, %d set aside", len(c.Entries), len(c.Lost))
	}
}

func TestEntriesThatBreakARuleHaveNoEffect(t *testing.T) {
	w := newWorld(t)
	b := newActor(t, "b", RoleMember)
	added := w.add(w.genesis, w.admin, b)
	rename := func(a *actor, f func(*Device)) *actor {
		d := *a.device
		f(&d)
		return &actor{name: "x", id: d.ID, control: a.control, log: a.log, device: &d}
	}
	fresh := newActor(t, "fresh", RoleMember)
	for name, e := range map[string]*Control{
		"replayed device-add":      w.add(added, w.admin, b),
		"deviceID used before":     w.add(added, w.admin, rename(fresh, func(d *Device) { d.ID = b.id })),
		"devtag used before":       w.add(added, w.admin, rename(fresh, func(d *Device) { d.Tag = b.device.Tag })),
		"devtag of device 1":       w.add(added, w.admin, rename(fresh, func(d *Device) { d.Tag = w.admin.device.Tag })),
		"recovery with a known ID": w.addKit(added, w.kit, &actor{kit: &Recovery{ID: b.id, Key: fresh.control.Public(), KEM: theKEM}}),
		"co-signature of another record": w.entry(added, w.admin, CtlDeviceAdd, func(c *Control) {
			c.Device, c.Cosign = rename(fresh, func(d *Device) { d.Name = "other" }).device, w.cosign(fresh)
		}),
		"co-signature altered": w.entry(added, w.admin, CtlDeviceAdd, func(c *Control) {
			c.Device, c.Cosign = fresh.device, w.cosign(fresh)
			c.Cosign[70] ^= 1
		}),
		"co-signature cut":        w.entry(added, w.admin, CtlDeviceAdd, func(c *Control) { c.Device, c.Cosign = fresh.device, w.cosign(fresh)[:64] }),
		"unknown target":          w.revoke(added, w.admin, fresh),
		"unknown recovery key":    w.revokeKit(added, w.admin, fresh),
		"generation repeated":     w.epoch(added, w.admin, 1, w.admin, w.kit, b),
		"principal missing":       w.epoch(added, w.admin, 2, w.admin, w.kit),
		"principal too many":      w.epoch(added, w.admin, 2, w.admin, w.kit, b, fresh),
		"principal twice":         w.epoch(added, w.admin, 2, w.admin, w.kit, w.kit),
		"slots with another key":  w.entry(added, w.admin, CtlEpochSlots, func(c *Control) { c.Epoch = epochRef(1, kemKey(), w.admin, w.kit, b) }),
		"slots of another number": w.entry(added, w.admin, CtlEpochSlots, func(c *Control) { c.Epoch = epochRef(2, theKEM, w.admin, w.kit, b) }),
		"sealed under generation": w.entry(added, w.admin, CtlFreeze, func(c *Control) { c.Generation = 2 }),
		"void of the future":      w.void(added, w.kit, 2, 9),
	} {
		t.Run(name, func(t *testing.T) { wantEffects(t, w.eval(added, e), "yes no") })
	}
}

func TestASpaceHoldsSixteenPrincipals(t *testing.T) {
	w := newWorld(t)
	prev, entries := w.genesis, []*Control(nil)
	for range 15 {
		prev = w.add(prev, w.admin, newActor(t, "d", RoleMember))
		entries = append(entries, prev)
	}
	c := w.eval(entries...)
	if !c.Effects[14].Effective || c.Effects[15].Effective || len(c.ActiveIDs()) != 16 {
		t.Error(len(c.ActiveIDs()), c.Effects[15])
	}
}

func TestUnknownTypesStopTheClient(t *testing.T) {
	w := newWorld(t)
	c := &Control{Space: w.space, Author: w.admin.id, Seq: 2, Prev: w.genesis.Head().Hash, Generation: 1, Type: 15}
	if err := c.Sign(w.admin.control); err != nil {
		t.Fatal(err)
	}
	if _, err := ParseControl(c.Signed); !errors.Is(err, ErrNewer) {
		t.Error(err)
	}
	c.Type = CtlFreeze
	known := c.Encode(true)
	unknown := append(slices.Clone(known), 0x30, 0, 0, 0, 0, 0)
	binary.BigEndian.PutUint16(unknown[len(known):], 0x30)
	if _, err := ParseControl(unknown); !errors.Is(err, ErrNewer) {
		t.Error("unknown field:", err)
	}
	binary.BigEndian.PutUint16(unknown[len(known):], 0x8030)
	if _, err := ParseControl(unknown); err != nil {
		t.Error("an optional field was refused:", err)
	}
}

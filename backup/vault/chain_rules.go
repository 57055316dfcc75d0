package vault

import (
	"errors"
	"fmt"
	"time"
)

// Principal is a device or recovery key as the chain sees it at one head.
type Principal struct {
	Device   *Device   // nil for a recovery key
	Recovery *Recovery // nil for a device
	Active   bool
	Cap      *Head  // last valid commit once suspended or revoked
	Since    uint64 // entry that added it

	rank  int
	added waiting // the delayed entry that made it, of a recovery key that a device added
	ended waiting // the delayed entry that ended it
}

// waiting is an entry whose effect had to wait; the zero value waits for nothing.
type waiting struct {
	entry *Control
	delay time.Duration
}

// Rank is 2 for recovery keys, 1 for admins and for recovery keys that have not matured, 0 for others.
func (p *Principal) Rank() int { return p.rank }

func (p *Principal) controlKey() PublicKey {
	if p.Device != nil {
		return p.Device.ControlKey
	}
	return p.Recovery.Key
}

// Delays of FORMAT.md, "Control chain", rule 4, in credited time.
const (
	ShortDelay = 72 * time.Hour
	LongDelay  = 7 * 24 * time.Hour
)

type chainState struct {
	generation uint32
	epk        map[uint32][]byte
	epochs     map[uint32]*EpochRef // newest epoch object of each generation
	who        map[DeviceID]*Principal
	frozen     bool
}

func (s *chainState) clone() *chainState {
	n := &chainState{generation: s.generation, frozen: s.frozen, epk: map[uint32][]byte{}, epochs: map[uint32]*EpochRef{}, who: map[DeviceID]*Principal{}}
	for k, v := range s.epk {
		n.epk[k] = v
	}
	for k, v := range s.epochs {
		n.epochs[k] = v
	}
	for k, v := range s.who {
		p := *v
		n.who[k] = &p
	}
	return n
}

// signedByKnown checks rule 1's first half: the author is known and both signatures hold. Anything else is junk. An uploader has no
// control key; its record's zero bytes are a key that anyone can sign for, so only its log key counts.
func (s *chainState) signedByKnown(e *Control) error {
	p := s.who[e.Author]
	switch {
	case p == nil:
		return fmt.Errorf("control entry %d: unknown author: %w", e.Seq, ErrTampered)
	case e.ByLogKey && (e.Type != CtlFreeze || p.Device == nil), !e.ByLogKey && p.Device != nil && p.Device.Role == RoleUploader:
		return fmt.Errorf("control entry %d: not the key for this: %w", e.Seq, ErrTampered)
	case e.ByLogKey:
		return p.Device.LogKey.Verify(KindControl, e.Signed, e.Sigs)
	}
	return p.controlKey().Verify(KindControl, e.Signed, e.Sigs)
}

// matured tells whether the delay of w has run out: now, or (at not nil) by the time this client first saw at, so that a void or a
// cancellation made in time stays good after the delay has passed. Entries up to the checkpoint count as matured, but for what one
// of them undoes: which of the two came first there, no client without memory can tell.
func (c *Chain) matured(w waiting, at *Control) bool {
	switch {
	case w.entry == nil:
		return true
	case at == nil:
		return w.entry.Seq <= c.checkpoint || c.credit(w.entry.Head().Hash) >= w.delay
	case at.Seq <= c.checkpoint:
		return at.Type != CtlVoid || w.entry.Seq < at.VoidFrom || w.entry.Seq > at.VoidTo
	case w.entry.Seq <= c.checkpoint:
		return true
	}
	return c.credit(w.entry.Head().Hash)-c.credit(at.Head().Hash) >= w.delay
}

// activeFor tells whether p counted when entry at came.
func (c *Chain) activeFor(p *Principal, at *Control) bool {
	return p.Active || p.ended.entry != nil && !c.matured(p.ended, at)
}

// rankFor is the rank that p had when entry at came.
func (c *Chain) rankFor(p *Principal, at *Control) int {
	if p.rank == 2 && !c.matured(p.added, at) {
		return 1
	}
	return p.rank
}

// step applies an entry that is not undone to the state before it. sealedUnder is the generation that was current when it was
// written. at says as of when delays are judged; nil is now.
func (c *Chain) step(st *chainState, x *Control, sealedUnder uint32, at *Control) Effect {
	if err := c.check(st, x, sealedUnder); err != nil {
		return Effect{Reason: err.Error()}
	}
	w := waiting{x, c.delayOf(x, st)}
	if w.delay == 0 {
		st.commit(x, waiting{})
		return Effect{Effective: true}
	}
	if c.matured(w, at) {
		st.commit(x, w)
		return Effect{Effective: true}
	}
	e := Effect{Delayed: true, Reason: "takes effect after its delay"}
	if x.Type == CtlRecoveryAdd { // gets its slots at once: a new kit opens everything from the first minute
		e.Effective = true
		st.commit(x, w)
		st.who[x.Recovery.ID].rank = 1
	}
	return e
}

// delayOf is how long an entry has to wait (rule 4). A recovery key that has not matured itself counts as a device: else a stolen
// device could lend its own new key the rank to act at once.
func (c *Chain) delayOf(e *Control, st *chainState) time.Duration {
	p := st.who[e.Author]
	rank := c.rankFor(p, e)
	switch e.Type {
	case CtlUnfreeze, CtlGCAuthorise:
		return ShortDelay
	case CtlPolicy:
		return ShortDelay // a policy of this version can only shorten retention
	case CtlRecoveryAdd, CtlRecoveryRevoke:
		if rank < 2 {
			return LongDelay
		}
	case CtlDeviceSuspend, CtlDeviceRevoke:
		t := st.who[e.Target]
		if rank == 2 || t.rank != 1 || !t.Active || e.Target == e.Author {
			return 0
		}
		for id, q := range st.who {
			if q.Active && q.rank == 1 && q.Device != nil && id != e.Author && id != e.Target {
				return 0
			}
		}
		return ShortDelay // removes the last other admin
	}
	return 0
}

// check tells why an entry has no effect (rules 1 to 3), without changing the state.
func (c *Chain) check(s *chainState, e *Control, sealedUnder uint32) error {
	p := s.who[e.Author]
	if p == nil || !c.activeFor(p, e) {
		return errors.New("the author is not active")
	}
	need := 1
	if e.Type == CtlFreeze || e.Type == CtlCheckpoint {
		need = 0
	}
	if c.rankFor(p, e) < need {
		return errors.New("the author may not do this")
	}
	if e.Generation != sealedUnder {
		return errors.New("sealed under another generation than the current one")
	}
	used := func(seq uint64) bool { return seq != 0 && seq != e.Seq }
	switch e.Type {
	case CtlGenesis:
		return errors.New("a second genesis")
	case CtlDeviceAdd:
		if s.who[e.Device.ID] != nil || used(c.taken.devices[e.Device.ID]) || used(c.taken.tags[e.Device.Tag]) {
			return errors.New("the device's identity was used before")
		}
		if !c.cosignedByDevice(e) {
			return errors.New("the new device's own signature does not hold")
		}
		if s.active() >= EpochSlots {
			return errors.New("too many devices")
		}
	case CtlDeviceSuspend, CtlDeviceRevoke:
		if t := s.who[e.Target]; t == nil || t.Device == nil {
			return errors.New("unknown device")
		}
	case CtlRecoveryAdd:
		if s.who[e.Recovery.ID] != nil || used(c.taken.devices[e.Recovery.ID]) {
			return errors.New("the recovery key's identity was used before")
		}
		if s.active() >= EpochSlots {
			return errors.New("too many devices")
		}
	case CtlRecoveryRevoke:
		if t := s.who[e.Target]; t == nil || t.Recovery == nil || !t.Active {
			return errors.New("unknown recovery key")
		}
	case CtlEpoch:
		if e.Epoch.Generation > MaxGeneration || e.Epoch.Generation <= s.generation || used(c.taken.generations[e.Epoch.Generation]) {
			return errors.New("generation numbers only rise and are never used twice")
		}
		return s.namesActive(e.Epoch.Principals, func(p *Principal) bool { return c.mayBeNamed(p, e) })
	case CtlEpochSlots:
		if e.Epoch.Generation != s.generation || string(e.Epoch.EPK) != string(s.epk[s.generation]) {
			return errors.New("slots for another generation")
		}
		return s.namesActive(e.Epoch.Principals, func(p *Principal) bool { return c.mayBeNamed(p, e) })
	}
	return nil
}

// cosignedByDevice checks that the device that an entry adds signed its own record, as it was received, for this Space.
func (c *Chain) cosignedByDevice(e *Control) bool {
	hash := e.Head().Hash
	ok, known := c.cosigned[hash]
	if !known {
		key := e.Device.ControlKey
		if e.Device.Role == RoleUploader {
			key = e.Device.LogKey
		}
		cos, err := ParseSignatures(e.Cosign)
		x := append(append([]byte(nil), c.Genesis[:]...), e.deviceRecord()...)
		ok = err == nil && key.VerifyCosign(CtlDeviceAdd.String(), x, cos) == nil
		c.cosigned[hash] = ok
	}
	return ok
}

// mayBeNamed tells whether a slot for p is no mistake of the epoch entry e: p is active, or was when e came. Within the checkpoint
// nobody can tell the latter, and a slot too many harms less than an epoch that some clients drop.
func (c *Chain) mayBeNamed(p *Principal, e *Control) bool {
	return c.activeFor(p, e) || p.ended.entry != nil && e.Seq <= c.checkpoint
}

// namesActive checks that an epoch names every active principal and none that may not be named, each once.
func (s *chainState) namesActive(list []DeviceID, may func(*Principal) bool) error {
	named := map[DeviceID]bool{}
	for _, id := range list {
		if p := s.who[id]; p == nil || named[id] || !may(p) {
			return errors.New("the principals are not the active ones")
		}
		named[id] = true
	}
	for id, p := range s.who {
		if p.Active && !named[id] {
			return errors.New("the principals are not the active ones")
		}
	}
	return nil
}

func (s *chainState) active() (n int) {
	for _, p := range s.who {
		if p.Active {
			n++
		}
	}
	return n
}

// commit changes the state by an entry that check accepted; w is the delay that it waits for or has waited for.
func (s *chainState) commit(e *Control, w waiting) {
	switch e.Type {
	case CtlDeviceAdd:
		rank := 0
		if e.Device.Role == RoleAdmin {
			rank = 1
		}
		s.who[e.Device.ID] = &Principal{Device: e.Device, Active: true, Since: e.Seq, rank: rank}
	case CtlDeviceSuspend, CtlDeviceRevoke:
		t := s.who[e.Target]
		if t.Active {
			t.Active, t.ended = false, w
		}
		if t.Cap == nil || e.Cap.Seq < t.Cap.Seq {
			t.Cap = e.Cap
		}
	case CtlRecoveryAdd:
		s.who[e.Recovery.ID] = &Principal{Recovery: e.Recovery, Active: true, Since: e.Seq, rank: 2, added: w}
	case CtlRecoveryRevoke:
		t := s.who[e.Target]
		t.Active, t.ended = false, w
	case CtlEpoch:
		s.generation = e.Epoch.Generation
		s.epk[s.generation], s.epochs[s.generation] = e.Epoch.EPK, e.Epoch
	case CtlEpochSlots:
		s.epochs[s.generation] = e.Epoch
	case CtlFreeze:
		s.frozen = true
	case CtlUnfreeze:
		s.frozen = false
	}
}

package vault

import (
	"fmt"
	"slices"
	"time"
)

// Effect is the verdict on one entry of the chain.
type Effect struct {
	Effective bool
	Delayed   bool   // valid, but not matured yet
	Voided    bool   // undone by a recovery key, or cancelled by another admin in time
	Reason    string // why it has no effect
}

// Chain is the evaluated control chain of a Space. It is a function of the entries found and of what Credit says: nothing else.
type Chain struct {
	Space   SpaceID
	Genesis Hash
	Entries []*Control // the accepted branch, seq 1…
	Effects []Effect   // beside Entries
	Lost    []*Control // all other entries found: losing branches, junk, entries that join nothing; to be reported

	credit     Credit
	checkpoint uint64
	states     []*chainState       // after each entry, beside Entries
	undoneBy   map[uint64][]uint64 // entry → the voids that undo it
	taken      taken
	cosigned   map[Hash]bool // verdicts on co-signatures, which cost much
}

// taken holds what an entry in force used up, with that entry's number: not even a later void makes it free again.
type taken struct {
	generations map[uint32]uint64
	devices     map[DeviceID]uint64
	tags        map[DevTag]uint64
}

// Credit tells how long, in credited time (at most 24 h between two runs), this client has known an entry. It must go on counting
// after a delay has run out: whether a cancellation came in time is the difference of two credits.
type Credit func(entry Hash) time.Duration

// EvaluateChain judges all control entries found, in any order. genesis is the hash that is trusted (pin, kit or keyset); entries up to
// matured count as matured (a kit's checkpoint). At a fork one branch wins by rule 6; all else is set aside in Lost.
func EvaluateChain(space SpaceID, genesis Hash, entries []*Control, credit Credit, matured uint64) (*Chain, error) {
	if credit == nil {
		credit = func(Hash) time.Duration { return 0 }
	}
	byPrev := map[Hash][]*Control{}
	var first *Control
	for _, e := range entries {
		switch {
		case e.Seq == 1 && e.Space == space && e.Head().Hash == genesis:
			first = e
		case e.Space == space:
			byPrev[e.Prev] = append(byPrev[e.Prev], e)
		}
	}
	if first == nil {
		return nil, fmt.Errorf("genesis: %w", ErrMissing)
	}
	st, err := startChain(first)
	if err != nil {
		return nil, err
	}
	c := &Chain{Space: space, Genesis: genesis, credit: credit, checkpoint: matured, Entries: []*Control{first},
		Effects: []Effect{{Effective: true}}, states: []*chainState{st}, undoneBy: map[uint64][]uint64{}, cosigned: map[Hash]bool{},
		taken: taken{generations: map[uint32]uint64{1: 1}, tags: map[DevTag]uint64{first.Device.Tag: 1},
			devices: map[DeviceID]uint64{first.Device.ID: 1, first.Recovery.ID: 1}}}
	for {
		var good []*Control
		for _, e := range byPrev[c.Head().Hash] {
			if e.Seq == c.Head().Seq+1 && c.state().signedByKnown(e) == nil {
				good = append(good, e)
			}
		}
		if len(good) == 0 {
			break
		}
		c.append(c.choose(good, byPrev))
	}
	for _, e := range entries {
		if e.Seq > uint64(len(c.Entries)) || c.Entries[e.Seq-1] != e {
			c.Lost = append(c.Lost, e)
		}
	}
	return c, nil
}

// startChain checks the genesis entry, which nothing vouches for but its hash, and makes the state after it.
func startChain(g *Control) (*chainState, error) {
	if g.Type != CtlGenesis || g.Device.Role != RoleAdmin || g.Author != g.Device.ID || g.Device.ID == g.Recovery.ID || g.ByLogKey {
		return nil, fmt.Errorf("genesis: %w", ErrMalformed)
	}
	if err := g.Device.ControlKey.Verify(KindControl, g.Signed, g.Sigs); err != nil {
		return nil, err
	}
	cos, err := ParseSignatures(g.Cosign)
	if err != nil {
		return nil, err
	}
	x, err := withoutField(g.Signed, tagCtlCosign)
	if err != nil {
		return nil, err
	}
	if err := g.Recovery.Key.VerifyCosign(CtlGenesis.String(), x, cos); err != nil {
		return nil, err
	}
	s := &chainState{generation: 1, epk: map[uint32][]byte{1: g.Epoch.EPK}, epochs: map[uint32]*EpochRef{1: g.Epoch},
		who: map[DeviceID]*Principal{
			g.Device.ID:   {Device: g.Device, Active: true, Since: 1, rank: 1},
			g.Recovery.ID: {Recovery: g.Recovery, Active: true, Since: 1, rank: 2},
		}}
	if s.namesActive(g.Epoch.Principals, func(p *Principal) bool { return p.Active }) != nil {
		return nil, fmt.Errorf("genesis principals: %w", ErrMalformed)
	}
	return s, nil
}

// append adds a well-signed entry. A void changes what earlier ones mean, so that the chain is evaluated anew from genesis; without one
// that would come to the same state again. The states after earlier entries stay: the chain up to a head judges what names that head.
func (c *Chain) append(e *Control) {
	c.Entries = append(c.Entries, e)
	st, from := c.state().clone(), len(c.Entries)-1
	if e.Type == CtlVoid {
		c.judgeVoid(e)
		st, from = c.states[0].clone(), 1
	}
	effects := make([]Effect, len(c.Entries))
	copy(effects, c.Effects[:from])
	for i, x := range c.Entries[from:] {
		i += from - 1
		if c.undone(x.Seq) {
			effects[i+1] = Effect{Voided: true, Reason: "undone by a later entry"}
			st.keepVoided(x, c.states[x.Seq-1])
			continue
		}
		effects[i+1] = c.step(st, x, c.states[i].generation, nil)
		if x.Type == CtlVoid && effects[i+1].Effective && !c.undoesAny(x.Seq) {
			effects[i+1] = Effect{Reason: "undoes nothing"}
		}
	}
	c.Effects = effects
	c.states = append(c.states, st)
	if !effects[len(effects)-1].Effective {
		return
	}
	switch e.Type {
	case CtlDeviceAdd:
		c.taken.devices[e.Device.ID], c.taken.tags[e.Device.Tag] = e.Seq, e.Seq
	case CtlRecoveryAdd:
		c.taken.devices[e.Recovery.ID] = e.Seq
	case CtlEpoch:
		c.taken.generations[e.Epoch.Generation] = e.Seq
	}
}

// keepVoided keeps a device whose device-add was undone: it is active no more, and may be capped, but what it wrote while it was active
// stays valid (a later void undoes no commit).
func (s *chainState) keepVoided(x *Control, then *chainState) {
	if x.Type != CtlDeviceAdd {
		return
	}
	if p := then.who[x.Device.ID]; p != nil && p.Device == x.Device {
		s.who[x.Device.ID] = &Principal{Device: p.Device, Since: p.Since, rank: p.rank}
	}
}

func (c *Chain) state() *chainState { return c.states[len(c.states)-1] }

// Head is the last entry of the accepted branch.
func (c *Chain) Head() Head { return c.Entries[len(c.Entries)-1].Head() }

// HeadUnder is the newest head at which generation g is current. A writer that could not follow a later generation names it in its
// commits, and so goes on under the old one. The zero Head: g was never current.
func (c *Chain) HeadUnder(g uint32) Head {
	h, _ := c.HeadHeld(func(x uint32) bool { return x == g })
	return h
}

// HeadHeld is the newest head at which a generation is current that its caller holds, and that generation; the zero Head: there is none.
func (c *Chain) HeadHeld(held func(g uint32) bool) (Head, uint32) {
	for i := len(c.states) - 1; i >= 0; i-- {
		if g := c.states[i].generation; held(g) {
			return c.Entries[i].Head(), g
		}
	}
	return Head{}, 0
}

// Upto is the chain as it was when the entry at this head was its last, judged with what is known now.
func (c *Chain) Upto(h Head) (*Chain, error) {
	if h.Seq == 0 || h.Seq > uint64(len(c.Entries)) || c.Entries[h.Seq-1].Head() != h {
		return nil, fmt.Errorf("control entry %d: %w", h.Seq, ErrMissing)
	}
	return EvaluateChain(c.Space, c.Genesis, c.Entries[:h.Seq], c.credit, c.checkpoint)
}

// NextGeneration is the number for a new generation: above all that any entry found names, or, where somebody used up the numbers,
// the first free one above the current.
func (c *Chain) NextGeneration() uint32 {
	named := map[uint32]bool{}
	last := c.Generation()
	for _, e := range slices.Concat(c.Entries, c.Lost) {
		if e.Epoch != nil {
			named[e.Epoch.Generation] = true
			last = max(last, e.Epoch.Generation)
		}
	}
	if last < MaxGeneration {
		return last + 1
	}
	for g := c.Generation() + 1; g < MaxGeneration; g++ {
		if !named[g] {
			return g
		}
	}
	return MaxGeneration
}

// RotationDue tells whether the current generation has slots for somebody who is active no more (a delayed removal that has matured):
// then an admin starts a new one.
func (c *Chain) RotationDue() bool {
	ref := c.Epoch(c.Generation())
	return ref != nil && slices.ContainsFunc(ref.Principals, func(id DeviceID) bool { p := c.Device(id); return p == nil || !p.Active })
}

// Generation is the current generation at the head.
func (c *Chain) Generation() uint32 { return c.state().generation }

// EPK is the public key of a generation, nil if the chain does not know it.
func (c *Chain) EPK(g uint32) []byte { return c.state().epk[g] }

// Epoch names the newest epoch object of a generation, nil if unknown.
func (c *Chain) Epoch(g uint32) *EpochRef { return c.state().epochs[g] }

// Frozen tells whether a freeze is on.
func (c *Chain) Frozen() bool { return c.state().frozen }

// Principals returns all devices and recovery keys ever added.
func (c *Chain) Principals() []*Principal {
	var out []*Principal
	for _, p := range c.state().who {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b *Principal) int { return int(a.Since) - int(b.Since) })
	return out
}

// ActiveIDs are the identifiers that an epoch entry at this head must name.
func (c *Chain) ActiveIDs() (ids []DeviceID) {
	for id, p := range c.state().who {
		if p.Active {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b DeviceID) int { return slices.Compare(a[:], b[:]) })
	return ids
}

// Device finds a principal by identifier, nil if unknown.
func (c *Chain) Device(id DeviceID) *Principal { return c.state().who[id] }

// ByTag finds the device that owns a log, nil if unknown.
func (c *Chain) ByTag(t DevTag) *Principal {
	for _, p := range c.state().who {
		if p.Device != nil && p.Device.Tag == t {
			return p
		}
	}
	return nil
}

// CheckCommit judges a commit whose name, prev and seq fit already: signatures, control head, activity, role, cap, generation.
// prevControl is the control sequence number that the log's previous commit named.
func (c *Chain) CheckCommit(h Commit, signed []byte, sigs Signatures, prevControl uint64) error {
	now := c.state().who[h.Author]
	if now == nil || now.Device == nil {
		return fmt.Errorf("commit %d: unknown author: %w", h.Seq, ErrTampered)
	}
	if err := now.Device.LogKey.Verify(KindCommit, signed, sigs); err != nil {
		return err
	}
	if h.Control.Seq == 0 || h.Control.Seq > uint64(len(c.Entries)) || c.Entries[h.Control.Seq-1].Head() != h.Control {
		return fmt.Errorf("commit %d names a control entry outside the chain: %w", h.Seq, ErrFork)
	}
	if h.Control.Seq < prevControl {
		return fmt.Errorf("commit %d names an older control entry than its predecessor: %w", h.Seq, ErrRollback)
	}
	st := c.states[h.Control.Seq-1]
	if p := st.who[h.Author]; p == nil || !p.Active {
		return fmt.Errorf("commit %d: its device was not active: %w", h.Seq, ErrTampered)
	}
	if now.Cap != nil && h.Seq > now.Cap.Seq {
		return fmt.Errorf("commit %d lies beyond the log's cap: %w", h.Seq, ErrTampered)
	}
	if now.Cap != nil && h.Seq == now.Cap.Seq && HeadOf(h.Seq, signed) != *now.Cap {
		return fmt.Errorf("commit %d is not the one that the log's cap names: %w", h.Seq, ErrFork)
	}
	if h.Generation != st.generation {
		return fmt.Errorf("commit %d: generation %d in place of %d: %w", h.Seq, h.Generation, st.generation, ErrTampered)
	}
	return nil
}

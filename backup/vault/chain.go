package vault

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Principal is a device or recovery key as the chain sees it at one head.
type Principal struct {
	Device   *Device   // nil for a recovery key
	Recovery *Recovery // nil for a device
	Active   bool
	Cap      *Head  // last valid commit once suspended or revoked
	Since    uint64 // entry that added it
	rank     int
}

// Rank is 2 for recovery keys, 1 for admins, 0 for others.
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

// Verdict on one entry of the chain.
type Effect struct {
	Effective bool
	Delayed   bool   // valid, but not matured yet
	Voided    bool   // undone by a recovery key
	Reason    string // why it has no effect
}

// Chain is the evaluated control chain of a Space.
type Chain struct {
	Space   SpaceID
	Genesis Hash
	Entries []*Control // the accepted branch, seq 1…
	Effects []Effect   // beside Entries
	Lost    []*Control // valid entries of losing branches and junk, to be reported
	states  []*chainState
}

type chainState struct {
	generation uint32
	epk        map[uint32][]byte
	epochs     map[uint32]*EpochRef // newest epoch object of each generation
	who        map[DeviceID]*Principal
	tags       map[DevTag]bool
	frozen     bool
}

func (s *chainState) clone() *chainState {
	n := &chainState{generation: s.generation, frozen: s.frozen, epk: map[uint32][]byte{}, epochs: map[uint32]*EpochRef{}, who: map[DeviceID]*Principal{}, tags: map[DevTag]bool{}}
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
	for k := range s.tags {
		n.tags[k] = true
	}
	return n
}

// Credit tells how long, in credited time (at most 24 h between two runs), this client has known an entry.
type Credit func(entry Hash) time.Duration

// EvaluateChain judges all control entries found, in any order. genesis is the hash that is trusted (pin, kit or keyset); entries up to
// matured count as matured (a kit's checkpoint). At a fork one branch wins by rule 6; junk is set aside.
func EvaluateChain(space SpaceID, genesis Hash, entries []*Control, credit Credit, matured uint64) (*Chain, error) {
	if credit == nil {
		credit = func(Hash) time.Duration { return 0 }
	}
	byPrev := map[Hash][]*Control{}
	var first *Control
	for _, e := range entries {
		switch {
		case e.Space != space:
		case e.Seq == 1 && HeadOf(1, e.Signed).Hash == genesis:
			first = e
		default:
			byPrev[e.Prev] = append(byPrev[e.Prev], e)
		}
	}
	if first == nil {
		return nil, fmt.Errorf("genesis: %w", ErrMissing)
	}
	c := &Chain{Space: space, Genesis: genesis}
	st, err := startChain(first)
	if err != nil {
		return nil, err
	}
	c.Entries, c.Effects, c.states = []*Control{first}, []Effect{{Effective: true}}, []*chainState{st}
	for {
		head := c.Head()
		var good []*Control
		for _, e := range byPrev[head.Hash] {
			if e.Seq == head.Seq+1 && c.signedByKnown(e) == nil {
				good = append(good, e)
			} else {
				c.Lost = append(c.Lost, e)
			}
		}
		if len(good) == 0 {
			return c, nil
		}
		next := c.choose(good, byPrev)
		for _, e := range good {
			if e != next {
				c.Lost = append(c.Lost, e)
			}
		}
		c.append(next, credit, matured)
	}
}

func startChain(g *Control) (*chainState, error) {
	if g.Type != CtlGenesis || g.Device.Role != RoleAdmin || g.Author != g.Device.ID {
		return nil, fmt.Errorf("genesis: %w", ErrMalformed)
	}
	if err := g.Device.ControlKey.Verify(KindControl, g.Signed, g.Sigs); err != nil {
		return nil, err
	}
	cos, err := ParseSignatures(g.Cosign)
	if err != nil {
		return nil, err
	}
	if err := g.Recovery.Key.VerifyCosign(CtlGenesis.String(), g.Encode(false), cos); err != nil {
		return nil, err
	}
	s := &chainState{generation: 1, epk: map[uint32][]byte{1: g.Epoch.EPK}, epochs: map[uint32]*EpochRef{1: g.Epoch}, tags: map[DevTag]bool{g.Device.Tag: true},
		who: map[DeviceID]*Principal{
			g.Device.ID:   {Device: g.Device, Active: true, Since: 1, rank: 1},
			g.Recovery.ID: {Recovery: g.Recovery, Active: true, Since: 1, rank: 2},
		}}
	if !s.principalsEqual(g.Epoch.Principals) {
		return nil, fmt.Errorf("genesis principals: %w", ErrMalformed)
	}
	return s, nil
}

func (s *chainState) principalsEqual(list []DeviceID) bool {
	active := 0
	for _, p := range s.who {
		if p.Active {
			active++
		}
	}
	if active != len(list) {
		return false
	}
	seen := map[DeviceID]bool{}
	for _, id := range list {
		p := s.who[id]
		if p == nil || !p.Active || seen[id] {
			return false
		}
		seen[id] = true
	}
	return true
}

func (c *Chain) state() *chainState { return c.states[len(c.states)-1] }

// signedByKnown checks rule 1's first half: the author is known and both signatures hold. Anything else is junk.
func (c *Chain) signedByKnown(e *Control) error {
	p := c.state().who[e.Author]
	if p == nil {
		return fmt.Errorf("control entry %d: unknown author: %w", e.Seq, ErrTampered)
	}
	key := p.controlKey()
	if e.ByLogKey {
		if e.Type != CtlFreeze || p.Device == nil {
			return fmt.Errorf("control entry %d: log key: %w", e.Seq, ErrTampered)
		}
		key = p.Device.LogKey
	}
	return key.Verify(KindControl, e.Signed, e.Sigs)
}

// choose applies rule 6 among valid entries for one place.
func (c *Chain) choose(good []*Control, byPrev map[Hash][]*Control) *Control {
	best := good[0]
	for _, e := range good[1:] {
		if c.beats(e, best, byPrev) {
			best = e
		}
	}
	return best
}

func (c *Chain) beats(a, b *Control, byPrev map[Hash][]*Control) bool {
	aOut, bOut := c.branchExpels(b, a.Author, byPrev), c.branchExpels(a, b.Author, byPrev)
	if aOut != bOut {
		return bOut
	}
	who := c.state().who
	if ra, rb := who[a.Author].rank, who[b.Author].rank; ra != rb {
		return ra > rb
	}
	ha, hb := a.Head().Hash, b.Head().Hash
	return slices.Compare(ha[:], hb[:]) < 0
}

// branchExpels tells whether the branch that starts with e suspends or revokes target. Only entries whose author the state at the
// fork knows with a sufficient rank count, so that junk cannot expel anyone.
func (c *Chain) branchExpels(e *Control, target DeviceID, byPrev map[Hash][]*Control) bool {
	for depth := 0; e != nil && depth < 1<<16; depth++ {
		if p := c.state().who[e.Author]; p == nil || !p.Active || c.signedByKnown(e) != nil {
			return false
		} else if (e.Type == CtlDeviceSuspend || e.Type == CtlDeviceRevoke) && e.Target == target && p.rank >= 1 {
			return true
		}
		next := byPrev[e.Head().Hash]
		e = nil
		if len(next) > 0 {
			e = next[0]
		}
	}
	return false
}

// append adds a well-signed entry and evaluates the chain anew, because a void or a maturing entry changes what earlier ones mean.
func (c *Chain) append(e *Control, credit Credit, matured uint64) {
	c.Entries = append(c.Entries, e)
	st, _ := startChain(c.Entries[0])
	effects := make([]Effect, len(c.Entries))
	effects[0].Effective = true
	voided := c.voided(credit, matured)
	for i, x := range c.Entries[1:] {
		i++
		if voided[x.Seq] {
			effects[i] = Effect{Voided: true, Reason: "voided by the recovery key"}
			continue
		}
		if err := st.apply(x, c.Genesis); err != nil {
			effects[i] = Effect{Reason: err.Error()}
			continue
		}
		if d := delayOf(x, st); d > 0 && x.Seq > matured && credit(x.Head().Hash) < d {
			effects[i] = Effect{Delayed: true, Effective: x.Type == CtlRecoveryAdd, Reason: "takes effect after its delay"}
			if x.Type != CtlRecoveryAdd {
				continue
			}
			st.commit(x)
			st.who[x.Recovery.ID].rank = 1 // until matured
			continue
		}
		effects[i].Effective = true
		st.commit(x)
	}
	c.Effects = effects
	c.states = append(c.states, st)
}

// voided collects what voids among the entries undo: by a recovery key entries of devices newer than its own newest entry; by another
// admin a single entry that is still delayed.
func (c *Chain) voided(credit Credit, matured uint64) map[uint64]bool {
	out := map[uint64]bool{}
	for _, v := range c.Entries {
		if v.Type != CtlVoid || v.VoidTo >= v.Seq {
			continue
		}
		st := c.states[min(int(v.Seq)-2, len(c.states)-1)]
		p := st.who[v.Author]
		if p == nil || !p.Active {
			continue
		}
		if p.rank == 2 {
			floor := uint64(0)
			for _, e := range c.Entries[:v.Seq-1] {
				if e.Author == v.Author && e.Seq > floor {
					floor = e.Seq
				}
			}
			for s := max(v.VoidFrom, floor+1); s <= v.VoidTo; s++ {
				if a := st.who[c.Entries[s-1].Author]; a != nil && a.Device != nil {
					out[s] = true
				}
			}
			continue
		}
		if p.rank == 1 && v.VoidFrom == v.VoidTo {
			e := c.Entries[v.VoidFrom-1]
			if d := delayOf(e, st); d > 0 && e.Author != v.Author && e.Seq > matured && credit(e.Head().Hash) < d {
				out[e.Seq] = true
			}
		}
	}
	return out
}

func delayOf(e *Control, st *chainState) time.Duration {
	p := st.who[e.Author]
	switch e.Type {
	case CtlUnfreeze, CtlGCAuthorise:
		return ShortDelay
	case CtlRecoveryAdd, CtlRecoveryRevoke:
		if p != nil && p.Device != nil {
			return LongDelay
		}
	case CtlPolicy:
		return ShortDelay // a policy of this version can only shorten retention
	case CtlDeviceSuspend, CtlDeviceRevoke:
		if t := st.who[e.Target]; t != nil && t.rank == 1 && t.Active && p != nil && p.rank == 1 {
			admins := 0
			for _, q := range st.who {
				if q.Active && q.rank == 1 && q.Device != nil {
					admins++
				}
			}
			if admins == 2 && e.Target != e.Author {
				return ShortDelay // removes the last other admin
			}
		}
	}
	return 0
}

var errRank = errors.New("the author may not do this")

// apply checks an entry against the state before it, without changing the state.
func (s *chainState) apply(e *Control, genesis Hash) error {
	p := s.who[e.Author]
	if p == nil || !p.Active {
		return errors.New("the author is not active")
	}
	need := 1
	switch e.Type {
	case CtlVoid:
		need = 1
	case CtlFreeze, CtlCheckpoint:
		need = 0
	}
	if p.rank < need {
		return errRank
	}
	if e.Type != CtlEpoch && e.Generation != s.generation || e.Type == CtlEpoch && e.Generation != s.generation {
		return errors.New("sealed under another generation than the current one")
	}
	switch e.Type {
	case CtlGenesis:
		return errors.New("a second genesis")
	case CtlDeviceAdd:
		if s.who[e.Device.ID] != nil || s.tags[e.Device.Tag] {
			return errors.New("the device's identity was used before")
		}
		cos, err := ParseSignatures(e.Cosign)
		if err != nil {
			return err
		}
		key, x := e.Device.ControlKey, append(genesis[:], e.Device.Encode()...)
		if e.Device.Role == RoleUploader {
			key = e.Device.LogKey
		}
		if key.VerifyCosign(CtlDeviceAdd.String(), x, cos) != nil {
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
		if s.who[e.Recovery.ID] != nil || s.active() >= EpochSlots {
			return errors.New("the recovery key's identity was used before")
		}
	case CtlRecoveryRevoke:
		if t := s.who[e.Target]; t == nil || t.Recovery == nil || !t.Active {
			return errors.New("unknown recovery key")
		}
	case CtlEpoch:
		if e.Epoch.Generation <= s.generation || s.epk[e.Epoch.Generation] != nil {
			return errors.New("generation numbers only rise")
		}
		if !s.principalsEqual(e.Epoch.Principals) {
			return errors.New("the principals are not the active ones")
		}
	case CtlEpochSlots:
		if e.Epoch.Generation != s.generation || string(e.Epoch.EPK) != string(s.epk[s.generation]) || !s.principalsEqual(e.Epoch.Principals) {
			return errors.New("slots for another generation or other principals")
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

// commit changes the state by an entry that apply accepted.
func (s *chainState) commit(e *Control) {
	switch e.Type {
	case CtlDeviceAdd:
		rank := 0
		if e.Device.Role == RoleAdmin {
			rank = 1
		}
		s.who[e.Device.ID] = &Principal{Device: e.Device, Active: true, Since: e.Seq, rank: rank}
		s.tags[e.Device.Tag] = true
	case CtlDeviceSuspend, CtlDeviceRevoke:
		t := s.who[e.Target]
		t.Active = false
		if t.Cap == nil || e.Cap.Seq < t.Cap.Seq {
			t.Cap = e.Cap
		}
	case CtlRecoveryAdd:
		s.who[e.Recovery.ID] = &Principal{Recovery: e.Recovery, Active: true, Since: e.Seq, rank: 2}
	case CtlRecoveryRevoke:
		s.who[e.Target].Active = false
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

// Head is the last entry of the accepted branch.
func (c *Chain) Head() Head { return c.Entries[len(c.Entries)-1].Head() }

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
	if h.Generation != st.generation {
		return fmt.Errorf("commit %d: generation %d in place of %d: %w", h.Seq, h.Generation, st.generation, ErrTampered)
	}
	return nil
}

package standalone

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// head is a state of the chain that commits can name.
type head struct {
	hash       string
	generation uint32
	active     map[string]bool // deviceIDs
}

// chain is the control chain, judged from genesis (FORMAT.md, "Control chain"). Forks between entries in force and voids are not
// judged: they end in ErrBeyond.
type chain struct {
	space, genesis string
	matured        bool // delays count as run out
	heads          []head
	principals     []*principal // in the order in which they joined
	generation     uint32
	used           map[uint32]bool // generations
	public         []byte          // EPK of the current generation
	epochs         []*entry        // entries in force that name an epoch object
	report         func(error)
}

// loadChain reads all control entries and judges them.
func loadChain(p place, k *keys, matured bool, report func(error)) (*chain, error) {
	names, err := p.list("k", controlName)
	if err != nil {
		return nil, err
	}
	places := map[uint64][]*entry{}
	for _, n := range names {
		e, err := doubled(p, n, report, func(obj []byte) (*entry, error) { return k.openControl(n, obj) })
		if errors.Is(err, errInside) {
			return nil, err
		}
		if err != nil {
			report(err)
			continue
		}
		places[e.seq] = append(places[e.seq], e)
	}
	c := &chain{space: k.space, genesis: k.genesis, matured: matured, used: map[uint32]bool{}, report: report}
	first := slices.IndexFunc(places[1], func(e *entry) bool { return e.hash == k.genesis })
	if first < 0 {
		return nil, fmt.Errorf("genesis of the control chain: %w", ErrMissing)
	}
	if err := c.begin(places[1][first]); err != nil {
		return nil, err
	}
	for seq := uint64(2); ; seq++ {
		prev := c.heads[len(c.heads)-1].hash
		next, err := c.choose(places[seq], prev)
		if err != nil {
			return nil, err
		}
		if next == nil {
			return c, nil
		}
		if err := c.apply(next); err != nil {
			if errors.Is(err, ErrBeyond) {
				return nil, err
			}
			if !errors.Is(err, errDelayed) { // waiting is nothing wrong
				report(fmt.Errorf("%s has no effect: %w", next.name, err))
			}
		}
		c.note(next.hash)
	}
}

// choose finds the entry that follows prev: what nobody of the chain signed is set aside, and of several that stay, one in force wins
// over those without effect.
func (c *chain) choose(candidates []*entry, prev string) (*entry, error) {
	var stay, force []*entry
	for _, e := range candidates {
		if string(e.record[5]) != prev || slices.ContainsFunc(stay, func(o *entry) bool { return o.hash == e.hash }) {
			continue
		}
		if err := c.signed(e); err != nil {
			c.report(fmt.Errorf("%s: %w", e.name, err))
			continue
		}
		stay = append(stay, e)
		if err := c.copy().apply(e); err == nil || errors.Is(err, ErrBeyond) {
			force = append(force, e)
		}
	}
	switch {
	case len(stay) == 0:
		return nil, nil
	case len(stay) == 1:
		return stay[0], nil
	case len(force) == 1:
		return force[0], nil
	}
	return nil, fmt.Errorf("%d entries claim place %d: %w", len(stay), stay[0].seq, ErrBeyond)
}

// copy is deep enough to try an entry.
func (c *chain) copy() *chain {
	d := *c
	d.used, d.principals, d.epochs = maps.Clone(c.used), nil, slices.Clone(c.epochs)
	for _, p := range c.principals {
		q := *p
		d.principals = append(d.principals, &q)
	}
	return &d
}

func (c *chain) note(hash string) {
	h := head{hash, c.generation, map[string]bool{}}
	for _, p := range c.principals {
		if p.active {
			h.active[p.id] = true
		}
	}
	c.heads = append(c.heads, h)
}

// find looks a principal up by its deviceID.
func (c *chain) find(id []byte) *principal {
	for _, p := range c.principals {
		if p.id == string(id) {
			return p
		}
	}
	return nil
}

func (c *chain) count() (n int) {
	for _, p := range c.principals {
		if p.active {
			n++
		}
	}
	return n
}

// signed checks who signed an entry (rule 1).
func (c *chain) signed(e *entry) error {
	p := c.find(e.record[3])
	if p == nil {
		return fmt.Errorf("author unknown: %w", ErrAltered)
	}
	key := p.control
	if v := e.record[0x2e]; v != nil {
		if v[0] != 1 || e.typ != ctlFreeze || p.kit {
			return fmt.Errorf("signed by a log key: %w", ErrAltered)
		}
		key = p.log
	}
	return verify(key, signatureOf(kindControl), e.signed, e.signatures)
}

// begin takes genesis.
func (c *chain) begin(e *entry) error {
	d, err := parseDevice(e.record[0x21])
	if err != nil {
		return err
	}
	r, err := parseRecovery(e.record[0x22])
	if err != nil {
		return err
	}
	r.matured = true
	if d.role != roleAdmin || d.id != string(e.record[3]) || d.id == r.id || e.generation != 1 || !zeros(e.record[5]) || num32(e.record[0x25]) != 1 {
		return fmt.Errorf("genesis: %w", ErrMalformed)
	}
	c.principals = []*principal{d, r}
	if err := c.signed(e); err != nil {
		return err
	}
	if err := verify(r.control, "lp1/cosign/genesis", e.withoutCosign(), e.record[0x2f]); err != nil {
		return err
	}
	if err := c.takeEpoch(e); err != nil {
		return err
	}
	c.note(e.hash)
	return nil
}

// takeEpoch begins the generation that an entry names.
func (c *chain) takeEpoch(e *entry) error {
	ids, err := bare(e.record[0x29], 16, 16)
	if err != nil {
		return err
	}
	named := map[string]bool{}
	for _, id := range ids {
		if p := c.find(id); p == nil || !p.active || named[p.id] {
			return fmt.Errorf("principals of an epoch: %w", ErrAltered)
		}
		named[string(id)] = true
	}
	if len(named) != c.count() {
		return fmt.Errorf("principals of an epoch: %w", ErrAltered)
	}
	g := num32(e.record[0x25])
	if m := epochName.FindStringSubmatch(string(e.record[0x26])); m == nil || m[1] != fmt.Sprintf("%010d", g) || g > maxGen {
		return fmt.Errorf("name of an epoch object: %w", ErrMalformed)
	}
	c.generation, c.used[g], c.public = g, true, e.record[0x28]
	c.epochs = append(c.epochs, e)
	return nil
}

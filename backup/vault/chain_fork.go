package vault

import "slices"

// judgeVoid records which entries a void undoes (rule 5): by a recovery key entries that devices signed and that are newer than its own
// newest entry; by another admin a single entry whose delay had not run out.
func (c *Chain) judgeVoid(v *Control) {
	if v.VoidTo >= v.Seq {
		return
	}
	st := c.states[v.Seq-2]
	p := st.who[v.Author]
	if p == nil || !c.activeFor(p, v) {
		return
	}
	switch c.rankFor(p, v) {
	case 2:
		from := v.VoidFrom
		for _, e := range c.Entries[:v.Seq-1] {
			if e.Author == v.Author {
				from = max(from, e.Seq+1)
			}
		}
		for s := from; s <= v.VoidTo; s++ {
			if a := st.who[c.Entries[s-1].Author]; a != nil && a.Device != nil {
				c.undoneBy[s] = append(c.undoneBy[s], v.Seq)
			}
		}
	case 1:
		if p.Device == nil {
			return // a recovery key that has not matured is no other admin
		}
		e := c.Entries[v.VoidFrom-1]
		before := c.states[e.Seq-2]
		if v.VoidFrom != v.VoidTo || e.Author == v.Author || before.who[e.Author] == nil || c.check(before, e, before.generation) != nil {
			break
		}
		if w := (waiting{e, c.delayOf(e, before)}); w.delay > 0 && !c.matured(w, v) {
			c.undoneBy[e.Seq] = append(c.undoneBy[e.Seq], v.Seq)
		}
	}
}

// undone tells whether a void that is not undone itself undoes the entry.
func (c *Chain) undone(seq uint64) bool {
	return slices.ContainsFunc(c.undoneBy[seq], func(by uint64) bool { return !c.undone(by) })
}

func (c *Chain) undoesAny(void uint64) bool {
	for _, by := range c.undoneBy {
		if slices.Contains(by, void) {
			return true
		}
	}
	return false
}

// choose applies rule 6 among well-signed entries for one place. Entries that would have no effect come last, whatever their hash:
// else a revoked key could grind one that displaces a valid entry.
func (c *Chain) choose(good []*Control, byPrev map[Hash][]*Control) *Control {
	valid := slices.DeleteFunc(slices.Clone(good), func(e *Control) bool { return c.check(c.state(), e, c.state().generation) != nil })
	if len(valid) > 0 {
		good = valid
	}
	// "Beats" is no order: of three rivals each may beat the next. All clients must go through them in one sequence.
	slices.SortFunc(good, func(a, b *Control) int {
		x, y := a.Head().Hash, b.Head().Hash
		return slices.Compare(x[:], y[:])
	})
	best := good[0]
	for _, e := range good[1:] {
		if c.beats(e, best, byPrev) {
			best = e
		}
	}
	return best
}

func (c *Chain) beats(a, b *Control, byPrev map[Hash][]*Control) bool {
	st := c.state()
	aOut, bOut := c.expels(st.clone(), b, a, byPrev), c.expels(st.clone(), a, b, byPrev)
	if aOut != bOut {
		return bOut
	}
	ra, rb := c.rankFor(st.who[a.Author], a), c.rankFor(st.who[b.Author], b)
	if ra != rb {
		return ra > rb
	}
	ha, hb := a.Head().Hash, b.Head().Hash
	return slices.Compare(ha[:], hb[:]) < 0
}

// expels tells whether a branch that starts with e, on the state before it, suspends or revokes the signer of the rival entry; a delayed
// revocation counts if it had matured when this client first saw the rival. All continuations of the branch are looked at, so that
// junk beside the true one hides nothing; entries without effect expel nobody.
func (c *Chain) expels(st *chainState, e, rival *Control, byPrev map[Hash][]*Control) bool {
	if st.signedByKnown(e) != nil {
		return false
	}
	effect := c.step(st, e, st.generation, rival)
	switch e.Type {
	case CtlDeviceSuspend, CtlDeviceRevoke, CtlRecoveryRevoke:
		if effect.Effective && !effect.Delayed && e.Target == rival.Author {
			return true
		}
	}
	for _, next := range byPrev[e.Head().Hash] {
		if next.Seq == e.Seq+1 && c.expels(st.clone(), next, rival, byPrev) {
			return true
		}
	}
	return false
}

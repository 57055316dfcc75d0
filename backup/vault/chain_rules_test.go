package vault

import (
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"
)

const day = 24 * time.Hour

func TestDelayedEntriesMatureInCreditedTime(t *testing.T) {
	for _, tc := range []struct {
		name  string
		make  func(w *world) *Control
		delay time.Duration
		early string
	}{
		{"policy", func(w *world) *Control { return w.policy(w.genesis, w.admin) }, ShortDelay, "waits"},
		{"gc-authorise", func(w *world) *Control { return w.entry(w.genesis, w.admin, CtlGCAuthorise, nil) }, ShortDelay, "waits"},
		{"unfreeze", func(w *world) *Control { return w.entry(w.genesis, w.kit, CtlUnfreeze, nil) }, ShortDelay, "waits"},
		{"recovery-add", func(w *world) *Control { return w.addKit(w.genesis, w.admin, newKit(w.t, "k2")) }, LongDelay, "early"},
		{"recovery-revoke", func(w *world) *Control { return w.revokeKit(w.genesis, w.admin, w.kit) }, LongDelay, "waits"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			e := tc.make(w)
			wantEffects(t, w.eval(e), tc.early)
			w.age(tc.delay-time.Second, e)
			wantEffects(t, w.eval(e), tc.early)
			w.age(time.Second, e)
			wantEffects(t, w.eval(e), "yes")
			w.credits, w.matured = nil, e.Seq // a kit's checkpoint
			wantEffects(t, w.eval(e), "yes")
		})
	}
}

func TestARecoveryKeyAddedByADeviceRanksLowUntilItMatured(t *testing.T) {
	w := newWorld(t)
	k2, k3 := newKit(t, "k2"), newKit(t, "k3")
	e2 := w.addKit(w.genesis, w.admin, k2)
	if c := w.eval(e2); c.Device(k2.id).Rank() != 1 || !c.Device(k2.id).Active {
		t.Error("an early key must be active with rank 1")
	}
	// It cannot lend itself or another the rank that it lacks, nor void.
	add, out, void := w.addKit(e2, k2, k3), w.revokeKit(e2, k2, w.kit), w.void(e2, k2, 2, 2)
	wantEffects(t, w.eval(e2, add), "early early")
	wantEffects(t, w.eval(e2, out), "early waits")
	if !w.eval(e2, out).Device(w.kit.id).Active {
		t.Error("an early key revoked the true one at once")
	}
	wantEffects(t, w.eval(e2, void), "early no")
	last := w.revoke(e2, k2, w.admin)
	wantEffects(t, w.eval(e2, last), "early waits")
	// What it signed early waits its own time even after the key has matured; what it signs then does not.
	w.age(LongDelay, e2)
	wantEffects(t, w.eval(e2, out), "yes yes")
	w.age(day, out)
	c := w.eval(e2, out)
	wantEffects(t, c, "yes waits")
	if c.Device(k2.id).Rank() != 2 {
		t.Error("a matured key ranks 2")
	}
}

func TestRemovingTheLastOtherAdminWaits(t *testing.T) {
	w := newWorld(t)
	b, c := newActor(t, "b", RoleAdmin), newActor(t, "c", RoleAdmin)
	e2 := w.add(w.genesis, w.admin, b)
	rev := w.revoke(e2, w.admin, b)
	wantEffects(t, w.eval(e2, rev), "yes waits")
	w.age(ShortDelay, rev)
	wantEffects(t, w.eval(e2, rev), "yes yes")
	e3 := w.add(e2, w.admin, c)
	wantEffects(t, w.eval(e2, e3, w.revoke(e3, w.admin, b)), "yes yes yes")
	wantEffects(t, w.eval(e2, w.revoke(e2, w.kit, b)), "yes yes") // the kit outranks
	wantEffects(t, w.eval(e2, w.revoke(e2, b, b)), "yes yes")     // leaving of one's own will
}

func TestACancellationInTimeStaysGood(t *testing.T) {
	w := newWorld(t)
	b := newActor(t, "b", RoleAdmin)
	e2 := w.add(w.genesis, w.admin, b)
	bad := w.addKit(e2, w.admin, newKit(t, "thief"))
	cancel := w.void(bad, b, 3, 3)
	wantEffects(t, w.eval(e2, bad, cancel), "yes void yes")
	w.age(2*day, bad)
	w.age(30*day, bad, cancel) // long afterwards: it had come two days after
	wantEffects(t, w.eval(e2, bad, cancel), "yes void yes")
	w.credits, w.matured = nil, 4 // a fresh machine whose kit saw both
	wantEffects(t, w.eval(e2, bad, cancel), "yes void yes")

	late := newWorld(t)
	b = newActor(t, "b", RoleAdmin)
	e2 = late.add(late.genesis, late.admin, b)
	good := late.addKit(e2, late.admin, newKit(t, "k2"))
	cancel = late.void(good, b, 3, 3)
	late.age(LongDelay, good) // seen eight days before the cancellation
	wantEffects(t, late.eval(e2, good, cancel), "yes yes no")
	own := late.void(good, late.admin, 3, 3)
	late.credits = nil
	wantEffects(t, late.eval(e2, good, own), "yes early no") // the author is not another admin
}

func TestAnAdminWhoIsBeingRemovedCanCancelThat(t *testing.T) {
	w := newWorld(t)
	b := newActor(t, "b", RoleAdmin)
	e2 := w.add(w.genesis, w.admin, b)
	rev := w.revoke(e2, w.admin, b)
	cancel := w.void(rev, b, 3, 3)
	w.age(30*day, rev, cancel)
	c := w.eval(e2, rev, cancel)
	wantEffects(t, c, "yes void yes")
	if !c.Device(b.id).Active {
		t.Error("b was removed in spite of its cancellation")
	}
}

func TestTheKitUndoesWhatAThiefSigned(t *testing.T) {
	w := newWorld(t)
	x := newActor(t, "x", RoleAdmin)
	e2 := w.add(w.genesis, w.admin, x)
	e3 := w.revokeKit(e2, w.admin, w.kit)
	e4 := w.addKit(e3, x, newKit(t, "thief's"))
	void := w.void(e4, w.kit, 2, 4)
	c := w.eval(e2, e3, e4, void)
	wantEffects(t, c, "void void void yes")
	if !c.Device(w.kit.id).Active || c.Device(x.id).Active || slices.Contains(c.ActiveIDs(), x.id) {
		t.Error("the void did not undo")
	}
	// Also long after the thief's delays would have run out, and on a machine whose kit saw all of it.
	w.age(30*day, e2, e3, e4, void)
	wantEffects(t, w.eval(e2, e3, e4, void), "void void void yes")
	w.credits, w.matured = nil, 5
	wantEffects(t, w.eval(e2, e3, e4, void), "void void void yes")
	// But a key whose revocation had matured before voids nothing.
	w.matured = 0
	w.credits = map[Hash]time.Duration{}
	w.age(LongDelay, e3)
	wantEffects(t, w.eval(e2, e3, e4, void), "yes yes early no")
}

func TestAVoidReachesOnlyNewerEntriesOfDevices(t *testing.T) {
	w := newWorld(t)
	b, k2 := newActor(t, "b", RoleMember), newKit(t, "k2")
	e2 := w.entry(w.genesis, w.admin, CtlFreeze, nil)
	e3 := w.addKit(e2, w.kit, k2) // the kit's own newest entry
	e4 := w.add(e3, w.admin, b)
	e5 := w.entry(e4, k2, CtlFreeze, nil) // another recovery key
	v := w.void(e5, w.kit, 2, 5)
	wantEffects(t, w.eval(e2, e3, e4, e5, v), "yes yes void yes yes")
	wantEffects(t, w.eval(e2, e3, w.void(e3, w.kit, 2, 2)), "yes yes no")
	wantEffects(t, w.eval(e2, w.void(e2, w.admin, 2, 2)), "yes no") // an admin undoes nothing that is in force
}

func TestAVoidOfACancellationBringsBackWhatItCancelled(t *testing.T) {
	w := newWorld(t)
	b := newActor(t, "b", RoleAdmin)
	e2 := w.add(w.genesis, w.admin, b)
	e3 := w.addKit(e2, w.admin, newKit(t, "k2"))
	cancel := w.void(e3, b, 3, 3)
	back := w.void(cancel, w.kit, 4, 4)
	wantEffects(t, w.eval(e2, e3, cancel), "yes void yes")
	wantEffects(t, w.eval(e2, e3, cancel, back), "yes early void yes")
}

func TestNumbersAndIdentitiesOfVoidedEntriesStayUsed(t *testing.T) {
	w := newWorld(t)
	b := newActor(t, "b", RoleMember)
	e2 := w.epoch(w.genesis, w.admin, 2, w.admin, w.kit)
	e3 := w.entry(e2, w.admin, CtlDeviceAdd, func(c *Control) { c.Generation, c.Device, c.Cosign = 2, b.device, w.cosign(b) })
	v := w.entry(e3, w.kit, CtlVoid, func(c *Control) { c.Generation, c.VoidFrom, c.VoidTo = 2, 2, 3 })
	c := w.eval(e2, e3, v)
	wantEffects(t, c, "void void yes")
	if c.Generation() != 1 || c.EPK(2) != nil {
		t.Error("the voided generation is still current")
	}
	again := w.epoch(v, w.kit, 2, w.admin, w.kit)
	wantEffects(t, w.eval(e2, e3, v, again), "void void yes no")
	next := w.epoch(v, w.kit, 3, w.admin, w.kit)
	wantEffects(t, w.eval(e2, e3, v, next), "void void yes yes")
	wantEffects(t, w.eval(e2, e3, v, w.add(v, w.admin, b)), "void void yes no")
	// Entries written before the void under the voided generation keep their place.
	keep := w.entry(e2, w.admin, CtlFreeze, func(c *Control) { c.Generation = 2 })
	v2 := w.entry(keep, w.kit, CtlVoid, func(c *Control) { c.Generation, c.VoidFrom, c.VoidTo = 2, 2, 2 })
	wantEffects(t, w.eval(e2, keep, v2), "void yes yes")
}

func TestAnEpochOutlivesTheMaturingOfARevocation(t *testing.T) {
	w := newWorld(t)
	k2 := newKit(t, "k2")
	e2 := w.addKit(w.genesis, w.kit, k2)
	rev := w.revokeKit(e2, w.admin, w.kit) // waits
	early := w.epoch(rev, w.admin, 2, w.admin, w.kit, k2)
	w.age(20*day, rev, early)
	wantEffects(t, w.eval(e2, rev, early), "yes yes yes")
	after := w.entry(early, w.admin, CtlEpoch, func(c *Control) { c.Generation, c.Epoch = 2, epochRef(3, theKEM, w.admin, k2) })
	wantEffects(t, w.eval(e2, rev, early, after), "yes yes yes yes")
	// Before the revocation matures, leaving the key out is refused: else a stolen device shuts the kit out at once.
	w.credits = nil
	wantEffects(t, w.eval(e2, rev, w.epoch(rev, w.admin, 2, w.admin, k2)), "yes waits no")
}

func TestForksAreDecidedOnTheBranches(t *testing.T) {
	w := newWorld(t)
	thief, b := newActor(t, "thief", RoleAdmin), newActor(t, "b", RoleAdmin)
	e2 := w.add(w.genesis, w.admin, thief)
	e3 := w.add(e2, w.admin, b)
	base := []*Control{e2, e3}
	eval := func(more ...*Control) *Chain { return w.eval(append(base, more...)...) }
	// ground makes an entry whose hash is lower than that of every other given.
	ground := func(prev *Control, by *actor, typ ControlType, than ...*Control) *Control {
		for n := int64(1); ; n++ {
			e := &Control{Space: w.space, Author: by.id, Seq: prev.Seq + 1, Prev: prev.Head().Hash, Generation: 1, Type: typ, Time: n}
			if typ == CtlVoid {
				e.VoidFrom, e.VoidTo = 2, 2
			}
			low := true
			own := sha256.Sum256(e.Encode(true))
			for _, o := range than {
				h := o.Head().Hash
				low = low && string(own[:]) < string(h[:])
			}
			if low {
				return w.sign(e, by.control)
			}
		}
	}
	t.Run("lower hash among equals", func(t *testing.T) {
		x := w.entry(e3, b, CtlFreeze, nil)
		y := ground(e3, w.admin, CtlCheckpoint, x)
		if c := eval(x, y); c.Entries[3] != y || len(c.Lost) != 1 {
			t.Error("the higher hash won")
		}
	})
	t.Run("higher rank before hash", func(t *testing.T) {
		x := w.entry(e3, w.kit, CtlFreeze, nil)
		if c := eval(ground(e3, w.admin, CtlCheckpoint, x), x); c.Entries[3] != x {
			t.Error("the lower rank won")
		}
	})
	for _, deep := range []bool{false, true} {
		t.Run("a revoked key cannot grind itself back in", func(t *testing.T) {
			x := w.revoke(e3, w.admin, thief)
			branch := []*Control{x}
			first := x
			if deep { // the revocation stands deeper in the branch, signed by a device that the branch adds, with junk beside it
				n := newActor(t, "new", RoleAdmin)
				first = w.add(e3, w.admin, n)
				junk := w.entry(first, thief, CtlFreeze, nil)
				junk.Sigs.MLDSA[9] ^= 1
				branch = []*Control{first, junk, w.revoke(first, n, thief)}
			}
			y := ground(e3, thief, CtlCheckpoint, first)
			for _, order := range [][]*Control{append([]*Control{y}, branch...), append(branch, y)} {
				c := eval(order...)
				if c.Entries[3] != first || c.Device(thief.id).Active {
					t.Error("the revoked key's branch won")
				}
			}
		})
	}
	t.Run("an entry without effect never displaces a valid one", func(t *testing.T) {
		e4 := w.revoke(e3, w.admin, thief)
		x := w.entry(e4, b, CtlFreeze, nil)
		y := ground(e4, thief, CtlCheckpoint, x)
		if c := eval(e4, y, x); c.Entries[4] != x {
			t.Error("a revoked device's entry won by its hash")
		}
		if c := eval(e4, y); len(c.Entries) != 5 || c.Effects[4].Effective {
			t.Error("alone it stays in the chain, without effect")
		}
	})
	t.Run("a waiting revocation expels nobody", func(t *testing.T) {
		x := w.revokeKit(e3, thief, w.kit)
		y := w.entry(e3, w.kit, CtlCheckpoint, nil)
		w.age(30*day, x, y)
		if c := eval(x, y); c.Entries[3] != y {
			t.Error("the kit's answer lost once the thief's delay had run out")
		}
		w.credits = map[Hash]time.Duration{}
		w.age(LongDelay, x)
		if c := eval(x, y); c.Entries[3] != x {
			t.Error("a revocation matured before the rival came counts")
		}
		w.credits = map[Hash]time.Duration{}
	})
	t.Run("both expel each other: rank decides", func(t *testing.T) {
		x, y := w.revoke(e3, thief, w.admin), w.revoke(e3, w.admin, thief)
		c := eval(x, y)
		hx, hy := x.Head().Hash, y.Head().Hash
		if (c.Entries[3] == x) != (string(hx[:]) < string(hy[:])) {
			t.Error("neither rank nor hash decided")
		}
	})
}

// commitOf signs a commit header of a device.
func (w *world) commitOf(a *actor, seq uint64, prev Hash, at *Control, g uint32) (Commit, []byte, Signatures) {
	c := Commit{Space: w.space, Author: a.id, Seq: seq, Prev: prev, Generation: g, Control: at.Head()}
	signed := c.Encode()
	s, err := a.log.Sign(KindCommit, signed)
	if err != nil {
		w.t.Fatal(err)
	}
	return c, signed, s
}

func TestACommitIsJudgedAtItsOwnControlHead(t *testing.T) {
	w := newWorld(t)
	b := newActor(t, "b", RoleMember)
	e2 := w.add(w.genesis, w.admin, b)
	cut, cutSigned, cutSigs := w.commitOf(b, 2, Hash{2}, e2, 1)
	e3 := w.entry(e2, w.admin, CtlDeviceRevoke, func(c *Control) { c.Target, c.Cap = b.id, &Head{Seq: 2, Hash: HeadOf(2, cutSigned).Hash} })
	e4 := w.epoch(e3, w.admin, 2, w.admin, w.kit)
	c := w.eval(e2, e3, e4)
	wantEffects(t, c, "yes yes yes")
	check := func(name string, want error, a *actor, seq uint64, at *Control, g uint32, before uint64) {
		t.Helper()
		h, signed, sigs := w.commitOf(a, seq, Hash{1}, at, g)
		if err := c.CheckCommit(h, signed, sigs, before); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	check("before its revocation", nil, b, 1, e2, 1, 0)
	check("old generation at an old head", nil, w.admin, 1, e3, 1, 2)
	check("new generation at the new head", nil, w.admin, 1, e4, 2, 4)
	check("not active yet", ErrTampered, b, 1, w.genesis, 1, 0)
	check("no longer active", ErrTampered, b, 1, e3, 1, 0)
	check("beyond the cap", ErrTampered, b, 3, e2, 1, 0)
	check("another commit at the cap", ErrFork, b, 2, e2, 1, 0)
	check("old generation at the new head", ErrTampered, w.admin, 1, e4, 1, 0)
	check("future generation", ErrTampered, w.admin, 1, e3, 2, 0)
	check("control head going back", ErrRollback, w.admin, 2, e2, 1, 3)
	check("control head not in the chain", ErrFork, w.admin, 2, w.entry(e2, w.kit, CtlFreeze, nil), 1, 0)
	check("author unknown", ErrTampered, newActor(t, "x", RoleAdmin), 1, e2, 1, 0)
	if err := c.CheckCommit(cut, cutSigned, cutSigs, 0); err != nil {
		t.Error("the commit that the cap names:", err)
	}
	h, signed, sigs := w.commitOf(b, 1, Hash{1}, e2, 1)
	for name, bad := range map[string]Signatures{"no Ed25519": {MLDSA: sigs.MLDSA}, "no ML-DSA": {Ed25519: sigs.Ed25519}} {
		if err := c.CheckCommit(h, signed, bad, 0); !errors.Is(err, ErrTampered) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := c.HeadUnder(1); got != e3.Head() {
		t.Error("head under generation 1:", got.Seq)
	}
}

func TestAVoidUndoesNoCommit(t *testing.T) {
	w := newWorld(t)
	e2 := w.epoch(w.genesis, w.admin, 2, w.admin, w.kit)
	v := w.entry(e2, w.kit, CtlVoid, func(c *Control) { c.Generation, c.VoidFrom, c.VoidTo = 2, 2, 2 })
	c := w.eval(e2, v)
	h, signed, sigs := w.commitOf(w.admin, 1, c.Genesis, e2, 2)
	if err := c.CheckCommit(h, signed, sigs, 0); err != nil {
		t.Error(err)
	}
	h, signed, sigs = w.commitOf(w.admin, 2, c.Genesis, v, 2)
	if err := c.CheckCommit(h, signed, sigs, 2); !errors.Is(err, ErrTampered) {
		t.Error("the voided generation after the void:", err)
	}
}

func TestGenesisMustHold(t *testing.T) {
	w := newWorld(t)
	eval := func(g *Control) error {
		_, err := EvaluateChain(w.space, g.Head().Hash, []*Control{g}, nil, 0)
		return err
	}
	change := func(f func(*Control)) *Control {
		c := *w.genesis
		c.Signed, c.device = nil, nil
		f(&c)
		return w.sign(&c, w.admin.control)
	}
	if err := eval(w.genesis); err != nil {
		t.Fatal(err)
	}
	if err := eval(change(func(c *Control) { c.Time++ })); !errors.Is(err, ErrTampered) {
		t.Error("co-signature of another record:", err)
	}
	if err := eval(change(func(c *Control) { c.Epoch = epochRef(1, theKEM, w.admin) })); err == nil {
		t.Error("principals differ")
	}
	for _, part := range []int{3, 70} {
		g := change(func(c *Control) { c.Cosign = append([]byte(nil), c.Cosign...); c.Cosign[part] ^= 1 })
		if err := eval(g); !errors.Is(err, ErrTampered) {
			t.Errorf("co-signature with byte %d altered: %v", part, err)
		}
	}
	g := *w.genesis
	g.Sigs.Ed25519[0] ^= 1
	if err := eval(&g); !errors.Is(err, ErrTampered) {
		t.Error("Ed25519:", err)
	}
	g = *w.genesis
	g.Sigs.MLDSA[0] ^= 1
	if err := eval(&g); !errors.Is(err, ErrTampered) {
		t.Error("ML-DSA:", err)
	}
	if _, err := EvaluateChain(w.space, Hash{1}, []*Control{w.genesis}, nil, 0); !errors.Is(err, ErrMissing) {
		t.Error("another genesis:", err)
	}
}

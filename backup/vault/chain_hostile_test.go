package vault

import (
	"errors"
	"slices"
	"testing"
)

// What a device wrote while it was active stays when the entry that added it is voided later; from then on it may write nothing, and its
// log can still be capped.
func TestTheLogOfAVoidedDeviceStaysUpToItsCap(t *testing.T) {
	w := newWorld(t)
	b := newActor(t, "b", RoleAdmin)
	e2 := w.add(w.genesis, w.admin, b)
	v := w.void(e2, w.kit, 2, 2)
	c := w.eval(e2, v)
	if p := c.ByTag(b.device.Tag); p == nil || p.Active || slices.Contains(c.ActiveIDs(), b.id) {
		t.Fatal("the voided device", p)
	}
	first, signed, sigs := w.commitOf(b, 1, w.genesis.Head().Hash, e2, 1)
	if err := c.CheckCommit(first, signed, sigs, 0); err != nil {
		t.Error("a commit from before the void:", err)
	}
	late, s2, g2 := w.commitOf(b, 2, HeadOf(1, signed).Hash, v, 1)
	if err := c.CheckCommit(late, s2, g2, 0); !errors.Is(err, ErrTampered) {
		t.Error("a commit from after the void:", err)
	}
	r := w.entry(v, w.kit, CtlDeviceRevoke, func(c *Control) { c.Target, c.Cap = b.id, &Head{Seq: 1, Hash: HeadOf(1, signed).Hash} })
	c = w.eval(e2, v, r)
	if p := c.Device(b.id); !c.Effects[3].Effective || p.Cap == nil || p.Cap.Seq != 1 {
		t.Fatal("it cannot be capped", c.Effects)
	}
	old, s3, g3 := w.commitOf(b, 2, HeadOf(1, signed).Hash, e2, 1)
	if err := c.CheckCommit(old, s3, g3, 0); err == nil {
		t.Error("it goes on at the head before the void, beyond its cap")
	}
	// It may not come back, nor rule.
	if c := w.eval(e2, v, w.add(v, w.kit, b)); c.Effects[3].Effective {
		t.Error("its identity is used twice")
	}
	if c := w.eval(e2, v, w.policy(v, b)); len(c.Effects) > 3 && c.Effects[3].Effective {
		t.Error("it still rules")
	}
}

// Of several rivals for one place the same one wins, in whatever order a listing gives them.
func TestAForkOfManyIsDecidedAlikeInAnyOrder(t *testing.T) {
	w := newWorld(t)
	b, x := newActor(t, "b", RoleAdmin), newActor(t, "x", RoleAdmin)
	e2, e3 := w.add(w.genesis, w.admin, b), (*Control)(nil)
	e3 = w.add(e2, w.admin, x)
	rivals := []*Control{w.revoke(e3, w.admin, b), w.revoke(e3, b, x), w.revoke(e3, x, w.admin), w.policy(e3, b)}
	var want Hash
	for i := range 24 {
		all := append([]*Control{e2, e3}, rivals...)
		got := w.eval(all...).Entries[3].Head().Hash
		if i == 0 {
			want = got
		}
		if got != want {
			t.Fatal("the winner depends on the order of listing")
		}
		for k := len(rivals) - 1; k > 0; k-- { // all orders, by the factorial base
			j := i % (k + 1)
			rivals[k], rivals[j] = rivals[j], rivals[k]
		}
	}
}

// The numbers of generations cannot be used up: beyond the largest there is nothing, and a jump to it leaves those between.
func TestAJumpOfGenerationsLeavesRoom(t *testing.T) {
	w := newWorld(t)
	over := w.epoch(w.genesis, w.admin, MaxGeneration+1, w.admin, w.kit)
	if c := w.eval(over); c.Effects[1].Effective || c.Generation() != 1 {
		t.Error("a generation beyond the largest")
	}
	jump := w.epoch(w.genesis, w.admin, MaxGeneration, w.admin, w.kit)
	v := w.entry(jump, w.kit, CtlVoid, func(c *Control) { c.Generation, c.VoidFrom, c.VoidTo = MaxGeneration, 2, 2 })
	c := w.eval(jump, v)
	if c.Generation() != 1 || c.NextGeneration() != 2 {
		t.Error(c.Generation(), c.NextGeneration())
	}
}

package standalone

import (
	"bytes"
	"errors"
	"fmt"
)

// errDelayed: an entry is in order, and its delay has not run out.
var errDelayed = errors.New("its delay has not run out")

// apply gives an entry after genesis its effect; an error says why it has none (FORMAT.md, "Control chain", rules 1 to 5).
func (c *chain) apply(e *entry) error {
	author := c.find(e.record[3])
	need := 1
	if e.typ == ctlFreeze || e.typ == ctlCheckpoint {
		need = 0
	}
	if !author.active || author.rank() < need || e.generation != c.generation {
		return fmt.Errorf("its author may not do that: %w", ErrAltered)
	}
	switch e.typ {
	case ctlDeviceAdd:
		return c.addDevice(e)
	case ctlDeviceSuspend, ctlDeviceRevoke:
		return c.removeDevice(e, author)
	case ctlRecoveryAdd:
		return c.addKit(e, author)
	case ctlRecoveryRevoke:
		p := c.find(e.record[0x23])
		if p == nil || !p.kit {
			return fmt.Errorf("kit to revoke: %w", ErrMissing)
		}
		if author.rank() < 2 && !c.matured {
			return errDelayed
		}
		p.active = false
	case ctlEpoch:
		if g := num32(e.record[0x25]); g <= c.generation || c.used[g] {
			return fmt.Errorf("generation used before: %w", ErrAltered)
		}
		return c.takeEpoch(e)
	case ctlEpochSlots:
		if num32(e.record[0x25]) != c.generation || !bytes.Equal(e.record[0x28], c.public) {
			return fmt.Errorf("slots of another generation: %w", ErrAltered)
		}
		return c.takeEpoch(e)
	case ctlPolicy, ctlUnfreeze, ctlGCAuthorise:
		if !c.matured { // nothing that a restore needs follows from it
			return errDelayed
		}
	case ctlVoid:
		return fmt.Errorf("%s voids entries: %w", e.name, ErrBeyond)
	}
	return nil
}

// room checks that an identifier is new and that one more principal may be active (rule 2).
func (c *chain) room(p *principal) error {
	if c.count() >= 16 {
		return fmt.Errorf("more than 16 principals: %w", ErrAltered)
	}
	for _, o := range c.principals {
		if o.id == p.id || !p.kit && !o.kit && o.tag == p.tag {
			return fmt.Errorf("identifier used before: %w", ErrAltered)
		}
	}
	return nil
}

func (c *chain) addDevice(e *entry) error {
	p, err := parseDevice(e.record[0x21])
	if err != nil {
		return err
	}
	if err := c.room(p); err != nil {
		return err
	}
	key := p.control
	if p.role == roleUploader {
		key = p.log
	}
	if err := verify(key, "lp1/cosign/device-add", []byte(c.genesis+string(e.record[0x21])), e.record[0x2f]); err != nil {
		return err
	}
	c.principals = append(c.principals, p)
	return nil
}

func (c *chain) addKit(e *entry, author *principal) error {
	p, err := parseRecovery(e.record[0x22])
	if err != nil {
		return err
	}
	if err := c.room(p); err != nil {
		return err
	}
	p.matured = author.rank() == 2 || c.matured // until then it is active with rank 1
	c.principals = append(c.principals, p)
	return nil
}

// removeDevice caps a device's log (rules 3 and 4).
func (c *chain) removeDevice(e *entry, author *principal) error {
	p := c.find(e.record[0x23])
	if p == nil || p.kit {
		return fmt.Errorf("device to remove: %w", ErrMissing)
	}
	if author.rank() == 1 && p.active && p.role == roleAdmin && !c.matured {
		others := false
		for _, o := range c.principals {
			others = others || o.active && !o.kit && o.role == roleAdmin && o != p && o != author
		}
		if !others {
			return errDelayed
		}
	}
	seq, hash := num64(e.record[0x24]), string(e.record[0x24][8:])
	if !p.capped || seq < p.capSeq {
		p.capped, p.capSeq, p.capHash = true, seq, hash
	}
	p.active = false
	return nil
}

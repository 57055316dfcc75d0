package vault

import "fmt"

// Condemns tells which names a valid commit of type gc-intent gives up to a collection (FORMAT.md, "Collection"): nil for other types,
// and an error that says why an intent is ignored. The verdict rests on signatures and on what stands in the chain alone, never on a
// delay, a void or a freeze, which one client may see otherwise than another: the collector counts on everybody who has seen a valid
// intent to obey it, and obeying one too many only stores some content twice.
func (c *Chain) Condemns(h Commit, signed []byte) ([]CID, error) {
	if h.Type != CommitGCIntent {
		return nil, nil
	}
	p := c.state().who[h.Author]
	if p == nil || p.Device == nil || p.Device.Role != RoleAdmin {
		return nil, fmt.Errorf("gc-intent %d: its author may not collect: %w", h.Seq, ErrTampered)
	}
	cos, err := ParseSignatures(h.Cosign)
	if err != nil {
		return nil, fmt.Errorf("gc-intent %d: co-signature: %w", h.Seq, err)
	}
	x, err := withoutField(signed, tagCosign)
	if err != nil {
		return nil, err
	}
	if err := p.Device.ControlKey.VerifyCosign(GCIntentName, x, cos); err != nil {
		return nil, fmt.Errorf("gc-intent %d: co-signature: %w", h.Seq, err)
	}
	if !c.collectionAsked(h.Control.Seq) {
		return nil, fmt.Errorf("gc-intent %d: no gc-authorise before it: %w", h.Seq, ErrTampered)
	}
	return h.Condemned, nil
}

// GCIntentName is the type name under which a gc-intent is co-signed.
const GCIntentName = "gc-intent"

// collectionAsked tells whether an admin or a recovery key signed a gc-authorise up to this place of the chain.
func (c *Chain) collectionAsked(upTo uint64) bool {
	for _, e := range c.Entries[:min(upTo, uint64(len(c.Entries)))] {
		if e.Type != CtlGCAuthorise {
			continue
		}
		// The author is in the state at that place: else the entry would be junk.
		if a := c.states[e.Seq-1].who[e.Author]; a != nil && (a.Device == nil || a.Device.Role == RoleAdmin) {
			return true
		}
	}
	return false
}

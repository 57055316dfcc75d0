package vault

import (
	"errors"
	"testing"
)

// The names and the co-signature stand in a gc-intent and nowhere else, in one form.
func TestOnlyAnIntentCondemns(t *testing.T) {
	base := Commit{Space: SpaceID{1}, Author: DeviceID{2}, Seq: 3, Generation: 1, Control: Head{Seq: 1}}
	cos := Signatures{}.Encode()
	for name, x := range map[string]struct {
		change func(*Commit)
		ok     bool
	}{
		"intent":                    {func(c *Commit) { c.Type, c.Condemned, c.Cosign = CommitGCIntent, []CID{{1}, {2}}, cos }, true},
		"intent, not co-signed":     {func(c *Commit) { c.Type, c.Condemned = CommitGCIntent, []CID{{1}} }, true},
		"intent of nothing":         {func(c *Commit) { c.Type, c.Cosign = CommitGCIntent, cos }, false},
		"names twice":               {func(c *Commit) { c.Type, c.Condemned = CommitGCIntent, []CID{{1}, {1}} }, false},
		"names descending":          {func(c *Commit) { c.Type, c.Condemned = CommitGCIntent, []CID{{2}, {1}} }, false},
		"short co-signature":        {func(c *Commit) { c.Type, c.Condemned, c.Cosign = CommitGCIntent, []CID{{1}}, cos[1:] }, false},
		"too many names":            {func(c *Commit) { c.Type, c.Condemned = CommitGCIntent, manyCIDs(MaxCondemned+1) }, false},
		"as many as may be":         {func(c *Commit) { c.Type, c.Condemned, c.Cosign = CommitGCIntent, manyCIDs(MaxCondemned), cos }, true},
		"delta with a co-signature": {func(c *Commit) { c.Cosign = cos }, false},
	} {
		c := base
		x.change(&c)
		got, err := ParseCommit(c.Encode())
		if (err == nil) != x.ok || err != nil && !errors.Is(err, ErrMalformed) || err == nil && len(got.Condemned) != len(c.Condemned) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := SealEnvelope(KindCommit, 1, c.Space, "l", make([]byte, 32), Body{Signed: c.Encode()}); x.ok && err != nil {
			t.Errorf("%s does not fit into an envelope: %v", name, err)
		}
	}
	delta := append(base.Encode(), NewFields().Bytes(tagCondemn, make([]byte, 32)).Encoded()...)
	if _, err := ParseCommit(delta); !errors.Is(err, ErrMalformed) {
		t.Errorf("a delta that condemns: %v", err)
	}
}

func manyCIDs(n int) []CID {
	out := make([]CID, n)
	for i := range out {
		out[i] = CID{byte(i >> 16), byte(i >> 8), byte(i)}
	}
	return out
}

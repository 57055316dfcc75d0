package standalone

import (
	"bytes"
	"fmt"
	"strconv"
)

// epoch is an epoch object that a kit opens.
type epoch struct {
	name, hash string // hash: SHA-256 of the whole object
	number     uint32
	public     []byte // EPK_g
}

// openEpoch opens an epoch object of generation g and takes the keys of all generations out of it (FORMAT.md, "Epoch object"). That
// a control entry names it is for the caller to see.
func (k *keys) openEpoch(p place, name string, report func(error)) (*epoch, error) {
	g64, err := strconv.ParseUint(epochName.FindStringSubmatch(name)[1], 10, 32)
	if err != nil || g64 < 1 || g64 > maxGen {
		return nil, fmt.Errorf("%s: generation: %w", name, ErrMalformed)
	}
	g := uint32(g64)
	return doubled(p, name, report, func(obj []byte) (*epoch, error) {
		b, err := openEnvelope(kindEpoch, k.space, name, labelled(k.mix, "epoch", k.space, 0), obj)
		if err != nil {
			return nil, err
		}
		ring := 48 + 32*int(g-1)
		if b.generation != g || len(b.payload) != 32*slotSize+2*ring {
			return nil, fmt.Errorf("epoch object of another generation: %w", ErrAltered)
		}
		var e []byte
		for i := range 16 {
			s, err := openBox(k.kem, "lp1/epoch\x00"+k.space+be32(g), b.payload[i*slotSize:][:slotSize])
			if err == nil && len(s) == 32 {
				e = s
				break
			}
		}
		if e == nil {
			return nil, fmt.Errorf("no slot opens: %w", ErrKey)
		}
		older, err := k.openRing(labelled(e, "ring", k.space, g), b.payload[32*slotSize:][:ring], g)
		if err != nil {
			return nil, err
		}
		all, writers := append(older, e), [][]byte(nil)
		for i, s := range all {
			if zeros(s) { // whoever made the ring did not know it; no key may come from zeros
				writers = append(writers, s)
				continue
			}
			writers = append(writers, labelled(s, "writer", k.space, uint32(i+1)))
		}
		check, err := k.openRing(labelled(writers[g-1], "ring", k.space, g), b.payload[32*slotSize+ring:], g)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(bytes.Join(check, nil), bytes.Join(writers[:g-1], nil)) {
			return nil, fmt.Errorf("the rings of an epoch object disagree: %w", ErrAltered)
		}
		public, err := kemPublic(labelled(e, "kem", k.space, g))
		if err != nil {
			return nil, err
		}
		k.e, k.w = all, writers
		return &epoch{name: name, hash: sum(obj), number: g, public: public}, nil
	})
}

// knows tells whether the keys of a generation are known.
func (k *keys) knows(g uint32) bool { return g >= 1 && int(g) <= len(k.w) && !zeros(k.w[g-1]) }

// openRing opens a ring of the keys of the generations before g.
func (k *keys) openRing(key, ring []byte, g uint32) ([][]byte, error) {
	okm := expand(extract(ring[:32], key), "lp1/ring\x00"+k.space+be32(g), 44)
	b, err := gcmOpen(okm[:32], okm[32:], ring[32:], "")
	if err != nil {
		return nil, err
	}
	return bare(b, 32, maxGen)
}

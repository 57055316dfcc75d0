package backup

import (
	"context"
	"math"
	"strings"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// proofs is what is known of all copies at one moment. A library has millions of them: what is kept of each is a time and a few bits,
// under the first half of its object's id (16 bytes of a hash tell objects apart as well as 32).
type proofs struct {
	dests   []*destination
	place   []int // by destination: the first destination in the same place
	through []uint64

	known  map[[16]byte]int32 // the object's number
	at     []uint32           // by object and destination: Unix seconds of the newest proof that counts, 0 = none
	copies []copyBits         // by object and destination
	opened []uint32           // by object: when a copy was last decrypted
	named  []map[string]copyBits

	now                   int64
	oldest, newest, renew int64 // times of proofs that count, and that count for long enough
	out                   *figures
	answer                judged // reused
	taken                 []bool // reused
}

// copyBits is what else is known of a copy.
type copyBits uint8

const (
	copyThere  copyBits = 1 << iota // it was sent, whatever became of it
	copyKept                        // the destination took it, and no fault is known
	copyFaulty                      // it is damaged or gone
	copyGood                        // proven, and the proof counts now
	copyUnread                      // never read back, or to be read back again by now
)

// judged is what the copies of one version come to.
type judged struct {
	places, away  int
	oldest        int64 // Unix seconds of the oldest of the proofs, 0 = none
	damaged, lost bool
	at            []bool // by destination: proven there; valid until the next version is judged
}

// proofs reads what is known of all copies. out learns what each destination lacks, and until when all of it holds.
func (e *Engine) proofs(ctx context.Context, w *catalog.Writer, out *figures) (*proofs, error) {
	now := out.At
	p := &proofs{dests: e.destinations(), known: map[[16]byte]int32{}, out: out, now: now,
		oldest: now - int64(ProofLimit/1e9), newest: now + int64(clockSlack/1e9), renew: now - int64(renewAfter/1e9)}
	index := map[[16]byte]int{}
	first := map[string]int{}
	for i, d := range p.dests {
		index[d.id] = i
		if _, ok := first[d.set.Place]; !ok {
			first[d.set.Place] = i
		}
		p.place = append(p.place, first[d.set.Place])
		p.named = append(p.named, map[string]copyBits{})
		if out.Dests[d.set.ID] == nil { // added just now
			out.Dests[d.set.ID] = &placed{}
		}
		out.dests = append(out.dests, out.Dests[d.set.ID])
	}
	p.answer.at, p.taken = make([]bool, len(p.dests)), make([]bool, len(p.dests))
	err := w.Copies.Each(ctx, func(k catalog.CopyKey, c catalog.Copy) error {
		if i, ok := index[k.Destination]; ok {
			p.copy(i, k, &c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := p.records(ctx, w); err != nil {
		return nil, err
	}
	p.sum()
	return p, p.objects(ctx, w)
}

// copy takes one copy at destination i.
func (p *proofs) copy(i int, k catalog.CopyKey, c *catalog.Copy) {
	t := max(c.CheckedAt, c.OpenedAt)
	bits := copyThere
	if c.Fault != catalog.FaultNone {
		bits |= copyFaulty | copyUnread
	} else if c.Level > catalog.LevelNone {
		bits |= copyKept
	}
	if c.Level >= catalog.LevelChecked && c.Fault == catalog.FaultNone {
		switch {
		case t > p.newest: // a proof from the future is one of a clock that was wrong
			p.out.holdsUntil(t - int64(clockSlack/1e9))
		case t > p.oldest:
			bits |= copyGood
			p.out.holdsUntil(t + int64(ProofLimit/1e9))
		}
	}
	if c.Level < catalog.LevelChecked || t < p.renew || t > p.newest {
		bits |= copyUnread
	} else {
		p.out.holdsUntil(t + int64(renewAfter/1e9) + 1)
	}
	if k.Name != "" {
		p.named[i][k.Name] = bits
		return
	}
	n := p.number(k.CID)
	at := int(n)*len(p.dests) + i
	p.copies[at] = bits
	if bits&copyGood != 0 {
		p.at[at] = seconds(t)
	}
	p.opened[n] = max(p.opened[n], seconds(c.OpenedAt))
}

// seconds is a Unix time in 32 bits, which last until 2106.
func seconds(t int64) uint32 { return uint32(min(max(t, 0), math.MaxUint32)) }

func (p *proofs) number(cid [32]byte) int32 {
	key := [16]byte(cid[:16])
	n, ok := p.known[key]
	if !ok {
		n = int32(len(p.opened))
		p.known[key] = n
		p.opened = append(p.opened, 0)
		for range p.dests {
			p.at, p.copies = append(p.at, 0), append(p.copies, 0)
		}
	}
	return n
}

// sum adds up what follows from the copies alone.
func (p *proofs) sum() {
	due := p.now - int64(openedLimit/1e9)
	for n, t := range p.opened {
		if int64(t) < due {
			p.out.OpenDue++
		} else {
			p.out.holdsUntil(int64(t) + int64(openedLimit/1e9) + 1)
		}
		for i, d := range p.out.dests {
			if t := int64(p.at[n*len(p.dests)+i]); t != 0 {
				d.Objects++
				if d.Oldest == 0 || t < d.Oldest {
					d.Oldest = t
				}
			}
		}
	}
}

// records finds, for each destination, what it lacks of the cached records. Up to which commit files can be opened there depends on it:
// commits, lists and keys must be proven (and pages, see objects).
func (p *proofs) records(ctx context.Context, w *catalog.Writer) error {
	p.through = make([]uint64, len(p.dests))
	for i := range p.through {
		p.through[i] = vault.MaxSeq
	}
	return w.State.Scan(ctx, func(k, v []byte) error {
		name, ok := strings.CutPrefix(string(k), rowEnvelope)
		if !ok {
			return nil
		}
		_, seq, _, _ := vault.ParseCommitName(strings.SplitN(name, ".", 2)[0])
		for i, d := range p.out.dests {
			good := false // one good copy of a doubled record is enough to open files; the other one is healed
			for _, n := range [...]string{name, vault.Mirror(name)} {
				bits := p.named[i][n]
				good = good || bits&copyGood != 0
				if bits&copyKept == 0 {
					d.Records++
				}
				d.unread(bits)
			}
			if !good {
				p.lower(i, seq)
			}
		}
		return nil
	})
}

func (p *proofs) lower(i int, seq uint64) {
	if seq > 0 {
		seq--
	}
	p.through[i] = min(p.through[i], seq)
}

// objects finds, for each destination, what it lacks of the listed objects, and how much it holds.
func (p *proofs) objects(ctx context.Context, w *catalog.Writer) error {
	none := make([]copyBits, len(p.dests))
	return w.Objects.Each(ctx, func(cid [32]byte, o catalog.Object) error {
		bits := none
		if n, ok := p.known[[16]byte(cid[:16])]; ok {
			bits = p.copies[int(n)*len(p.dests):][:len(p.dests)]
		}
		mirror := ""
		if vault.Class(o.Class) == vault.ClassPage {
			mirror = vault.Mirror(vault.ChunkName(cid))
		}
		for i, d := range p.out.dests {
			if bits[i]&copyGood != 0 {
				d.Stored += int64(o.Size)
			}
			if o.FirstSeq == 0 {
				continue
			}
			d.object(bits[i])
			if mirror != "" {
				other := p.named[i][mirror]
				d.object(other)
				if (bits[i]|other)&copyGood == 0 {
					p.lower(i, o.FirstSeq)
				}
			}
		}
		return nil
	})
}

// version judges one version: in which places it is proven, since when at the oldest, whether its copies are damaged or lost.
func (p *proofs) version(objects [][32]byte, seq uint64) judged {
	v := &p.answer
	*v = judged{at: v.at}
	clear(p.taken)
	for i := range p.dests {
		v.at[i] = seq != 0 && seq <= p.through[i]
	}
	for i, d := range p.dests {
		var oldest int64
		for _, cid := range objects {
			if !v.at[i] {
				break
			}
			t := p.provenAt(cid, i)
			if v.at[i] = t != 0; oldest == 0 || t < oldest {
				oldest = t
			}
		}
		if !v.at[i] || p.taken[p.place[i]] {
			continue
		}
		p.taken[p.place[i]] = true
		v.places++
		if d.set.Away {
			v.away++
		}
		if oldest != 0 && (v.oldest == 0 || oldest < v.oldest) {
			v.oldest = oldest
		}
	}
	for _, cid := range objects {
		n, ok := p.known[[16]byte(cid[:16])]
		if !ok {
			continue
		}
		var all copyBits
		for _, bits := range p.copies[int(n)*len(p.dests):][:len(p.dests)] {
			all |= bits
		}
		if all&copyFaulty != 0 {
			v.damaged = true
			v.lost = v.lost || all&copyKept == 0
		}
	}
	return *v
}

// provenAt is the time of an object's proof at destination i, 0 = none.
func (p *proofs) provenAt(cid [32]byte, i int) int64 {
	n, ok := p.known[[16]byte(cid[:16])]
	if !ok {
		return 0
	}
	return int64(p.at[int(n)*len(p.dests)+i])
}

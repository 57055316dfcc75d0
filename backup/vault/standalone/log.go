package standalone

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

const (
	commitFull     = 1
	commitGCIntent = 4
	maxCondemned   = 131072
)

var commitShape = shape{{0x01, 16, true}, {0x02, 1, true}, {0x03, 16, true}, {0x04, 8, true}, {0x05, 32, true}, {0x06, 4, true},
	{0x07, 32, true}, {0x10, 8, true}, {0x11, 8, true}, {0x12, 32, true}, {0x13, 0, false}, {0x14, 1, true}, {0x15, 1, true}, {0x16, 36, true},
	{0x17, 0, false}, {0x18, 0, false}, {0x19, 8, false}, {0x1a, sigSize, false}, {0x1b, 0, false}}

// commit is a verified commit.
type commit struct {
	record
	name       string
	hash       string
	seq        uint64
	generation uint32
	signed     []byte
	signatures []byte
	payload    []byte // the sealed box
}

func (c *commit) foldedTo() uint64 {
	if v := c.record[0x19]; v != nil {
		return num64(v)
	}
	return 0
}

// openCommit opens a commit's envelope; what it says is judged by follows.
func (k *keys) openCommit(name string, obj []byte) (*commit, error) {
	g, err := envelopeGeneration(obj)
	if err != nil {
		return nil, err
	}
	if !k.knows(g) {
		return nil, fmt.Errorf("commit of generation %d: %w", g, ErrKey)
	}
	b, err := openEnvelope(kindCommit, k.space, name, labelled(k.w[g-1], "env", k.space, g), obj)
	if err != nil {
		return nil, err
	}
	r, err := commitShape.parse(b.signed)
	if err != nil {
		return nil, err
	}
	c := &commit{record: r, name: name, hash: sum(b.signed), seq: num64(r[4]), generation: g, signed: b.signed, signatures: b.signatures, payload: b.payload}
	number, err := strconv.ParseUint(commitName.FindStringSubmatch(name)[3], 10, 64)
	if err != nil || string(r[1]) != k.space || r[2][0] != kindCommit || c.seq != number || num32(r[6]) != g || string(r[7]) != sum(b.payload) {
		return nil, fmt.Errorf("commit of another place: %w", ErrAltered)
	}
	if r[0x14][0] > 5 || r[0x15][0] > 1 {
		return nil, fmt.Errorf("commit type %d, flags %d: %w", r[0x14][0], r[0x15][0], ErrNewer)
	}
	if (r[0x14][0] == commitFull) != (r[0x19] != nil) || c.foldedTo() >= c.seq {
		return nil, fmt.Errorf("foldedTo: %w", ErrMalformed)
	}
	return c, c.checkIntent()
}

// checkIntent demands names to collect of a gc-intent, and of no other commit. What it condemns is no matter of a restore.
func (c *commit) checkIntent() error {
	bad := fmt.Errorf("gc-intent: %w", ErrMalformed)
	if c.record[0x14][0] != commitGCIntent {
		if c.record[0x1a] != nil || c.record[0x1b] != nil {
			return bad
		}
		return nil
	}
	names, err := bare(c.record[0x1b], 32, maxCondemned)
	if err != nil || len(names) == 0 {
		return bad
	}
	for i := 1; i < len(names); i++ {
		if bytes.Compare(names[i-1], names[i]) >= 0 {
			return bad
		}
	}
	return nil
}

// follows tells whether a commit is the valid next one of its author's log, but for the cap.
func (c *commit) follows(ch *chain, p *principal, prev string, control uint64) error {
	if string(c.record[5]) != prev || string(c.record[3]) != p.id {
		return fmt.Errorf("%s joins nothing: %w", c.name, ErrAltered)
	}
	if err := verify(p.log, signatureOf(kindCommit), c.signed, c.signatures); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	at := num64(c.record[0x11])
	if at < 1 || at > uint64(len(ch.heads)) || at < control {
		return fmt.Errorf("%s names a control head that is not there: %w", c.name, ErrAltered)
	}
	if h := ch.heads[at-1]; h.hash != string(c.record[0x12]) || !h.active[p.id] || h.generation != c.generation {
		return fmt.Errorf("%s names a control head at which it could not be written: %w", c.name, ErrAltered)
	}
	return nil
}

// candidates are the names that may hold commit seq. Its own is always one: a listing may leave out what is there.
func candidates(bySeq map[uint64][]string, dir string, seq uint64) []string {
	ten := fmt.Sprintf("%010d", seq)
	if n := dir + "/" + ten[:7] + "/" + ten; !slices.Contains(bySeq[seq], n) {
		return append([]string{n}, bySeq[seq]...)
	}
	return bySeq[seq]
}

// traceCap follows a capped log back from the commit that the cap names: the hashes that stand there, as far as prev leads.
func traceCap(pl place, k *keys, p *principal, dir string, bySeq map[uint64][]string) map[uint64]string {
	held := map[uint64]string{}
	if !p.capped {
		return held
	}
	for seq, want := p.capSeq, p.capHash; seq > 0; seq-- {
		held[seq] = want
		found := false
		for _, n := range candidates(bySeq, dir, seq) {
			c, err := doubled(pl, n, func(error) {}, func(obj []byte) (*commit, error) { return k.openCommit(n, obj) })
			if found = err == nil && c.hash == want; found {
				want = string(c.record[5])
				break
			}
		}
		if !found {
			break // the walk forward meets the same place and reports it
		}
	}
	return held
}

// readLog verifies a device's log from its beginning (FORMAT.md, "Commits").
func readLog(pl place, k *keys, ch *chain, p *principal, report func(error)) ([]*commit, error) {
	dir := "l/" + hex.EncodeToString([]byte(p.tag))
	names, err := pl.list(dir, commitName)
	if err != nil {
		return nil, err
	}
	last := uint64(0)
	bySeq := map[uint64][]string{}
	for _, n := range names {
		m := commitName.FindStringSubmatch(n)
		seq, _ := strconv.ParseUint(m[3], 10, 64)
		if m[3][:7] == m[2] && seq > 0 {
			bySeq[seq] = append(bySeq[seq], n)
			last = max(last, seq)
		}
	}
	var out []*commit
	prev, control := k.genesis, uint64(0)
	held := traceCap(pl, k, p, dir, bySeq)
	for seq := uint64(1); seq <= maxSeq && !(p.capped && seq > p.capSeq); seq++ {
		var next *commit
		var failed []error
		for _, n := range candidates(bySeq, dir, seq) {
			c, err := doubled(pl, n, report, func(obj []byte) (*commit, error) {
				c, err := k.openCommit(n, obj)
				if err == nil {
					err = c.follows(ch, p, prev, control)
				}
				if want, ok := held[seq]; ok && err == nil && c.hash != want {
					err = fmt.Errorf("%s is not of the history that the log's cap names: %w", n, ErrAltered)
				}
				return c, err
			})
			switch {
			case err != nil:
				failed = append(failed, err)
			case next == nil:
				next = c
			case next.hash != c.hash:
				report(fmt.Errorf("%s and %s claim one place: %w", next.name, c.name, ErrAltered))
			}
		}
		if next == nil {
			if seq <= last {
				for _, err := range failed {
					report(err)
				}
			}
			break
		}
		out = append(out, next)
		prev, control = next.hash, num64(next.record[0x11])
	}
	if p.capped && uint64(len(out)) < p.capSeq {
		report(fmt.Errorf("%s ends at %d, before the commit %d at which it was capped: %w", dir, len(out), p.capSeq, ErrMissing))
	}
	return out, nil
}

// checkSeen holds what each log says of the others against them: what another device once saw must be there.
func checkSeen(logs map[string][]*commit, report func(error)) {
	for _, log := range logs {
		for _, c := range log {
			rows, err := bare(c.record[0x13], 48, 64)
			if err != nil {
				report(fmt.Errorf("%s: %w", c.name, err))
				continue
			}
			for _, row := range rows {
				other, known := logs[string(row[:8])]
				seq := num64(row[8:])
				switch {
				case !known || seq == 0:
				case seq > uint64(len(other)):
					report(fmt.Errorf("log %x ends before commit %d, which was seen: %w", row[:8], seq, ErrMissing))
				case other[seq-1].hash != string(row[16:]):
					report(fmt.Errorf("commit %d of log %x is not the one that was seen: %w", seq, row[:8], ErrAltered))
				}
			}
		}
	}
}

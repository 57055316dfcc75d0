package writer

import (
	"context"
	"errors"
	"fmt"

	"lightproof/backup/vault"
)

// LogCommit is one verified commit with its object lists.
type LogCommit struct {
	OpenedCommit
	List   vault.ObjectList
	Intent *Intent // a collection that it announces and that counts, nil for all others
}

// Logs lists the tags of all logs at a destination.
func Logs(ctx context.Context, o Objects) ([]vault.DevTag, error) {
	all, err := names(ctx, o, "l/")
	if err != nil {
		return nil, err
	}
	var tags []vault.DevTag
	seen := map[vault.DevTag]bool{}
	for _, n := range all {
		if t, _, _, ok := vault.ParseCommitName(n); ok && !seen[t] {
			seen[t] = true
			tags = append(tags, t)
		}
	}
	return tags, nil
}

// log is one device's log at one destination while it is walked.
type log struct {
	ctx     context.Context
	o       Objects
	k       *Keyset
	c       *vault.Chain
	device  vault.DeviceID
	tag     vault.DevTag
	places  map[uint64][]string // names found for each number
	last    uint64              // highest number found within the cap
	capped  map[uint64]vault.Hash
	head    vault.Head
	control uint64                  // control entry that the commit at head names
	seen    map[vault.DevTag]uint64 // newest commits of all logs that this one is known to have seen
	found   []Finding
}

// WalkLog verifies a log from after (its zero value: from the beginning) and calls fn for each commit in order. It ends at the last
// valid commit, which it returns. A commit that should be there and is not, or does not verify, ends the walk with a finding; so does
// a log that has lost the commit at after: ErrRollback (it ends earlier) or ErrFork (another stands there). A commit that is gone
// while later ones are there gives ErrVanished, an unreadable object list a finding with its name, and the walk goes on; so it does
// where a commit lists what a collection claims although its log knew (ErrCondemned; the record is left out).
func WalkLog(ctx context.Context, o Objects, k *Keyset, c *vault.Chain, tag vault.DevTag, after vault.Head, fn func(LogCommit) error) (vault.Head, []Finding, error) {
	p := c.ByTag(tag)
	if p == nil {
		return after, []Finding{{Name: "l/" + tag.String(), Err: fmt.Errorf("log of no known device: %w", vault.ErrTampered)}}, nil
	}
	l := &log{ctx: ctx, o: o, k: k, c: c, device: p.Device.ID, tag: tag, head: after, places: map[uint64][]string{}, seen: map[vault.DevTag]uint64{}}
	all, err := names(ctx, o, "l/"+tag.String()+"/")
	if err != nil {
		return after, nil, err
	}
	beyond := ""
	for _, n := range all {
		if t, seq, _, ok := vault.ParseCommitName(n); ok && t == tag {
			l.places[seq] = append(l.places[seq], n)
			if p.Cap == nil || seq <= p.Cap.Seq {
				l.last = max(l.last, seq)
			} else {
				beyond = n
			}
		}
	}
	if beyond != "" {
		l.found = append(l.found, Finding{Name: beyond, Err: fmt.Errorf("commits beyond the log's cap are ignored: %w", vault.ErrTampered)})
	}
	if after.Seq > 0 && !l.resume() {
		return after, l.found, ctx.Err()
	}
	if after.Seq == 0 {
		l.head.Hash = c.Genesis
	}
	if p.Cap != nil {
		l.traceCap(*p.Cap, after.Seq)
	}
	for l.head.Seq < vault.MaxSeq && (p.Cap == nil || l.head.Seq < p.Cap.Seq) && ctx.Err() == nil {
		before := len(l.found)
		next, err := l.next()
		if err != nil {
			if errors.Is(err, vault.ErrMissing) && l.head.Seq >= l.last {
				l.found = l.found[:before] // the end: nothing is listed there, and asking found nothing
			} else if ctx.Err() == nil {
				l.report(l.head.Seq+1, err)
			}
			break
		}
		l.collect(&next)
		if err := fn(next); err != nil {
			return l.end(), l.found, err
		}
		l.head, l.control = next.Head, next.Header.Control.Seq
	}
	return l.end(), l.found, ctx.Err()
}

func (l *log) end() vault.Head {
	if l.head.Seq == 0 {
		return vault.Head{}
	}
	return l.head
}

func (l *log) report(seq uint64, err error) {
	l.found = append(l.found, Finding{Name: vault.CommitName(l.tag, seq), Err: err})
}

// candidates are the names that may hold commit seq: those listed, or its own where none is, since a listing may leave out what is there.
func (l *log) candidates(seq uint64) []string {
	if n := l.places[seq]; len(n) > 0 {
		return n
	}
	return []string{vault.CommitName(l.tag, seq)}
}

// find opens the commit of this number whose signed record has the wanted hash. other tells that a readable commit with another hash
// stands there. Signatures are not checked: the hash vouches for the bytes.
func (l *log) find(seq uint64, want vault.Hash) (c OpenedCommit, other bool, err error) {
	for _, n := range l.candidates(seq) {
		c, _, err = Doubled(l.ctx, l.o, n, func(obj []byte) (OpenedCommit, error) { return l.k.OpenCommit(n, obj) })
		if err == nil && c.Head.Hash == want {
			return c, false, nil
		}
		other = other || err == nil && c.Header.Author == l.device
	}
	if err == nil {
		err = fmt.Errorf("commit %d: %w", seq, vault.ErrFork)
	}
	return OpenedCommit{}, other, err
}

// resume checks that the commit at head, verified earlier, is still there, and takes up what it said. false ends the walk.
func (l *log) resume() bool {
	c, other, err := l.find(l.head.Seq, l.head.Hash)
	switch {
	case err == nil:
		l.control = c.Header.Control.Seq
		for _, s := range c.Header.Seen {
			l.seen[s.Tag] = s.Seq
		}
	case other:
		l.report(l.head.Seq, fmt.Errorf("commit %d is another one than seen before: %w", l.head.Seq, vault.ErrFork))
		return false
	case l.last < l.head.Seq:
		l.report(l.head.Seq, fmt.Errorf("the log ends at %d, %d was seen: %w (%w)", l.last, l.head.Seq, vault.ErrRollback, err))
		return false
	case errors.Is(err, vault.ErrMissing):
		l.report(l.head.Seq, fmt.Errorf("commit %d: %w", l.head.Seq, vault.ErrVanished))
	default:
		l.report(l.head.Seq, err)
	}
	return l.ctx.Err() == nil
}

// traceCap follows the log of a suspended or revoked device back from the commit that its cap names, so that the device cannot put
// another history before it.
func (l *log) traceCap(at vault.Head, down uint64) {
	l.capped = map[uint64]vault.Hash{}
	for seq, want := at.Seq, at.Hash; seq > down; seq-- {
		l.capped[seq] = want
		c, _, err := l.find(seq, want)
		if err != nil {
			return // the walk forward meets the same place and reports it
		}
		want = c.Header.Prev
	}
}

// next finds the valid commit that follows head. A second valid one at the same place is reported: a fork.
func (l *log) next() (LogCommit, error) {
	var best *OpenedCommit
	var first error
	seq := l.head.Seq + 1
	for _, n := range l.candidates(seq) {
		v, f, err := Doubled(l.ctx, l.o, n, func(obj []byte) (OpenedCommit, error) { return l.open(n, obj) })
		l.found = append(l.found, f...)
		switch {
		case err == nil && best == nil:
			best = &v
		case err == nil && v.Head != best.Head:
			l.report(seq, fmt.Errorf("two commits %d: %w", seq, vault.ErrFork))
		case err != nil && first == nil:
			first = err
		}
	}
	if best == nil {
		return LogCommit{}, first
	}
	list, found := l.k.lists(l.ctx, l.o, *best)
	l.found = append(l.found, found...)
	return LogCommit{OpenedCommit: *best, List: list}, l.ctx.Err()
}

func (l *log) open(name string, obj []byte) (OpenedCommit, error) {
	oc, err := l.k.OpenCommit(name, obj)
	if err != nil {
		return oc, err
	}
	seq := oc.Header.Seq
	if oc.Header.Author != l.device {
		return oc, fmt.Errorf("commit %d in another device's log: %w", seq, vault.ErrTampered)
	}
	if oc.Header.Prev != l.head.Hash {
		return oc, fmt.Errorf("commit %d follows another history: %w", seq, vault.ErrFork)
	}
	if want, ok := l.capped[seq]; ok && oc.Head.Hash != want {
		return oc, fmt.Errorf("commit %d is not of the history that the log's cap names: %w", seq, vault.ErrFork)
	}
	return oc, l.c.CheckCommit(oc.Header, oc.Body.Signed, oc.Body.Sigs, l.control)
}

// lists reads a commit's object lists. One that cannot be read is a finding: the commit stays valid without it, what it names is only
// not known to a locked device.
func (k *Keyset) lists(ctx context.Context, o Objects, c OpenedCommit) (vault.ObjectList, []Finding) {
	var all vault.ObjectList
	var found []Finding
	add := func(name string, l vault.ObjectList, err error) {
		if err != nil {
			found = append(found, Finding{Name: name, Err: err})
			return
		}
		all.Records, all.Dropped = append(all.Records, l.Records...), append(all.Dropped, l.Dropped...)
	}
	if len(c.Header.Inline) > 0 {
		l, err := vault.ParseObjectList(c.Header.Inline)
		add(c.Name, l, err)
	}
	for _, part := range c.Header.Lists {
		l, f, err := Doubled(ctx, o, part.Name, func(obj []byte) (vault.ObjectList, error) { return k.OpenList(part, obj) })
		found = append(found, f...)
		add(part.Name, l, err)
	}
	return all, found
}

package backup

import (
	"context"
	"crypto/sha256"
	"reflect"
	"slices"
	"sync"

	"lightproof/backup/catalog"
)

// begunCheck is a full check of which the unlocked side does a part: what it opened fresh from the medium, and found to have the bytes of our
// records, is not read back a second time. It is known in memory only: without it everything is read back.
type begunCheck struct {
	mu     sync.Mutex
	first  *Run // what the check of the records found
	proven map[provenCopy]struct{}
	opened int64 // those of proven that RecordOpened told
}

// provenCopy is a destination, and the cid of an object or, of a record with a name, the SHA-256 of that.
type provenCopy [16 + 32]byte

// of gives the compact form of a copy's key.
func (provenCopy) of(k catalog.CopyKey) (p provenCopy) {
	copy(p[:16], k.Destination[:])
	copy(p[16:], k.CID[:])
	if k.Name != "" {
		sum := sha256.Sum256([]byte(k.Name))
		copy(p[16:], sum[:])
	}
	return p
}

// prove notes that a copy's bytes were seen to be right in this check. b may be nil.
func (b *begunCheck) prove(k catalog.CopyKey, opened bool) {
	if b == nil {
		return
	}
	p := provenCopy{}.of(k)
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, known := b.proven[p]; !known && opened {
		b.opened++
	}
	b.proven[p] = struct{}{}
}

// doubt takes back what was noted of a copy.
func (b *begunCheck) doubt(k catalog.CopyKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.proven, provenCopy{}.of(k))
}

// has tells whether a copy's bytes were seen to be right.
func (b *begunCheck) has(k catalog.CopyKey) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, proven := b.proven[provenCopy{}.of(k)]
	return proven
}

// hold keeps what the first part found for the answer of the last.
func (b *begunCheck) hold(first *Run) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.first = first
}

// join makes the last part's run that of the whole check. What was wrong in both parts is told once.
func (b *begunCheck) join(last *Run) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	last.Objects += b.opened
	if b.first == nil {
		return
	}
	last.Took += last.Started.Sub(b.first.Started)
	last.Started = b.first.Started
	last.Objects += b.first.Objects
	last.Bad += b.first.Bad
	last.Repaired += b.first.Repaired
	last.Copied += b.first.Copied
	last.StoredByte += b.first.StoredByte
	issues := slices.Clone(b.first.Issues)
	for _, i := range last.Issues {
		if !slices.ContainsFunc(b.first.Issues, func(o Issue) bool { return reflect.DeepEqual(o, i) }) {
			issues = append(issues, i)
		}
	}
	last.Issues = issues[:min(len(issues), 1000)]
}

// beginCheck starts to note what is proven. An earlier check that was not ended is forgotten.
func (e *Engine) beginCheck() *begunCheck {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.begun = &begunCheck{proven: map[provenCopy]struct{}{}}
	return e.begun
}

// endCheck gives the check that was begun, nil if there is none, and forgets it.
func (e *Engine) endCheck() *begunCheck {
	e.mu.Lock()
	defer e.mu.Unlock()
	b := e.begun
	e.begun = nil
	return b
}

// stopCheck notes a check that was begun as one that was stopped.
func (e *Engine) stopCheck(ctx context.Context) (*Run, error) {
	now := e.clock.Now()
	r := &Run{Started: now, Stopped: true}
	b := e.endCheck()
	if b == nil {
		return r, nil
	}
	b.join(r)
	return r, e.noteRun(ctx, noteCheck, r)
}

// opened notes what the unlocked side reported of copies.
func (e *Engine) opened(good, bad []catalog.CopyKey) {
	e.mu.Lock()
	b := e.begun
	e.mu.Unlock()
	if b == nil {
		return
	}
	for _, k := range good {
		b.prove(k, true)
	}
	for _, k := range bad {
		b.doubt(k)
	}
}

// readRest reads back what a check that was begun has not proven yet; without one, everything.
func (r *runner) readRest(ctx context.Context) error {
	if r.begun == nil {
		return r.readBack(ctx, true)
	}
	for _, d := range r.destinations() {
		list, err := r.e.targets(ctx, d, true)
		if err != nil {
			return err
		}
		// A proof of before this check is none of it, also of a record: the destination may have been away when the others' were read.
		list = slices.DeleteFunc(list, func(t target) bool { return r.begun.has(t.key) })
		if err := r.readBackAt(ctx, d, list); err != nil {
			return err
		}
		if len(list) == 0 {
			r.lastRead(d)
		}
	}
	return nil
}

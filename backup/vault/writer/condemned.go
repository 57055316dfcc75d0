package writer

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"sync"

	"lightproof/backup/vault"
)

// Intent is a collection that somebody announced: commit At of the log Tag condemns Names.
type Intent struct {
	Tag   vault.DevTag
	At    vault.Head
	Names []vault.CID
}

// Encode makes the row in which an intent is kept on this computer: devtag || u64 seq || hash || names.
func (i Intent) Encode() []byte {
	b := append(binary.BigEndian.AppendUint64(i.Tag[:], i.At.Seq), i.At.Hash[:]...)
	for _, n := range i.Names {
		b = append(b, n[:]...)
	}
	return b
}

const intentHead = 8 + 8 + 32

// ParseIntent is the reverse of Encode.
func ParseIntent(b []byte) (i Intent, err error) {
	if len(b) <= intentHead || (len(b)-intentHead)%32 != 0 || len(b) > intentHead+32*vault.MaxCondemned {
		return i, fmt.Errorf("kept intent: %w", vault.ErrMalformed)
	}
	i = Intent{Tag: vault.DevTag(b), At: vault.Head{Seq: binary.BigEndian.Uint64(b[8:]), Hash: vault.Hash(b[16:])}}
	for b = b[intentHead:]; len(b) > 0; b = b[32:] {
		i.Names = append(i.Names, vault.CID(b))
	}
	return i, nil
}

// Condemned holds the names that all intents seen so far give up to a collection (FORMAT.md, "Collection"). What is condemned counts
// as absent and is neither written nor referred to, for ever. The zero value is empty; safe for concurrent use.
type Condemned struct {
	mu      sync.RWMutex
	names   map[vault.CID][]place // where it was condemned
	intents map[place]Intent
}

// place is a commit of a log.
type place struct {
	tag vault.DevTag
	seq uint64
}

// Learn takes an intent over. Whoever keeps the set on disk does so before the intent's log head is named as seen in a commit.
func (c *Condemned) Learn(i Intent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := place{i.Tag, i.At.Seq}
	if _, known := c.intents[at]; known || len(i.Names) == 0 {
		return
	}
	if c.names == nil {
		c.names, c.intents = map[vault.CID][]place{}, map[place]Intent{}
	}
	c.intents[at] = i
	for _, n := range i.Names {
		c.names[n] = append(c.names[n], at)
	}
}

// Has tells whether a name is condemned; a nil set condemns nothing.
func (c *Condemned) Has(name vault.CID) bool {
	if c == nil {
		return false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.names[name]) > 0
}

// Len is the number of condemned names.
func (c *Condemned) Len() int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return len(c.names)
}

// Intents lists all that were learnt, for keeping them on disk.
func (c *Condemned) Intents() []Intent {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.Collect(maps.Values(c.intents))
}

// hadSeen tells whether a log that has seen the others up to these numbers (its own included) knew that the name is condemned.
func (c *Condemned) hadSeen(name vault.CID, seen map[vault.DevTag]uint64) bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, at := range c.names[name] {
		if at.seq <= seen[at.tag] {
			return true
		}
	}
	return false
}

// Obey makes this keyset keep to a set of condemned names: sealing passes over them, a commit that would list one is not signed, and
// WalkLog takes in the intents that it meets and refuses what was listed in spite of them. Call it before the keyset is used.
func (k *Keyset) Obey(c *Condemned) {
	k.condemned = c
	for _, g := range k.Generations {
		g.Avoid(c.Has)
	}
}

// Condemned is the set that Obey gave, nil before.
func (k *Keyset) Condemned() *Condemned { return k.condemned }

// obeyed refuses records of condemned names.
func (k *Keyset) obeyed(list []byte) error {
	if k.condemned == nil || k.condemned.Len() == 0 || len(list) == 0 {
		return nil
	}
	l, err := vault.ParseObjectList(list)
	if err != nil {
		return err
	}
	for _, r := range l.Records {
		if k.condemned.Has(r.CID) {
			return fmt.Errorf("object list: %w", vault.ErrCondemned)
		}
	}
	return nil
}

// collect judges a commit of a log with regard to collections: an intent is taken in, and records of names that its log knew to be
// condemned are refused; the commit stays valid.
func (l *log) collect(c *LogCommit) {
	for _, s := range c.Header.Seen {
		l.seen[s.Tag] = max(l.seen[s.Tag], s.Seq)
	}
	l.seen[l.tag] = c.Header.Seq - 1 // its own earlier intents
	if set := l.k.condemned; set != nil && set.Len() > 0 {
		kept := c.List.Records[:0:0]
		for _, r := range c.List.Records {
			if set.hadSeen(r.CID, l.seen) {
				l.found = append(l.found, Finding{Name: vault.ChunkName(r.CID), Err: fmt.Errorf("commit %d of log %s lists it: %w", c.Header.Seq, l.tag, vault.ErrCondemned)})
				continue
			}
			kept = append(kept, r)
		}
		c.List.Records = kept
	}
	names, err := l.c.Condemns(c.Header, c.Body.Signed)
	if err != nil {
		l.found = append(l.found, Finding{Name: c.Name, Err: fmt.Errorf("ignored: %w", err)})
	}
	if len(names) == 0 {
		return
	}
	c.Intent = &Intent{Tag: l.tag, At: c.Head, Names: names}
	if l.k.condemned != nil {
		l.k.condemned.Learn(*c.Intent)
	}
}

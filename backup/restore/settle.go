package restore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/maphash"
	"io/fs"
	"slices"
	"time"
)

func newHash() hash.Hash { return sha256.New() }

// settle decides the names: one addition for a whole group where one of its files keeps another one company, and a name of its own for
// each of two files that the target's disk takes for one.
func (p *planner) settle(ctx context.Context) error {
	if !p.contested() {
		return nil
	}
	groups := map[string][]*item{}
	var order []string
	for i, it := range p.items {
		if it.state == stateBlocked {
			continue
		}
		key := fmt.Sprintf("%d/%s/%s", it.tree, it.dir, p.sel.groupOf(&p.sel.Items[i]))
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], it)
	}
	for _, key := range order {
		members := groups[key]
		both := false
		for _, it := range members {
			clash := p.taken[p.placeOf(it, it.name())]
			if clash {
				p.Problems = append(p.Problems, Problem{Kind: ProblemClash, Path: it.origin()})
				if it.state == stateNew {
					it.state = stateDifferent
				}
				both = true
			}
			switch {
			case it.state != stateDifferent || clash:
			case p.Conflict == Skip:
				it.fail(ReasonSkipped, nil)
			case p.Conflict == Replace:
				it.replace = true
			default:
				both = true
			}
			p.taken[p.placeOf(it, it.name())] = true
		}
		if !both {
			continue
		}
		move := slices.DeleteFunc(slices.Clone(members), func(it *item) bool {
			return it.state == stateIdentical || it.result != Waiting || it.replace
		})
		if err := p.addSuffix(ctx, move); err != nil {
			return err
		}
	}
	return nil
}

// contested tells whether any name may have to give way: another file has it, or two of the plan seem to want the same.
func (p *planner) contested() bool {
	seed := maphash.MakeSeed()
	seen := make(map[uint64]bool, len(p.items))
	for _, it := range p.items {
		if it.state == stateBlocked {
			continue
		}
		at := p.hashOf(seed, it)
		if it.state == stateDifferent || seen[at] {
			return true
		}
		seen[at] = true
	}
	return false
}

// hashOf is a hash of placeOf for an item's wanted name.
func (p *planner) hashOf(seed maphash.Seed, it *item) uint64 {
	if p.kinds[it.tree].caseless {
		return maphash.String(seed, p.placeOf(it, it.name()))
	}
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteByte(byte(it.tree))
	h.WriteString(it.dir)
	h.WriteByte('/')
	h.WriteString(it.name())
	return h.Sum64()
}

// placeOf names a place so that two names that the disk takes for one are equal.
func (p *planner) placeOf(it *item, name string) string {
	at := join(it.dir, name)
	if p.kinds[it.tree].caseless {
		at = foldName(at)
	}
	return string(rune('0'+it.tree)) + "/" + at
}

// compare is compare for an item whose name may well be free.
func (p *planner) compare(ctx context.Context, d *dir, name string, it *item) (state, error) {
	if _, err := d.root.Lstat(name); errors.Is(err, fs.ErrNotExist) {
		return stateNew, nil
	}
	o, err := p.sel.original(ctx, int(it.n))
	if err != nil {
		return stateDifferent, err
	}
	return compare(ctx, d, name, o, d.open)
}

// addSuffix finds the first addition under which every file of a group is free to go, or is there already with the same bytes. Where there is
// none, the group is not restored.
func (p *planner) addSuffix(ctx context.Context, members []*item) error {
	day := p.o.Now.Format(time.DateOnly)
	for n := 1; n <= maxSuffixes; n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		states := make([]state, len(members))
		free := true
		for i, it := range members {
			name := withSuffix(it.name(), suffixOf(day, n), p.kinds[it.tree])
			if p.taken[p.placeOf(it, name)] {
				free = false
				break
			}
			t := p.open[it.tree]
			if t == nil {
				continue
			}
			d, err := t.dir(it.dir, false, nil)
			if err != nil {
				continue // no such folder: everything is free
			}
			states[i], err = p.compare(ctx, d, name, it)
			d.Close()
			if err != nil {
				return err
			}
			if states[i] == stateDifferent {
				free = false
				break
			}
		}
		if !free {
			continue
		}
		for i, it := range members {
			it.rename(withSuffix(it.name(), suffixOf(day, n), p.kinds[it.tree]))
			p.taken[p.placeOf(it, it.final())] = true
			if states[i] == stateIdentical {
				it.state = stateIdentical
			}
		}
		return nil
	}
	for _, it := range members {
		it.fail(ReasonTarget, errNames)
	}
	return nil
}

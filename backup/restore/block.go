package restore

import (
	"encoding/binary"
	"fmt"
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// blockItems is how many items one saved row holds: a row of its own for each costs many times what is in it.
const blockItems = 256

// A block is
//
//	count of strings | strings | count of items | items, each with its length before it
//
// and a batch of results is results after one another. Numbers are unsigned varints (encoding/binary), byte strings have their length before
// them. An item names what it shares with its neighbours by its place among the block's strings.

// packer writes.
type packer struct{ b []byte }

func (p *packer) num(n uint64)   { p.b = binary.AppendUvarint(p.b, n) }
func (p *packer) text(s string)  { p.num(uint64(len(s))); p.b = append(p.b, s...) }
func (p *packer) bytes(s []byte) { p.num(uint64(len(s))); p.b = append(p.b, s...) }

func (p *packer) texts(list []string) {
	p.num(uint64(len(list)))
	for _, s := range list {
		p.text(s)
	}
}

// unpacker reads; after the first fault it gives zeros.
type unpacker struct {
	b   []byte
	bad bool
}

func (u *unpacker) num() uint64 {
	n, k := binary.Uvarint(u.b)
	if k <= 0 {
		u.bad, u.b = true, nil
		return 0
	}
	u.b = u.b[k:]
	return n
}

// count reads how many of something follow, each at least one byte long.
func (u *unpacker) count() int {
	n := u.num()
	if n > uint64(len(u.b)) {
		u.bad, u.b = true, nil
		return 0
	}
	return int(n)
}

// bytes gives a part of what is read from.
func (u *unpacker) bytes() []byte {
	n := u.count()
	s := u.b[:n:n]
	u.b = u.b[n:]
	return s
}

func (u *unpacker) text() string { return string(u.bytes()) }

func (u *unpacker) texts() (list []string) {
	for range u.count() {
		list = append(list, u.text())
	}
	return list
}

func (u *unpacker) err() error {
	if u.bad {
		return fmt.Errorf("saved restore: %w", vault.ErrMalformed)
	}
	return nil
}

// encodeBlock makes the row of up to blockItems items that still hold their files.
func encodeBlock(items []*item) []byte {
	var strings []string
	at := map[string]uint64{}
	shared := func(s string) uint64 {
		i, ok := at[s]
		if !ok {
			i = uint64(len(strings))
			at[s] = i
			strings = append(strings, s)
		}
		return i
	}
	var all, one packer
	for _, it := range items {
		one.b = one.b[:0]
		one.bytes(only(it.file, *it.chosen).Page().Encode())
		for _, s := range []string{it.taken, it.kind, it.source, it.root, it.dir, string(it.reason)} {
			one.num(shared(s))
		}
		one.num(flag(it.deleted)<<0 | flag(it.replace)<<1 | flag(it.final != it.name)<<2)
		one.num(uint64(it.tree))
		one.num(uint64(it.state))
		one.text(it.name)
		if it.final != it.name {
			one.text(it.final)
		}
		one.text(it.detail)
		one.texts(it.notes)
		all.bytes(one.b)
	}
	var row packer
	row.texts(strings)
	row.num(uint64(len(items)))
	row.b = append(row.b, all.b...)
	return row.b
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// decodeBlock calls fn with the items of a row, without their files. What it gives shares nothing with row.
func decodeBlock(row []byte, fn func(i int, it *item)) error {
	u := unpacker{b: row}
	strings := u.texts()
	for i := range u.count() {
		it, err := decodeItem(u.bytes(), strings)
		if err != nil {
			return err
		}
		it.file, it.chosen = nil, nil
		fn(i, it)
	}
	return u.err()
}

// decodeFile gives the file of the i-th item of a row.
func decodeFile(row []byte, i int) (*reader.File, error) {
	u := unpacker{b: row}
	for range u.count() {
		u.bytes()
	}
	if i >= u.count() {
		return nil, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
	}
	for range i {
		u.bytes()
	}
	one := unpacker{b: u.bytes()}
	return fileOf(slices.Clone(one.bytes()))
}

// fileOf reads the page of a file with one version. It may go on using page.
func fileOf(page []byte) (*reader.File, error) {
	p, err := vault.ParsePage(page)
	if err != nil {
		return nil, fmt.Errorf("saved restore: %w", err)
	}
	f, err := vault.FileOfPage(p)
	if err != nil || len(f.Versions) != 1 {
		return nil, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
	}
	return &reader.File{File: *f}, nil
}

func decodeItem(b []byte, strings []string) (*item, error) {
	u := unpacker{b: b}
	f, err := fileOf(slices.Clone(u.bytes()))
	if err != nil {
		return nil, err
	}
	it := newItem(f, &f.Versions[0])
	var reason string
	for _, s := range []*string{&it.taken, &it.kind, &it.source, &it.root, &it.dir, &reason} {
		i := u.num()
		if i >= uint64(len(strings)) {
			return nil, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
		}
		*s = strings[i]
	}
	flags := u.num()
	it.deleted, it.replace = flags&1 != 0, flags&2 != 0
	it.tree, it.state = int(u.num()&(1<<31-1)), state(u.num())
	it.name = u.text()
	it.final = it.name
	if flags&4 != 0 {
		it.final = u.text()
	}
	it.detail, it.notes = u.text(), u.texts()
	if it.state == stateBlocked || reason != "" {
		it.result, it.reason = NotRestored, Reason(reason)
	}
	return it, u.err()
}

// appendResult adds what came of an item to a batch.
func appendResult(p *packer, it *item) {
	p.num(uint64(it.n))
	p.num(uint64(it.result))
	p.num(flag(it.has)<<0 | flag(it.other != nil)<<1 | flag(it.final != it.name)<<2 | flag(it.hashed)<<3)
	if it.other != nil {
		p.bytes(it.other[:])
	}
	if it.final != it.name {
		p.text(it.final)
	}
	p.text(string(it.reason))
	p.text(it.detail)
	p.texts(it.notes)
}

// applyResults puts a batch into the items.
func applyResults(batch []byte, items []*item) error {
	u := unpacker{b: batch}
	for len(u.b) > 0 {
		n := u.num()
		if n >= uint64(len(items)) {
			u.bad = true
			break
		}
		it := items[n]
		it.result = Result(u.num())
		flags := u.num()
		it.has, it.other, it.final, it.hashed = flags&1 != 0, nil, it.name, flags&8 != 0
		if flags&2 != 0 {
			sum := u.bytes()
			if len(sum) != len(vault.Hash{}) {
				u.bad = true
				break
			}
			other := vault.Hash(sum)
			it.other = &other
		}
		if flags&4 != 0 {
			it.final = u.text()
		}
		it.reason, it.detail, it.notes = Reason(u.text()), u.text(), u.texts()
	}
	return u.err()
}

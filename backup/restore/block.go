package restore

import (
	"encoding/binary"
	"fmt"
	"slices"

	"lightproof/backup/vault"
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

// time is a time in Unix nanoseconds.
func (p *packer) time(ns int64) { p.b = binary.BigEndian.AppendUint64(p.b, uint64(ns)) }

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

// take gives the next n bytes.
func (u *unpacker) take(n int) []byte {
	if n > len(u.b) {
		u.bad, u.b = true, nil
		return nil
	}
	s := u.b[:n:n]
	u.b = u.b[n:]
	return s
}

func (u *unpacker) time() int64 {
	if b := u.take(8); b != nil {
		return int64(binary.BigEndian.Uint64(b))
	}
	return 0
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

// blockEncoder makes rows, one after the other in the same memory.
type blockEncoder struct {
	table    []string
	at       map[string]uint64
	all, one packer
}

// shared is the place of a string among those of the row.
func (e *blockEncoder) shared(s string) uint64 {
	i, ok := e.at[s]
	if !ok {
		i = uint64(len(e.table))
		e.at[s] = i
		e.table = append(e.table, s)
	}
	return i
}

// encode makes the row of up to blockItems items; packed gives what each is.
func (e *blockEncoder) encode(items []*item, packed func(*item) ([]byte, []vault.BundleRef, error)) ([]byte, error) {
	if e.at == nil {
		e.at = map[string]uint64{}
	}
	clear(e.at)
	clear(e.table)
	e.table, e.all.b = e.table[:0], e.all.b[:0]
	shared, one := e.shared, &e.one
	var last []vault.BundleRef
	var places []uint64 // of last among the strings
	for _, it := range items {
		b, bundles, err := packed(it)
		if err != nil {
			return nil, err
		}
		one.b = one.b[:0]
		one.bytes(b)
		if len(bundles) != len(last) || len(bundles) > 0 && &bundles[0] != &last[0] { // mostly the same as before
			last, places = bundles, places[:0]
			for _, b := range bundles {
				places = append(places, shared(encodeBundle(b)))
			}
		}
		one.num(uint64(len(places)))
		for _, n := range places {
			one.num(n)
		}
		for _, s := range []string{it.from.name, it.from.root, it.dir, string(it.reason())} {
			one.num(shared(s))
		}
		one.num(flag(it.deleted)<<0 | flag(it.replace)<<1 | flag(it.final() != it.name())<<2)
		one.num(uint64(it.tree))
		one.num(uint64(it.state))
		if it.final() != it.name() {
			one.text(it.final())
		}
		one.text(it.rest().detail)
		one.texts(it.rest().notes)
		e.all.bytes(one.b)
	}
	size := len(e.all.b) + 2*binary.MaxVarintLen64
	for _, s := range e.table {
		size += len(s) + binary.MaxVarintLen64
	}
	row := packer{make([]byte, 0, size)}
	row.texts(e.table)
	row.num(uint64(len(items)))
	return append(row.b, e.all.b...), nil
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// block is a row with the places of its items.
type block struct {
	strings []string
	items   [][]byte // parts of the row
}

func parseBlock(row []byte) (*block, error) {
	u := unpacker{b: row}
	b := &block{strings: u.texts()}
	n := u.count()
	b.items = make([][]byte, n)
	for i := range b.items {
		b.items[i] = u.bytes()
	}
	return b, u.err()
}

// original gives what the i-th item is. It goes on using the row.
func (b *block) original(i int) (*original, error) {
	if i >= len(b.items) {
		return nil, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
	}
	u := unpacker{b: b.items[i]}
	return b.unpack(&u)
}

// unpack reads what stands at the front of an item.
func (b *block) unpack(u *unpacker) (*original, error) {
	packed := u.bytes()
	table := make([]vault.BundleRef, u.count())
	for k := range table {
		n := u.num()
		if n >= uint64(len(b.strings)) {
			return nil, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
		}
		var err error
		if table[k], err = parseBundle(b.strings[n]); err != nil {
			return nil, err
		}
	}
	return unpack(packed, table)
}

// decodeBlock calls fn with the items of a row and what each is. What it gives shares nothing with row, but folders are those of from, to which it adds.
func decodeBlock(row []byte, from map[folder]*folder, fn func(i int, it *item, o *original)) error {
	b, err := parseBlock(slices.Clone(row))
	if err != nil {
		return err
	}
	for i := range b.items {
		it, o, err := b.item(i, from)
		if err != nil {
			return err
		}
		fn(i, it, o)
	}
	return nil
}

func (b *block) item(i int, from map[folder]*folder) (*item, *original, error) {
	u := unpacker{b: b.items[i]}
	o, err := b.unpack(&u)
	if err != nil {
		return nil, nil, err
	}
	it := &item{order: orderOf(o.version(), o.file.Bundles), size: int64(o.version().Size), path: o.file.Path, link: o.file.Type == vault.TypeSymlink}
	var of folder
	var reason string
	for _, s := range []*string{&of.name, &of.root, &it.dir, &reason} {
		i := u.num()
		if i >= uint64(len(b.strings)) {
			return nil, nil, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
		}
		*s = b.strings[i]
	}
	if it.from = from[of]; it.from == nil {
		it.from = &of
		from[of] = it.from
	}
	flags := u.num()
	it.deleted, it.replace = flags&1 != 0, flags&2 != 0
	it.tree, it.state = int32(u.num()&(1<<31-1)), state(u.num())
	m := more{reason: Reason(reason)}
	if flags&4 != 0 {
		m.final = u.text()
	}
	it.readRest(&u, m)
	if it.state == stateBlocked || reason != "" {
		it.result = NotRestored
	}
	return it, o, u.err()
}

// appendResult adds what came of an item to a batch.
func appendResult(p *packer, it *item) {
	p.num(uint64(it.n))
	p.num(uint64(it.result))
	p.num(flag(it.has)<<0 | flag(it.rest().other != nil)<<1 | flag(it.final() != it.name())<<2 | flag(it.hashed)<<3)
	if other := it.rest().other; other != nil {
		p.bytes(other[:])
	}
	if it.final() != it.name() {
		p.text(it.final())
	}
	p.text(string(it.reason()))
	p.text(it.rest().detail)
	p.texts(it.rest().notes)
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
		it.has, it.hashed = flags&1 != 0, flags&8 != 0
		var m more
		if flags&2 != 0 {
			sum := u.bytes()
			if len(sum) != len(vault.Hash{}) {
				u.bad = true
				break
			}
			m.other = (*vault.Hash)(slices.Clone(sum))
		}
		if flags&4 != 0 {
			m.final = u.text()
		}
		m.reason = Reason(u.text())
		it.readRest(&u, m)
	}
	return u.err()
}

// readRest reads the detail and the notes of an item, which go with m.
func (it *item) readRest(u *unpacker, m more) {
	if m.detail, m.notes = u.text(), u.texts(); m.final != "" || m.reason != ReasonNone || m.detail != "" || m.notes != nil || m.other != nil {
		it.more = &m
	} else {
		it.more = nil
	}
}

package restore

import (
	"context"
	"crypto/sha256"
	"os"
	"sync"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// batchBytes is the room in which small files are read back together.
const batchBytes = 1 << 20

// batches cuts items, which stand in the order in which they lie on the disk, into lists that are read back at once. A file that is large for that, or a
// link, is a list of its own.
func batches(items []*item) (out [][]*item) {
	most := min(direct.MaxReads, max(1, openFiles()/64))
	from, room := 0, int64(0)
	cut := func(to int) {
		if to > from {
			out = append(out, items[from:to])
		}
		from, room = to, batchBytes
	}
	room = batchBytes
	for i, it := range items {
		if it.link || it.size < 0 || it.size >= batchBytes/4 {
			cut(i)
			cut(i + 1)
			continue
		}
		n := direct.Room(it.size)
		if n > room || i-from == most {
			cut(i)
		}
		room -= n
	}
	cut(len(items))
	return out
}

// proveMany reads small files back together and gives those of which that did not show that they are right: each of them is proven alone, which tells
// what is wrong.
func (r *run) proveMany(ctx context.Context, items []*item) (rest []*item) {
	var open [direct.MaxReads]struct {
		it *item
		o  *original
	}
	var files [direct.MaxReads]*os.File
	var sizes [direct.MaxReads]int64
	n := 0
	defer func() {
		for _, f := range files[:n] {
			f.Close()
		}
	}()
	for _, it := range items {
		if ctx.Err() != nil {
			return nil
		}
		o, f, err := r.opened(ctx, it)
		if err != nil {
			rest = append(rest, it)
			continue
		}
		open[n].it, open[n].o, files[n], sizes[n] = it, o, f, it.size
		n++
	}
	reads := r.reads.take()
	defer r.reads.give(reads)
	here := map[int32]bool{}
	for i, b := range reads.Read(files[:n], sizes[:n]) {
		it, o := open[i].it, open[i].o
		if _, known := here[it.tree]; !known {
			here[it.tree] = r.trees[it.tree].here()
		}
		if b == nil || !here[it.tree] || vault.Hash(sha256.Sum256(b)) != o.version().Sum {
			rest = append(rest, it)
			continue
		}
		it.has = true
		r.noteKept(it, o, files[i])
		r.advance(1, it.size)
		r.done(ctx, it)
	}
	return rest
}

// readers are the lists of files that are read at once, one for each worker.
type readers struct {
	mu   sync.Mutex
	free []*direct.Reads
}

func (p *readers) take() *direct.Reads {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		r := p.free[n-1]
		p.free = p.free[:n-1]
		return r
	}
	return direct.NewReads(batchBytes)
}

func (p *readers) give(r *direct.Reads) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, r)
}

// close is called when all are given back.
func (p *readers) close() {
	for _, r := range p.free {
		r.Close()
	}
	p.free = nil
}

// opened opens a file that was restored.
func (r *run) opened(ctx context.Context, it *item) (*original, *os.File, error) {
	o, err := r.original(ctx, it)
	if err != nil {
		return nil, nil, err
	}
	d, err := r.borrow(it, false)
	if err != nil {
		return nil, nil, err
	}
	defer r.giveBack(it, d)
	f, err := it.reopen(d)
	if err == nil {
		dropCache(f) // some file systems read parts of a file through the cache in any case
	}
	return o, f, err
}

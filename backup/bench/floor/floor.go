// Package floor is the least work that a first backup in Lightproof's format can be: read every file, hash and encrypt what the format
// demands, write one file per piece, make all of it durable once at the end, with as many workers as there are cores. It keeps no names,
// no keys and no catalogue, so nothing can be restored from what it writes; it is there to be measured against.
//
// The passes over each byte are those of FORMAT.md, "Chunk" and "Bundles":
//
//   - SHA-256 of the piece's content, which its name and key follow from;
//   - SHA-256 of the whole file. A file of one piece has that already, and so has the first piece of a larger one, whose state is the
//     whole file's up to there: both cost no pass of their own. A photo or film whose metadata is stored apart from its pictures
//     ("Cutting") has no such piece;
//   - AES-256-GCM with a key of its own;
//   - SHA-256 of the stored object.
//
// Contents of at most 64 KiB are hashed and sealed one by one, gathered to pieces of at most 8 MiB or 4,096 contents, and the piece goes
// through the same passes again. The small derivations per piece (HMAC, HKDF) are left out: they cost microseconds.
package floor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"lightproof/backup/photo/cut"
)

const (
	// PieceSize is the most content in one piece, in bytes.
	PieceSize = 8 << 20
	// SmallSize is the most content that is gathered instead of being a piece.
	SmallSize = 64 << 10
	// gathered is the most contents in one piece.
	gathered = 4096

	tagSize = 16
)

// Options say what is read, where the pieces go, and how.
type Options struct {
	From, To string // To must not exist yet
	Workers  int    // at least 1
	Write    Mode
}

// Result counts what was done.
type Result struct {
	Files  int64 `json:"files"`
	Bytes  int64 `json:"bytes"`  // read
	Pieces int64 `json:"pieces"` // written
	Stored int64 `json:"stored"` // bytes written
}

// ErrChanged means a file that became shorter while it was read.
var ErrChanged = errors.New("a file changed while it was read")

// job is what one worker does at a time: a piece of a large file, or many small files.
type job struct {
	file   *large
	index  int
	offset int64
	length int

	small []string
}

// Run does it and returns when everything is durable.
func Run(ctx context.Context, o Options) (Result, error) {
	if o.Workers < 1 {
		return Result{}, fmt.Errorf("%d workers", o.Workers)
	}
	if err := os.Mkdir(o.To, 0o755); err != nil {
		return Result{}, err
	}
	for i := range 256 {
		if err := os.Mkdir(filepath.Join(o.To, fmt.Sprintf("%02x", i)), 0o755); err != nil {
			return Result{}, err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Options: o, ctx: ctx}
	jobs := make(chan job, 2*o.Workers)
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			w := newWorker(r)
			for j := range jobs {
				if ctx.Err() != nil { // emptied, so that the lister ends
					j.skip()
				} else if err := w.do(j); err != nil {
					cancel(err)
				}
			}
		})
	}
	err := r.list(jobs)
	close(jobs)
	if err != nil {
		cancel(err)
	}
	workers.Wait()
	if err := context.Cause(ctx); err != nil {
		return r.result(), err
	}
	return r.result(), syncAll(o.To)
}

// run is what the workers share.
type run struct {
	Options
	ctx                          context.Context
	files, bytes, pieces, stored atomic.Int64
}

func (r *run) result() Result {
	return Result{Files: r.files.Load(), Bytes: r.bytes.Load(), Pieces: r.pieces.Load(), Stored: r.stored.Load()}
}

// list walks the source and cuts it into jobs.
func (r *run) list(jobs chan<- job) error {
	var small []string
	var gathering int64
	flush := func() {
		if len(small) > 0 {
			jobs <- job{small: small}
			small, gathering = nil, 0
		}
	}
	err := filepath.WalkDir(r.From, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		r.files.Add(1)
		size := info.Size()
		if size > SmallSize {
			return r.cut(path, size, jobs)
		}
		if len(small) == gathered || gathering+size+tagSize > PieceSize {
			flush()
		}
		small, gathering = append(small, path), gathering+size+tagSize
		return nil
	})
	flush()
	return err
}

// cut makes the jobs of one large file, in order: the order is what its hash as a whole relies on.
func (r *run) cut(path string, size int64, jobs chan<- job) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	pieces := int((size + PieceSize - 1) / PieceSize)
	splitter, _ := cut.Points(r.ctx, f, size)
	file := newLarge(f, pieces, splitter != cut.Fixed)
	for i := range pieces {
		at := int64(i) * PieceSize
		jobs <- job{file: file, index: i, offset: at, length: int(min(size-at, PieceSize))}
	}
	return nil
}

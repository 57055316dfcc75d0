package floor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"lightproof/backup/direct"
)

// ErrDamaged means a piece that is not what its name says.
var ErrDamaged = errors.New("a piece is damaged")

// Verify is the least that a full verify in Lightproof's format can be: read each piece of an earlier Run below dir from the medium, past the page cache
// where the system lets it, hash the stored object, decrypt it, hash the content. Twice as many pieces are under way as there are workers, so that
// processors and medium need not wait for each other.
func Verify(ctx context.Context, dir string, workers int) (Result, error) {
	if workers < 1 {
		return Result{}, fmt.Errorf("%d workers", workers)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &run{Options: Options{To: dir, Workers: workers}, ctx: ctx}
	paths := make(chan string)
	var under sync.WaitGroup
	for range 2 * workers {
		under.Go(func() {
			buf := direct.Buffer(PieceSize + direct.Align)
			for path := range paths {
				if err := r.verify(path, buf); err != nil {
					cancel(fmt.Errorf("%s: %w", path, err))
				}
			}
		})
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		select {
		case paths <- path:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(paths)
	if err != nil {
		cancel(err)
	}
	under.Wait()
	return r.result(), context.Cause(ctx)
}

// verify checks one piece. Its name is the hash of its content, which its key is, too.
func (r *run) verify(path string, buf []byte) error {
	var name [sha256.Size]byte
	if n, err := hex.Decode(name[:], []byte(filepath.Base(filepath.Dir(path))+filepath.Base(path))); n != len(name) || err != nil {
		return ErrDamaged
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tagSize || info.Size() > PieceSize+tagSize {
		return ErrDamaged
	}
	var object []byte
	if err := direct.Read(f, info.Size(), buf, func(b []byte) error {
		if int64(len(b)) == info.Size() {
			object = b
		} else { // some file systems read the odd end by itself, into the same buffer
			object = append(object, b...)
		}
		return nil
	}); err != nil {
		return err
	}
	if int64(len(object)) != info.Size() {
		return ErrChanged
	}
	sha256.Sum256(object) // to be compared with a record, which the floor keeps none of
	plain, err := open(object[:0], object, name)
	if err != nil || sha256.Sum256(plain) != name {
		return ErrDamaged
	}
	r.pieces.Add(1)
	r.stored.Add(info.Size())
	r.bytes.Add(int64(len(plain)))
	return nil
}

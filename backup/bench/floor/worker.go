package floor

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// large is a file of one or more pieces, which several workers may read at once. Its hash as a whole takes the pieces in order.
type large struct {
	f      *os.File
	pieces int

	mu    sync.Mutex
	moved sync.Cond
	turn  int // the piece whose turn it is
	whole hash.Hash
	apart bool // no piece begins where the file does: its first one shares nothing with the hash of the whole
}

func newLarge(f *os.File, pieces int, apart bool) *large {
	l := &large{f: f, pieces: pieces, apart: apart}
	l.moved.L = &l.mu
	if pieces > 1 || apart {
		l.whole = sha256.New()
	}
	return l
}

// await waits for the turn of a piece. Pieces are handed out in order, so the one before is in somebody's hands.
func (l *large) await(index int) {
	l.mu.Lock()
	for l.turn != index {
		l.moved.Wait()
	}
	l.mu.Unlock()
}

// done passes the turn on; after the last piece the file is closed.
func (l *large) done() {
	l.mu.Lock()
	l.turn++
	last := l.turn == l.pieces
	l.mu.Unlock()
	l.moved.Broadcast()
	if last {
		l.f.Close()
	}
}

// skip gives a job up, keeping the order of those that others hold.
func (j job) skip() {
	if j.file != nil {
		j.file.await(j.index)
		j.file.done()
	}
}

// worker has the buffers of one worker: a piece is read, hashed, sealed in place and written from the same one.
type worker struct {
	*run
	buf   []byte // aligned, PieceSize + tagSize and up to the next block
	small []byte
}

func newWorker(r *run) *worker {
	return &worker{run: r, buf: aligned(PieceSize + alignment)}
}

func (w *worker) do(j job) error {
	if j.file == nil {
		return w.gather(j.small)
	}
	err := w.piece(j)
	if err != nil {
		return fmt.Errorf("%s: %w", j.file.f.Name(), err)
	}
	return nil
}

// piece takes one piece of a large file through all passes.
func (w *worker) piece(j job) error {
	p := w.buf[:j.length]
	if n, err := j.file.f.ReadAt(p, j.offset); n < len(p) {
		j.skip()
		if err == nil || errors.Is(err, io.EOF) {
			err = ErrChanged
		}
		return err
	}
	w.bytes.Add(int64(len(p)))
	var sum [sha256.Size]byte
	switch whole := j.file.whole; {
	case whole == nil: // its content is the file's
		sum = sha256.Sum256(p)
		j.file.done()
	case j.index == 0 && !j.file.apart: // its content is the file's up to here
		whole.Write(p)
		whole.Sum(sum[:0])
		j.file.done()
	default:
		sum = sha256.Sum256(p)
		j.file.await(j.index)
		whole.Write(p)
		if j.index == j.file.pieces-1 {
			var file [sha256.Size]byte
			whole.Sum(file[:0])
		}
		j.file.done()
	}
	return w.store(p, sum)
}

// gather hashes and seals small contents one by one and stores them as one piece.
func (w *worker) gather(paths []string) error {
	p := w.buf[:0]
	for _, path := range paths {
		n, err := w.readSmall(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if len(p)+n+tagSize > PieceSize {
			if err := w.store(p, sha256.Sum256(p)); err != nil {
				return err
			}
			p = w.buf[:0]
		}
		w.bytes.Add(int64(n))
		sum := sha256.Sum256(w.small[:n])
		if p, err = seal(p, w.small[:n], sum); err != nil {
			return err
		}
	}
	return w.store(p, sha256.Sum256(p))
}

// readSmall reads a file of at most SmallSize bytes into w.small.
func (w *worker) readSmall(path string) (int, error) {
	if w.small == nil {
		w.small = make([]byte, SmallSize+1)
	}
	f, err := openPlain(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	n := 0
	for n < len(w.small) {
		m, err := f.Read(w.small[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, ErrChanged
}

// seal appends content encrypted under a key that belongs to it alone; no key encrypts twice unless the content is the same.
func seal(to, content []byte, key [sha256.Size]byte) ([]byte, error) {
	gcm, err := cipherOf(key)
	if err != nil {
		return to, err
	}
	var nonce [12]byte
	return gcm.Seal(to, nonce[:], content, nil), nil
}

// open is the reverse of seal.
func open(to, object []byte, key [sha256.Size]byte) ([]byte, error) {
	gcm, err := cipherOf(key)
	if err != nil {
		return to, err
	}
	var nonce [12]byte
	return gcm.Open(to, nonce[:], object, nil)
}

func cipherOf(key [sha256.Size]byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// store encrypts a piece in place, hashes what will stand on the disk, and writes it under the name of its content.
func (w *worker) store(p []byte, sum [sha256.Size]byte) error {
	object, err := seal(p[:0], p, sum)
	if err != nil {
		return err
	}
	_ = sha256.Sum256(object)
	name := hex.EncodeToString(sum[:])
	if err := writeFile(filepath.Join(w.To, name[:2], name[2:]), object, w.Write); err != nil {
		return err
	}
	w.pieces.Add(1)
	w.stored.Add(int64(len(object)))
	return nil
}

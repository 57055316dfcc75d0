package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"lightproof/backup/source"
	"lightproof/backup/vault"
)

// kept compares what stands beside the bytes with what was recorded, and names what the target did not keep.
func (o *original) kept(f *os.File, kind diskKind) (notes []string) {
	m, err := source.ReadMetadata(f)
	if err != nil {
		return []string{"attributes could not be read back"}
	}
	if m.ModTime.UnixNano() != o.modTime() {
		notes = append(notes, fmt.Sprintf("time kept as %s", m.ModTime.Format(time.RFC3339Nano)))
	}
	if m.Mode != o.file.Mode && kind.attributes && keepsModes {
		notes = append(notes, fmt.Sprintf("permissions are %04o, were %04o", m.Mode, o.file.Mode))
	}
	if m.Mode&0o6000 != 0 {
		notes = append(notes, "it runs with the rights of its owner or group, who may be another one than before")
	}
	for _, a := range o.file.Xattrs {
		if !slices.ContainsFunc(m.Xattrs, func(x source.Xattr) bool { return x.Name == a.Name && bytes.Equal(x.Value, a.Value) }) {
			notes = append(notes, fmt.Sprintf("attribute %q was not kept", a.Name))
		}
	}
	return notes
}

// prove is the last phase: every file is read back from the disk. Without the re-read it is those whose fingerprint nobody has taken: files
// that were there before, and those of an earlier run that left it to its own re-read.
func (r *run) prove(ctx context.Context) {
	var todo []*item
	var size int64
	for _, it := range r.plan.items {
		if it.result == AlreadyThere || it.result == Written && (!r.o.NoReRead || !it.hashed) {
			todo = append(todo, it)
			size += it.size
		}
	}
	slices.SortFunc(todo, byOrder)
	r.phase(PhaseProving, len(todo), size)
	each(r, batches(todo), func(items []*item) {
		items = r.dropProven(ctx, items)
		if len(items) > 1 {
			items = r.proveMany(ctx, items)
		}
		for _, it := range items {
			r.proveAlone(ctx, it)
		}
	})
}

// proveAlone proves one file and notes what came of it.
func (r *run) proveAlone(ctx context.Context, it *item) {
	if ctx.Err() != nil {
		return
	}
	if !r.trees[it.tree].here() {
		r.stop.CompareAndSwap(nil, &fault{ReasonGone, ErrTargetGone})
		return
	}
	if err := r.proveOne(ctx, it); err != nil {
		var f *fault
		switch {
		case errors.As(err, &f):
			it.fail(f.reason, f.err)
		case errors.Is(err, errDiffers): // also where the restore was stopped just then
			it.fail(ReasonNotIdentical, err)
		case ctx.Err() != nil:
			it.has = false
			it.found(nil)
			return
		case !r.trees[it.tree].here():
			r.stop.CompareAndSwap(nil, &fault{ReasonGone, fmt.Errorf("%w: %w", ErrTargetGone, err)})
			return
		default: // what came of it stays: Resume and Check read it again
			it.because(ReasonNotReadBack)
			it.why(err.Error())
		}
	}
	r.advance(1, it.size)
	r.done(ctx, it)
}

// errDiffers: it was read, and is not what was backed up. Any other error means that it could not be read.
var errDiffers = errors.New("other bytes than were backed up")

func (r *run) proveOne(ctx context.Context, it *item) error {
	d, err := r.borrow(it, false)
	if err != nil {
		return err
	}
	defer r.giveBack(it, d)
	o, err := r.original(ctx, it)
	if err != nil {
		return err
	}
	if it.link {
		to, err := d.root.Readlink(it.final())
		if err != nil {
			return err
		}
		if to != o.file.Target {
			return errDiffers
		}
		it.has = true
		return nil
	}
	f, err := it.reopen(d)
	if err != nil {
		return err
	}
	defer f.Close()
	dropCache(f)
	sum, n, err := fingerprint(ctx, f, it.size)
	if err != nil {
		return err
	}
	it.has = true
	if n != it.size || sum != o.version().Sum {
		it.found(&sum)
		return r.blame(ctx, d, it, o, f)
	}
	r.noteKept(it, o, f)
	return nil
}

// reopen opens a file that was restored.
func (it *item) reopen(d *dir) (*os.File, error) {
	if it.result == Written {
		return d.openOwn(it.final())
	}
	return d.open(it.final())
}

// noteKept notes what the target did not keep of a file that this job wrote.
func (r *run) noteKept(it *item, o *original, f *os.File) {
	if it.result != Written {
		return
	}
	for _, note := range o.kept(f, r.trees[it.tree].kind) {
		if !slices.Contains(it.rest().notes, note) {
			it.note(note)
		}
	}
}

// blame finds out why a file that this job wrote came back otherwise: where its parts do not make it up, it loses its name again.
func (r *run) blame(ctx context.Context, d *dir, it *item, o *original, f *os.File) error {
	if r.reading || it.result != Written || it.hashed {
		return errDiffers
	}
	h := newHash()
	err := r.open.content(ctx, o.version(), o.file.Bundles, func(b []byte) error {
		h.Write(b)
		return ctx.Err()
	})
	if err != nil || vault.Hash(h.Sum(nil)) == o.version().Sum {
		return errDiffers
	}
	ours, err := f.Stat()
	if err == nil {
		var now fs.FileInfo
		if now, err = d.root.Lstat(it.final()); err == nil && os.SameFile(now, ours) {
			err = d.root.Remove(it.final())
		}
	}
	if err != nil {
		return errors.Join(errParts, err)
	}
	it.has = false
	it.found(nil)
	return errParts
}

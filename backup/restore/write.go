package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lightproof/backup/direct"
	"lightproof/backup/source"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// restore writes one file. On success its result is Written or AlreadyThere, both still to be proven, or NotRestored by the policy; or the
// file is held: complete, and named with its group.
func (r *run) restore(ctx context.Context, it *item) (isHeld bool, err error) {
	t := r.trees[it.tree]
	if !t.here() {
		return false, &fault{ReasonGone, ErrTargetGone}
	}
	file, err := r.file(ctx, it)
	if err != nil {
		return false, &fault{ReasonTarget, err}
	}
	d, err := r.borrow(it, true)
	if err != nil {
		return false, err
	}
	defer func() {
		if !isHeld {
			r.giveBack(it, d)
		}
	}()
	temp := tempName(r.id, it.n)
	if r.resumed {
		if err := d.root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	there, err := compare(ctx, d, it.final, it, r.opening(d))
	if err != nil {
		return false, err
	}
	switch {
	case there == stateIdentical && r.resumed:
		it.result = Written // by the run before this one
		r.advance(0, it.size)
		return false, nil
	case there == stateIdentical:
		it.result = AlreadyThere
		r.advance(0, it.size)
		return false, nil
	case there == stateDifferent && !it.replace:
		// It was not there, or not so, when the plan was made.
		if r.plan.Conflict == Skip {
			it.fail(ReasonSkipped, nil)
			return false, nil
		}
		if err := r.rename(ctx, d, it); err != nil || it.result != Waiting {
			return false, err
		}
	}
	it.notes = nil
	grouped := t.groups.Load() && it.typ == vault.TypeFile
	if err := r.stage(ctx, d, temp, it, file, !grouped); err != nil {
		d.root.Remove(temp)
		return false, err
	}
	r.step("staged")
	if grouped {
		r.nameAll(ctx, r.group.add(held{it, d, temp, there}, r.o.Now()))
		return true, nil
	}
	if err := r.name(ctx, d, temp, it, there); err != nil {
		d.root.Remove(temp)
		r.advance(0, -it.size)
		return false, err
	}
	r.step("named")
	return false, nil
}

// opening is how files are opened to be compared: those of an earlier run of this job may be unreadable by their own permissions.
func (r *run) opening(d *dir) func(string) (*os.File, error) {
	if r.resumed {
		return d.openOwn
	}
	return d.open
}

// name gives the finished temporary file its name.
func (r *run) name(ctx context.Context, d *dir, temp string, it *item, there state) error {
	if there == stateDifferent && it.replace && it.final == it.name {
		path := filepath.Join(r.trees[it.tree].path, filepath.FromSlash(it.dir))
		err := ErrNoTrash
		if info, e := d.root.Lstat(it.name); e == nil && !info.IsDir() { // a whole folder never gives way to a file
			err = trash(d, path, it.name, r.o.Now())
		}
		switch {
		case err == nil:
			it.notes = append(it.notes, "the file that was there is in the trash")
		case errors.Is(err, ErrNoTrash):
			it.notes = append(it.notes, "what was there could not go to the trash: both are kept")
			if err := r.rename(ctx, d, it); err != nil || it.result != Waiting {
				d.root.Remove(temp)
				return err
			}
		default:
			return err
		}
		r.touch(it.tree, it.dir)
		r.step("trashed")
	}
	for range 100 {
		err := d.publish(temp, it.final)
		if err == nil {
			it.result = Written
			r.touch(it.tree, it.dir)
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if r.plan.Conflict == Skip {
			d.root.Remove(temp)
			it.fail(ReasonSkipped, nil)
			return nil
		}
		if err := r.rename(ctx, d, it); err != nil || it.result != Waiting {
			d.root.Remove(temp)
			return err
		}
	}
	return &fault{ReasonTarget, fmt.Errorf("every name tried is taken: %w", fs.ErrExist)}
}

// rename chooses a name of its own for a file whose name was taken since the plan was made, or finds it there already.
func (r *run) rename(ctx context.Context, d *dir, it *item) error {
	day := r.plan.Made.Format(time.DateOnly)
	for n := 1; n < 10_000; n++ {
		name := withSuffix(it.name, suffixOf(day, n), r.trees[it.tree].kind)
		there, err := compare(ctx, d, name, it, r.opening(d))
		switch {
		case err != nil:
			return err
		case there == stateNew:
			it.final = name
			return nil
		case there == stateIdentical:
			it.final, it.result = name, AlreadyThere
			if r.resumed {
				it.result = Written
			}
			return nil
		}
	}
	return &fault{ReasonTarget, fmt.Errorf("every name tried is taken: %w", fs.ErrExist)}
}

// stage makes the file complete under its temporary name: bytes, attributes, times, flushed where that is not left to its group.
func (r *run) stage(ctx context.Context, d *dir, temp string, it *item, file *reader.File, flush bool) error {
	if it.typ == vault.TypeSymlink {
		if err := d.root.Symlink(it.link, temp); err != nil {
			return err
		}
		if err := setLinkTime(d, temp, it.modTime); err != nil {
			it.notes = append(it.notes, "the link's time was not kept")
		}
		return nil
	}
	f, err := d.root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	out, err := direct.NewWriter(f, it.size)
	if err != nil {
		return errors.Join(err, out.Flush())
	}
	var h hash.Hash
	if !r.rereads(it) {
		h = newHash()
	}
	var n int64
	err = r.open.content(ctx, &file.Versions[0], file.Bundles, func(b []byte) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if h != nil {
			h.Write(b)
		}
		_, err := out.Write(b)
		if err == nil {
			n += int64(len(b))
			r.advance(0, int64(len(b)))
		}
		return err
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		r.advance(0, -n)
		return err
	}
	if n != it.size || h != nil && vault.Hash(h.Sum(nil)) != it.sum {
		r.advance(0, -n)
		return errParts
	}
	r.step("written")
	for _, a := range setAttributes(f, file.Xattrs) {
		it.notes = append(it.notes, fmt.Sprintf("attribute %q was not kept", a))
	}
	if r.trees[it.tree].kind.attributes {
		if err := f.Chmod(fileMode(file.Mode)); err != nil {
			it.notes = append(it.notes, "permissions were not kept")
		}
	}
	if file.BirthTime != 0 {
		setBirthTime(f, file.BirthTime)
	}
	if err := d.root.Chtimes(temp, time.Time{}, nanoseconds(it.modTime)); err != nil {
		it.notes = append(it.notes, "the time was not kept")
	}
	if !flush {
		return nil
	}
	return f.Sync()
}

// errParts: each part is what its capability says, and together they are not the file; a faulty or hostile device wrote them down.
var errParts = &fault{ReasonDamaged, fmt.Errorf("the parts do not make up the file: %w", vault.ErrTampered)}

// rereads tells whether a file's fingerprint is compared when it is read back and not while it is written: every part was checked on its own
// then, and what the disk gives back is what counts. Small files are hashed both times, that costs nothing; so is one for which another gives way,
// which should not happen for nothing.
func (r *run) rereads(it *item) bool { return !r.o.NoReRead && it.size >= direct.From && !it.replace }

// kept compares what stands beside the bytes with what was recorded, and names what the target did not keep.
func (it *item) kept(f *os.File, file vault.Entry, kind diskKind) (notes []string) {
	m, err := source.ReadMetadata(f)
	if err != nil {
		return []string{"attributes could not be read back"}
	}
	if m.ModTime.UnixNano() != it.modTime {
		notes = append(notes, fmt.Sprintf("time kept as %s", m.ModTime.Format(time.RFC3339Nano)))
	}
	if m.Mode != file.Mode && kind.attributes && keepsModes {
		notes = append(notes, fmt.Sprintf("permissions are %04o, were %04o", m.Mode, file.Mode))
	}
	if m.Mode&0o6000 != 0 {
		notes = append(notes, "it runs with the rights of its owner or group, who may be another one than before")
	}
	for _, a := range file.Xattrs {
		if !slices.ContainsFunc(m.Xattrs, func(x source.Xattr) bool { return x.Name == a.Name && bytes.Equal(x.Value, a.Value) }) {
			notes = append(notes, fmt.Sprintf("attribute %q was not kept", a.Name))
		}
	}
	return notes
}

// prove is the last phase: every file is read back from the disk.
func (r *run) prove(ctx context.Context) {
	var todo []*item
	var size int64
	for _, it := range r.plan.items {
		if it.result == AlreadyThere || it.result == Written && !r.o.NoReRead {
			todo = append(todo, it)
			size += it.size
		}
	}
	slices.SortFunc(todo, func(a, b *item) int {
		if a.tree != b.tree {
			return a.tree - b.tree
		}
		return strings.Compare(join(a.dir, a.final), join(b.dir, b.final))
	})
	r.phase(PhaseProving, len(todo), size)
	r.each(todo, func(it *item) {
		if ctx.Err() != nil || !r.trees[it.tree].here() {
			if ctx.Err() == nil {
				r.stop.CompareAndSwap(nil, &fault{ReasonGone, ErrTargetGone})
			}
			return
		}
		if err := r.proveOne(ctx, it); err != nil {
			if ctx.Err() != nil {
				return
			}
			var f *fault
			if !errors.As(err, &f) {
				f = &fault{ReasonNotIdentical, err}
			}
			it.fail(f.reason, f.err)
		}
		r.advance(1, it.size)
		r.done(ctx, it)
	})
}

var errDiffers = errors.New("other bytes than were backed up")

func (r *run) proveOne(ctx context.Context, it *item) error {
	t := r.trees[it.tree]
	d, err := r.borrow(it, false)
	if err != nil {
		return err
	}
	defer r.giveBack(it, d)
	if it.typ == vault.TypeSymlink {
		to, err := d.root.Readlink(it.final)
		if err != nil || to != it.link {
			return errors.Join(errDiffers, err)
		}
		it.has = true
		return nil
	}
	open := d.open
	if it.result == Written {
		open = d.openOwn
	}
	f, err := open(it.final)
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
	if n != it.size || sum != it.sum {
		it.other = &sum
		return r.blame(ctx, d, it, f)
	}
	if it.result != Written {
		return nil
	}
	file, err := r.file(ctx, it)
	if err != nil {
		return err
	}
	for _, note := range it.kept(f, file.Entry, t.kind) {
		if !slices.Contains(it.notes, note) {
			it.notes = append(it.notes, note)
		}
	}
	return nil
}

// blame finds out why a file that this run wrote came back otherwise: where its parts do not make it up, it loses its name again.
func (r *run) blame(ctx context.Context, d *dir, it *item, f *os.File) error {
	if r.reading || it.result != Written || !r.rereads(it) {
		return errDiffers
	}
	file, err := r.file(ctx, it)
	if err != nil {
		return errors.Join(errDiffers, err)
	}
	h := newHash()
	err = r.open.content(ctx, &file.Versions[0], file.Bundles, func(b []byte) error {
		h.Write(b)
		return ctx.Err()
	})
	if err != nil || vault.Hash(h.Sum(nil)) == it.sum {
		return errDiffers
	}
	ours, err := f.Stat()
	if err == nil {
		var now fs.FileInfo
		if now, err = d.root.Lstat(it.final); err == nil && os.SameFile(now, ours) {
			err = d.root.Remove(it.final)
		}
	}
	if err != nil {
		return errors.Join(errParts, err)
	}
	it.has, it.other = false, nil
	return errParts
}

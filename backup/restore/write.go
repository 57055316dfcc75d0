package restore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// restore writes one file. On success its result is Written or AlreadyThere, both still to be proven, or NotRestored by the policy; or the
// file is held: complete, and named with its group, which it may make full.
func (r *run) restore(ctx context.Context, it *item) (full []held, isHeld bool, err error) {
	t := r.trees[it.tree]
	if !r.still(t, it.size) {
		return nil, false, &fault{ReasonGone, ErrTargetGone}
	}
	o, err := r.original(ctx, it)
	if err != nil {
		return nil, false, &fault{ReasonTarget, err}
	}
	d, err := r.borrow(it, true)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if !isHeld {
			r.giveBack(it, d)
		}
	}()
	temp := tempName(r.id, int(it.n))
	if d.fresh != nil {
		temp = it.name()
	}
	if r.resumed {
		if err := d.root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, false, err
		}
	}
	there := stateNew
	if it.state != stateNew || r.resumed || it.final() != it.name() { // else nothing had the name when the plan was made, and whatever has it now is met by name
		if there, err = compare(ctx, d, it.final(), o, r.opening(d)); err != nil {
			return nil, false, err
		}
	}
	switch {
	case there == stateIdentical && r.resumed:
		it.result, it.hashed = Written, true // by the run before this one
		r.stood(it, d)
		r.advance(0, it.size)
		return nil, false, nil
	case there == stateIdentical:
		it.result, it.hashed = AlreadyThere, true
		r.stood(it, d)
		r.advance(0, it.size)
		return nil, false, nil
	case there == stateDifferent && !it.replace:
		// It was not there, or not so, when the plan was made.
		if r.plan.Conflict == Skip {
			it.fail(ReasonSkipped, nil)
			return nil, false, nil
		}
		if err := r.rename(ctx, d, it, o); err != nil || it.result != Waiting {
			return nil, false, err
		}
	}
	if err := r.hasRoom(ctx, it, o); err != nil {
		return nil, false, err
	}
	it.hashed, it.mark = false, mark{}
	if it.more != nil {
		it.more.notes = nil
	}
	grouped := (t.groups.Load() || d.fresh != nil) && !it.link // where groups are over, each is flushed by itself before its folder is named
	f, err := r.stage(ctx, d, temp, it, o, !grouped)
	if d.fresh != nil && errors.Is(err, fs.ErrExist) { // the disk takes two names for one
		r.giveUpFresh(d.fresh)
		return nil, false, errOneByOne
	}
	if err != nil {
		d.root.Remove(temp)
		return nil, false, err
	}
	r.step("staged")
	if grouped {
		return r.group.add(held{it: it, d: d, f: f, temp: temp, o: o, there: there}, r.dirsAtOnce(), r.o.Now()), true, nil
	}
	if err := r.name(ctx, d, temp, it, o, there); err != nil {
		d.root.Remove(temp)
		r.advance(0, -it.size)
		return nil, false, err
	}
	r.step("named")
	return nil, false, nil
}

// still tells whether a tree is there, looking at it for each large file and for each sixteenth of the others: nothing can be written elsewhere in any case.
func (r *run) still(t *tree, size int64) bool {
	return size < direct.From && r.looks.Add(1)%16 != 1 || t.here()
}

// hasRoom looks before the first byte whether a large file has room: a file system that is asked for more than it has may give all of it away
// before it says no, and others write there too. Where there is not enough, the size itself is looked into: the run ends only for a file that
// could be written once there is room.
func (r *run) hasRoom(ctx context.Context, it *item, o *original) error {
	if it.size < direct.From {
		return nil
	}
	look := room
	if r.o.hooks.room != nil {
		look = r.o.hooks.room
	}
	free, total := look(r.trees[it.tree].path)
	switch {
	case total <= 0 || free < 0 || it.size <= free:
		return nil
	case it.size > total:
		return &fault{ReasonLarge, nil}
	}
	if v := o.version(); len(v.Lists) > 0 {
		if n, err := r.open.listed(ctx, v); err != nil || n != it.size {
			return cmp.Or[error](err, errParts)
		}
	}
	return &fault{ReasonFull, fmt.Errorf("%d bytes are free, the next file has %d", free, it.size)}
}

// opening is how files are opened to be compared: those of an earlier run of this job may be unreadable by their own permissions.
func (r *run) opening(d *dir) func(string) (*os.File, error) {
	if r.resumed {
		return d.openOwn
	}
	return d.open
}

// name gives the finished temporary file its name.
func (r *run) name(ctx context.Context, d *dir, temp string, it *item, o *original, there state) error {
	if temp == it.final() {
		return &fault{ReasonTarget, errNames} // it would meet itself
	}
	twin := r.twinPlace(it)
	if twin != "" {
		r.twins.giving.Lock()
		defer r.twins.giving.Unlock()
	}
	if there == stateDifferent && it.replace && it.final() == it.name() {
		if err := r.giveWay(ctx, d, it, o, twin); err != nil || it.result != Waiting {
			d.root.Remove(temp)
			return err
		}
		r.touch(int(it.tree), it.dir)
		r.step("trashed")
	}
	for range 100 {
		err := d.publish(temp, it.final())
		if err == nil {
			it.result = Written
			r.touch(int(it.tree), it.dir)
			if twin != "" {
				r.twins.note(twin, it, d)
			}
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := r.meet(ctx, d, it, o); err != nil || it.result != Waiting {
			d.root.Remove(temp)
			return err
		}
	}
	return &fault{ReasonTarget, errNames}
}

// meet decides what happens where a name is taken that was free when the plan was made.
func (r *run) meet(ctx context.Context, d *dir, it *item, o *original) error {
	there, err := compare(ctx, d, it.final(), o, r.opening(d))
	switch {
	case err != nil:
		return err
	case there == stateIdentical:
		it.result, it.hashed = AlreadyThere, true
		return nil
	case there == stateNew: // gone again
		return nil
	case r.plan.Conflict == Skip:
		it.fail(ReasonSkipped, nil)
		return nil
	}
	return r.rename(ctx, d, it, o)
}

// giveWay has the file that bears an item's name make room for it: it goes to the trash. Where it cannot, or is another file of this restore,
// the item gets a name of its own, or is that file.
func (r *run) giveWay(ctx context.Context, d *dir, it *item, o *original, twin string) error {
	info, err := d.root.Lstat(it.name())
	switch {
	case err == nil && twin != "" && r.twins.own(twin, info):
		now, err := compare(ctx, d, it.name(), o, r.opening(d))
		if err != nil {
			return err
		}
		if now == stateIdentical {
			it.result, it.hashed = Written, true
			return nil
		}
		it.note("another file of this restore has its place there: both are kept")
		return r.rename(ctx, d, it, o)
	case err == nil && !info.IsDir(): // a whole folder never gives way to a file
		err = trash(d, filepath.Join(r.trees[it.tree].path, filepath.FromSlash(it.dir)), it.name(), r.o.Now())
	default:
		err = ErrNoTrash
	}
	switch {
	case err == nil:
		it.note("the file that was there is in the trash")
	case errors.Is(err, ErrNoTrash):
		it.note("what was there could not go to the trash: both are kept")
		return r.rename(ctx, d, it, o)
	}
	return err
}

// rename chooses a name of its own for a file whose name was taken since the plan was made, or finds it there already.
func (r *run) rename(ctx context.Context, d *dir, it *item, o *original) error {
	day := r.plan.Made.Format(time.DateOnly)
	for n := 1; n <= maxSuffixes; n++ {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		name := withSuffix(it.name(), suffixOf(day, n), r.trees[it.tree].kind)
		there, err := compare(ctx, d, name, o, r.opening(d))
		switch {
		case err != nil:
			return err
		case there == stateNew:
			it.rename(name)
			return nil
		case there == stateIdentical:
			it.rename(name)
			it.result, it.hashed = AlreadyThere, true
			if r.resumed {
				it.result = Written
			}
			return nil
		}
	}
	return &fault{ReasonTarget, errNames}
}

// stage makes the file complete under its temporary name: bytes, attributes, times, flushed where that is not left to its group, which gets the file open if many may be.
func (r *run) stage(ctx context.Context, d *dir, temp string, it *item, o *original, flush bool) (open *os.File, err error) {
	file := o.file
	if it.link {
		if err := d.root.Symlink(file.Target, temp); err != nil {
			return nil, err
		}
		if err := setLinkTime(d, temp, o.modTime()); err != nil {
			it.note("the link's time was not kept")
		}
		it.hashed = true // there is nothing else to it
		return nil, nil
	}
	f, err := openIn(d, temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if open == nil {
			f.Close()
		}
	}()
	out, err := direct.NewWriter(f, it.size)
	if err != nil {
		return nil, errors.Join(err, out.Flush())
	}
	var h hash.Hash
	if !r.rereads(it) {
		h = newHash()
	}
	var n int64
	err = r.open.content(ctx, o.version(), file.Bundles, func(b []byte) error {
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
		return nil, err
	}
	if n != it.size || h != nil && vault.Hash(h.Sum(nil)) != o.version().Sum {
		r.advance(0, -n)
		return nil, errParts
	}
	it.hashed = h != nil
	r.step("written")
	for _, a := range setAttributes(f, file.Xattrs) {
		it.note(fmt.Sprintf("attribute %q was not kept", a))
	}
	if r.trees[it.tree].kind.attributes {
		if err := f.Chmod(fileMode(file.Mode)); err != nil {
			it.note("permissions were not kept")
		}
	}
	if file.BirthTime != 0 {
		setBirthTime(f, file.BirthTime)
	}
	if err := setTime(d, temp, o.modTime()); err != nil {
		it.note("the time was not kept")
	}
	switch {
	case flush:
		return nil, f.Sync()
	case r.mayHold():
		return f, nil
	}
	return nil, nil
}

// errParts: each part is what its capability says, and together they are not the file; a faulty or hostile device wrote them down.
var errParts = &fault{ReasonDamaged, fmt.Errorf("the parts do not make up the file: %w", vault.ErrTampered)}

// rereads tells whether a file's fingerprint is compared when it is read back and not while it is written: every part was checked on its own
// then, and what the disk gives back is what counts. Small files are hashed both times: one whose parts do not make it up never gets its name. So is one
// for which another gives way, which should not happen for nothing.
func (r *run) rereads(it *item) bool { return !r.o.NoReRead && it.size >= direct.From && !it.replace }

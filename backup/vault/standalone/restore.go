package standalone

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
)

// Attribute is one extended attribute, name and value as the system gave them.
type Attribute struct {
	Name  string
	Value []byte
}

// File says where a restored file belongs and what else was kept of it. Root and Path come from the destination: whoever writes
// files from them must refuse "..", absolute paths and names with another meaning (FORMAT.md, "How to restore", step 8).
type File struct {
	Root       string // the protected folder, the system's bytes
	Path       string // below Root, "/" between names
	Link       bool   // a symbolic link to Target; its content is empty
	Target     string
	Mode       uint32 // Unix permission bits
	Modified   int64  // Unix nanoseconds
	Born       int64  // Unix nanoseconds, 0: not known
	Recorded   int64  // Unix seconds: when this content was read
	Size       uint64
	Sum        [32]byte // SHA-256 of the content
	Versions   int      // states that are known of it, the given one and removals included
	Damaged    bool     // no good copy was left when this was written
	EXIF       []byte   // the encoded record, nil where there is none
	Attributes []Attribute
}

// Restore reads the destination in folder dir with a kit (32 bytes, see KitFromWords) and its passphrase, and calls fn for every
// file that is not removed, in its newest version, after its size and SHA-256 were checked. It verifies all signatures on the way.
//
// A file that cannot be read, an altered copy and everything else that is wrong are named in the error; the files that can be read
// are given to fn all the same. An error of fn or of ctx ends the work. nil means: nothing was wrong with anything that was read.
func Restore(ctx context.Context, dir string, kit, passphrase []byte, fn func(file File, content []byte) error) error {
	root, err := os.OpenRoot(dir) // an object's name never leads out of the folder
	if err != nil {
		return err
	}
	defer root.Close()
	return restore(ctx, root.FS(), kit, passphrase, fn)
}

func restore(ctx context.Context, tree fs.FS, kit, passphrase []byte, fn func(File, []byte) error) error {
	r := &restorer{place: place{tree}}
	space, err := r.space()
	if err != nil {
		return err
	}
	if r.keys, err = openSlot(r.place, space, kit, passphrase, r.report); err != nil {
		return err
	}
	return r.run(ctx, fn)
}

// restorer is one restore.
type restorer struct {
	place
	keys   *keys
	chain  *chain
	faults []error
}

func (r *restorer) report(err error) { r.faults = append(r.faults, err) }

func (r *restorer) run(ctx context.Context, fn func(File, []byte) error) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	c, err := r.catalogue(ctx)
	if err != nil {
		return err
	}
	for _, f := range c.order {
		if err := ctx.Err(); err != nil {
			return err
		}
		if !f.live() {
			continue
		}
		content, err := r.content(f.newest())
		if err != nil {
			r.report(fmt.Errorf("%q: %w", f.record[3], err))
			continue
		}
		if err := fn(f.describe(c.roots[string(f.record[2])]), content); err != nil {
			return err
		}
	}
	return errors.Join(r.faults...)
}

// open finds the newest epoch object that opens and that the control chain names (FORMAT.md, "How to restore", steps 3 and 4).
func (r *restorer) open(ctx context.Context) error {
	names, err := r.list("e", epochName)
	if err != nil {
		return err
	}
	slices.Reverse(names)
	last := fmt.Errorf("epoch object: %w", ErrMissing)
	for _, shutOut := range []bool{false, true} {
		for i := range 2 * len(names) {
			name, matured := names[i/2], i%2 == 1
			if err := ctx.Err(); err != nil {
				return err
			}
			var faults []error
			if err := r.attempt(name, matured, shutOut, func(err error) { faults = append(faults, err) }); err != nil {
				last = fmt.Errorf("%s: %w", name, err)
				continue
			}
			r.faults = append(r.faults, faults...)
			if shutOut {
				r.report(fmt.Errorf("the chain went on to generation %d, of which this kit has no key: %w", r.chain.generation, ErrKey))
			}
			return nil
		}
	}
	return last
}

func (r *restorer) attempt(name string, matured, shutOut bool, report func(error)) error {
	e, err := r.keys.openEpoch(r.place, name, report)
	if err != nil {
		return err
	}
	c, err := loadChain(r.place, r.keys, matured, report)
	if err != nil {
		return err
	}
	named := slices.ContainsFunc(c.epochs, func(x *entry) bool {
		return string(x.record[0x26]) == e.name && string(x.record[0x27]) == e.hash && string(x.record[0x28]) == string(e.public)
	})
	if !named {
		return fmt.Errorf("no entry in force names it: %w", ErrAltered)
	}
	if p := c.find([]byte(r.keys.kit)); matured && (p == nil || !p.active) {
		return fmt.Errorf("a revocation that waits does not end this kit before its time: %w", ErrKey)
	}
	if c.generation != e.number && !shutOut {
		return fmt.Errorf("the chain is at generation %d: %w", c.generation, ErrKey)
	}
	r.chain = c
	return nil
}

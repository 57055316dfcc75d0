package reader

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// File is a file entry with its own table of bundles, and the views that reading needs.
type File struct{ vault.File }

// Catalogue collects file entries from commits. Not for concurrent use.
type Catalogue struct {
	Sources map[[16]byte]vault.Source
	Files   map[vault.FileID]*File
	live    map[liveKey]vault.FileID
	changed map[vault.FileID]bool
	joined  map[vault.FileID]vault.FileID // fileID that a device gave anew → the file that it belongs to
	linked  map[vault.FileID]vault.FileID // those of joined that are new since TakeJoined

	shelf *shelved // nil: all files are in Files
}

// liveKey stands for a source and a path below it: the first half of their SHA-256.
type liveKey [16]byte

func liveKeyOf(source [16]byte, path string) liveKey {
	sum := sha256.Sum256(append(append(make([]byte, 0, 256), source[:]...), path...))
	return liveKey(sum[:16])
}

// NewCatalogue is empty.
func NewCatalogue() *Catalogue {
	return &Catalogue{Sources: map[[16]byte]vault.Source{}, Files: map[vault.FileID]*File{}, live: map[liveKey]vault.FileID{}, changed: map[vault.FileID]bool{},
		joined: map[vault.FileID]vault.FileID{}, linked: map[vault.FileID]vault.FileID{}}
}

// Load puts back a file that the local catalogue kept.
func (c *Catalogue) Load(f *File) {
	c.Files[f.ID] = f
	c.settle(f)
}

// settle sorts a file's versions and notes whether its path is live: a file that was deleted is not, so that a new one of that path is
// a file of its own.
func (c *Catalogue) settle(f *File) {
	slices.SortStableFunc(f.Versions, func(a, b vault.Version) int { return cmp.Compare(a.Recorded, b.Recorded) })
	key := liveKeyOf(f.Source, f.Path)
	if v := f.Latest(); v == nil || !v.Removed {
		c.live[key] = f.ID
	} else if c.live[key] == f.ID {
		delete(c.live, key)
	}
}

// TakeChanged returns the files changed since the last call.
func (c *Catalogue) TakeChanged() []*File {
	out := make([]*File, 0, len(c.changed))
	for id := range c.changed {
		out = append(out, c.Files[id])
	}
	clear(c.changed)
	return out
}

// LoadJoined puts back what an earlier TakeJoined gave.
func (c *Catalogue) LoadJoined(id, belongs vault.FileID) { c.joined[id] = belongs }

// TakeJoined returns the fileIDs that were found, since the last call, to name a file that is known under another.
func (c *Catalogue) TakeJoined() map[vault.FileID]vault.FileID {
	out := c.linked
	c.linked = map[vault.FileID]vault.FileID{}
	return out
}

// PutBack has what TakeChanged and TakeJoined gave be given once more: it could not be kept.
func (c *Catalogue) PutBack(changed []*File, joined map[vault.FileID]vault.FileID) {
	for _, f := range changed {
		c.changed[f.ID] = true
	}
	for id, belongs := range joined {
		if _, since := c.linked[id]; !since {
			c.linked[id] = belongs
		}
	}
}

// Apply takes over a page: entries of a full commit or of a delta. A delta's entry holds only what is new; an entry under a new fileID
// for a path that is live under another (its writer could not look) joins that file, and so does what comes under that fileID later. What
// is wrong with one version keeps no other out.
func (c *Catalogue) Apply(p vault.Page) error {
	for _, s := range p.Sources {
		c.Sources[s.ID] = s
	}
	var errs []error
	for _, e := range p.Entries {
		errs = append(errs, c.apply(e, p.Bundles))
	}
	return errors.Join(append(errs, c.shelve())...)
}

func (c *Catalogue) apply(e vault.Entry, table []vault.BundleRef) error {
	key := liveKeyOf(e.Source, e.Path)
	f := c.file(e.ID)
	if f == nil {
		if id, ok := c.joined[e.ID]; ok {
			f = c.file(id)
		} else if id, ok := c.live[key]; ok {
			f = c.file(id)
			c.joined[e.ID], c.linked[e.ID] = id, id
		}
	}
	goesOn, alike := false, false
	if e.Continues != nil {
		if first := c.file(*e.Continues); first != nil {
			f, goesOn = first, true
		}
	}
	switch {
	case goesOn: // more versions of a file whose entry grew too long
	case f == nil:
		f = &File{vault.File{Entry: e}}
		f.Versions = nil
		c.hold(f)
	default:
		id, old := f.ID, liveKeyOf(f.Source, f.Path)
		if old != key && c.live[old] == id {
			delete(c.live, old)
		}
		versions := f.Versions
		alike = f.Type == e.Type && f.Target == e.Target
		f.Entry = e
		f.ID, f.Versions = id, versions
	}
	c.changed[f.ID] = true
	var errs []error
	for _, v := range e.Versions {
		if alike {
			v = f.again(v)
		}
		errs = append(errs, f.join(v, table))
	}
	c.settle(f)
	return errors.Join(errs...)
}

// again gives a version that was written anew, by a device that had lost its records, the identity of the version that it is: the file's
// newest, of the same size and fingerprint. Its parts then replace the older ones.
func (f *File) again(v vault.Version) vault.Version {
	last := f.Latest()
	if last == nil || last.Removed || v.Removed || last.Size != v.Size || last.Sum != v.Sum {
		return v
	}
	for i := range f.Versions {
		if f.Versions[i].ID == v.ID {
			return v
		}
	}
	v.ID, v.Recorded, v.ModTime = last.ID, last.Recorded, last.ModTime
	return v
}

// join adds or repairs a version, moving its references into the file's own table. A repair replaces the parts; what the repairing
// device did not know (photo data, preview) stays.
func (f *File) join(v vault.Version, table []vault.BundleRef) error {
	v.Parts = slices.Clone(v.Parts)
	for i := range v.Parts {
		if v.Parts[i].Small {
			r, err := f.Own(v.Parts[i].Ref, table)
			if err != nil {
				return err
			}
			v.Parts[i].Ref = r
		}
	}
	if v.Tile != nil && v.Tile.Small {
		r, err := f.Own(v.Tile.Ref, table)
		if err != nil {
			return err
		}
		v.Tile = &vault.Part{Small: true, Ref: r}
	}
	for i := range f.Versions {
		if f.Versions[i].ID == v.ID {
			if f.Versions[i].Size != v.Size || f.Versions[i].Sum != v.Sum {
				return fmt.Errorf("version %s repaired with other content: %w", v.ID, vault.ErrTampered)
			}
			if v.EXIF == nil {
				v.EXIF = f.Versions[i].EXIF
			}
			if v.Tile == nil {
				v.Tile = f.Versions[i].Tile
			}
			f.Versions[i] = v
			return nil
		}
	}
	f.Versions = append(f.Versions, v)
	return nil
}

// At is the newest version recorded at or before t (Unix seconds), nil if the file did not exist then or was deleted.
func (f *File) At(t int64) *vault.Version {
	var best *vault.Version
	for i := range f.Versions {
		if f.Versions[i].Recorded <= t {
			best = &f.Versions[i]
		}
	}
	if best == nil || best.Removed {
		return nil
	}
	return best
}

// Latest is the newest version, nil if there is none; it may be a deletion.
func (f *File) Latest() *vault.Version {
	if len(f.Versions) == 0 {
		return nil
	}
	return &f.Versions[len(f.Versions)-1]
}

// PageChunk reads and opens a doubled page chunk.
func PageChunk(ctx context.Context, o writer.Objects, space vault.SpaceID, c vault.Cap) ([]byte, []writer.Finding, error) {
	return writer.Doubled(ctx, o, vault.ChunkName(c.CID), func(obj []byte) ([]byte, error) { return OpenChunk(space, c, obj) })
}

// Pages calls fn for every page that a commit's payload carries, directly or by a root page. A page that cannot be read keeps no other
// from being read: the error joins what was wrong with each.
func (k *Keyset) Pages(ctx context.Context, o writer.Objects, lc writer.LogCommit, fn func(vault.Page) error) ([]writer.Finding, error) {
	var found []writer.Finding
	if len(lc.Body.Payload) == 0 {
		return nil, nil // a heartbeat
	}
	p, err := k.OpenPayload(lc.Header, lc.Body.Payload)
	if err != nil {
		return nil, err
	}
	caps := p.Pages
	if p.Root != nil {
		root, f, err := k.page(ctx, o, *p.Root)
		found = append(found, f...)
		if err != nil {
			return found, fmt.Errorf("root page: %w", err)
		}
		if len(root.Sources) > 0 {
			if err := fn(vault.Page{Sources: root.Sources}); err != nil {
				return found, err
			}
		}
		for _, ch := range root.Children {
			caps = append(caps, ch.Cap)
		}
	}
	var errs []error
	use := func(page vault.Page, err error) {
		if err == nil {
			err = fn(page)
		}
		errs = append(errs, err)
	}
	if p.Body != nil {
		use(vault.ParsePage(p.Body))
	}
	for r := range k.pages(ctx, o, caps) {
		if ctx.Err() != nil {
			return found, ctx.Err()
		}
		found = append(found, r.found...)
		use(r.page, r.err)
	}
	return found, errors.Join(append(errs, ctx.Err())...)
}

// pageRead is a page, or why it cannot be read.
type pageRead struct {
	page  vault.Page
	found []writer.Finding
	err   error
}

// pages reads pages in their order, each while the one before is used.
func (k *Keyset) pages(ctx context.Context, o writer.Objects, caps []vault.Cap) iter.Seq[pageRead] {
	return func(yield func(pageRead) bool) {
		ctx, cancel := context.WithCancel(ctx)
		read := make(chan pageRead)
		var reading sync.WaitGroup
		defer reading.Wait()
		defer cancel()
		reading.Go(func() {
			defer close(read)
			for _, c := range caps {
				var r pageRead
				r.page, r.found, r.err = k.page(ctx, o, c)
				select {
				case read <- r:
				case <-ctx.Done():
					return
				}
			}
		})
		for r := range read {
			if !yield(r) {
				return
			}
		}
	}
}

// page reads one page.
func (k *Keyset) page(ctx context.Context, o writer.Objects, c vault.Cap) (vault.Page, []writer.Finding, error) {
	b, found, err := PageChunk(ctx, o, k.Space, c)
	if err != nil {
		return vault.Page{}, found, err
	}
	p, err := vault.ParsePage(b)
	return p, found, err
}

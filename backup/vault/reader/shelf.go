package reader

import (
	"cmp"

	"lightproof/backup/vault"
)

// Shelf keeps the files that a catalogue does not hold in memory.
type Shelf interface {
	// File gives a file that was kept; it belongs to the caller.
	File(id vault.FileID) (*File, error)
	// Keep takes files that are new or changed, in place of what was kept of them, and what a TakeJoined gave.
	Keep(files []*File, joined map[vault.FileID]vault.FileID) error
}

// shelfAfter is how many changed files stay in memory before they are put on the shelf.
const shelfAfter = 4096

// shelved is what a catalogue remembers of the files on its shelf.
type shelved struct {
	Shelf
	known map[vault.FileID]struct{}
	after int   // how many files stay in memory
	err   error // the first that the shelf gave: nothing is kept after it
}

// PutOn makes the catalogue, which holds no file yet, keep its files on a shelf: from then on Files are only those that were looked at lately.
// Files that are on the shelf already are told by Shelved.
func (c *Catalogue) PutOn(s Shelf) {
	c.shelf = &shelved{Shelf: s, known: map[vault.FileID]struct{}{}, after: shelfAfter}
}

// Shelved is Load for a file that stays on the shelf. f is not kept.
func (c *Catalogue) Shelved(f *File) {
	c.shelf.known[f.ID] = struct{}{}
	c.settle(f)
}

// ShelfErr is the first error of the shelf. After one, the catalogue is of no use.
func (c *Catalogue) ShelfErr() error {
	if c.shelf == nil {
		return nil
	}
	return c.shelf.err
}

// Unload forgets all files, so that the catalogue takes no room. Sources and joined files stay.
func (c *Catalogue) Unload() {
	c.Files, c.changed, c.live, c.shelf = map[vault.FileID]*File{}, map[vault.FileID]bool{}, map[liveKey]vault.FileID{}, nil
}

// file looks a file up, nil if there is none.
func (c *Catalogue) file(id vault.FileID) *File {
	f := c.Files[id]
	if f != nil || c.shelf == nil {
		return f
	}
	if _, ok := c.shelf.known[id]; !ok {
		return nil
	}
	f, err := c.shelf.File(id)
	if err != nil {
		c.shelf.err = cmp.Or(c.shelf.err, err)
		return nil
	}
	c.Files[id] = f
	return f
}

// hold takes a new file in.
func (c *Catalogue) hold(f *File) {
	c.Files[f.ID] = f
	if c.shelf != nil {
		c.shelf.known[f.ID] = struct{}{}
	}
}

// shelve puts what changed on the shelf once it is much.
func (c *Catalogue) shelve() error {
	if c.shelf == nil || c.shelf.err != nil || len(c.Files) < c.shelf.after {
		return c.ShelfErr()
	}
	c.shelf.err = c.shelf.Keep(c.TakeChanged(), c.TakeJoined())
	clear(c.Files)
	return c.shelf.err
}

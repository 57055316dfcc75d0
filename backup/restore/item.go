package restore

import (
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// state is what the dry run found at a file's target. The numbers are saved.
type state uint8

const (
	stateNew       state = iota // nothing has the name
	stateIdentical              // the same bytes are there
	stateDifferent              // something else is there
	stateBlocked                // cannot be restored there: see reason
)

// item is one file of a plan: what it is, where it goes, and what came of it. The first part does not change once the plan is made. There is one
// for each selected file, a hundred thousand and more: what is needed only while the file is at work stays in the saved list.
type item struct {
	n        int
	file     *reader.File   // as selected, shared with the selection; nil once the list is saved: see run.file
	chosen   *vault.Version // of file
	first    vault.CID      // firstObject
	typ      vault.FileType
	size     int64
	sum      vault.Hash
	version  vault.VersionID
	modTime  int64 // Unix nanoseconds
	recorded int64 // Unix seconds
	taken    string
	kind     string
	source   string // name of the protected folder
	root     string // path of the protected folder where it was, without a slash at its end
	path     string // below root, in the bytes of its system
	link     string // what a symbolic link leads to
	deleted  bool
	tree     int
	dir      string // target folder below the tree
	name     string // wanted name
	state    state
	replace  bool // the policy is Replace and something else is there

	// What follows changes while running; one goroutine at a time has an item.
	final  string // name given
	result Result
	reason Reason // of NotRestored; with another result and without has, why it could not be read back
	detail string
	hashed bool        // its whole fingerprint was right, taken while it was written or from what was found there
	has    bool        // it was read back
	other  *vault.Hash // of the bytes read back, where that is not sum
	notes  []string
}

func (it *item) fail(reason Reason, err error) {
	it.result, it.reason = NotRestored, reason
	if err != nil {
		it.detail = err.Error()
	}
}

// again prepares an item of an earlier run for being read again.
func (it *item) again() {
	it.has, it.other = false, nil
	if it.result != NotRestored {
		it.reason, it.detail = ReasonNone, ""
	}
}

// origin is the path of the original, as it was.
func (it *item) origin() string { return join(it.root, it.path) }

// only makes a file that holds just the version to restore, without picture data that restoring does not need.
func only(f *reader.File, v vault.Version) *reader.File {
	out := &reader.File{File: vault.File{Entry: f.Entry}}
	v.EXIF, v.Tile = nil, nil
	v.Parts = slices.Clone(v.Parts)
	for i := range v.Parts {
		if v.Parts[i].Small {
			// A reference that points nowhere is kept as it is and found when it is opened.
			if r, err := out.Own(v.Parts[i].Ref, f.Bundles); err == nil {
				v.Parts[i].Ref = r
			}
		}
	}
	out.Versions = []vault.Version{v}
	return out
}

// newItem describes a version of a file that is to be restored.
func newItem(f *reader.File, v *vault.Version) *item {
	it := &item{file: f, chosen: v, first: firstObject(v, f.Bundles), typ: f.Type, size: int64(v.Size), sum: v.Sum, version: v.ID, modTime: v.ModTime,
		recorded: v.Recorded, path: f.Path, link: f.Target}
	if it.modTime == 0 {
		it.modTime = f.ModTime
	}
	return it
}

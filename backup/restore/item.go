package restore

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// state is what the dry run found at a file's target.
type state uint8

const (
	stateNew       state = iota // nothing has the name
	stateIdentical              // the same bytes are there
	stateDifferent              // something else is there
	stateBlocked                // cannot be restored there: see reason
)

// item is one file of a plan: what it is, where it goes, and what came of it. The first part does not change once the plan is made.
type item struct {
	n        int
	file     *reader.File // with the one version; nil where the job was read back, then it is loaded when needed
	first    vault.CID    // firstObject
	typ      vault.FileType
	size     int64
	sum      vault.Hash
	version  vault.VersionID
	modTime  int64 // Unix nanoseconds
	recorded int64 // Unix seconds
	taken    string
	kind     string
	source   string // name of the protected folder
	origin   string // path of the original, as it was
	group    string
	deleted  bool
	tree     int
	dir      string // target folder below the tree
	name     string // wanted name
	state    state
	replace  bool // the policy is Replace and something else is there

	// What follows changes while running; one goroutine at a time has an item.
	final  string // name given
	result Result
	reason Reason
	detail string
	read   vault.Hash // of the bytes read back
	has    bool       // read is known
	notes  []string
}

func (it *item) fail(reason Reason, err error) {
	it.result, it.reason = NotRestored, reason
	if err != nil {
		it.detail = err.Error()
	}
}

// itemRow and resultRow are the saved forms; paths are bytes because they need not be text.
type itemRow struct {
	Page     []byte   `json:"page"` // the file with the one version
	Taken    string   `json:"taken,omitempty"`
	Kind     string   `json:"kind,omitempty"`
	Source   []byte   `json:"source"`
	Origin   []byte   `json:"origin"`
	Group    []byte   `json:"group"`
	Deleted  bool     `json:"deleted,omitempty"`
	Tree     int      `json:"tree"`
	Dir      []byte   `json:"dir"`
	Name     []byte   `json:"name"`
	State    state    `json:"state"`
	Replace  bool     `json:"replace,omitempty"`
	Final    []byte   `json:"final"`
	Reason   Reason   `json:"reason,omitempty"`
	Detail   string   `json:"detail,omitempty"`
	Notes    []string `json:"notes,omitempty"`
	Position int      `json:"n"`
}

type resultRow struct {
	Final  []byte   `json:"final"`
	Result Result   `json:"result"`
	Reason Reason   `json:"reason,omitempty"`
	Detail []byte   `json:"detail,omitempty"`
	Read   []byte   `json:"read,omitempty"`
	Notes  []string `json:"notes,omitempty"`
}

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

func (it *item) encode() ([]byte, error) {
	return json.Marshal(itemRow{Page: it.file.Page().Encode(), Taken: it.taken, Kind: it.kind, Source: []byte(it.source), Origin: []byte(it.origin),
		Group: []byte(it.group), Deleted: it.deleted, Tree: it.tree, Dir: []byte(it.dir), Name: []byte(it.name), State: it.state, Replace: it.replace,
		Final: []byte(it.final), Reason: it.reason, Detail: it.detail, Notes: it.notes, Position: it.n})
}

// decodeItem reads a saved item; with keep it holds the file itself too.
func decodeItem(b []byte, keep bool) (*item, error) {
	var r itemRow
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("saved restore: %w", err)
	}
	p, err := vault.ParsePage(r.Page)
	if err != nil {
		return nil, fmt.Errorf("saved restore: %w", err)
	}
	vf, err := vault.FileOfPage(p)
	if err != nil || len(vf.Versions) != 1 {
		return nil, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
	}
	f := &reader.File{File: *vf}
	it := newItem(f)
	it.n, it.taken, it.kind, it.source, it.origin, it.group, it.deleted = r.Position, r.Taken, r.Kind, string(r.Source), string(r.Origin), string(r.Group), r.Deleted
	it.tree, it.dir, it.name, it.state, it.replace, it.final = r.Tree, string(r.Dir), string(r.Name), r.State, r.Replace, string(r.Final)
	it.notes = r.Notes
	if it.state == stateBlocked || r.Reason != ReasonNone {
		it.result, it.reason, it.detail = NotRestored, r.Reason, r.Detail
	}
	if !keep {
		it.file = nil
	}
	return it, nil
}

// newItem describes a file that holds the one version to restore.
func newItem(f *reader.File) *item {
	v := &f.Versions[0]
	it := &item{file: f, first: firstObject(v, f.Bundles), typ: f.Type, size: int64(v.Size), sum: v.Sum, version: v.ID, modTime: v.ModTime, recorded: v.Recorded}
	if it.modTime == 0 {
		it.modTime = f.ModTime
	}
	return it
}

func (it *item) encodeResult() ([]byte, error) {
	r := resultRow{Final: []byte(it.final), Result: it.result, Reason: it.reason, Detail: []byte(it.detail), Notes: it.notes}
	if it.has {
		r.Read = it.read[:]
	}
	return json.Marshal(r)
}

func (it *item) decodeResult(b []byte) error {
	var r resultRow
	if err := json.Unmarshal(b, &r); err != nil {
		return fmt.Errorf("saved restore: %w", err)
	}
	it.final, it.result, it.reason, it.detail, it.notes = string(r.Final), r.Result, r.Reason, string(r.Detail), r.Notes
	if len(r.Read) == len(it.read) {
		it.read, it.has = vault.Hash(r.Read), true
	}
	return nil
}

// date is the local day and time when a picture was taken, or the file's time.
func (it *item) date() (text, from string) {
	if it.taken != "" {
		return it.taken, "camera"
	}
	if it.modTime != 0 {
		return nanoseconds(it.modTime).Format(time.DateTime), "file"
	}
	return "", ""
}

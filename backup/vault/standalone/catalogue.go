package standalone

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// file is a file with all its versions, oldest first.
type file struct {
	fileEntry        // what the newest entry said
	id        string // fileID of its first entry
}

func (f *file) newest() *version {
	if len(f.versions) == 0 {
		return nil
	}
	return f.versions[len(f.versions)-1]
}

func (f *file) live() bool {
	v := f.newest()
	return v != nil && !v.removed()
}

// catalogue joins pages (FORMAT.md, "Reading the catalogue").
type catalogue struct {
	roots  map[string]string // source id → root folder
	files  map[string]*file  // by every fileID that led to it
	paths  map[string]*file  // source ‖ path → the file that is live there
	order  []*file           // as they arrived
	report func(error)
}

func newCatalogue(report func(error)) *catalogue {
	return &catalogue{roots: map[string]string{}, files: map[string]*file{}, paths: map[string]*file{}, report: report}
}

// apply joins one page.
func (c *catalogue) apply(p *page) {
	for _, s := range p.sources {
		c.roots[string(s[1])] = string(s[2])
	}
	for _, e := range p.entries {
		c.join(e)
	}
}

func whereOf(e fileEntry) string { return string(e.record[2]) + string(e.record[3]) }

func (c *catalogue) join(e fileEntry) {
	id := string(e.record[1])
	first, continues := c.files[string(e.record[11])]
	f := first
	alike := false
	if !continues {
		if f = c.files[id]; f == nil {
			if at := c.paths[whereOf(e)]; at != nil && at.live() {
				f = at
			}
		}
		if f == nil {
			f = &file{id: id}
			c.order = append(c.order, f)
		} else if at := whereOf(f.fileEntry); c.paths[at] == f {
			delete(c.paths, at)
		}
		versions := f.versions
		alike = f.record != nil && string(f.record[7]) == string(e.record[7]) && string(f.record[8]) == string(e.record[8])
		f.fileEntry = fileEntry{record: e.record, attributes: e.attributes, versions: versions}
	}
	c.files[id] = f
	for _, v := range e.versions {
		if alike {
			f.again(v)
		}
		if err := f.take(v); err != nil {
			c.report(fmt.Errorf("file %s: %w", hex.EncodeToString([]byte(f.id)), err))
		}
	}
	if f.live() {
		c.paths[whereOf(f.fileEntry)] = f
	}
}

// again recognises the newest version where a device that had lost its records writes it once more.
func (f *file) again(v *version) {
	last := f.newest()
	if last == nil || last.removed() || v.removed() || string(last.record[2]) != string(v.record[2]) || string(last.record[3]) != string(v.record[3]) {
		return
	}
	if slices.ContainsFunc(f.versions, func(o *version) bool { return string(o.record[1]) == string(v.record[1]) }) {
		return
	}
	for _, tag := range []uint16{1, 9, 10} { // identity, modified, recorded
		v.record[tag] = last.record[tag]
	}
}

// take joins one version by its versionID.
func (f *file) take(v *version) error {
	i := slices.IndexFunc(f.versions, func(o *version) bool { return string(o.record[1]) == string(v.record[1]) })
	if i >= 0 {
		old := f.versions[i]
		if string(old.record[2]) != string(v.record[2]) || string(old.record[3]) != string(v.record[3]) {
			return fmt.Errorf("a version's other content: %w", ErrAltered)
		}
		if v.record[5] == nil && old.record[5] != nil {
			v.record[5] = old.record[5] // what was learnt of the picture stays
		}
		f.versions[i] = v
	} else {
		f.versions = append(f.versions, v)
	}
	slices.SortStableFunc(f.versions, func(a, b *version) int {
		switch {
		case a.recorded() < b.recorded():
			return -1
		case a.recorded() > b.recorded():
			return 1
		}
		return 0
	})
	return nil
}

package restore

import (
	"bytes"
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Options choose files. The zero value chooses everything as it is now.
type Options struct {
	// At is the moment whose state is wanted; zero is now. The clock of the computer that backed up decides.
	At time.Time
	// Paths are patterns (see Glob); none means all paths.
	Paths []string
	// Deleted also takes files that were deleted at that moment, in their last version before.
	Deleted bool
	// Only limits the choice to these files; nil means all.
	Only map[vault.FileID]bool
	// Versions overrides At for single files.
	Versions map[vault.FileID]vault.VersionID
	// Group gives the files that belong together with a file, itself included (RAW and JPEG, a photo and its sidecar); all of them are
	// taken where one is. Nil: files of one folder and one base name share what Conflict adds to names, and none is pulled in. It is asked
	// only where that matters: where not all files are chosen, and for names that are taken.
	Group func(vault.FileID) []vault.FileID
}

// Selected is one file with the version to restore.
type Selected struct {
	File    *reader.File
	Version *vault.Version // of File
	Deleted bool           // it was deleted at the moment chosen
}

// Selection is what Select chose, in the order of source and path, each path at most once.
type Selection struct {
	Items   []Selected
	Sources map[[16]byte]vault.Source
	At      time.Time // as chosen, zero = now

	group func(vault.FileID) []vault.FileID // as Options.Group
}

// groupOf is the same for files that belong together.
func (s *Selection) groupOf(x *Selected) string {
	if s.group != nil {
		if members := s.group(x.File.ID); len(members) > 1 {
			return "group " + slices.MinFunc(members, func(a, b vault.FileID) int { return bytes.Compare(a[:], b[:]) }).String()
		}
	}
	return groupKey(x.File)
}

// Bytes is the sum of the sizes of all files.
func (s *Selection) Bytes() (n int64) {
	for i := range s.Items {
		n += int64(s.Items[i].Version.Size)
	}
	return n
}

// Sample names one stored object that the selection needs, of its smallest file that needs any: reading it shows whether a destination
// can be read at present. Empty: nothing stored is needed.
func (s *Selection) Sample() string {
	var best *Selected
	for i := range s.Items {
		x := &s.Items[i]
		if x.Version != nil && len(objects(x.Version, x.File.Bundles)) > 0 && (best == nil || x.Version.Size < best.Version.Size) {
			best = x
		}
	}
	if best == nil {
		return ""
	}
	return vault.ChunkName(firstObject(best.Version, best.File.Bundles))
}

// Select chooses from a catalogue. Files that did not exist at the moment chosen are left out. Errors: ErrBadGlob, ErrNothing.
func Select(files iter.Seq[*reader.File], sources map[[16]byte]vault.Source, o Options) (*Selection, error) {
	globs := make([]Glob, 0, len(o.Paths))
	for _, p := range o.Paths {
		g, err := ParseGlob(p)
		if err != nil {
			return nil, err
		}
		globs = append(globs, g)
	}
	bases := folderNames(sources)
	type place struct {
		source [16]byte
		path   string
	}
	type candidate struct {
		Selected
		wanted bool
	}
	ended := map[vault.FileID]int64{} // when a file was marked deleted under the identifier that it goes on under
	var list []*reader.File
	for f := range files {
		list = append(list, f)
		for i := range f.Versions {
			if v := &f.Versions[i]; f.Continues != nil && v.Removed && (o.At.IsZero() || v.Recorded <= o.At.Unix()) {
				ended[*f.Continues] = max(ended[*f.Continues], v.Recorded)
			}
		}
	}
	found := make([]candidate, 0, len(list)) // at most one of each path
	newest := make(map[place]int32, len(list))
	all := len(globs) == 0 && o.Only == nil
	for _, f := range list {
		v, deleted := choose(f, o)
		if v == nil {
			continue
		}
		if _, named := o.Versions[f.ID]; !named && v.Recorded < ended[f.ID] {
			deleted = true
		}
		if deleted && !o.Deleted {
			continue
		}
		p := place{f.Source, f.Path}
		s := candidate{Selected: Selected{File: f, Version: v, Deleted: deleted}}
		at, ok := newest[p]
		if ok && !later(s.Selected, found[at].Selected) {
			continue
		}
		s.wanted = all || (o.Only == nil || o.Only[f.ID]) && matchAny(globs, sources[f.Source].Root, bases[f.Source], f.Path)
		if ok {
			found[at] = s
			continue
		}
		newest[p] = int32(len(found))
		found = append(found, s)
	}
	newest = nil
	if o.Group != nil && !all {
		byID := make(map[vault.FileID]int, len(found))
		for i := range found {
			byID[found[i].File.ID] = i
		}
		var pulled []int
		for i := range found {
			if !found[i].wanted {
				continue
			}
			for _, id := range o.Group(found[i].File.ID) {
				if k, ok := byID[id]; ok {
					pulled = append(pulled, k)
				}
			}
		}
		for _, k := range pulled {
			found[k].wanted = true
		}
	}
	out := &Selection{Sources: sources, At: o.At, group: o.Group}
	for i := range found {
		if found[i].wanted {
			out.Items = append(out.Items, found[i].Selected)
		}
	}
	if len(out.Items) == 0 {
		return nil, ErrNothing
	}
	slices.SortFunc(out.Items, func(a, b Selected) int {
		return cmp.Or(bytes.Compare(a.File.Source[:], b.File.Source[:]), strings.Compare(a.File.Path, b.File.Path))
	})
	return out, nil
}

// later says which of two files that had the same path, one after the other, was there at the moment chosen.
func later(a, b Selected) bool {
	if a.Deleted != b.Deleted {
		return b.Deleted
	}
	return cmp.Or(cmp.Compare(a.Version.Recorded, b.Version.Recorded), bytes.Compare(a.File.ID[:], b.File.ID[:])) > 0
}

func choose(f *reader.File, o Options) (v *vault.Version, deleted bool) {
	if id, ok := o.Versions[f.ID]; ok {
		for i := range f.Versions {
			if f.Versions[i].ID == id && !f.Versions[i].Removed {
				return &f.Versions[i], false
			}
		}
		return nil, false
	}
	last := len(f.Versions) - 1
	for ; last >= 0; last-- {
		if o.At.IsZero() || f.Versions[last].Recorded <= o.At.Unix() {
			break
		}
	}
	if last < 0 {
		return nil, false
	}
	if !f.Versions[last].Removed {
		return &f.Versions[last], false
	}
	for ; o.Deleted && last >= 0; last-- {
		if !f.Versions[last].Removed {
			return &f.Versions[last], true
		}
	}
	return nil, false
}

func matchAny(globs []Glob, root, base, rel string) bool {
	for _, g := range globs {
		if g.Match(root, base, rel) {
			return true
		}
	}
	return len(globs) == 0
}

// groupKey joins files of one folder whose names are equal up to the first dot: a RAW file, its JPEG and their sidecars.
func groupKey(f *reader.File) string {
	dir, name := splitLast(f.Path)
	return fmt.Sprintf("%x/%s/%s", f.Source, dir, strings.ToLower(name[:stemLen(name)]))
}

// stemLen is the length of a name before its first dot; a dot at the start belongs to the stem.
func stemLen(name string) int {
	if i := strings.IndexByte(name[min(1, len(name)):], '.'); i >= 0 {
		return i + 1
	}
	return len(name)
}

func splitLast(path string) (dir, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// folderNames gives each protected folder a name of its own below a target: the last name of its path, and a number where two
// folders would share one on a disk that ignores case.
func folderNames(sources map[[16]byte]vault.Source) map[[16]byte]string {
	ids := make([][16]byte, 0, len(sources))
	for id := range sources {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b [16]byte) int {
		return cmp.Or(strings.Compare(sources[a].Root, sources[b].Root), bytes.Compare(a[:], b[:]))
	})
	out, taken := map[[16]byte]string{}, map[string]bool{}
	for _, id := range ids {
		base := baseName(sources[id].Root)
		name := base
		for n := 2; taken[foldName(name)]; n++ {
			name = fmt.Sprintf("%s (%d)", base, n)
		}
		taken[foldName(name)] = true
		out[id] = name
	}
	return out
}

// baseName is the last name of a path of any system; "folder" for the top of a disk.
func baseName(root string) string {
	if isDrivePath(root) {
		root = strings.ReplaceAll(root[2:], `\`, "/")
	}
	_, name := splitLast(strings.TrimRight(root, "/"))
	if name == "" || name == "." || name == ".." {
		return "folder"
	}
	return name
}

// isDrivePath recognises C:\… and C:/….
func isDrivePath(root string) bool {
	return len(root) > 2 && root[1] == ':' && (root[2] == '\\' || root[2] == '/') && ('a' <= lower(rune(root[0])) && lower(rune(root[0])) <= 'z')
}

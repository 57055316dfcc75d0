package restore

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// Files is a catalogue to choose from. It does not change while it is chosen from.
type Files interface {
	// EachAtOnce calls fn for every file, in any order and from several goroutines, until fn returns an error. fn neither keeps nor changes the
	// file.
	EachAtOnce(ctx context.Context, fn func(*reader.File) error) error
	// Count is about how many there are.
	Count(ctx context.Context) (int, error)
	// File gives one file, to be read only. An error matching vault.ErrMissing means that there is none.
	File(ctx context.Context, id vault.FileID) (*reader.File, error)
}

// Selected is one file with the version to restore.
type Selected struct {
	File    vault.FileID
	Version vault.VersionID
	Source  [16]byte
	Path    string // below the source, in the bytes of its system
	Size    int64
	Deleted bool // it was deleted at the moment chosen

	link     bool
	year     int16  // of the picture, 0 = not known
	table    int32  // of the selection's tables, that of packed
	recorded int64  // Unix seconds
	order    uint64 // versions that have their first object in common have this in common
	packed   []byte // the original, where it is in memory
}

// Selection is what Select chose, in the order of source and path, each path at most once.
type Selection struct {
	Items   []Selected
	Sources map[[16]byte]vault.Source
	At      time.Time // as chosen, zero = now

	files  Files
	group  func(vault.FileID) []vault.FileID // as Options.Group
	tables [][]vault.BundleRef
}

// maxPacked bounds the bytes of originals that a selection keeps in memory; those beyond are looked up in the catalogue again, which takes longer.
const maxPacked = 32 << 20

// original looks up what an item is. Errors: those of the catalogue; vault.ErrMissing where it has no such version any more.
func (s *Selection) original(ctx context.Context, n int) (*original, error) {
	x := &s.Items[n]
	if x.packed != nil {
		return unpack(x.packed, s.tables[x.table])
	}
	f, err := s.files.File(ctx, x.File)
	if err != nil {
		return nil, err
	}
	for i := range f.Versions {
		if f.Versions[i].ID == x.Version {
			return originalOf(f, &f.Versions[i]), nil
		}
	}
	return nil, fmt.Errorf("version %s of %s: %w", x.Version, x.File, vault.ErrMissing)
}

// packed is original, packed, and its table.
func (s *Selection) packed(ctx context.Context, n int) ([]byte, []vault.BundleRef, error) {
	if x := &s.Items[n]; x.packed != nil {
		return x.packed, s.tables[x.table], nil
	}
	o, err := s.original(ctx, n)
	if err != nil {
		return nil, nil, err
	}
	return o.pack(), o.file.Bundles, nil
}

// packing keeps packed originals: many of them have the same table.
type packing struct {
	room   atomic.Int64
	tables [][]vault.BundleRef
	one    map[vault.BundleRef]int32 // tables of one bundle
}

// pack packs an original, while there is room. It may be called from several goroutines.
func (p *packing) pack(f *reader.File, v *vault.Version) (packed []byte, table []vault.BundleRef) {
	if p.room.Load() <= 0 {
		return nil, nil
	}
	o := originalOf(f, v)
	packed = o.pack()
	p.room.Add(-int64(len(packed)))
	return packed, o.file.Bundles
}

// table is the number of a table.
func (p *packing) table(t []vault.BundleRef) int32 {
	if len(t) == 0 {
		return 0 // the first table is empty
	}
	n := int32(len(p.tables))
	if len(t) == 1 {
		if n, ok := p.one[t[0]]; ok {
			return n
		}
		p.one[t[0]] = n
	}
	p.tables = append(p.tables, slices.Clip(t))
	p.room.Add(-int64(len(t) * bundleRefLen))
	return n
}

// groupOf is the same for files that belong together.
func (s *Selection) groupOf(x *Selected) string {
	if s.group != nil {
		if members := s.group(x.File); len(members) > 1 {
			return "group " + slices.MinFunc(members, func(a, b vault.FileID) int { return bytes.Compare(a[:], b[:]) }).String()
		}
	}
	return x.groupKey()
}

// Bytes is the sum of the sizes of all files.
func (s *Selection) Bytes() (n int64) {
	for i := range s.Items {
		n += s.Items[i].Size
	}
	return n
}

// Sample names one stored object that the selection needs, of its smallest file that is not empty: reading it shows whether a destination
// can be read at present. Empty: nothing stored is needed. Errors: those of the catalogue.
func (s *Selection) Sample(ctx context.Context) (string, error) {
	best := -1
	for i := range s.Items {
		if x := &s.Items[i]; !x.link && x.Size > 0 && (best < 0 || x.Size < s.Items[best].Size) {
			best = i
		}
	}
	if best < 0 {
		return "", nil
	}
	o, err := s.original(ctx, best)
	if err != nil || len(objects(o.version(), o.file.Bundles)) == 0 {
		return "", err
	}
	return vault.ChunkName(firstObject(o.version(), o.file.Bundles)), nil
}

// Select chooses from a catalogue. Files that did not exist at the moment chosen are left out. Errors: ErrBadGlob, ErrNothing, those of the
// catalogue.
func Select(ctx context.Context, files Files, sources map[[16]byte]vault.Source, o Options) (*Selection, error) {
	globs := make([]Glob, 0, len(o.Paths))
	for _, p := range o.Paths {
		g, err := ParseGlob(p)
		if err != nil {
			return nil, err
		}
		globs = append(globs, g)
	}
	bases := folderNames(sources)
	ended := map[vault.FileID]int64{} // when a file was marked deleted under the identifier that it goes on under
	count, err := files.Count(ctx)
	if err != nil {
		return nil, err
	}
	var list []Selected
	if o.Only == nil && len(globs) == 0 {
		list = make([]Selected, 0, count)
	}
	packing := packing{tables: [][]vault.BundleRef{nil}, one: map[vault.BundleRef]int32{}}
	packing.room.Store(maxPacked)
	var mu sync.Mutex // of ended, list and the tables
	err = files.EachAtOnce(ctx, func(f *reader.File) error {
		var gone *int64
		for i := range f.Versions {
			v := &f.Versions[i]
			if f.Continues != nil && v.Removed && (o.At.IsZero() || v.Recorded <= o.At.Unix()) && (gone == nil || v.Recorded > *gone) {
				gone = &v.Recorded
			}
		}
		v, deleted := choose(f, o)
		wanted := v != nil && (!deleted || o.Deleted)
		var x Selected
		var table []vault.BundleRef
		if wanted {
			x = Selected{File: f.ID, Version: v.ID, Source: f.Source, Path: f.Path, Size: int64(v.Size), Deleted: deleted, recorded: v.Recorded,
				year: int16(year(v)), link: f.Type == vault.TypeSymlink, order: orderOf(v, f.Bundles)}
			if o.Only == nil || o.Only[f.ID] {
				x.packed, table = packing.pack(f, v)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		if gone != nil {
			ended[*f.Continues] = max(ended[*f.Continues], *gone)
		}
		if wanted {
			x.table = packing.table(table)
			list = append(list, x)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	found := onePerPath(list, ended, o)
	wanted := make([]bool, len(found))
	all := len(globs) == 0 && o.Only == nil
	for i := range found {
		x := &found[i]
		wanted[i] = all || (o.Only == nil || o.Only[x.File]) && matchAny(globs, sources[x.Source].Root, bases[x.Source], x.Path)
	}
	if o.Group != nil && !all {
		pullIn(found, wanted, o.Group)
	}
	out := &Selection{Sources: sources, At: o.At, files: files, group: o.Group, tables: packing.tables, Items: found[:0]}
	for i := range found {
		if wanted[i] {
			out.Items = append(out.Items, found[i])
		}
	}
	clear(found[len(out.Items):])
	if len(out.Items) == 0 {
		return nil, ErrNothing
	}
	sortItems(out.Items)
	return out, nil
}

// sortItems sorts by source and path. What is sorted are places, since items are large; then each item is moved once.
func sortItems(items []Selected) {
	from := make([]int32, len(items)) // what comes to each place
	for i := range from {
		from[i] = int32(i)
	}
	slices.SortFunc(from, func(i, j int32) int {
		a, b := &items[i], &items[j]
		if c := strings.Compare(a.Path, b.Path); a.Source == b.Source {
			return c
		}
		return bytes.Compare(a.Source[:], b.Source[:])
	})
	const done = -1
	for i := range from {
		if from[i] == done {
			continue
		}
		first, to := items[i], i
		for from[to] != int32(i) { // around the circle that i is in
			next := from[to]
			items[to], from[to] = items[next], done
			to = int(next)
		}
		items[to], from[to] = first, done
	}
}

// onePerPath keeps of the files that had one path, one after the other, the one that was there at the moment chosen.
func onePerPath(list []Selected, ended map[vault.FileID]int64, o Options) []Selected {
	type place struct {
		source [16]byte
		path   string
	}
	newest := make(map[place]int32, len(list))
	found := list[:0]
	for _, x := range list {
		if _, named := o.Versions[x.File]; !named && x.recorded < ended[x.File] {
			x.Deleted = true
		}
		if x.Deleted && !o.Deleted {
			continue
		}
		at := place{x.Source, x.Path}
		switch i, ok := newest[at]; {
		case !ok:
			newest[at] = int32(len(found))
			found = append(found, x)
		case later(&x, &found[i]):
			found[i] = x
		}
	}
	clear(list[len(found):])
	return found
}

// pullIn makes the files wanted that belong together with a wanted one.
func pullIn(found []Selected, wanted []bool, group func(vault.FileID) []vault.FileID) {
	byID := make(map[vault.FileID]int, len(found))
	for i := range found {
		byID[found[i].File] = i
	}
	var pulled []int
	for i := range found {
		if !wanted[i] {
			continue
		}
		for _, id := range group(found[i].File) {
			if k, ok := byID[id]; ok {
				pulled = append(pulled, k)
			}
		}
	}
	for _, k := range pulled {
		wanted[k] = true
	}
}

// later says which of two files that had the same path, one after the other, was there at the moment chosen.
func later(a, b *Selected) bool {
	if a.Deleted != b.Deleted {
		return b.Deleted
	}
	return cmp.Or(cmp.Compare(a.recorded, b.recorded), bytes.Compare(a.File[:], b.File[:])) > 0
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
func (x *Selected) groupKey() string {
	dir, name := splitLast(x.Path)
	return fmt.Sprintf("%x/%s/%s", x.Source, dir, strings.ToLower(name[:stemLen(name)]))
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

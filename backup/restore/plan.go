package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// Target is where files go.
type Target struct {
	// Dir is the folder that gets one folder for each protected folder; it is made when the run starts. Empty means in place: each
	// file goes back to the path it had.
	Dir string
}

// InPlace tells whether files go back to where they were.
func (t Target) InPlace() bool { return t.Dir == "" }

// PlanOptions steer MakePlan.
type PlanOptions struct {
	Conflict Conflict
	// Now dates the additions to names.
	Now time.Time
	// NoCopy tells of an object that no good copy of it is known; nil = none is known to be missing. What it names is shown before the start.
	NoCopy func(vault.CID) bool
	// Progress is called now and then with the files looked at so far; may be nil.
	Progress func(files, of int)

	disk *diskKind                             // tests plan for a disk that is not there
	room func(path string) (free, total int64) // in place of room
}

// Plan is the outcome of the dry run. Files = New + Identical + Different + Blocked.
type Plan struct {
	Target   Target
	Conflict Conflict
	At       time.Time
	Made     time.Time

	Files     int
	Bytes     int64 // of all selected files
	New       int
	Identical int   // the same bytes are there: nothing to write
	Different int   // another file is there: Conflict decides
	Blocked   int   // cannot be restored there
	Write     int64 // bytes to be written
	Free      int64 // bytes free at the fullest target, -1 = not known
	Problems  []Problem

	items []*item
	trees []string   // the folders that items are below
	sel   *Selection // what items are; nil once the list is saved
}

// Short is how many bytes are lacking at the target, 0 if it has room or its room is not known.
func (p *Plan) Short() int64 {
	if p.Free < 0 || p.Write <= p.Free {
		return 0
	}
	return p.Write - p.Free
}

// Unusable is the folder restored to, where it can hold none of the files; empty where it can hold some.
func (p *Plan) Unusable() string {
	if p.Files == 0 || p.Blocked < p.Files {
		return ""
	}
	for _, x := range p.Problems {
		if x.Kind == ProblemTarget {
			return x.Path
		}
	}
	return ""
}

// planner carries what is looked up while planning.
type planner struct {
	*Plan
	o     PlanOptions
	open  []*tree         // as trees; nil where the folder does not exist yet
	kinds []diskKind      // as trees
	bad   []error         // as trees: why it cannot be used
	total []int64         // as trees: bytes that the disk holds, -1 = not known
	taken map[string]bool // names given in this plan

	refused map[place]string // by folder of the plan: the folder on the disk that does not allow what has to be made there, empty = it does
	in      *place           // what dir is
	dir     *dir
	dirErr  error
}

// MakePlan is the dry run: it looks at the target, compares what is there, and writes nothing. Errors: those of ctx, ErrNothing.
func MakePlan(ctx context.Context, sel *Selection, target Target, o PlanOptions) (*Plan, error) {
	if sel == nil || len(sel.Items) == 0 {
		return nil, ErrNothing
	}
	p := &planner{Plan: &Plan{Target: target, Conflict: o.Conflict, At: sel.At, Made: o.Now, Free: -1, sel: sel}, o: o, taken: map[string]bool{}, refused: map[place]string{}}
	if !target.InPlace() {
		dir, err := filepath.Abs(target.Dir)
		if err != nil {
			return nil, err
		}
		p.Target.Dir = dir
	}
	defer func() {
		p.leave()
		for _, t := range p.open {
			if t != nil {
				t.Close()
			}
		}
	}()
	p.place(sel)
	for i, it := range p.items {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := p.look(ctx, it); err != nil {
			return nil, err
		}
		if o.Progress != nil && (i%64 == 63 || i == len(p.items)-1) {
			o.Progress(i+1, len(p.items))
		}
	}
	if err := p.settle(ctx); err != nil {
		return nil, err
	}
	p.count()
	return p.Plan, nil
}

// place says where each file goes.
func (p *planner) place(sel *Selection) {
	names := folderNames(sel.Sources)
	index := map[string]int{}
	folders := map[[2]string]string{} // the files of a folder share its name
	below := func(source, dir string) string {
		at := [2]string{source, dir}
		name, ok := folders[at]
		if !ok {
			name = strings.TrimSuffix(source+"/"+dir, "/")
			folders[at] = name
		}
		return name
	}
	treeOf := func(path string) int32 {
		i, ok := index[path]
		if !ok {
			i = len(p.trees)
			index[path] = i
			p.trees = append(p.trees, path)
			p.addTree(path)
		}
		return int32(i)
	}
	from := map[[16]byte]*folder{}
	all := make([]item, len(sel.Items))
	p.items = make([]*item, len(sel.Items))
	for i := range sel.Items {
		s, it := &sel.Items[i], &all[i]
		src := sel.Sources[s.Source]
		if from[s.Source] == nil {
			f := &folder{names[s.Source], strings.TrimRight(src.Root, `/\`)}
			if f.name == "" { // the catalogue has lost the folder's row: the files are restorable all the same
				f.name = fmt.Sprintf("folder %x", s.Source[:4])
			}
			from[s.Source] = f
		}
		*it = item{n: int32(i), order: s.order, size: s.Size, from: from[s.Source], path: s.Path, link: s.link, deleted: s.Deleted}
		it.dir, _ = splitLast(s.Path)
		if p.Target.InPlace() {
			it.tree = treeOf(src.Root)
			if !filepath.IsAbs(src.Root) {
				p.block(it, ReasonFolder, ProblemTarget, "this computer has no such folder")
			}
		} else {
			it.tree = treeOf(p.Target.Dir)
			it.dir = below(it.from.name, it.dir)
		}
		if !usable(s.Path) {
			p.block(it, ReasonName, ProblemName, "")
		}
		p.items[i] = it
		p.Bytes = plus(p.Bytes, it.size)
	}
	p.Files = len(p.items)
}

func (p *planner) addTree(path string) {
	t, err := openTree(path)
	kind := kindOfDisk(existingParent(path))
	switch {
	case err == nil:
		kind = t.kind
	case errors.Is(err, fs.ErrNotExist):
		err = nil
		// A folder to go back to is made only where the folder above it still is: otherwise its drive is likely not connected.
		if up := filepath.Dir(path); p.Target.InPlace() && existingParent(path) != up {
			err = fmt.Errorf("the folder above it is not there: %w", ErrTargetGone)
		}
	}
	if p.o.disk != nil {
		kind = *p.o.disk
	}
	p.open, p.kinds, p.bad = append(p.open, t), append(p.kinds, kind), append(p.bad, err)
	if err != nil {
		p.Problems = append(p.Problems, Problem{ProblemTarget, path, err.Error()})
	}
	look := room
	if p.o.room != nil {
		look = p.o.room
	}
	free, total := look(existingParent(path))
	if p.total = append(p.total, total); free >= 0 && (p.Free < 0 || free < p.Free) {
		p.Free = free
	}
}

// block marks an item as impossible.
func (p *planner) block(it *item, r Reason, k ProblemKind, detail string) {
	it.state = stateBlocked
	it.fail(r, nil)
	it.why(detail)
	p.Problems = append(p.Problems, Problem{k, it.origin(), detail})
}

// look finds out what stands at an item's target, and what its disk makes of the name.
func (p *planner) look(ctx context.Context, it *item) error {
	if p.o.NoCopy != nil {
		o, err := p.sel.original(ctx, int(it.n))
		if err != nil {
			return err
		}
		for _, c := range objects(o.version(), o.file.Bundles) {
			if p.o.NoCopy(c) {
				p.Problems = append(p.Problems, Problem{Kind: ProblemNoCopy, Path: it.origin()})
				break
			}
		}
	}
	if it.state == stateBlocked {
		return nil
	}
	if p.bad[it.tree] != nil {
		it.state = stateBlocked
		it.fail(targetReason(p.bad[it.tree]), p.bad[it.tree])
		return nil
	}
	if total := p.total[it.tree]; total > 0 && it.size > total {
		p.block(it, ReasonLarge, ProblemLarge, "")
		return nil
	}
	if problem, name := p.holds(it); name != "" {
		p.block(it, ReasonName, problem, name)
		return nil
	}
	if p.open[it.tree] == nil {
		return nil
	}
	d, err := p.folder(it)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.mayMake(it)
		return nil
	case errors.Is(err, errNotFolder):
		p.block(it, ReasonFolder, ProblemFolder, err.Error())
		return nil
	case err != nil:
		p.block(it, reasonOf(err), ProblemFolder, err.Error())
		return nil
	}
	if it.state, err = p.compare(ctx, d, it.name(), it); err != nil {
		return err
	}
	if it.state == stateDifferent {
		if info, err := d.root.Lstat(it.name()); err == nil && info.IsDir() {
			p.Problems = append(p.Problems, Problem{ProblemFolder, it.origin(), "a folder has this name"})
		}
	}
	if it.state != stateIdentical {
		p.mayMake(it)
	}
	return nil
}

// holds looks for a name on an item's way that the disk cannot hold; empty: there is none.
func (p *planner) holds(it *item) (ProblemKind, string) {
	kind := p.kinds[it.tree]
	for _, rel := range [...]string{it.dir, it.name()} {
		for rel != "" {
			var name string
			name, rel, _ = strings.Cut(rel, "/")
			switch {
			case kind.windows && !windowsAllows(name):
				return ProblemReserved, name
			case !fits(name, kind):
				return ProblemLong, name
			}
		}
	}
	return "", ""
}

// folder opens the folder that an item goes to. It stays open until another one is asked for: the files of a folder mostly follow each other.
func (p *planner) folder(it *item) (*dir, error) {
	if at := (place{int(it.tree), it.dir}); p.in == nil || *p.in != at {
		p.leave()
		p.in = &at
		p.dir, p.dirErr = p.open[it.tree].dir(it.dir, false, nil)
	}
	return p.dir, p.dirErr
}

func (p *planner) leave() {
	if p.dir != nil {
		p.dir.Close()
	}
	p.in, p.dir, p.dirErr = nil, nil, nil
}

// mayMake notes a folder that does not allow new files.
func (p *planner) mayMake(it *item) {
	in := place{int(it.tree), it.dir}
	refused, known := p.refused[in]
	if !known {
		if at := existingParent(filepath.Join(p.trees[it.tree], filepath.FromSlash(it.dir))); !mayWrite(at) {
			refused = at
		}
		p.refused[in] = refused
	}
	if refused != "" {
		p.Problems = append(p.Problems, Problem{ProblemReadOnly, it.origin(), refused})
	}
}

// compare tells what stands under a name. A file that cannot be read counts as different: it is another one until proven the same.
func compare(ctx context.Context, d *dir, name string, o *original, open func(string) (*os.File, error)) (state, error) {
	info, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return stateNew, nil
	}
	if err != nil {
		return stateDifferent, nil
	}
	if o.file.Type == vault.TypeSymlink {
		if info.Mode().Type() == fs.ModeSymlink {
			if to, err := d.root.Readlink(name); err == nil && to == o.file.Target {
				return stateIdentical, nil
			}
		}
		return stateDifferent, nil
	}
	size := int64(o.version().Size)
	if !info.Mode().IsRegular() || info.Size() != size {
		return stateDifferent, nil
	}
	f, err := open(name)
	if err != nil {
		return stateDifferent, nil
	}
	defer f.Close()
	sum, n, err := fingerprint(ctx, f, size)
	switch {
	case ctx.Err() != nil:
		return stateDifferent, ctx.Err()
	case err == nil && n == size && sum == o.version().Sum:
		return stateIdentical, nil
	}
	return stateDifferent, nil
}

// fingerprint is the SHA-256 of a file that should have the given size, and the size that it has.
func fingerprint(ctx context.Context, f *os.File, size int64) (sum vault.Hash, n int64, err error) {
	buffer := readBuffers.Get().(*[]byte)
	defer readBuffers.Put(buffer)
	h := newHash()
	take := func(b []byte) error {
		h.Write(b)
		n += int64(len(b))
		return ctx.Err()
	}
	if size <= int64(len(*buffer)) {
		err = direct.Read(f, size, *buffer, take)
	} else { // a large one keeps medium and processor busy at a time
		other := readBuffers.Get().(*[]byte)
		defer readBuffers.Put(other)
		err = direct.ReadAhead(f, size, *buffer, *other, take)
	}
	return vault.Hash(h.Sum(nil)), n, err
}

func targetReason(err error) Reason {
	if errors.Is(err, ErrTargetGone) {
		return ReasonGone
	}
	if errors.Is(err, errNotFolder) {
		return ReasonFolder
	}
	return reasonOf(err)
}

func (p *planner) count() {
	for _, it := range p.items {
		switch it.state {
		case stateNew:
			p.New++
		case stateIdentical:
			p.Identical++
		case stateDifferent:
			p.Different++
		case stateBlocked:
			p.Blocked++
		}
		if it.result == Waiting && it.state != stateIdentical {
			p.Write = plus(p.Write, plus(it.size, 4095)&^4095) // disks keep whole blocks
		}
	}
}

// plus adds sizes, none of them negative. The sum of many that a faulty device made up stays at the largest number.
func plus(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

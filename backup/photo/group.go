package photo

import (
	"cmp"
	"path"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"
)

// Member is one file to be grouped.
type Member struct {
	// Path is folder and name with forward slashes. Folders are only compared for equality.
	Path                                string
	Kind                                Kind
	Size                                int64
	Taken                               Value[Taken]
	Make, Model, ContentID, BurstMarkID string
	Motion                              bool
}

// MemberOf takes from the fields of a file what grouping needs.
func MemberOf(path string, size int64, f *Fields) Member {
	return Member{Path: path, Kind: f.Kind, Size: size, Taken: f.Taken, Make: f.Make.V, Model: f.Model.V,
		ContentID: f.ContentID.V, BurstMarkID: f.BurstID.V, Motion: f.Motion.State == OK}
}

// Rule is why two files belong together.
type Rule uint8

// The rules, strongest evidence first.
const (
	MotionPhoto    Rule = iota + 1 // one file that holds its own movie
	LivePhoto                      // still and movie with one content identifier
	LivePhotoName                  // still and movie named alike, taken together
	RAWPair                        // RAW and developed picture of one exposure
	Sidecar                        // XMP beside what it describes
	AppleEdit                      // edit list or edited copy beside the original
	VideoCompanion                 // thumbnail, low-resolution copy or chapter of a video
	TakeoutJSON                    // Google Takeout's description
)

// Bond joins Of to With, indexes into the members given to Group. Guess marks what rests on names and times alone.
type Bond struct {
	Rule     Rule
	Of, With int
	Guess    bool
}

// Asset is what a photographer calls one photo: indexes of its members in ascending order, the one to show, and why they are together.
// A sidecar that fits two assets stands in both. Burst numbers the series that frames belong to, from 1; 0 is none.
type Asset struct {
	Members    []int
	Shown      int
	Bonds      []Bond
	Burst      int
	BurstGuess bool
}

// Group sorts files into assets. It is a view: nothing is merged, hidden or renamed, and a wrong group costs nothing. Names are compared in NFC
// and lower case and only inside one folder; across folders only identifiers join; times alone never do. Every member is in
// at least one asset; assets are ordered by their first member. The result does not depend on the order of the members beyond that.
func Group(members []Member) []Asset {
	g := &grouping{members: members, names: make([]nameParts, len(members)), root: make([]int, len(members))}
	g.folders = map[string][]int{}
	for i, m := range members {
		g.root[i] = i
		g.names[i] = splitName(m.Path)
		g.folders[g.names[i].folder] = append(g.folders[g.names[i].folder], i)
	}
	g.byID()
	for _, files := range g.sortedFolders() {
		g.folder(files)
	}
	assets := g.assets()
	g.bursts(assets)
	return assets
}

// nameParts is a name ready to be compared.
type nameParts struct{ folder, name, base, ext string }

func splitName(p string) nameParts {
	dir, name := path.Split(p)
	name = strings.ToLower(norm.NFC.String(name))
	ext := path.Ext(name)
	return nameParts{folder: dir, name: name, base: strings.TrimSuffix(name, ext), ext: ext}
}

type grouping struct {
	members  []Member
	names    []nameParts
	folders  map[string][]int
	root     []int // union-find over what has pixels
	bonds    []Bond
	attached []Bond // sidecars: Of is the sidecar
}

func (g *grouping) sortedFolders() [][]int {
	keys := make([]string, 0, len(g.folders))
	for k := range g.folders {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	out := make([][]int, len(keys))
	for i, k := range keys {
		out[i] = g.folders[k]
		slices.SortFunc(out[i], func(a, b int) int { return cmp.Or(cmp.Compare(g.names[a].name, g.names[b].name), a-b) })
	}
	return out
}

func (g *grouping) find(i int) int {
	for g.root[i] != i {
		g.root[i] = g.root[g.root[i]]
		i = g.root[i]
	}
	return i
}

func (g *grouping) join(a, b int, rule Rule, guess bool) {
	ra, rb := g.find(a), g.find(b)
	if ra == rb {
		return
	}
	g.root[max(ra, rb)] = min(ra, rb)
	g.bonds = append(g.bonds, Bond{rule, a, b, guess})
}

func (g *grouping) attach(sidecar, to int, rule Rule) {
	g.attached = append(g.attached, Bond{Rule: rule, Of: sidecar, With: to})
}

// byID joins the halves of Live Photos. Inside a folder each movie takes the still named like it, else the first; across folders
// only where exactly one folder has the still and one other the movie, because copies of both halves are common.
func (g *grouping) byID() {
	byID := map[string][]int{}
	for i, m := range g.members {
		if m.ContentID != "" && (m.Kind.Still() || m.Kind.Video()) {
			byID[m.ContentID] = append(byID[m.ContentID], i)
		}
	}
	for _, id := range sortedKeys(byID) {
		halves := map[string][2][]int{} // folder → stills, movies
		for _, i := range byID[id] {
			h := halves[g.names[i].folder]
			if g.members[i].Kind.Video() {
				h[1] = append(h[1], i)
			} else {
				h[0] = append(h[0], i)
			}
			halves[g.names[i].folder] = h
		}
		var stills, movies [][]int
		for _, folder := range sortedKeys(halves) {
			h := halves[folder]
			switch {
			case len(h[0]) > 0 && len(h[1]) > 0:
				for _, movie := range h[1] {
					g.join(g.nearest(movie, h[0]), movie, LivePhoto, false)
				}
			case len(h[0]) > 0:
				stills = append(stills, h[0])
			default:
				movies = append(movies, h[1])
			}
		}
		if len(stills) == 1 && len(movies) == 1 && len(stills[0]) == 1 && len(movies[0]) == 1 {
			g.join(stills[0][0], movies[0][0], LivePhoto, false)
		}
	}
}

func (g *grouping) nearest(movie int, stills []int) int {
	best := stills[0]
	for _, s := range stills {
		if liveBase(g.names[s]) == liveBase(g.names[movie]) {
			return s
		}
		if g.names[s].name < g.names[best].name {
			best = s
		}
	}
	return best
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// folder applies the rules by name to the files of one folder.
func (g *grouping) folder(files []int) {
	byName, byBase, byLive := map[string]int{}, map[string][]int{}, map[string][]int{}
	for _, i := range files {
		n := g.names[i]
		byName[n.name] = i
		if g.isSidecar(i) {
			continue
		}
		byBase[n.base] = append(byBase[n.base], i)
		if pixel := pixelBase(n.base); pixel != n.base {
			byBase[pixel] = append(byBase[pixel], i)
		}
		byLive[liveBase(n)] = append(byLive[liveBase(n)], i)
	}
	for _, base := range sortedKeys(byBase) {
		g.rawPairs(byBase[base])
	}
	for _, base := range sortedKeys(byLive) {
		g.liveByName(byLive[base])
	}
	chapters := map[string]int{}
	for _, i := range files {
		g.companion(i, chapters)
	}
	for _, i := range files {
		g.edited(i, byBase)
		if g.isSidecar(i) {
			g.describes(i, byName, byBase)
		}
	}
}

// rawPairs joins RAWs with developed pictures of the same name, camera and moment.
func (g *grouping) rawPairs(files []int) {
	for _, r := range files {
		if !g.members[r].Kind.RAW() {
			continue
		}
		for _, j := range files {
			k := g.members[j].Kind
			if !(k == JPEG || k == HEIF || k == AVIF || k == JXL) || !g.sameCamera(r, j) {
				continue
			}
			if d, ok := g.wallApart(r, j); ok && d <= 2*time.Second {
				g.join(r, j, RAWPair, false)
			}
		}
	}
}

func (g *grouping) sameCamera(a, b int) bool {
	m, n := &g.members[a], &g.members[b]
	return m.Model != "" && strings.EqualFold(m.Model, n.Model) && strings.EqualFold(m.Make, n.Make)
}

func (g *grouping) wallApart(a, b int) (time.Duration, bool) {
	m, n := &g.members[a].Taken, &g.members[b].Taken
	return m.V.Wall.Sub(n.V.Wall).Abs(), m.Known() && n.Known()
}

// liveByName joins one still and one movie named alike. Both must be small and taken within five seconds; where a zone is unknown the
// clocks may differ by whole quarter hours.
func (g *grouping) liveByName(files []int) {
	var still, movie []int
	for _, i := range files {
		m := &g.members[i]
		switch {
		case m.Size > 20<<20:
		case m.Kind.Video():
			movie = append(movie, i)
		case m.Kind.Still() && !m.Kind.RAW():
			still = append(still, i)
		}
	}
	if len(still) != 1 || len(movie) != 1 {
		return
	}
	s, v := &g.members[still[0]], &g.members[movie[0]]
	if s.ContentID != "" && v.ContentID != "" && s.ContentID != v.ContentID || !s.Taken.Known() || !v.Taken.Known() {
		return
	}
	a, okA := s.Taken.V.Instant()
	b, okB := v.Taken.V.Instant()
	diff := a.Sub(b)
	if !okA || !okB {
		diff = s.Taken.V.Wall.Sub(v.Taken.V.Wall)
		if off := diff.Round(quarter); validOffset(off) || validOffset(-off) {
			diff -= off
		}
	}
	if diff.Abs() <= 5*time.Second {
		g.join(still[0], movie[0], LivePhotoName, true)
	}
}

// assets collects the joined files and hangs the sidecars on them.
func (g *grouping) assets() []Asset {
	byRoot := map[int]*Asset{}
	var order []*Asset
	placed := map[int]bool{}
	for _, b := range g.attached {
		placed[b.Of] = true
	}
	for i := range g.members {
		if placed[i] {
			continue
		}
		r := g.find(i)
		if byRoot[r] == nil {
			byRoot[r] = &Asset{}
			order = append(order, byRoot[r])
		}
		byRoot[r].Members = append(byRoot[r].Members, i)
		if g.members[i].Motion {
			byRoot[r].Bonds = append(byRoot[r].Bonds, Bond{Rule: MotionPhoto, Of: i, With: i})
		}
	}
	for _, b := range g.bonds {
		a := byRoot[g.find(b.Of)]
		a.Bonds = append(a.Bonds, b)
	}
	for _, b := range g.attached {
		a := byRoot[g.find(b.With)]
		if !slices.Contains(a.Members, b.Of) {
			a.Members = append(a.Members, b.Of)
		}
		a.Bonds = append(a.Bonds, b)
	}
	out := make([]Asset, len(order))
	for i, a := range order {
		slices.Sort(a.Members)
		a.Shown = g.shown(a.Members)
		out[i] = *a
	}
	slices.SortStableFunc(out, func(a, b Asset) int { return a.Members[0] - b.Members[0] })
	return out
}

// shown prefers an edited picture to a developed one to a RAW to a movie to anything else.
func (g *grouping) shown(members []int) int {
	rank := func(i int) int {
		k := g.members[i].Kind
		_, edited := editedOf(g.names[i].base)
		switch {
		case g.isSidecar(i):
			return 5
		case k.Still() && !k.RAW() && edited:
			return 0
		case k.Still() && !k.RAW():
			return 1
		case k.RAW():
			return 2
		case k.Video():
			return 3
		}
		return 4
	}
	return slices.MinFunc(members, func(a, b int) int {
		return cmp.Or(rank(a)-rank(b), cmp.Compare(g.names[a].name, g.names[b].name), a-b)
	})
}

package source

import (
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Clash is a set of paths in one directory that a system without regard to case or Unicode form (macOS, Windows, many drives)
// takes for one name. All of them can be stored; they cannot all be restored there under their own names.
type Clash struct {
	Paths []string // at least two, in the order of their bytes
}

// Clashes finds the clashes among paths, in the order of their first path. Directories clash as files do: two spellings of a
// directory are named once, without what lies below them.
func Clashes(paths []string) []Clash {
	fold := cases.Fold()
	type group struct{ spellings []string }
	groups := map[string]*group{}
	seen := map[string]bool{}
	for _, path := range paths {
		for at := 0; at < len(path); {
			end := strings.IndexByte(path[at:], '/')
			if end < 0 {
				end = len(path)
			} else {
				end += at
			}
			part := path[:end]
			if !seen[part] {
				seen[strings.Clone(part)] = true
				// Only the last name is folded: two files in directories that clash do not clash once more.
				key := path[:at] + foldName(fold, path[at:end])
				g := groups[key]
				if g == nil {
					g = &group{}
					groups[key] = g
				}
				g.spellings = append(g.spellings, part)
			}
			at = end + 1
		}
	}
	var clashes []Clash
	for _, g := range groups {
		if len(g.spellings) > 1 {
			slices.Sort(g.spellings)
			clashes = append(clashes, Clash{g.spellings})
		}
	}
	slices.SortFunc(clashes, func(a, b Clash) int { return strings.Compare(a.Paths[0], b.Paths[0]) })
	return clashes
}

// foldName maps all spellings of a name to one (Unicode caseless matching, canonical: section 3.13 of the standard). Bytes that
// are no UTF-8 stay as they are.
func foldName(fold cases.Caser, name string) string {
	return norm.NFD.String(fold.String(norm.NFD.String(name)))
}

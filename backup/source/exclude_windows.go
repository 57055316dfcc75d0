package source

import (
	"path/filepath"
	"strings"
)

// exclusions are compared by path, without regard to case: scanning does not open each file to learn its identity.
type exclusions struct {
	root  string
	names map[string]string
}

func newExclusions(root string, paths []Excluded) exclusions {
	e := exclusions{resolved(root), map[string]string{}}
	for _, p := range paths {
		e.names[strings.ToLower(resolved(p.Path))] = p.Name
	}
	return e
}

func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return filepath.Clean(path)
}

func (e exclusions) rule(_ Identity, rel string) (string, bool) {
	if len(e.names) == 0 {
		return "", false
	}
	name, out := e.names[strings.ToLower(filepath.Join(e.root, filepath.FromSlash(rel)))]
	return name, out
}

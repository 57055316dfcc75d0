package texts

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// forbidden are the words that the program never shows, and the claims that it never makes.
var forbidden = regexp.MustCompile(`(?i)\b(repositor(y|ies)|snapshots?|blobs?|chunks?|packs?|objects?|manifests?|commits?|epochs?|index(es)?|prun(e|ing)|gc|replicas?|scrub(s|bing)?|` +
	`backends?|agents?|daemons?|payloads?|exit codes?|sync(s|ed|ing)?|mirrors?|keeper|buckets?|endpoints?|unlimited|guaranteed?|100 % secure|military-grade|quantum-proof|ai|completed with warnings)\b`)

// TestNoForbiddenWordIsShown reads every string of this package, and every string elsewhere in the window that is long enough to be
// a sentence.
func TestNoForbiddenWordIsShown(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "windowtest") || strings.Contains(path, "live") {
			return err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		ours := filepath.Base(filepath.Dir(path)) == "texts"
		ast.Inspect(file, func(n ast.Node) bool {
			if _, ok := n.(*ast.ImportSpec); ok {
				return false
			}
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(lit.Value)
			if err != nil || (!ours && !strings.Contains(s, " ")) {
				return true
			}
			seen++
			if bad := forbidden.FindString(s); bad != "" {
				t.Errorf("%s: %q says %q", set.Position(lit.Pos()), s, bad)
			}
			if ours && strings.Contains(s, "!") {
				t.Errorf("%s: %q exclaims", set.Position(lit.Pos()), s)
			}
			return true
		})
		return nil
	})
	if err != nil || seen < 200 {
		t.Fatalf("%d strings read: %v", seen, err)
	}
}

func TestAPlantedWordIsFound(t *testing.T) {
	for _, s := range []string{"The backend is busy.", "Your snapshots", "Sync now", "Guaranteed safe", "The keeper stopped"} {
		if !forbidden.MatchString(s) {
			t.Errorf("%q passes", s)
		}
	}
	for _, s := range []string{"Unlocking", "asynchronous", "The originals are packed in boxes", "said"} {
		if forbidden.MatchString(s) {
			t.Errorf("%q is refused", s)
		}
	}
}

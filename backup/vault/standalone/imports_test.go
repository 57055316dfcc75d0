package standalone

import (
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A second witness that borrowed from the first would prove nothing: neither the package nor its tests import anything of the project
// but, in tests, the word list.
func TestSharesNoCodeWithTheVault(t *testing.T) {
	outside := []string{"filippo.io/mldsa", "golang.org/x/crypto/argon2", "golang.org/x/text/unicode/norm"}
	names, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := 0
	for _, n := range names {
		if !strings.HasSuffix(n.Name(), ".go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), n.Name(), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		files++
		test := strings.HasSuffix(n.Name(), "_test.go")
		for _, i := range f.Imports {
			path, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			standard := !strings.Contains(strings.Split(path, "/")[0], ".") && !strings.HasPrefix(path, "lightproof")
			if !standard && !slices.Contains(outside, path) && !(test && path == "lightproof/keystore/words") {
				t.Errorf("%s imports %s", n.Name(), path)
			}
		}
	}
	if files < 10 {
		t.Fatalf("looked at %d files only", files)
	}
}

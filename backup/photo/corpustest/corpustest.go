// Package corpustest finds the folder of real photos that may lie beside the project. The photos are nobody's to publish, so they are
// no part of it, and what needs them is skipped where they are missing.
package corpustest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is ../shared/corpus as seen from the project's top folder. It skips the test where the folder or its expected.json is missing.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the package")
		}
		dir = parent
	}
	corpus := filepath.Join(dir, "..", "shared", "corpus")
	if _, err := os.Stat(filepath.Join(corpus, "expected.json")); err != nil {
		t.Skip("the corpus of real photos is not beside the project (../shared/corpus)")
	}
	return corpus
}

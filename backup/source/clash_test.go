package source

import (
	"fmt"
	"testing"
)

func TestNamesThatFoldTogetherClash(t *testing.T) {
	for _, c := range []struct {
		paths []string
		want  string
	}{
		{[]string{"a.jpg", "b.jpg"}, "[]"},
		{[]string{"a.jpg", "A.JPG", "x/a.jpg"}, "[{[A.JPG a.jpg]}]"},
		{[]string{"\u00e9.jpg", "e\u0301.jpg"}, "[{[e\u0301.jpg \u00e9.jpg]}]"},
		{[]string{"x/\u00c9", "x/e\u0301", "x/\u00e9"}, "[{[x/e\u0301 x/\u00c9 x/\u00e9]}]"},
		{[]string{"Dir/a.jpg", "dir/a.jpg", "dir/b.jpg"}, "[{[Dir dir]}]"},
		{[]string{"Dir/x", "dir"}, "[{[Dir dir]}]"}, // a directory and a file
		{[]string{"straße", "STRASSE"}, "[{[STRASSE straße]}]"},
		{[]string{"\xff", "\xfe"}, "[]"},
		{[]string{"same", "same"}, "[]"},
		{nil, "[]"},
	} {
		if got := fmt.Sprint(Clashes(c.paths)); got != c.want {
			t.Errorf("%q: %s, want %s", c.paths, got, c.want)
		}
	}
}

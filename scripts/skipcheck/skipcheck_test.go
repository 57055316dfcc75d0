package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stream writes events as go test -json does: "action package test" triples.
func stream(events ...string) string {
	var b strings.Builder
	for _, e := range events {
		f := strings.SplitN(e, " ", 4)
		for len(f) < 4 {
			f = append(f, "")
		}
		fmt.Fprintf(&b, "{\"Action\":%q,\"Package\":%q,\"Test\":%q,\"Output\":%q,\"Elapsed\":0.5}\n", f[0], f[1], f[2], f[3])
	}
	return b.String()
}

func TestRunIsJudged(t *testing.T) {
	cases := []struct {
		name    string
		allowed string
		events  []string
		green   bool
		last    string
	}{
		{"all pass", "", []string{"run m/a TestX", "pass m/a TestX", "pass m/a"}, true, "1 passed, 0 failed, 0 skipped"},
		{"a failure", "", []string{"run m/a TestX", "fail m/a TestX", "fail m/a"}, false, "0 passed, 1 failed, 0 skipped"},
		{"a failing subtest counts once", "", []string{"run m/a TestX", "run m/a TestX/b", "fail m/a TestX/b", "fail m/a TestX",
			"fail m/a"}, false, "0 passed, 1 failed, 0 skipped"},
		{"a failing grandchild counts once", "", []string{"run m/a TestX", "run m/a TestX/b", "run m/a TestX/b/c",
			"fail m/a TestX/b/c", "fail m/a TestX/b", "fail m/a TestX", "fail m/a"}, false, "0 passed, 1 failed, 0 skipped"},
		{"subtests count, their parent does not", "", []string{"run m/a TestX", "run m/a TestX/b", "run m/a TestX/c",
			"pass m/a TestX/b", "pass m/a TestX/c", "pass m/a TestX", "pass m/a"}, true, "2 passed, 0 failed, 0 skipped"},
		{"an unlisted skip", "", []string{"run m/a TestX", "pass m/a TestX", "run m/a TestY", "skip m/a TestY", "pass m/a"}, false,
			"1 passed, 0 failed, 1 skipped"},
		{"a listed skip", "a TestY # needs a drive", []string{"run m/a TestX", "pass m/a TestX", "run m/a TestY", "skip m/a TestY",
			"pass m/a"}, true, "1 passed, 0 failed, 1 skipped"},
		{"a listed test covers its subtests", "a TestY # needs a drive", []string{"run m/a TestX", "pass m/a TestX", "run m/a TestY",
			"run m/a TestY/z", "skip m/a TestY/z", "pass m/a TestY", "pass m/a"}, true, "1 passed, 0 failed, 1 skipped"},
		{"a longer name is another test", "a TestY # needs a drive", []string{"run m/a TestX", "pass m/a TestX", "run m/a TestYes",
			"skip m/a TestYes", "pass m/a"}, false, "1 passed, 0 failed, 1 skipped"},
		{"the same test of another package", "b TestY # needs a drive", []string{"run m/a TestX", "pass m/a TestX", "run m/a TestY",
			"skip m/a TestY", "pass m/a"}, false, "1 passed, 0 failed, 1 skipped"},
		{"nothing ran", "", []string{"skip m/a"}, false, "0 passed, 0 failed, 0 skipped"},
		{"only skips, all listed", "a TestY # needs a drive", []string{"run m/a TestY", "skip m/a TestY", "pass m/a"}, false,
			"0 passed, 0 failed, 1 skipped"},
		{"empty stream", "", nil, false, "0 passed, 0 failed, 0 skipped"},
		{"a package that fails outside its tests", "", []string{"run m/a TestX", "pass m/a TestX", "fail m/a"}, false,
			"1 passed, 1 failed, 0 skipped"},
		{"a test cut off by a time-out", "", []string{"run m/a TestX", "fail m/a"}, false, "0 passed, 2 failed, 0 skipped"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "allowed")
			if err := os.WriteFile(path, []byte("# comment\n\n"+c.allowed+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			green, err := run(strings.NewReader(stream(c.events...)), &out, path)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(out.String()), "\n")
			if last := lines[len(lines)-1]; green != c.green || last != c.last {
				t.Errorf("green %v, closing line %q; want %v, %q\n%s", green, last, c.green, c.last, out.String())
			}
		})
	}
}

func TestFailureShowsItsOutput(t *testing.T) {
	var out strings.Builder
	in := stream("run m/a TestX", "output m/a TestX want 3, got 4\n", "fail m/a TestX", "fail m/a")
	if _, err := run(strings.NewReader(in), &out, ""); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "want 3, got 4") {
		t.Errorf("the failing test's output is missing:\n%s", out.String())
	}
}

func TestFiguresOfGreenTestsAreRepeated(t *testing.T) {
	var out strings.Builder
	in := stream("run m/a TestX", "output m/a TestX     x_test.go:9:_figure:_42_files\n", "output m/a TestX     x_test.go:9:_other\n", "pass m/a TestX", "pass m/a")
	if _, err := run(strings.NewReader(strings.ReplaceAll(in, "_", " ")), &out, ""); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "figures:\n  a TestX: 42 files\n") || strings.Contains(out.String(), "other") {
		t.Errorf("unclear report:\n%s", out.String())
	}
}

func TestBuildFailureShowsTheCompilersWords(t *testing.T) {
	in := `{"ImportPath":"m/a [m/a.test]","Action":"build-output","Output":"a/x.go:3:2: undefined: y\n"}
{"ImportPath":"m/a [m/a.test]","Action":"build-fail"}
{"Action":"start","Package":"m/a"}
{"Action":"fail","Package":"m/a","Elapsed":0,"FailedBuild":"m/a [m/a.test]"}
`
	var out strings.Builder
	green, err := run(strings.NewReader(in), &out, "")
	if err != nil || green {
		t.Fatalf("green %v, err %v", green, err)
	}
	if !strings.Contains(out.String(), "undefined: y") || !strings.Contains(out.String(), "0 passed, 1 failed, 0 skipped") {
		t.Errorf("unclear report:\n%s", out.String())
	}
}

func TestSkipListNeedsReasons(t *testing.T) {
	for _, line := range []string{"a TestX", "a TestX #", "a # why", "a TestX extra # why"} {
		if _, err := readAllowed(strings.NewReader(line)); err == nil {
			t.Errorf("%q was accepted", line)
		}
	}
}

// The list in force must parse, or every run would end with a puzzle.
func TestSkipListInForceParses(t *testing.T) {
	file, err := os.Open("../../.ci/allowed-skips.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := readAllowed(file); err != nil {
		t.Error(err)
	}
}

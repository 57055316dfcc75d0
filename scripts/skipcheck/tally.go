package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

// event is one line of go test -json (see "go doc test2json"); build output carries ImportPath instead of Package.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64 // seconds
	Output      string
	FailedBuild string
}

type testKey struct{ pkg, test string }

// tally follows a run. A test with subtests is not counted itself, its subtests are, so that each case counts once; a
// skip or failure of the parent that no subtest explains still counts.
type tally struct {
	out      io.Writer
	verdict  map[testKey]string // pass, fail or skip
	elapsed  map[testKey]float64
	parent   map[testKey]bool
	output   map[testKey][]string // the last lines of each test that has not passed yet; the package's own under test ""
	build    map[string][]string
	failures []string // packages that failed without a failing test: no build, panic, time-out
	badChild map[testKey]string
	tests    map[string]int // tests seen per package
	figures  []string       // what tests logged as "figure: …", with the name of the test
}

// figureMark begins a logged line that the report repeats: a size, a count or a time that somebody wants to know of a green run too.
const figureMark = "figure: "

// keptLines bounds what is remembered of one test's output.
const keptLines = 400

func newTally(out io.Writer) *tally {
	return &tally{
		out: out, verdict: map[testKey]string{}, elapsed: map[testKey]float64{}, parent: map[testKey]bool{},
		output: map[testKey][]string{}, build: map[string][]string{}, badChild: map[testKey]string{}, tests: map[string]int{},
	}
}

func (t *tally) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if text := strings.TrimSpace(line); text != "" {
			var e event
			if json.Unmarshal([]byte(text), &e) != nil {
				fmt.Fprintln(t.out, text) // what go itself says, for example about a broken go.mod
			} else {
				t.add(e)
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) add(e event) {
	key := testKey{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		t.build[e.ImportPath] = append(t.build[e.ImportPath], e.Output)
	case "output":
		kept := append(t.output[key], e.Output)
		if len(kept) > keptLines {
			kept = kept[len(kept)-keptLines:]
		}
		t.output[key] = kept
		if _, figure, ok := strings.Cut(e.Output, ": "+figureMark); ok {
			t.figures = append(t.figures, fmt.Sprintf("%s %s: %s", shortName(e.Package), e.Test, strings.TrimSpace(figure)))
		}
	case "run":
		t.tests[e.Package]++
		t.verdict[key] = "unfinished"
		if up := parentOf(e.Test); up != "" {
			t.parent[testKey{e.Package, up}] = true
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.closePackage(e)
			return
		}
		t.verdict[key], t.elapsed[key] = e.Action, e.Elapsed
		if up := parentOf(e.Test); up != "" && (e.Action == "fail" || t.badChild[key] == "fail") {
			t.badChild[testKey{e.Package, up}] = "fail"
		}
		if e.Action == "pass" {
			delete(t.output, key)
		}
	}
}

// closePackage prints the package's line as soon as it is done, so that a long run shows where it is.
func (t *tally) closePackage(e event) {
	name := shortName(e.Package)
	switch {
	case e.Action == "fail":
		fmt.Fprintf(t.out, "FAIL %-40s %6.1f s\n", name, e.Elapsed)
		if e.FailedBuild != "" {
			t.failures = append(t.failures, name+" does not build")
			for _, line := range t.build[e.FailedBuild] {
				fmt.Fprint(t.out, "     ", line)
			}
		} else if !t.anyFailed(e.Package) {
			t.failures = append(t.failures, name+" failed outside any finished test")
			for _, line := range t.output[testKey{e.Package, ""}] {
				fmt.Fprint(t.out, "     ", line)
			}
		}
	case t.tests[e.Package] == 0:
		fmt.Fprintf(t.out, "none %-40s no tests\n", name)
	default:
		fmt.Fprintf(t.out, "ok   %-40s %6.1f s\n", name, e.Elapsed)
	}
}

func (t *tally) anyFailed(pkg string) bool {
	for key, verdict := range t.verdict {
		if key.pkg == pkg && verdict == "fail" {
			return true
		}
	}
	return false
}

// report prints failures, figures, skips, the slowest tests and the closing line, and tells whether the run counts as green.
func (t *tally) report(list allowedSkips) bool {
	var passed int
	var failed, skipped []testKey
	for key, verdict := range t.verdict {
		switch {
		case verdict == "skip":
			skipped = append(skipped, key)
		case verdict == "fail" && t.badChild[key] != "fail", verdict == "unfinished" && !t.parent[key]:
			failed = append(failed, key)
		case verdict == "pass" && !t.parent[key]:
			passed++
		}
	}
	inOrder(failed)
	inOrder(skipped)
	for _, key := range failed {
		fmt.Fprintf(t.out, "\n--- %s: %s %s\n", t.verdict[key], shortName(key.pkg), key.test)
		for _, line := range t.output[key] {
			fmt.Fprint(t.out, "    ", line)
		}
	}
	for _, f := range t.failures {
		fmt.Fprintf(t.out, "\n--- %s\n", f)
	}
	if len(t.figures) > 0 {
		sort.Strings(t.figures)
		fmt.Fprintln(t.out, "\nfigures:")
	}
	for _, f := range t.figures {
		fmt.Fprintln(t.out, " ", f)
	}
	t.slowest(10)
	unlisted := 0
	for _, key := range skipped {
		reason, ok := list.reasonFor(shortName(key.pkg), key.test)
		if !ok {
			unlisted++
			fmt.Fprintf(t.out, "skipped, NOT ALLOWED: %s %s\n", shortName(key.pkg), key.test)
			for _, line := range t.output[key] {
				fmt.Fprint(t.out, "    ", line)
			}
			continue
		}
		fmt.Fprintf(t.out, "skipped: %s %s (%s)\n", shortName(key.pkg), key.test, reason)
	}
	total := len(failed) + len(t.failures)
	if passed+total == 0 {
		fmt.Fprintln(t.out, "no test ran")
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", passed, total, len(skipped))
	return total == 0 && unlisted == 0 && passed > 0
}

// slowest prints the top-level tests that took longest, above one second.
func (t *tally) slowest(most int) {
	var keys []testKey
	for key, seconds := range t.elapsed {
		if seconds >= 1 && parentOf(key.test) == "" {
			keys = append(keys, key)
		}
	}
	sort.Slice(keys, func(i, j int) bool { return t.elapsed[keys[i]] > t.elapsed[keys[j]] })
	if len(keys) > 0 {
		fmt.Fprintln(t.out, "\nslowest:")
	}
	for _, key := range keys[:min(most, len(keys))] {
		took := time.Duration(t.elapsed[key] * float64(time.Second)).Round(100 * time.Millisecond)
		fmt.Fprintf(t.out, "%9s  %s %s\n", took, shortName(key.pkg), key.test)
	}
}

func inOrder(keys []testKey) {
	sort.Slice(keys, func(i, j int) bool {
		if keys[i].pkg != keys[j].pkg {
			return keys[i].pkg < keys[j].pkg
		}
		return keys[i].test < keys[j].test
	})
}

func parentOf(test string) string {
	if cut := strings.LastIndexByte(test, '/'); cut >= 0 {
		return test[:cut]
	}
	return ""
}

// shortName leaves the module's name out of a package path; the root package is ".".
func shortName(pkg string) string {
	_, rest, found := strings.Cut(pkg, "/")
	if !found {
		return "."
	}
	return rest
}

// Command skipcheck reads the JSON stream of go test, prints what a person wants of it and closes with one line,
// "N passed, N failed, N skipped". It exits 1 when a test failed, when none ran, or when one was skipped that the list of
// allowed skips does not name. Use: go test -json ./... | skipcheck -allowed FILE.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	allowedPath := flag.String("allowed", "", "file that names the tests that may be skipped")
	flag.Parse()
	ok, err := run(os.Stdin, os.Stdout, *allowedPath)
	if err != nil {
		fmt.Fprintln(os.Stderr, "skipcheck:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run judges the stream in and reports to out; it is false when the run must not count as green. An empty allowedPath
// allows no skip.
func run(in io.Reader, out io.Writer, allowedPath string) (bool, error) {
	var list allowedSkips
	if allowedPath != "" {
		file, err := os.Open(allowedPath)
		if err != nil {
			return false, err
		}
		defer file.Close()
		if list, err = readAllowed(file); err != nil {
			return false, fmt.Errorf("%s: %w", allowedPath, err)
		}
	}
	t := newTally(out)
	if err := t.read(in); err != nil {
		return false, err
	}
	return t.report(list), nil
}

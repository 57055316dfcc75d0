package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// allowedSkip is one line of the list: a test that may be skipped, and why.
type allowedSkip struct {
	pkg    string // without the module's name; "." is the root
	test   string // a top-level test or one subtest; covers everything below it
	reason string
}

type allowedSkips []allowedSkip

var errNoReason = errors.New("a skip needs a reason: package test # reason")

// readAllowed parses the list. Empty lines and lines that begin with "#" are comments; every other line is
// "package test # reason", all three required.
func readAllowed(r io.Reader) (allowedSkips, error) {
	var list allowedSkips
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		names, reason, _ := strings.Cut(line, "#")
		fields := strings.Fields(names)
		reason = strings.TrimSpace(reason)
		if len(fields) != 2 || reason == "" {
			return nil, fmt.Errorf("line %d: %w", number, errNoReason)
		}
		list = append(list, allowedSkip{pkg: fields[0], test: fields[1], reason: reason})
	}
	return list, lines.Err()
}

// reasonFor gives the reason of the line that allows test in pkg, if there is one.
func (list allowedSkips) reasonFor(pkg, test string) (string, bool) {
	for _, a := range list {
		if a.pkg == pkg && (test == a.test || strings.HasPrefix(test, a.test+"/")) {
			return a.reason, true
		}
	}
	return "", false
}

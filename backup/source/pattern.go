package source

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxPattern bounds a pattern in bytes; a literal path must fit.
const maxPattern = 2*DefaultMaxPath + 2

// pattern is a parsed Rule.Pattern, in lower case.
type pattern struct {
	names   []string
	dirOnly bool
}

// Literal returns the pattern that matches just this path, whatever bytes it holds.
func Literal(path string) string {
	var b strings.Builder
	b.WriteByte('/')
	for i := 0; i < len(path); i++ {
		if strings.IndexByte(`*?[]\`, path[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(path[i])
	}
	return b.String()
}

func parsePattern(text string) (pattern, error) {
	if len(text) > maxPattern {
		return pattern{}, fmt.Errorf("%w: longer than %d bytes", ErrBadPattern, maxPattern)
	}
	var p pattern
	body := lowerASCII(text)
	if strings.HasSuffix(body, "/") {
		p.dirOnly, body = true, strings.TrimSuffix(body, "/")
	}
	anchored := strings.Contains(body, "/")
	body = strings.TrimPrefix(body, "/")
	if body == "" {
		return pattern{}, fmt.Errorf("%w: it names nothing", ErrBadPattern)
	}
	if !anchored {
		p.names = append(p.names, "**")
	}
	for _, name := range strings.Split(body, "/") {
		if err := checkName(name); err != nil {
			return pattern{}, err
		}
		if name == "**" && len(p.names) > 0 && p.names[len(p.names)-1] == "**" {
			continue
		}
		p.names = append(p.names, name)
	}
	return p, nil
}

func checkName(name string) error {
	if name == "" || name == "." || name == ".." {
		return fmt.Errorf("%w: %q is no name", ErrBadPattern, name)
	}
	for i := 0; i < len(name); {
		switch name[i] {
		case '\\':
			if i+1 == len(name) {
				return fmt.Errorf(`%w: '\' at the end of a name`, ErrBadPattern)
			}
			i += 2
		case '[':
			end := classEnd(name[i:])
			if end < 0 {
				return fmt.Errorf("%w: '[' without ']'", ErrBadPattern)
			}
			i += end
		default:
			i++
		}
	}
	return nil
}

// literal returns the one path that p matches, if it has no wildcard and is not limited to directories.
func (p pattern) literal() (string, bool) {
	if p.dirOnly {
		return "", false
	}
	var b strings.Builder
	for i, name := range p.names {
		if i > 0 {
			b.WriteByte('/')
		}
		for j := 0; j < len(name); j++ {
			switch name[j] {
			case '*', '?', '[':
				return "", false
			case '\\':
				j++
			}
			b.WriteByte(name[j])
		}
	}
	return b.String(), true
}

// match tells whether p names path itself. It goes back only to the last '**', and in a name to the last '*', which is enough
// because whatever such a wildcard swallows, the rest is tried at every later place: the work is bounded by pattern × path.
func (p pattern) match(path string, isDir bool) bool {
	if p.dirOnly && !isDir {
		return false
	}
	rest := path
	i, starAt, starRest := 0, -1, ""
	more := true // rest still holds a name, perhaps an empty one
	for more {
		if i < len(p.names) && p.names[i] == "**" {
			if i == len(p.names)-1 {
				return true
			}
			starAt, starRest = i, rest
			i++
			continue
		}
		name, after, found := strings.Cut(rest, "/")
		if i < len(p.names) && matchName(p.names[i], name) {
			i++
			rest, more = after, found
			continue
		}
		if starAt < 0 {
			return false
		}
		_, after, found = strings.Cut(starRest, "/")
		starRest, rest, more, i = after, after, found, starAt+1
	}
	return i == len(p.names)
}

func matchName(pattern, name string) bool {
	pi, ni, starAt, starName := 0, 0, -1, 0
	for ni < len(name) {
		if pi < len(pattern) && pattern[pi] == '*' {
			starAt, starName = pi, ni
			pi++
			continue
		}
		if pi < len(pattern) {
			if p, n, ok := matchOne(pattern[pi:], name[ni:]); ok {
				pi, ni = pi+p, ni+n
				continue
			}
		}
		if starAt < 0 {
			return false
		}
		starName++
		pi, ni = starAt+1, starName
	}
	for pi < len(pattern) && pattern[pi] == '*' {
		pi++
	}
	return pi == len(pattern)
}

// matchOne matches one element of a pattern against the start of name and returns how much of each it took. A byte that is no part
// of valid UTF-8 is a character of its own.
func matchOne(pattern, name string) (taken, eaten int, ok bool) {
	switch pattern[0] {
	case '?':
		_, n := utf8.DecodeRuneInString(name)
		return 1, n, true
	case '[':
		end := classEnd(pattern)
		r, n := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && n == 1 {
			return end, 1, false
		}
		return end, n, inClass(pattern[1:end-1], lowerRune(r))
	case '\\':
		return 2, 1, pattern[1] == lowerByte(name[0])
	}
	return 1, 1, pattern[0] == lowerByte(name[0])
}

// classEnd returns the length of the class at the start of s, brackets included, or -1. A ']' first in the class stands for itself.
func classEnd(s string) int {
	i := 1
	if i < len(s) && s[i] == '!' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	if end := strings.IndexByte(s[min(i, len(s)):], ']'); end >= 0 {
		return i + end + 1
	}
	return -1
}

func inClass(class string, r rune) bool {
	class, negated := strings.CutPrefix(class, "!")
	runes := []rune(class)
	in := false
	for i := 0; i < len(runes); i++ {
		low, high := runes[i], runes[i]
		if i+2 < len(runes) && runes[i+1] == '-' {
			high = runes[i+2]
			i += 2
		}
		in = in || low <= r && r <= high
	}
	return in != negated
}

func lowerRune(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

func lowerByte(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if lowerByte(s[i]) != s[i] {
			b := []byte(s)
			for j := i; j < len(b); j++ {
				b[j] = lowerByte(b[j])
			}
			return string(b)
		}
	}
	return s
}

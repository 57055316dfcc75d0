package restore

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Glob is one pattern for paths. '*' stands for any run of bytes without '/', '?' for one character, '[a-z]' and '[!a-z]' for one in
// or out of a range, '\' takes the next byte literally, '**' as a whole name stands for any number of folders. A pattern without '/'
// names a file or folder at any depth. One that begins with '/' (or a drive letter) is compared with the path the file had on the
// computer it was backed up from; any other begins at a protected folder, with or without that folder's own name. A pattern that
// names a folder selects all below it. ASCII letters match in either case.
type Glob struct {
	names    []string
	absolute bool
}

const maxGlob = 16 << 10 // bytes

// ParseGlob reads a pattern; ErrBadGlob.
func ParseGlob(text string) (Glob, error) {
	bad := func(why string) (Glob, error) { return Glob{}, fmt.Errorf("%w: %s", ErrBadGlob, why) }
	if len(text) > maxGlob {
		return bad("too long")
	}
	var g Glob
	body := strings.TrimSuffix(text, "/")
	if body == "" {
		if text == "/" {
			return Glob{absolute: true}, nil
		}
		return bad("it names nothing")
	}
	g.absolute = body[0] == '/' || len(body) > 2 && body[1] == ':' && body[2] == '/'
	if !strings.Contains(body, "/") {
		g.names = append(g.names, "**")
	}
	for _, n := range strings.Split(strings.TrimPrefix(body, "/"), "/") {
		if n == "" || n == "." || n == ".." {
			return bad("an empty name, '.' or '..' in it")
		}
		if err := checkGlobName(n); err != "" {
			return bad(err)
		}
		if n == "**" && len(g.names) > 0 && g.names[len(g.names)-1] == "**" {
			continue
		}
		g.names = append(g.names, n)
	}
	return g, nil
}

func checkGlobName(n string) string {
	for i := 0; i < len(n); i++ {
		switch n[i] {
		case '\\':
			if i++; i == len(n) {
				return `'\' at the end of a name`
			}
		case '[':
			end := classLen(n[i:])
			if end < 0 {
				return "'[' without ']'"
			}
			i += end - 1
		}
	}
	return ""
}

// Match tells whether the pattern names the file rel of the folder with this base name and root, or a folder above the file.
func (g Glob) Match(root, base, rel string) bool {
	if g.absolute {
		full := strings.TrimSuffix(strings.ReplaceAll(root, `\`, "/"), "/") + "/" + rel
		if !isDrivePath(root) {
			full = strings.TrimSuffix(root, "/") + "/" + rel
		}
		return g.below(strings.TrimPrefix(full, "/"))
	}
	return g.below(rel) || g.below(base+"/"+rel)
}

// below matches the path or any folder above it. It goes back only to the last '**': whatever that swallows, the rest is tried at
// every later name, so the work is bounded by the product of both lengths.
func (g Glob) below(path string) bool {
	names := strings.Split(path, "/")
	gi, ni, star, starName := 0, 0, -1, 0
	for {
		if gi == len(g.names) {
			return true // the pattern is used up: it names the file or a folder above it
		}
		if g.names[gi] == "**" {
			if gi == len(g.names)-1 {
				return ni < len(names)
			}
			star, starName = gi, ni
			gi++
			continue
		}
		if ni < len(names) && matchGlobName(g.names[gi], names[ni]) {
			gi, ni = gi+1, ni+1
			continue
		}
		if star < 0 || starName >= len(names) {
			return false
		}
		starName++
		gi, ni = star+1, starName
	}
}

func matchGlobName(p, n string) bool {
	pi, ni, star, starAt := 0, 0, -1, 0
	for ni < len(n) {
		if pi < len(p) && p[pi] == '*' {
			star, starAt = pi, ni
			pi++
			continue
		}
		if pi < len(p) {
			if took, ate, ok := matchGlobOne(p[pi:], n[ni:]); ok {
				pi, ni = pi+took, ni+ate
				continue
			}
		}
		if star < 0 {
			return false
		}
		starAt++
		pi, ni = star+1, starAt
	}
	return strings.Trim(p[pi:], "*") == ""
}

// matchGlobOne matches one element. A byte that is no part of valid UTF-8 is a character of its own.
func matchGlobOne(p, n string) (took, ate int, ok bool) {
	r, size := utf8.DecodeRuneInString(n)
	switch p[0] {
	case '?':
		return 1, size, true
	case '[':
		end := classLen(p)
		if r == utf8.RuneError && size == 1 {
			return end, 1, false
		}
		return end, size, inGlobClass(p[1:end-1], r)
	case '\\':
		return 2, 1, lower(rune(p[1])) == lower(rune(n[0]))
	}
	return 1, 1, lower(rune(p[0])) == lower(rune(n[0]))
}

// classLen is the length of the class at the start of s with its brackets, -1 without an end. A ']' that comes first is a member.
func classLen(s string) int {
	at := 1
	if at < len(s) && s[at] == '!' {
		at++
	}
	if at < len(s) && s[at] == ']' {
		at++
	}
	if end := strings.IndexByte(s[min(at, len(s)):], ']'); end >= 0 {
		return at + end + 1
	}
	return -1
}

func inGlobClass(class string, r rune) bool {
	class, not := strings.CutPrefix(class, "!")
	members := []rune(class)
	in := false
	for i := 0; i < len(members); i++ {
		lo, hi := members[i], members[i]
		if i+2 < len(members) && members[i+1] == '-' {
			hi, i = members[i+2], i+2
		}
		in = in || lower(lo) <= lower(r) && lower(r) <= lower(hi) || lo <= r && r <= hi
	}
	return in != not
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

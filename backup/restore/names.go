package restore

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// foldName maps all spellings that a disk without regard to case or Unicode form takes for one name to one (canonical caseless
// matching, section 3.13 of the Unicode standard).
func foldName(name string) string {
	return norm.NFD.String(cases.Fold().String(norm.NFD.String(name)))
}

// usable tells whether a path from the catalogue stays below its folder: it may come from another system, or from a faulty device.
func usable(rel string) bool {
	for name := range strings.SplitSeq(rel, "/") {
		if name == "" || name == "." || name == ".." || strings.IndexByte(name, 0) >= 0 || !systemAllows(name) {
			return false
		}
	}
	return true
}

// reserved are device names of Windows; with any ending they name the device (Microsoft, "Naming Files, Paths, and Namespaces").
var reserved = func() map[string]bool {
	m := map[string]bool{"con": true, "prn": true, "aux": true, "nul": true, "conin$": true, "conout$": true}
	for _, d := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "\u00b9", "\u00b2", "\u00b3"} {
		m["com"+d], m["lpt"+d] = true, true
	}
	return m
}()

// windowsAllows tells whether a name can stand on a disk formatted for Windows.
func windowsAllows(name string) bool {
	if strings.ContainsAny(name, `<>:"\|?*`) || strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || !utf8.ValidString(name) {
		return false
	}
	for i := range len(name) {
		if name[i] < 0x20 {
			return false
		}
	}
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	return !reserved[strings.TrimRight(stem, " ")]
}

// fits tells whether a name is short enough for a disk: in bytes, or in UTF-16 units where the disk counts so.
func fits(name string, k diskKind) bool {
	if k.utf16 {
		n := 0
		for _, r := range name {
			n++
			if r > 0xffff {
				n++
			}
		}
		return n <= k.maxName
	}
	return len(name) <= k.maxName
}

// diskKind is what matters for names at a target.
type diskKind struct {
	name       string // of the file system, "" = not known
	maxName    int
	utf16      bool // maxName counts UTF-16 units
	windows    bool // names that Windows reserves cannot stand there
	caseless   bool // names that differ in case or Unicode form are one name
	attributes bool // keeps permission bits
}

// withSuffix puts an addition before the first ending of a name: "a.CR3.xmp" becomes "a (restored 2026-11-22).CR3.xmp". A stem that
// would get too long is cut, between characters.
func withSuffix(name, suffix string, k diskKind) string {
	at := stemLen(name)
	stem, ending := name[:at], name[at:]
	if !fits(suffix+ending+"x", k) { // an ending as long as a name: it stays where it is
		stem, ending = name, ""
	}
	for len(stem) > 1 && !fits(stem+suffix+ending, k) {
		_, n := utf8.DecodeLastRuneInString(stem)
		stem = stem[:len(stem)-n]
	}
	return stem + suffix + ending
}

// maxSuffixes bounds the additions that are tried for one file or group.
const maxSuffixes = 10_000

// errNames: a folder where so many names are taken, or that says so of every name.
var errNames = fmt.Errorf("every name tried is taken: %w", fs.ErrExist)

// suffixOf is the addition to names of restored files that keep another one company.
func suffixOf(day string, n int) string {
	if n < 2 {
		return fmt.Sprintf(" (restored %s)", day)
	}
	return fmt.Sprintf(" (restored %s, %d)", day, n)
}

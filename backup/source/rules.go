package source

import (
	"fmt"
	"strings"
	"time"
)

// Rule says of the files its pattern matches whether they are covered. Rules are read in order and the first that matches decides;
// what none matches is covered unless a built-in rule names it as junk.
//
// A pattern is names separated by '/'. In a name '*' stands for any run of bytes, '?' for one character, '[a-z]' and '[!a-z]' for
// one character in or out of a range, '\' takes the next byte literally. A name '**' stands for any number of directories. A
// pattern with a '/' at its start or middle begins at the folder's root; any other matches at every depth. A '/' at the end matches
// directories only. A matched directory stands for all below it. ASCII letters match in either case.
type Rule struct {
	Name    string // shown to the user
	Pattern string
	Include bool      // true: covered, even against a later or a built-in rule
	Who     string    // who made the rule, for the list of what is left out; not used here
	When    time.Time // when it was made; not used here
}

// Rules are read in order.
type Rules []Rule

// Names of the built-in rules, as they stand in Item.Rule.
const (
	RuleNotFile      = "not a file"             // socket, pipe, device
	RuleSystem       = "system files"           // a mounted file system without user's files, such as /proc
	RuleSameFolder   = "same folder again"      // a directory that lies inside itself (bind mount)
	RuleJunk         = "junk file"              // left by file managers, see junkFiles
	RuleAppleDouble  = "macOS companion file"   // ._NAME beside NAME
	RuleNASThumbnail = "NAS thumbnail"          // Synology's @eaDir
	RuleVolumeSystem = "system folder of drive" // at the root of a volume, see volumeFolders
	RuleRestore      = "unfinished restore"     // Lightproof's own, see restoreFile
)

// junkFiles are files that file managers leave behind (Apple Finder, Windows Explorer, KDE Dolphin), by lower-case name. No photo,
// video or sidecar bears such a name.
var junkFiles = map[string]bool{
	".ds_store": true, ".localized": true, "icon\r": true, ".apdisk": true, ".volumeicon.icns": true, ".com.apple.timemachine.donotpresent": true,
	"thumbs.db": true, "ehthumbs.db": true, "ehthumbs_vista.db": true, "desktop.ini": true,
	".directory": true,
}

// volumeFolders are what systems keep at the root of a volume for themselves: trash, search index, event logs (Apple, Microsoft,
// freedesktop.org Trash specification, ext4). They are not walked.
var volumeFolders = map[string]bool{
	".trashes": true, ".spotlight-v100": true, ".fseventsd": true, ".temporaryitems": true, ".documentrevisions-v100": true,
	"$recycle.bin": true, "system volume information": true, "lost+found": true, ".trash": true,
}

// nasNames are the files that Synology DSM derives from a photo and keeps in @eaDir/PHOTO/. Anything else there is covered.
var nasNames = []string{"synophoto_thumb_", "synophoto_film_", "synovideo_", "synoindex_media_info", "synophoto:thumb_", "synophoto:film_"}

// junk names the built-in rule that leaves out the file at path, or "". beside tells whether a name stands in the same directory.
func junk(path string, beside func(string) bool) string {
	dir, name := cutLast(path)
	lower := strings.ToLower(name)
	if junkFiles[lower] {
		return RuleJunk
	}
	if restoreFile(name) {
		return RuleRestore
	}
	if companion, ok := strings.CutPrefix(name, "._"); ok && beside(companion) {
		return RuleAppleDouble
	}
	if rest, photo := cutLast(dir); photo != "" {
		if _, ea := cutLast(rest); ea == "@eaDir" {
			for _, prefix := range nasNames {
				if strings.HasPrefix(lower, prefix) {
					return RuleNASThumbnail
				}
			}
		}
	}
	if _, ea := cutLast(dir); ea == "@eaDir" && (strings.HasSuffix(lower, "@synoeastream") || strings.HasSuffix(lower, "@synoresource")) {
		return RuleNASThumbnail
	}
	return ""
}

// restoreFile tells whether a name is one that a restore gives to its mark in a folder or to a file that it has not finished:
// .lightproof-restore-, 16 hex digits, and for a file - and its number. Any other name that begins so is the user's.
func restoreFile(name string) bool {
	ours, _ := ofRestore(name)
	return ours
}

// restoreFolder tells whether a name is one that a restore gives to a folder that it has not finished: that of a file of it.
func restoreFolder(name string) bool {
	ours, number := ofRestore(name)
	return ours && number
}

func ofRestore(name string) (ours, number bool) {
	rest, ok := strings.CutPrefix(name, ".lightproof-restore-")
	if !ok {
		return false, false
	}
	id, n, number := strings.Cut(rest, "-")
	return len(id) == 16 && strings.Trim(id, "0123456789abcdef") == "" && (!number || isDigits(n)), number
}

func volumeFolder(name string) bool {
	lower := strings.ToLower(name)
	return volumeFolders[lower] || strings.HasPrefix(lower, ".trash-") && isDigits(lower[len(".trash-"):])
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func cutLast(path string) (dir, name string) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// Check returns ErrBadPattern, wrapped with the rule's name, for the first rule that cannot be used.
func (r Rules) Check() error {
	_, err := compileRules(r)
	return err
}

// ruleSet is Rules made ready. Patterns without wildcards that begin at the root are looked up, not tried one after the other, so
// that thousands of files left out one by one cost nothing.
type ruleSet struct {
	rules    Rules
	globs    []compiledRule
	literals map[string]int // lower-case path → first rule
	firstIn  int            // first Include rule; len(rules) if none
}

type compiledRule struct {
	index   int
	pattern pattern
}

func compileRules(rules Rules) (*ruleSet, error) {
	set := &ruleSet{rules: rules, literals: map[string]int{}, firstIn: len(rules)}
	for i, r := range rules {
		p, err := parsePattern(r.Pattern)
		if err != nil {
			return nil, fmt.Errorf("rule %q: %w", r.Name, err)
		}
		if r.Include && set.firstIn == len(rules) {
			set.firstIn = i
		}
		if path, ok := p.literal(); ok {
			if _, taken := set.literals[path]; !taken {
				set.literals[path] = i
			}
			continue
		}
		set.globs = append(set.globs, compiledRule{i, p})
	}
	return set, nil
}

// none is the verdict "no rule matches".
const none = int(^uint(0) >> 1)

// judge returns the index of the rule that decides for path, given the verdict for its directory.
func (s *ruleSet) judge(inherited int, path string, isDir bool) int {
	verdict := inherited
	if len(s.literals) > 0 {
		if i, ok := s.literals[lowerASCII(path)]; ok && i < verdict {
			verdict = i
		}
	}
	for _, c := range s.globs {
		if c.index >= verdict {
			break
		}
		if c.pattern.match(path, isDir) {
			return c.index
		}
	}
	return verdict
}

// skips tells whether verdict leaves something out, and by which rule.
func (s *ruleSet) skips(verdict int) (name string, yes bool) {
	if verdict >= len(s.rules) || s.rules[verdict].Include {
		return "", false
	}
	return s.rules[verdict].Name, true
}

// skipsAll tells whether verdict on a directory leaves out all below it, whatever that may be.
func (s *ruleSet) skipsAll(verdict int) (name string, yes bool) {
	name, yes = s.skips(verdict)
	return name, yes && s.firstIn > verdict
}

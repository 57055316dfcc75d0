package source

import (
	"context"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string // a '/' at the end makes it a directory
	}{
		{"*.tmp", []string{"a.tmp", "x/y/A.TMP", ".tmp", "new\nline.tmp", "\xff.tmp"}, []string{"a.tmp/b", "a.tmpx", "tmp"}},
		{"/private", []string{"private", "Private/"}, []string{"x/private", "private2"}},
		{"private/", []string{"private/", "x/private/"}, []string{"private", "x/private"}},
		{"2019/*", []string{"2019/a.jpg", "2019/08/"}, []string{"2019/08/a.jpg", "x/2019/a.jpg", "2019/"}},
		{"**/raw/*.CR3", []string{"raw/a.cr3", "x/raw/a.cr3", "x/y/raw/a.cr3"}, []string{"raw/x/a.cr3", "a.cr3"}},
		{"a/**/z", []string{"a/z", "a/b/z", "a/b/c/z", "a/z/z"}, []string{"a", "z", "a/b", "a/zz", "b/a/z"}},
		{"a/**", []string{"a/b", "a/b/c/d"}, []string{"b", "ab"}},
		{"**", []string{"a", "a/b", "\n"}, nil},
		{"**/a/**/b/**/c", []string{"a/b/c", "x/a/x/b/x/c", "a/a/b/b/c/c"}, []string{"a/c/b", "b/a/c", "a/b/cc"}},
		{"IMG_?.jpg", []string{"IMG_1.jpg", "IMG_é.jpg", "img_\xff.JPG"}, []string{"IMG_.jpg", "IMG_12.jpg"}},
		{"IMG_[0-9].jpg", []string{"IMG_5.jpg"}, []string{"IMG_x.jpg", "IMG_\xff.jpg", "IMG_55.jpg"}},
		{"[!a-c]x", []string{"dx", "éx"}, []string{"ax", "Bx", "x"}},
		{"[]]x", []string{"]x"}, []string{"[x"}},
		{"[a-cé]x", []string{"Bx", "éx"}, []string{"dx", "-x"}},
		{`\*\?\[\\`, []string{`*?[\`, `x/*?[\`}, []string{`xy[\`}},
		{"a*b*c", []string{"abc", "aXbXbXc", "abcbc"}, []string{"acb", "abcd"}},
		{"/a b/ c ", []string{"a b/ c "}, []string{"a b/c"}},
	} {
		p, err := parsePattern(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		for want, paths := range map[bool][]string{true: c.yes, false: c.no} {
			for _, path := range paths {
				name, isDir := strings.CutSuffix(path, "/")
				if p.match(name, isDir) != want {
					t.Errorf("%q matches %q: %v", c.pattern, path, !want)
				}
			}
		}
	}
}

func TestBadPatternsAreRefusedWithTheRulesName(t *testing.T) {
	for _, pattern := range []string{"", "/", "//", "a//b", "../x", "a/./b", "[a", "x[!", "[]", `a\`, "[!]", strings.Repeat("x", maxPattern+1)} {
		err := Rules{{Name: "mine", Pattern: pattern}}.Check()
		if !errors.Is(err, ErrBadPattern) || !strings.Contains(err.Error(), "mine") {
			t.Errorf("%.20q: %v", pattern, err)
		}
	}
	if _, err := NewOS(nil).Scan(context.Background(), Folder{Root: t.TempDir(), Rules: Rules{{Pattern: "["}}}, ScanOptions{}, nil); !errors.Is(err, ErrBadPattern) {
		t.Error(err)
	}
}

func TestFirstRuleThatMatchesDecides(t *testing.T) {
	dir := plant(t, "keep.jpg", "trash/a.jpg", "trash/best/b.jpg", "trash/c.CR3", "x/.DS_Store", "x/a.tmp", "odd*[1].jpg", "odd*[2].jpg")
	rules := Rules{
		{Name: "best", Pattern: "trash/best", Include: true},
		{Name: "one left out", Pattern: Literal("odd*[1].jpg")},
		{Name: "store", Pattern: ".DS_Store", Include: true},
		{Name: "trash", Pattern: "/trash/"},
		{Name: "never reached", Pattern: "trash/best/**"},
		{Name: "tmp", Pattern: "*.tmp"},
	}
	want := map[string]string{
		"keep.jpg": "", "trash/a.jpg": "trash", "trash/best/b.jpg": "", "trash/c.CR3": "trash", "x/.DS_Store": "", "x/a.tmp": "tmp",
		"odd*[1].jpg": "one left out", "odd*[2].jpg": "",
	}
	folder := Folder{Root: dir, Rules: rules}
	items, _, sum := scanned(t, folder, ScanOptions{})
	judge, err := NewJudge(rules)
	if err != nil || len(items) != len(want) {
		t.Fatal(err, items)
	}
	for path, rule := range want {
		if items[path].Rule != rule || (items[path].State == Skipped) != (rule != "") {
			t.Errorf("%q: %v by %q, want %q", path, items[path].State, items[path].Rule, rule)
		}
		if got, _ := judge.Skips(path, nil); got != rule {
			t.Errorf("judge of %q: %q, want %q", path, got, rule)
		}
	}
	if !sum.Full || sum.AtLeast {
		t.Errorf("%+v", sum)
	}
	previews, err := Preview(context.Background(), NewOS(nil), folder, ScanOptions{}, 1)
	if err != nil || len(previews) != 3 || previews[2].Rule != "trash" || previews[2].Items != 2 || len(previews[2].Examples) != 1 {
		t.Errorf("%+v %v", previews, err)
	}
}

func TestOnlyChosenFilesAreCovered(t *testing.T) {
	dir := plant(t, "a.jpg", "b.txt", "x/c.JPG")
	items, _, _ := scanned(t, Folder{Root: dir, Rules: Rules{
		{Name: "pictures", Pattern: "*.jpg", Include: true}, {Name: "all else", Pattern: "**"},
	}}, ScanOptions{})
	if items["a.jpg"].State != Found || items["x/c.JPG"].State != Found || items["b.txt"].Rule != "all else" {
		t.Errorf("%+v", items)
	}
}

func TestBuiltInRulesNameOnlyJunk(t *testing.T) {
	paths := map[string]string{
		".DS_Store": RuleJunk, "x/Thumbs.db": RuleJunk, "desktop.ini": RuleJunk, "x/ehthumbs_vista.db": RuleJunk,
		"x/a.jpg": "", "x/._a.jpg": RuleAppleDouble, "x/._lonely.jpg": "", ".hidden.jpg": "", "x/Thumbs.jpg": "", "y/desktop.ini.jpg": "",
		"p/@eaDir/a.jpg/SYNOPHOTO_THUMB_XL.jpg": RuleNASThumbnail, "p/@eaDir/a.jpg@SynoEAStream": RuleNASThumbnail,
		"p/@eaDir/a.jpg/mine.jpg": "", "p/@eaDir/mine.jpg": "", "p/SYNOPHOTO_THUMB_XL.jpg": "",
		".Trash-1000": RuleVolumeSystem, ".Trash-me/a.jpg": "", "x/.Trash-1000/a.jpg": "",
		"x/.lightproof-restore-00ff00ff00ff00ff-12": RuleRestore, ".lightproof-restore-0123456789abcdef": RuleRestore, ".lightproof-restore-0123456789abcdef-": "",
		"y/.lightproof-restore-00ff00ff00ff00ff-7": RuleRestore, ".lightproof-restore-0123456789abcdee/mine.jpg": "",
		".lightproof-restore-mine.jpg": "", "x.lightproof-restore-0123456789abcdef": "", ".lightproof-restore-0123456789abcdef-1.jpg": "",
		"a.xmp": "", "a.AAE": "", "a.THM": "", "a.jpg.json": "", "v.MOV": "", "v.LRV": "", "catalog.lrcat": "",
	}
	var files []string
	for path := range paths {
		if path == ".Trash-1000" || path == "y/.lightproof-restore-00ff00ff00ff00ff-7" {
			path += "/files/gone.jpg"
		}
		files = append(files, path)
	}
	items, _, _ := scanned(t, Folder{Root: plant(t, files...)}, ScanOptions{})
	for path, rule := range paths {
		if i, ok := items[path]; !ok || i.Rule != rule {
			t.Errorf("%q: rule %q, want %q (%v)", path, i.Rule, rule, ok)
		}
	}
	for name := range junkFiles {
		if name != strings.ToLower(name) || strings.HasSuffix(name, ".jpg") {
			t.Errorf("junk name %q", name)
		}
	}
}

// matchSlowly is the definition of a pattern, tried in every way.
func matchSlowly(names, path []string) bool {
	if len(names) == 0 {
		return len(path) == 0
	}
	if names[0] == "**" {
		if len(names) == 1 {
			return len(path) > 0
		}
		for i := 0; i <= len(path); i++ {
			if matchSlowly(names[1:], path[i:]) {
				return true
			}
		}
		return false
	}
	return len(path) > 0 && nameSlowly(names[0], path[0]) && matchSlowly(names[1:], path[1:])
}

func nameSlowly(pattern, name string) bool {
	if pattern == "" {
		return name == ""
	}
	if pattern[0] == '*' {
		for i := 0; i <= len(name); i++ {
			if nameSlowly(pattern[1:], name[i:]) {
				return true
			}
		}
		return false
	}
	if name == "" {
		return false
	}
	taken, eaten, ok := matchOne(pattern, name)
	return ok && nameSlowly(pattern[taken:], name[eaten:])
}

func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"*.tmp", "a/b.tmp"}, {"a/**/z", "a/b/c/z"}, {"[!a-z]?", "x/\xffy"}, {`\[`, "["}, {"**/a*b?c[x-z]", "q/abcdcz"}, {"/x/", "x"}, {"**/**/a", "a"},
		{"*?", "é"}, {"*\xa9", "é"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		p, err := parsePattern(text)
		if err != nil {
			if !errors.Is(err, ErrBadPattern) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		got := p.match(path, true)
		if len(text) <= 24 && len(path) <= 24 && strings.Count(text, "*") <= 6 {
			if want := matchSlowly(p.names, strings.Split(path, "/")); got != want {
				t.Errorf("%q matches %q: %v, want %v", text, path, got, want)
			}
		}
		if literal, ok := p.literal(); ok && (literal == lowerASCII(path)) != got {
			t.Errorf("%q as a literal %q disagrees on %q", text, literal, path)
		}
		if path == "" || len(path) > 1000 || strings.Contains("/"+path+"/", "//") || strings.Contains("/"+path+"/", "/./") || strings.Contains("/"+path+"/", "/../") {
			return
		}
		own, err := parsePattern(Literal(path))
		if err != nil {
			t.Fatalf("literal of %q: %v", path, err)
		}
		if !own.match(path, false) || !utf8.ValidString(path) && !own.match(path, true) {
			t.Errorf("the literal of %q does not match it", path)
		}
	})
}

func BenchmarkJudgeWithManyLiterals(b *testing.B) {
	rules := Rules{{Name: "tmp", Pattern: "*.tmp"}, {Name: "deep", Pattern: "**/cache/**/x*y*z"}}
	for i := range 10_000 {
		rules = append(rules, Rule{Name: "left out", Pattern: Literal("2019/08/IMG_" + strings.Repeat("1", i%50) + ".JPG")})
	}
	set, err := compileRules(rules)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		set.judge(none, "2019/08/IMG_1234.JPG", false)
	}
}

// A look at one path knows the folders above it, as a walk does.
func TestAPathInAnUnfinishedRestoreIsLeftOut(t *testing.T) {
	dir := plant(t, "y/.lightproof-restore-00ff00ff00ff00ff-7/deep/a.jpg", "y/.lightproof-restore-00ff00ff00ff00ff/b.jpg")
	for under, rule := range map[string]string{
		"y/.lightproof-restore-00ff00ff00ff00ff-7/deep/a.jpg": RuleRestore,
		"y/.lightproof-restore-00ff00ff00ff00ff-7/deep":       RuleRestore,
		"y/.lightproof-restore-00ff00ff00ff00ff-7":            RuleRestore,
		"y/.lightproof-restore-00ff00ff00ff00ff/b.jpg":        "",
	} {
		items, _, _ := scanned(t, Folder{Root: dir}, ScanOptions{Under: under})
		if len(items) != 1 {
			t.Fatalf("%q: %+v", under, items)
		}
		for path, i := range items {
			if i.Rule != rule || rule == "" && path != under {
				t.Errorf("%q: %q %q", under, path, i.Rule)
			}
		}
		judge, err := NewJudge(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, yes := judge.Skips(under, nil); under[len(under)-1] == 'g' && (got != rule || yes != (rule != "")) {
			t.Errorf("%q: judged %q", under, got)
		}
	}
}

package photo

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
)

// All patterns run on names in NFC and lower case.
var (
	duplicateMark = regexp.MustCompile(`^(.+)_\d{2}(\.[a-z0-9]{2,4})$`) // darktable: name_01.ext.xmp
	goproChapter  = regexp.MustCompile(`^g([xhl])(\d{2})(\d{4})$`)
	appleName     = regexp.MustCompile(`^img_([eo]?)(\d{4,})$`)
	takeoutCopy   = regexp.MustCompile(`^(.+)(\.[a-z0-9]{2,4})(\(\d+\))$`)
	takeoutSuffix = regexp.MustCompile(`\.(?:s|su|sup|supp|suppl|supple|supplem|suppleme|supplemen|supplement|supplementa|supplemental|supplemental-[a-z]*)(\(\d+\))?$`)
	googleBurst   = regexp.MustCompile(`^(.*)_burst(\d+)`)
	samsungBurst  = regexp.MustCompile(`^(\d{8}_\d{6})_\d{3}$`)
	goproBurst    = regexp.MustCompile(`^g(\d{3})\d{4}$`)
	lastNumber    = regexp.MustCompile(`^(.*?)(\d{1,9})$`)
)

// takeoutLength is where Google Takeout cuts the name of a description, without ".json".
const takeoutLength = 46

// liveBase is the base name by which the halves of a Live Photo are named alike, without what exporters add to one of them.
func liveBase(n nameParts) string {
	base := n.base
	if strings.HasSuffix(base, ".mp4") || strings.HasSuffix(base, ".mov") { // IMG_1.mp4.jpg
		base = base[:len(base)-4]
	}
	for _, mark := range []string{"_3", "_hevc", "_hvec"} {
		if cut := strings.TrimSuffix(base, mark); cut != base && cut != "" {
			return cut
		}
	}
	return base
}

// pixelBase is the common part of PXL_….RAW-01.COVER and PXL_….RAW-02.ORIGINAL.
func pixelBase(base string) string {
	if at := strings.Index(base, ".raw-0"); at > 0 && strings.HasPrefix(base, "pxl_") {
		return base[:at]
	}
	return base
}

// isSidecar reports whether a file only describes or accompanies another; the suffix decides where the content cannot.
func (g *grouping) isSidecar(i int) bool {
	switch g.names[i].ext {
	case ".xmp", ".aae", ".thm", ".lrv", ".json":
		return true
	}
	return g.members[i].Kind.Sidecar()
}

// describes hangs a sidecar on the files it names: "name.ext.xmp" on name.ext alone, "name.xmp" on every file named so.
func (g *grouping) describes(i int, byName map[string]int, byBase map[string][]int) {
	n := g.names[i]
	to := func(files []int, rule Rule) {
		for _, f := range files {
			g.attach(i, f, rule)
		}
	}
	switch n.ext {
	case ".xmp":
		if f, ok := byName[n.base]; ok && !g.isSidecar(f) {
			g.attach(i, f, Sidecar)
			return
		}
		if m := duplicateMark.FindStringSubmatch(n.base); m != nil {
			if f, ok := byName[m[1]+m[2]]; ok && !g.isSidecar(f) {
				g.attach(i, f, Sidecar)
				return
			}
		}
		to(byBase[n.base], Sidecar)
	case ".aae":
		base := n.base
		if m := appleName.FindStringSubmatch(base); m != nil {
			base = "img_" + m[2]
		}
		to(byBase[base], AppleEdit)
	case ".thm", ".lrv":
		base := n.base
		if m := goproChapter.FindStringSubmatch(base); m != nil && m[1] == "l" {
			for _, letter := range []string{"x", "h"} {
				to(byBase["g"+letter+m[2]+m[3]], VideoCompanion)
			}
			return
		}
		to(byBase[base], VideoCompanion)
	case ".json":
		if f, ok := takeoutTarget(n.base, byName); ok && !g.isSidecar(f) {
			g.attach(i, f, TakeoutJSON)
		}
	}
}

// takeoutTarget finds the file that a Takeout description names: "a.jpg", "a.jpg(1)" for a(1).jpg, or a name cut to 46 characters.
func takeoutTarget(base string, byName map[string]int) (int, bool) {
	if f, ok := byName[base]; ok {
		return f, true
	}
	if m := takeoutSuffix.FindStringSubmatch(base); m != nil {
		base = base[:len(base)-len(m[0])] + m[1]
		if f, ok := byName[base]; ok {
			return f, true
		}
	}
	if m := takeoutCopy.FindStringSubmatch(base); m != nil {
		f, ok := byName[m[1]+m[3]+m[2]]
		return f, ok
	}
	if len([]rune(base)) != takeoutLength {
		return 0, false
	}
	found, n := 0, 0
	for name, f := range byName {
		if strings.HasPrefix(name, base) && !strings.HasSuffix(name, ".json") {
			found, n = f, n+1
		}
	}
	return found, n == 1
}

// editedOf gives the base name of the original of an edited copy: IMG_E1234 is the edit of IMG_1234.
func editedOf(base string) (string, bool) {
	if m := appleName.FindStringSubmatch(base); m != nil && m[1] == "e" {
		return "img_" + m[2], true
	}
	return "", false
}

// edited joins an edited copy with its original: a still with a still, a movie with a movie.
func (g *grouping) edited(i int, byBase map[string][]int) {
	original, ok := editedOf(g.names[i].base)
	if !ok || g.isSidecar(i) {
		return
	}
	for _, o := range byBase[original] {
		if g.members[o].Kind.Video() == g.members[i].Kind.Video() {
			g.join(o, i, AppleEdit, false)
		}
	}
}

// companion joins the chapters of one recording.
func (g *grouping) companion(i int, chapters map[string]int) {
	m := goproChapter.FindStringSubmatch(g.names[i].base)
	if m == nil || m[1] == "l" || !g.members[i].Kind.Video() {
		return
	}
	key := m[1] + m[3]
	if first, ok := chapters[key]; ok {
		g.join(first, i, VideoCompanion, false)
	} else {
		chapters[key] = i
	}
}

// bursts numbers the series among the assets: by the camera's identifier, by the maker's way of naming, else by consecutive numbers of one camera
// with fractions of a second at most one second apart, which is a guess.
func (g *grouping) bursts(assets []Asset) {
	series := map[string][]int{}
	for a := range assets {
		if key := g.burstKey(assets[a].Shown); key != "" {
			series[key] = append(series[key], a)
		}
	}
	number := 0
	for _, key := range sortedKeys(series) {
		if len(series[key]) < 2 {
			continue
		}
		number++
		for _, a := range series[key] {
			assets[a].Burst = number
		}
	}
	g.guessBursts(assets, number)
}

func (g *grouping) burstKey(i int) string {
	m, n := &g.members[i], g.names[i]
	if !m.Kind.Still() {
		return ""
	}
	if m.BurstMarkID != "" {
		return "id\x00" + m.BurstMarkID
	}
	if b := googleBurst.FindStringSubmatch(n.base); b != nil {
		if len(b[2]) >= 10 { // the digits are a time that all frames share
			return n.folder + "\x00google\x00" + b[2]
		}
		return n.folder + "\x00google\x00" + b[1]
	}
	if b := samsungBurst.FindStringSubmatch(n.base); b != nil {
		return n.folder + "\x00samsung\x00" + b[1]
	}
	if b := goproBurst.FindStringSubmatch(n.base); b != nil && n.ext == ".jpg" {
		return n.folder + "\x00gopro\x00" + b[1]
	}
	return ""
}

func (g *grouping) guessBursts(assets []Asset, number int) {
	type frame struct {
		asset, file, n int
		stem           string
	}
	var frames []frame
	for a := range assets {
		i := assets[a].Shown
		m := lastNumber.FindStringSubmatch(g.names[i].base)
		if assets[a].Burst != 0 || m == nil || !g.members[i].Kind.Still() || !g.members[i].Taken.Known() || g.members[i].Taken.V.SubSec == "" {
			continue
		}
		n := 0
		for _, c := range m[2] {
			n = n*10 + int(c-'0')
		}
		frames = append(frames, frame{a, i, n, g.names[i].folder + "\x00" + m[1]})
	}
	slices.SortStableFunc(frames, func(a, b frame) int { return cmp.Or(cmp.Compare(a.stem, b.stem), a.n-b.n) })
	for k := 1; k < len(frames); k++ {
		a, b := frames[k-1], frames[k]
		apart, _ := g.wallApart(a.file, b.file)
		if a.stem != b.stem || b.n != a.n+1 || apart > time.Second || !g.sameCamera(a.file, b.file) {
			continue
		}
		if assets[a.asset].Burst == 0 {
			number++
			assets[a.asset].Burst, assets[a.asset].BurstGuess = number, true
		}
		assets[b.asset].Burst, assets[b.asset].BurstGuess = assets[a.asset].Burst, true
	}
}

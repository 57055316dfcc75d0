package photo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// file makes a member the way a table reads well: "IMG_1.CR2 canon 12:00:00.50 id=X size=30000000".
func file(line string) Member {
	words := strings.Fields(line)
	m := Member{Path: words[0], Size: 1 << 20}
	switch low := strings.ToLower(words[0]); {
	case strings.HasSuffix(low, ".jpg"), strings.HasSuffix(low, ".thm"):
		m.Kind = JPEG
	case strings.HasSuffix(low, ".heic"):
		m.Kind = HEIF
	case strings.HasSuffix(low, ".cr2"):
		m.Kind = CR2
	case strings.HasSuffix(low, ".dng"):
		m.Kind = DNG
	case strings.HasSuffix(low, ".mov"):
		m.Kind = MOV
	case strings.HasSuffix(low, ".mp4"), strings.HasSuffix(low, ".lrv"):
		m.Kind = MP4
	case strings.HasSuffix(low, ".xmp"):
		m.Kind = XMP
	}
	for _, w := range words[1:] {
		key, value, _ := strings.Cut(w, "=")
		switch {
		case key == "id":
			m.ContentID = value
		case key == "burst":
			m.BurstMarkID = value
		case key == "motion":
			m.Motion = true
		case key == "size":
			fmt.Sscan(value, &m.Size)
		case strings.Contains(w, ":"):
			t, zone := Taken{}, ""
			w, zone, _ = strings.Cut(w, "+")
			wall, _ := time.Parse("15:04:05.999999999", w)
			t.Wall = wall.AddDate(2021, 0, 0)
			_, t.SubSec, _ = strings.Cut(w, ".")
			if zone != "" {
				fmt.Sscan(zone, &t.Offset)
				t.Offset, t.Zone = t.Offset*time.Hour/1, ZoneTag
			}
			m.Taken.set(t, "test")
		default:
			m.Make, m.Model = w, w+" model"
		}
	}
	return m
}

// shape writes assets as names: "a+b[rule]" each, "~" before a guess, "#1" behind a burst, the shown file first.
func shape(members []Member, assets []Asset) string {
	names := map[Rule]string{MotionPhoto: "motion", LivePhoto: "live", LivePhotoName: "live", RAWPair: "raw", Sidecar: "sidecar", AppleEdit: "edit", VideoCompanion: "companion", TakeoutJSON: "takeout"}
	var out []string
	for _, a := range assets {
		parts := []string{members[a.Shown].Path}
		for _, i := range a.Members {
			if i != a.Shown {
				parts = append(parts, members[i].Path)
			}
		}
		slices.Sort(parts[1:])
		s, rules := strings.Join(parts, "+"), []string(nil)
		for _, b := range a.Bonds {
			name := names[b.Rule]
			if b.Guess {
				name = "~" + name
			}
			rules = append(rules, name)
		}
		slices.Sort(rules)
		if rules = slices.Compact(rules); len(rules) > 0 {
			s += "[" + strings.Join(rules, ",") + "]"
		}
		if a.Burst > 0 {
			s += fmt.Sprintf("#%d", a.Burst)
			if a.BurstGuess {
				s += "~"
			}
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

var groupCases = []struct{ name, files, want string }{
	{"1 motion photo is one file", "a/P.jpg motion", "a/P.jpg[motion]"},
	{"1 near: no mark", "a/P.jpg", "a/P.jpg"},
	{"2 Live Photo by id", "a/IMG_1.HEIC id=X; a/IMG_1.MOV id=X", "a/IMG_1.HEIC+a/IMG_1.MOV[live]"},
	{"2 by id under other names and across folders", "a/IMG_1.HEIC id=X; b/clip.MOV id=X", "a/IMG_1.HEIC+b/clip.MOV[live]"},
	{"2 near: other id", "a/IMG_1.HEIC id=X; a/IMG_1.MOV id=Y", "a/IMG_1.HEIC a/IMG_1.MOV"},
	{"2 near: other id although named and timed alike", "a/IMG_1.HEIC id=X 12:00:00; a/IMG_1.MOV id=Y 12:00:00", "a/IMG_1.HEIC a/IMG_1.MOV"},
	{"2 near: copies in two folders stay two photos", "a/I.HEIC id=X; a/I.MOV id=X; b/I.HEIC id=X; b/I.MOV id=X", "a/I.HEIC+a/I.MOV[live] b/I.HEIC+b/I.MOV[live]"},
	{"2 near: two stills elsewhere", "a/I.HEIC id=X; c/I.HEIC id=X; b/I.MOV id=X", "a/I.HEIC b/I.MOV c/I.HEIC"},
	{"2 copy in the same folder", "a/I.HEIC id=X; a/I (2).HEIC id=X; a/I.MOV id=X", "a/I (2).HEIC a/I.HEIC+a/I.MOV[live]"},
	{"3 Live Photo by name", "a/IMG_1.JPG 12:00:00; a/IMG_1.MOV 12:00:01", "a/IMG_1.JPG+a/IMG_1.MOV[~live]"},
	{"3 exporter's marks", "a/IMG_1.HEIC 12:00:00; a/IMG_1_HEVC.MOV 12:00:01; a/IMG_2.mp4.jpg 13:00:00; a/IMG_2.mp4 13:00:00", "a/IMG_1.HEIC+a/IMG_1_HEVC.MOV[~live] a/IMG_2.mp4.jpg+a/IMG_2.mp4[~live]"},
	{"3 movie in UTC", "a/IMG_1.JPG 12:00:00; a/IMG_1.MOV 10:00:01", "a/IMG_1.JPG+a/IMG_1.MOV[~live]"},
	{"3 near: taken apart", "a/IMG_1.JPG 12:00:00; a/IMG_1.MOV 12:06:00", "a/IMG_1.JPG a/IMG_1.MOV"},
	{"3 near: large movie", "a/IMG_1.JPG 12:00:00; a/IMG_1.MOV 12:00:00 size=30000000", "a/IMG_1.JPG a/IMG_1.MOV"},
	{"3 near: other folder", "a/IMG_1.JPG 12:00:00; b/IMG_1.MOV 12:00:00", "a/IMG_1.JPG b/IMG_1.MOV"},
	{"3 near: no time", "a/IMG_1.JPG; a/IMG_1.MOV 12:00:00", "a/IMG_1.JPG a/IMG_1.MOV"},
	{"4 RAW and JPEG, case aside", "a/IMG_1.CR2 canon 12:00:00; a/img_1.jpg canon 12:00:01", "a/img_1.jpg+a/IMG_1.CR2[raw]"},
	{"4 composed and decomposed names", "a/\u00e9.CR2 canon 12:00:00; a/e\u0301.jpg canon 12:00:00", "a/e\u0301.jpg+a/\u00e9.CR2[raw]"},
	{"4 Pixel", "a/PXL_1.RAW-01.COVER.jpg google 12:00:00; a/PXL_1.RAW-02.ORIGINAL.dng google 12:00:00", "a/PXL_1.RAW-01.COVER.jpg+a/PXL_1.RAW-02.ORIGINAL.dng[raw]"},
	{"4 near: three seconds", "a/IMG_1.CR2 canon 12:00:00; a/IMG_1.jpg canon 12:00:03", "a/IMG_1.CR2 a/IMG_1.jpg"},
	{"4 near: other camera", "a/IMG_1.CR2 canon 12:00:00; a/IMG_1.jpg nikon 12:00:00", "a/IMG_1.CR2 a/IMG_1.jpg"},
	{"4 near: times alone", "a/IMG_1.CR2 canon 12:00:00; a/IMG_2.jpg canon 12:00:00", "a/IMG_1.CR2 a/IMG_2.jpg"},
	{"4 near: other folder", "a/IMG_1.CR2 canon 12:00:00; b/IMG_1.jpg canon 12:00:00", "a/IMG_1.CR2 b/IMG_1.jpg"},
	{"4 near: a copy", "a/IMG_1.CR2 canon 12:00:00; a/IMG_1 (2).jpg canon 12:00:00; a/IMG_1 copy.jpg canon 12:00:00", "a/IMG_1 (2).jpg a/IMG_1 copy.jpg a/IMG_1.CR2"},
	{"5 sidecar with the whole name", "a/I.CR2; a/I.JPG; a/I.CR2.xmp", "a/I.CR2+a/I.CR2.xmp[sidecar] a/I.JPG"},
	{"5 sidecar for every file of that name", "a/I.CR2; a/I.JPG; a/I.xmp", "a/I.CR2+a/I.xmp[sidecar] a/I.JPG+a/I.xmp[sidecar]"},
	{"5 both styles", "a/I.JPG; a/I.xmp; a/I.JPG.xmp", "a/I.JPG+a/I.JPG.xmp+a/I.xmp[sidecar]"},
	{"5 darktable duplicate", "a/I.CR2; a/I_01.CR2.xmp", "a/I.CR2+a/I_01.CR2.xmp[sidecar]"},
	{"5 near: a file of that very name", "a/I.CR2; a/I_01.CR2; a/I_01.CR2.xmp", "a/I.CR2 a/I_01.CR2+a/I_01.CR2.xmp[sidecar]"},
	{"5 near: alone, other folder", "a/I.xmp; b/I.JPG", "a/I.xmp b/I.JPG"},
	{"6 edit list and edited copy", "a/IMG_1234.HEIC; a/IMG_1234.AAE; a/IMG_E1234.JPG; a/IMG_O1234.AAE", "a/IMG_E1234.JPG+a/IMG_1234.AAE+a/IMG_1234.HEIC+a/IMG_O1234.AAE[edit]"},
	{"6 near: other number", "a/IMG_1234.HEIC; a/IMG_E1235.JPG; a/IMG_1236.AAE", "a/IMG_1234.HEIC a/IMG_1236.AAE a/IMG_E1235.JPG"},
	{"7 GoPro companions and chapters", "a/GX010123.MP4; a/GX010123.THM; a/GL010123.LRV; a/GX020123.MP4", "a/GX010123.MP4+a/GL010123.LRV+a/GX010123.THM+a/GX020123.MP4[companion]"},
	{"7 near: other recording", "a/GX010123.MP4; a/GX010124.MP4; a/GL010125.LRV", "a/GL010125.LRV a/GX010123.MP4 a/GX010124.MP4"},
	{"8 burst by id", "a/1.HEIC burst=B; a/7.HEIC burst=B; a/8.HEIC burst=C", "a/1.HEIC#1 a/7.HEIC#1 a/8.HEIC"},
	{"8 Google", "a/00000IMG_00000_BURST20190101120000123_COVER.jpg; a/00001IMG_00001_BURST20190101120000123.jpg; a/00001IMG_00001_BURST20190101120009999.jpg", "a/00000IMG_00000_BURST20190101120000123_COVER.jpg#1 a/00001IMG_00001_BURST20190101120000123.jpg#1 a/00001IMG_00001_BURST20190101120009999.jpg"},
	{"8 Samsung", "a/20190101_120000_001.jpg; a/20190101_120000_002.jpg; a/20190101_120001_001.jpg", "a/20190101_120000_001.jpg#1 a/20190101_120000_002.jpg#1 a/20190101_120001_001.jpg"},
	{"8 GoPro", "a/G0010001.JPG; a/G0010002.JPG; a/G0020003.JPG", "a/G0010001.JPG#1 a/G0010002.JPG#1 a/G0020003.JPG"},
	{"8 by number and fraction", "a/D1.JPG n 12:00:00.10; a/D2.JPG n 12:00:00.60; a/D3.JPG n 12:00:01.20", "a/D1.JPG#1~ a/D2.JPG#1~ a/D3.JPG#1~"},
	{"8 near: no fraction, a gap, two seconds", "a/D1.JPG n 12:00:00; a/D2.JPG n 12:00:00; a/E1.JPG n 12:00:00.1; a/E3.JPG n 12:00:00.2; a/F1.JPG n 12:00:00.1; a/F2.JPG n 12:00:02.1", "a/D1.JPG a/D2.JPG a/E1.JPG a/E3.JPG a/F1.JPG a/F2.JPG"},
	{"9 Takeout", "a/I.jpg; a/I.jpg.json; a/J(1).jpg; a/J.jpg(1).json; a/K.jpg; a/K.jpg.supplemental-metadata.json", "a/I.jpg+a/I.jpg.json[takeout] a/J(1).jpg+a/J.jpg(1).json[takeout] a/K.jpg+a/K.jpg.supplemental-metadata.json[takeout]"},
	{"9 cut name", "a/1234567890123456789012345678901234567890123456789.jpg; a/1234567890123456789012345678901234567890123456.json", "a/1234567890123456789012345678901234567890123456789.jpg+a/1234567890123456789012345678901234567890123456.json[takeout]"},
	{"9 near: another name", "a/I.jpg; a/metadata.json; a/I.json", "a/I.jpg a/I.json a/metadata.json"},
}

func TestFilesThatBelongTogetherAreGrouped(t *testing.T) {
	for _, c := range groupCases {
		t.Run(c.name, func(t *testing.T) {
			var members []Member
			for _, line := range strings.Split(strings.ReplaceAll(strings.ReplaceAll(strings.ReplaceAll(c.files, " (2)", "_(2)"), " copy", "_copy"), "; ", ";"), ";") {
				m := file(line)
				m.Path = strings.ReplaceAll(strings.ReplaceAll(m.Path, "_(2)", " (2)"), "_copy", " copy")
				members = append(members, m)
			}
			for seed := range uint64(4) {
				if got := shape(members, Group(members)); got != c.want {
					t.Fatalf("order %d:\n got %s\nwant %s", seed, got, c.want)
				}
				rand.New(rand.NewPCG(seed, 1)).Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
			}
		})
	}
}

// checkGroups verifies what must hold of every grouping.
func checkGroups(t *testing.T, members []Member, assets []Asset) {
	t.Helper()
	seen := make([]int, len(members))
	for _, a := range assets {
		if len(a.Members) == 0 || !slices.IsSorted(a.Members) || !slices.Contains(a.Members, a.Shown) {
			t.Fatalf("malformed asset %+v", a)
		}
		for _, i := range a.Members {
			seen[i]++
		}
	}
	for i, n := range seen {
		if n == 0 {
			t.Fatalf("%q is in no asset", members[i].Path)
		}
		if n > 1 && members[i].Kind.Still() && !members[i].Kind.Sidecar() && !strings.HasSuffix(strings.ToLower(members[i].Path), "m") {
			// only what describes others may stand in two; by suffix here, because content may lie
			switch ext := splitName(members[i].Path).ext; ext {
			case ".xmp", ".aae", ".thm", ".lrv", ".json":
			default:
				t.Fatalf("%q is in %d assets", members[i].Path, n)
			}
		}
	}
}

func FuzzGroups(f *testing.F) {
	for _, c := range groupCases {
		f.Add(c.files)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var members []Member
		for _, line := range strings.Split(text, ";") {
			if strings.TrimSpace(line) != "" && len(members) < 64 {
				members = append(members, file(line))
			}
		}
		checkGroups(t, members, Group(members))
	})
}

func BenchmarkGroup(b *testing.B) {
	var members []Member
	for i := range 10000 {
		members = append(members, file(fmt.Sprintf("f%d/IMG_%04d.CR2 canon 12:00:00", i/1000, i)), file(fmt.Sprintf("f%d/IMG_%04d.JPG canon 12:00:00", i/1000, i)))
	}
	b.ResetTimer()
	for range b.N {
		Group(members)
	}
	b.ReportMetric(float64(len(members)), "files/op")
}

package photo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lightproof/backup/photo"
	"lightproof/backup/photo/corpustest"
)

// testNow lies after every honest date of the corpus.
var testNow = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)

// corpusFiles lists every photo of the corpus, relative, with forward slashes.
func corpusFiles(t testing.TB, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, path)
		if err == nil && d.Type().IsRegular() && strings.ContainsRune(rel, filepath.Separator) {
			files = append(files, filepath.ToSlash(rel))
		}
		return err
	})
	if err != nil || len(files) < 100 {
		t.Fatalf("%d corpus files: %v", len(files), err)
	}
	slices.Sort(files)
	return files
}

func readCorpus(t testing.TB, dir, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func read(data []byte, name string) (photo.Fields, []photo.Hint) {
	return photo.Read(context.Background(), bytes.NewReader(data), int64(len(data)), name, testNow)
}

type expectation struct {
	FileType                   string
	GPSLatitude, GPSLongitude  any
	EXIF                       map[string]any `json:"exif_only"`
	ContentIdentifier          string
	Previews                   map[string]int64
	ImageWidth, ImageHeight    int
	CreateDate, MIMEType, Lens string
	ISO                        any
	ExposureTime, FNumber      any
	FocalLength                any
}

func expectations(t testing.TB, dir string) map[string]expectation {
	t.Helper()
	var all struct{ Files map[string]expectation }
	d := json.NewDecoder(bytes.NewReader(readCorpus(t, dir, "expected.json")))
	d.UseNumber()
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all.Files
}

// knownDifferences are fields in which the reference is wrong, by file.
var knownDifferences = map[string]string{
	"jpeg/dates-gps/geodegrees_as_string.jpg": "GPS", // a text position: 52°50′34″ N is right, the reference reads 52.0139
}

var fieldNames = []string{"date", "sub-seconds", "offset", "make", "model", "lens", "orientation", "GPS"}

// compare lists the fields that the reference has in the EXIF block and whether ours agree.
func compare(f photo.Fields, e expectation) map[string][2]string {
	out := map[string][2]string{}
	text := func(key string) string {
		switch v := e.EXIF[key].(type) {
		case nil:
			return ""
		case string:
			return strings.TrimSpace(v)
		default:
			return fmt.Sprint(v)
		}
	}
	add := func(field, want, got string) {
		if want != "" {
			out[field] = [2]string{want, got}
		}
	}
	taken := f.Taken
	if f.PassedOver.Known() && f.PassedOver.Source == "EXIF DateTimeOriginal" {
		taken = f.PassedOver
	}
	want := text("DateTimeOriginal")
	if strings.Trim(want, " :0") == "" {
		want = ""
	}
	got := ""
	if taken.Source == "EXIF DateTimeOriginal" {
		got = taken.V.Wall.Format("2006:01:02 15:04:05")
	}
	add("date", want, got)
	if want != "" {
		sub, sub2 := text("SubSecTimeOriginal"), taken.V.SubSec
		if n, err := strconv.Atoi(sub); err == nil {
			if m, err := strconv.Atoi(sub2); err == nil && m == n {
				sub2 = sub
			}
		}
		add("sub-seconds", sub, sub2)
		got = ""
		if taken.V.Zone == photo.ZoneTag {
			m := int(taken.V.Offset / time.Minute)
			got = fmt.Sprintf("%+03d:%02d", m/60, int(math.Abs(float64(m%60))))
		}
		add("offset", text("OffsetTimeOriginal"), got)
	}
	add("make", text("Make"), f.Make.V)
	add("model", text("Model"), f.Model.V)
	add("lens", text("LensModel"), f.Lens.V)
	if o := text("Orientation"); o != "0" {
		got = ""
		if strings.HasPrefix(f.Orientation.Source, "EXIF") {
			got = strconv.Itoa(f.Orientation.V)
		}
		add("orientation", o, got)
	}
	if has, _ := e.EXIF["hasGPS"].(bool); has && e.GPSLatitude != nil && e.GPSLatitude != "" {
		lat, _ := strconv.ParseFloat(fmt.Sprint(e.GPSLatitude), 64)
		lon, _ := strconv.ParseFloat(fmt.Sprint(e.GPSLongitude), 64)
		want, got := fmt.Sprintf("%.5f %.5f", lat, lon), ""
		if lat == 0 && lon == 0 {
			want = ""
		}
		if f.Position.Source == "EXIF GPS" {
			got = fmt.Sprintf("%.5f %.5f", f.Position.V.Lat, f.Position.V.Lon)
			if math.Abs(f.Position.V.Lat-lat) <= 1e-5 && math.Abs(f.Position.V.Lon-lon) <= 1e-5 {
				got = want
			}
		}
		add("GPS", want, got)
	}
	return out
}

func counted(name string, k photo.Kind) bool {
	return !strings.HasPrefix(name, "corrupt-or-hostile/") && !strings.HasPrefix(name, "derived/") && !k.Video() && !k.Sidecar()
}

func TestFieldsAgreeWithReferenceOnEveryFormat(t *testing.T) {
	dir := corpustest.Dir(t)
	want := expectations(t, dir)
	type cell struct{ right, all int }
	table := map[string]map[string]*cell{}
	total := cell{}
	for _, name := range corpusFiles(t, dir) {
		e, ok := want[name]
		if !ok {
			t.Errorf("no expectation for %s", name)
			continue
		}
		f, _ := read(readCorpus(t, dir, name), name)
		if !counted(name, f.Kind) {
			continue
		}
		for field, pair := range compare(f, e) {
			if knownDifferences[name] == field {
				continue
			}
			row := table[e.FileType]
			if row == nil {
				row = map[string]*cell{}
				table[e.FileType] = row
			}
			for _, column := range []string{field, "all"} {
				if row[column] == nil {
					row[column] = &cell{}
				}
				row[column].all++
				if pair[0] == pair[1] {
					row[column].right++
				}
			}
			total.all++
			if pair[0] == pair[1] {
				total.right++
			} else {
				t.Logf("%s: %s: want %q, got %q", name, field, pair[0], pair[1])
			}
		}
	}
	var b strings.Builder
	columns := append(slices.Clone(fieldNames), "all")
	fmt.Fprintf(&b, "\n%-8s", "format")
	for _, c := range columns {
		fmt.Fprintf(&b, "%12s", c)
	}
	formats := make([]string, 0, len(table))
	for format := range table {
		formats = append(formats, format)
	}
	slices.Sort(formats)
	for _, format := range formats {
		fmt.Fprintf(&b, "\n%-8s", format)
		for _, c := range columns {
			if v := table[format][c]; v != nil {
				fmt.Fprintf(&b, "%12s", fmt.Sprintf("%d/%d", v.right, v.all))
			} else {
				fmt.Fprintf(&b, "%12s", "·")
			}
		}
		if all := table[format]["all"]; all.right*100 < all.all*98 {
			t.Errorf("%s: %d of %d fields, below 98 %%", format, all.right, all.all)
		}
	}
	t.Log(b.String())
	t.Logf("figure: %d of %d fields as exiftool reads them", total.right, total.all)
	if total.all < 300 {
		t.Errorf("only %d fields were compared: the corpus or the expectations are not what they were", total.all)
	}
}

package cut_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lightproof/backup/photo"
	"lightproof/backup/photo/corpustest"
)

// nominal is how long the files are of which the corpus keeps the head alone: as long as the whole file was, where that is known, else
// up to the end of the last image that its directories name. The test fills them up with seeded bytes, which an editor copies and a
// splitter steps over just like sensor data.
var nominal = map[string]int64{
	"raw/nef/NIKON_D7100-head.NEF":          28_842_901,
	"raw/arw/SONY_SLT-A55V-head.ARW":        17_474_560,
	"raw/cr2/Canon_1DsMarkIII-head.CR2":     20_859_768,
	"raw/cr3/canon-r6-pruned.CR3":           31_239_766,
	"raw/dng/IMG_1361-iphone12pro-head.dng": 29_195_592,
	"raw/pef/jølstravatnet.pef":             31_326_570,
	"raw/rw2/exiftool-Panasonic.rw2":        20_524_114,
}

// passedOver are photos of which the figures would say nothing about the splitters.
var passedOver = map[string]string{
	"heic/Sony-head.HIF":          "cut off in the middle of its mdat, and no length is known",
	"raw/nef/misnamed-jpeg-1.nef": "exiftool edits no JPEG of this name",
}

// edits are what people do to their photos, as arguments of exiftool; a tag that a format does not know is passed over.
var edits = []struct {
	name string
	args []string
}{
	{"rating and keywords", []string{"-Rating=4", "-Keywords=harbour", "-Keywords=evening", "-Subject=harbour", "-Subject=evening"}},
	{"date", []string{"-AllDates=2021:02:03 04:05:06"}},
	{"position", []string{"-GPSLatitude=52.516", "-GPSLatitudeRef=N", "-GPSLongitude=13.377", "-GPSLongitudeRef=E", "-Keys:GPSCoordinates=52.516, 13.377"}},
}

// most is the share of a file that an edit may store anew, by kind, in percent. What the test logs lies well below; a splitter that loses
// one of its rules passes it. Kinds that are not here have no splitter.
var most = map[photo.Kind]float64{
	photo.JPEG: 3, photo.TIFF: 4, photo.DNG: 3, photo.GPR: 2, photo.NEF: 2, photo.ARW: 2, photo.CR2: 2, photo.PEF: 2, photo.RW2: 2, photo.CR3: 1,
	photo.HEIF: 6, photo.AVIF: 2, photo.MOV: 4, photo.MP4: 4,
}

// heavy are photos of which more than that is no picture, and what it is: an edit moves it all.
var heavy = map[string]string{
	"jpeg/FLIR_Vue_Pro_640.jpg":   "a thermal picture of 0.7 MB in APP1",
	"jpeg/xmp-depth-map.jpg":      "a depth map of 1.4 MB in its XMP",
	"jpeg/nomexif-exif.jpg":       "0.4 MB in APP4",
	"jpeg/HP_PhotoSmart_C812.jpg": "0.1 MB in APP4",
	"raw/dng/canon_eos_6d.dng":    "half of it small previews and a colour profile",
}

// judgedFrom is the size in bytes from which a photo is judged, if one of its kind is as large: an edit stores some ten kilobytes whatever the
// picture weighs, so that the share of a small one says little.
const judgedFrom = 1_000_000

// TestAnEditStoresNoPictureAgain lets exiftool edit the photos of the corpus as people do and counts what is new in the second
// version. LIGHTPROOF_TORTURE=1 takes every photo, otherwise it is a seeded choice of the many JPEGs and all of the others.
func TestAnEditStoresNoPictureAgain(t *testing.T) {
	corpus := corpustest.Dir(t)
	tool, err := exec.LookPath("exiftool")
	if err != nil {
		t.Fatal("exiftool is missing; scripts/install-deps.sh test installs it")
	}
	dir := t.TempDir()
	before := filepath.Join(dir, "before")
	if err := os.Mkdir(before, 0o700); err != nil {
		t.Fatal(err)
	}
	photos := copyCorpus(t, corpus, before)
	for i, e := range edits {
		after := filepath.Join(dir, fmt.Sprint(i))
		edit(t, tool, before, after, e.args)
		for _, p := range photos {
			p.judge(t, e.name, filepath.Join(after, p.copy))
		}
		if err := os.RemoveAll(after); err != nil {
			t.Fatal(err)
		}
	}
	report(t, photos)
}

// original is one photo of the corpus and what the edits did to it.
type original struct {
	name, copy string
	kind       photo.Kind
	size       int64
	splitter   uint8
	objects    []object
	edits      int
	worst      float64 // share that was new
	bytes      int64   // the same in bytes
	edit       string
}

// copyCorpus copies the photos that can be cut. Names are numbers, so that no two are the same.
func copyCorpus(t *testing.T, corpus, into string) (photos []*original) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(3, 14))
	everything := os.Getenv("LIGHTPROOF_TORTURE") == "1"
	err := filepath.WalkDir(corpus, func(file string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(corpus, file)
		rel = filepath.ToSlash(rel)
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(rel, "corrupt-or-hostile/") || strings.HasPrefix(rel, "derived/") {
			return err
		}
		info, err := d.Info()
		if err != nil || max(info.Size(), nominal[rel]) <= recordMost || !strings.Contains(rel, "/") {
			return err
		}
		if passedOver[rel] != "" {
			return nil
		}
		if strings.HasPrefix(rel, "jpeg/") && !everything && rnd.IntN(4) > 0 {
			return nil
		}
		p := &original{name: rel, copy: fmt.Sprintf("%03d%s", len(photos), strings.ToLower(filepath.Ext(rel))), size: max(info.Size(), nominal[rel])}
		full := filepath.Join(into, p.copy)
		if err := copyFilled(file, full, rel, p.size); err != nil {
			return err
		}
		p.objects, _, p.splitter = objects(t, full)
		p.kind = kindOf(t, full)
		photos = append(photos, p)
		return nil
	})
	if err != nil || len(photos) < 40 {
		t.Fatalf("%d photos: %v", len(photos), err)
	}
	return photos
}

func copyFilled(from, to, name string, size int64) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	n, err := io.Copy(out, in)
	if err == nil && n < size {
		_, err = io.CopyN(out, rand.NewChaCha8(sha256.Sum256([]byte(name))), size-n)
	}
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

func kindOf(t *testing.T, name string) photo.Kind {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	fields, _ := photo.Read(context.Background(), f, info.Size(), "", time.Time{})
	return fields.Kind
}

// edit lets one exiftool write an edited copy of every photo. It says nothing of those that it cannot write, which then are not there.
func edit(t *testing.T, tool, before, after string, args []string) {
	t.Helper()
	if err := os.Mkdir(after, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	args = append([]string{"-q", "-q", "-m", "-o", after + string(filepath.Separator)}, args...)
	out, err := exec.CommandContext(ctx, tool, append(args, before)...).CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("exiftool %q: %v, %v", args, ctx.Err(), err)
	}
	t.Logf("exiftool: %s", strings.ReplaceAll(strings.TrimSpace(string(out)), before+string(filepath.Separator), ""))
}

// judge compares an edited copy with the original. Where there is none, or it is the same, the program could not write this file.
func (p *original) judge(t *testing.T, edit, copy string) {
	t.Helper()
	if _, err := os.Stat(copy); err != nil {
		return
	}
	after, size, _ := objects(t, copy)
	if slices.Equal(after, p.objects) {
		return
	}
	n := newBytes(p.objects, after)
	p.edits++
	if share := float64(n) / float64(size); share > p.worst || p.edit == "" {
		p.worst, p.bytes, p.edit = share, n, edit
	}
}

// report logs a line for each kind and judges it.
func report(t *testing.T, photos []*original) {
	t.Helper()
	kinds := map[photo.Kind][]*original{}
	for _, p := range photos {
		t.Logf("%s: %s of %d bytes, splitter %d, %d edits: worst %s, %s", p.name, p.kind, p.size, p.splitter, p.edits, p.share(), p.edit)
		switch {
		case p.edits == 0:
		case heavy[p.name] != "":
			t.Logf("figure: new bytes after an edit, %s (%s): %s", path.Base(p.name), heavy[p.name], p.share())
		default:
			kinds[p.kind] = append(kinds[p.kind], p)
		}
	}
	for kind := photo.JPEG; kind <= photo.MP4; kind++ {
		files := kinds[kind]
		if large := slices.DeleteFunc(slices.Clone(files), func(p *original) bool { return p.size < judgedFrom }); len(large) > 0 {
			files = large
		}
		if most[kind] == 0 {
			for _, p := range files {
				t.Logf("no splitter for %s: %s", kind, p.share())
			}
			continue
		}
		if len(files) == 0 {
			t.Errorf("%s: no photo was edited", kind)
			continue
		}
		worst := slices.MaxFunc(files, func(a, b *original) int { return cmp.Compare(a.worst, b.worst) })
		t.Logf("figure: new bytes after an edit, %s: worst %s, photos: %d", kind, worst.share(), len(files))
		if 100*worst.worst > most[kind] {
			t.Errorf("%s: %s after an edit of its %s, the limit is %.0f %%", worst.name, worst.share(), worst.edit, most[kind])
		}
	}
}

func (p *original) share() string {
	return fmt.Sprintf("%.1f %% (%d KB of %.1f MB)", 100*p.worst, (p.bytes+500)/1000, float64(p.size)/1e6)
}

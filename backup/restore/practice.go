package restore

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"lightproof/backup/vault"
)

// PracticeFiles is how many originals a practice restore takes.
const PracticeFiles = 25

// PracticeOptions steer a practice restore.
type PracticeOptions struct {
	RunOptions
	// Scratch is a folder in which a new one is made and removed again.
	Scratch string
	// Seed chooses the files; use a new one each time.
	Seed uint64
	// Files is how many to take; 0 means PracticeFiles.
	Files int
	// Decode opens a restored picture as a viewer would and returns an error where it is none; nil leaves that out. path names the
	// restored file, kind is what the backup recognised ("" = not known). ErrNotDecoded: this kind is not opened here.
	Decode func(path, kind string) error
}

// ErrNotDecoded is what PracticeOptions.Decode returns for a kind that it does not open; such a file counts neither way.
var ErrNotDecoded = errors.New("kind not decoded")

// Practice is what came of a practice restore.
type Practice struct {
	Report    *Report
	Decoded   int      // opened as pictures
	Undecoded []string // originals that are identical and still do not open, with the reason
	RAW       int      // of the chosen files
	Videos    int
	Oldest    int // from the oldest year
	Year      int // the oldest year, 0 = not known
}

// Passed tells whether everything came back identical and opened.
func (p *Practice) Passed() bool { return p.Report.Whole() && len(p.Undecoded) == 0 }

// PracticeRestore restores a few originals to a scratch folder, proves them, opens them and removes them again: a RAW file, a video
// and one of the oldest year are among them where there are any. Errors: ErrNothing, those of ctx and of the scratch folder.
func PracticeRestore(ctx context.Context, files Files, sources map[[16]byte]vault.Source, o PracticeOptions) (p *Practice, err error) {
	sel, err := Select(ctx, files, sources, Options{})
	if err != nil {
		return nil, err
	}
	p = &Practice{}
	p.choose(sel, o)
	scratch, err := os.MkdirTemp(o.Scratch, "lightproof-practice-")
	if err != nil {
		return nil, fmt.Errorf("practice folder: %w", err)
	}
	defer func() {
		if e := removeAll(scratch); e != nil && err == nil {
			err = fmt.Errorf("remove the practice folder: %w", e)
		}
	}()
	plan, err := MakePlan(ctx, sel, Target{filepath.Join(scratch, "restored")}, PlanOptions{Now: o.Now()})
	if err != nil {
		return nil, err
	}
	r := &run{o: o.RunOptions, plan: plan}
	if p.Report, err = r.do(ctx); err != nil {
		return p, err
	}
	for _, it := range plan.items {
		if o.Decode == nil || !it.has || it.result == NotRestored || it.link || it.size == 0 {
			continue
		}
		of, err := r.original(ctx, it)
		if err != nil {
			return p, err
		}
		switch err := o.Decode(join(plan.trees[it.tree], join(it.dir, it.final())), of.kind); {
		case err == nil:
			p.Decoded++
		case !errors.Is(err, ErrNotDecoded):
			p.Undecoded = append(p.Undecoded, printable(it.origin())+": "+printable(err.Error()))
		}
	}
	return p, ctx.Err()
}

// choose cuts the selection down to a few files.
func (p *Practice) choose(sel *Selection, o PracticeOptions) {
	n := o.Files
	if n <= 0 {
		n = PracticeFiles
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0x6c70))
	rng.Shuffle(len(sel.Items), func(i, j int) { sel.Items[i], sel.Items[j] = sel.Items[j], sel.Items[i] })
	for i := range sel.Items {
		if y := int(sel.Items[i].year); y > 0 && (p.Year == 0 || y < p.Year) {
			p.Year = y
		}
	}
	oldest := func(s *Selected) bool { return p.Year > 0 && int(s.year) == p.Year }
	// The first of each kind in the shuffled order goes to the front.
	front := 0
	for _, is := range []func(*Selected) bool{isRAW, isVideo, oldest} {
		if slices.ContainsFunc(sel.Items[:front], func(s Selected) bool { return is(&s) }) {
			continue
		}
		if i := slices.IndexFunc(sel.Items[front:], func(s Selected) bool { return is(&s) }); i >= 0 && front < n {
			sel.Items[front], sel.Items[front+i] = sel.Items[front+i], sel.Items[front]
			front++
		}
	}
	sel.Items = sel.Items[:min(n, len(sel.Items))]
	for i := range sel.Items {
		s := &sel.Items[i]
		if isRAW(s) {
			p.RAW++
		}
		if isVideo(s) {
			p.Videos++
		}
		if oldest(s) {
			p.Oldest++
		}
	}
}

// year is the year of the picture: the camera's, else the file's.
func year(v *vault.Version) int {
	if e := v.EXIF; e != nil {
		taken, _, _ := strings.Cut(e.Taken, "-")
		if y, err := strconv.Atoi(taken); err == nil && y > 1800 && y < 10_000 {
			return y
		}
	}
	if v.ModTime > 0 {
		return nanoseconds(v.ModTime).Year()
	}
	return 0
}

var rawEndings = []string{"3fr", "arw", "cr2", "cr3", "crw", "dng", "erf", "fff", "iiq", "kdc", "mef", "mos", "mrw", "nef", "nrw", "orf", "pef", "raf", "raw", "rw2", "rwl", "sr2", "srf", "srw", "x3f"}

var videoEndings = []string{"3gp", "avi", "insv", "m2ts", "m4v", "mkv", "mov", "mp4", "mpg", "mts", "webm"}

var pictureEndings = []string{"avif", "gif", "heic", "heif", "jpe", "jpeg", "jpg", "jxl", "png", "tif", "tiff", "webp"}

// NamedLikePhoto tells whether a path ends as photos, videos and RAW files do.
func NamedLikePhoto(path string) bool {
	end := strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))
	return slices.Contains(pictureEndings, end) || slices.Contains(rawEndings, end) || slices.Contains(videoEndings, end)
}

func isRAW(s *Selected) bool   { return slices.Contains(rawEndings, ending(s)) }
func isVideo(s *Selected) bool { return slices.Contains(videoEndings, ending(s)) }

func ending(s *Selected) string {
	return strings.ToLower(strings.TrimPrefix(filepath.Ext(s.Path), "."))
}

// removeAll removes the practice folder, read-only files in it included.
func removeAll(dir string) error {
	root, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return err
	}
	defer root.Close()
	return root.RemoveAll(filepath.Base(dir))
}

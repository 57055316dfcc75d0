package photo

import (
	"bytes"
	"context"
	"io"
	"path"
	"slices"
	"strings"
	"time"
)

// parse is one Read under way.
type parse struct {
	w     *window
	now   time.Time
	f     Fields
	hints []Hint
	exif  exifEntries
}

func (p *parse) hint(code HintCode, text string) {
	h := Hint{code, text}
	if len(p.hints) < 16 && !slices.Contains(p.hints, h) {
		p.hints = append(p.hints, h)
	}
}

// Read says what a file of the given size is and what it tells about itself. It reads at most 1 MiB in a bounded number of calls and stops
// after one second or when ctx ends; what was found until then is returned. name is used for one hint only and may be empty; now is
// the reader's clock, against which dates in the future are passed over, and may be zero. Read never fails: an unreadable file has
// Kind Unknown, no fields, and hints that say why.
func Read(ctx context.Context, r io.ReaderAt, size int64, name string, now time.Time) (Fields, []Hint) {
	p := read(ctx, r, size, name, now)
	p.w.kept.letGo()
	return p.f, p.hints
}

// ReadBytes is Read for a file whose bytes are all in content, which it neither keeps nor changes. What is longer than a window (64 KiB) is
// read like a file.
func ReadBytes(content []byte, name string, now time.Time) (Fields, []Hint) {
	if len(content) > bufferSize {
		return Read(context.Background(), bytes.NewReader(content), int64(len(content)), name, now)
	}
	// The window shows all there is, so that nothing is ever read, nor has to be waited for: no limit of reads and no deadline is needed.
	p := parse{now: now, w: &window{size: int64(len(content)), buf: content, filled: len(content), kept: keptRooms.Get().(*kept)}}
	defer p.w.kept.letGo()
	p.all(name)
	return p.f, p.hints
}

func read(ctx context.Context, r io.ReaderAt, size int64, name string, now time.Time) *parse {
	ctx, cancel := context.WithTimeout(ctx, metadataTime)
	defer cancel()
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	p := &parse{now: now, w: &window{ctx: ctx, r: r, size: max(size, 0), buf: *buf, maxCalls: maxCalls, kept: keptRooms.Get().(*kept)}}
	p.all(name)
	return p
}

// all reads what there is to read.
func (p *parse) all(name string) {
	p.f.Turn = 1
	if p.w.size == 0 {
		p.hint(HintEmpty, "the file is empty")
		return
	}
	p.f.Kind = Detect(p.w.at(0, int(min(p.w.size, HeadSize)), HeadSize))
	p.walk()
	p.finish()
	p.checkName(name)
	if p.w.stopped {
		p.hint(HintLimit, "reading for metadata stopped early")
	}
}

func (p *parse) walk() {
	whole := p.w.whole()
	switch kind := p.f.Kind; {
	case kind == JPEG:
		p.jpeg(whole, "")
	case kind.tiffBased():
		p.tiffFile(whole)
	case kind == RAF:
		p.raf(whole)
	case kind == MRW:
		p.mrw(whole)
	case kind == X3F:
		p.x3f(whole)
	case kind == CR3:
		p.cr3(whole)
	case kind == HEIF, kind == AVIF:
		p.heif(whole)
	case kind == MOV, kind == MP4:
		p.movie(whole)
	case kind == PNG:
		p.png(whole)
	case kind == WebP:
		p.webp(whole)
	case kind == XMP:
		p.xmp(whole, "XMP")
	}
}

// finish takes the collected EXIF entries, which rank before everything a walk set on its way, and settles what depends on them.
func (p *parse) finish() {
	if !p.exif.empty() {
		rest := p.f
		p.f = Fields{Kind: rest.Kind, Turn: rest.Turn, Width: rest.Width, Height: rest.Height}
		p.exifFields()
		p.f.fill(&rest)
	}
	p.labelKind()
	if k := p.f.Kind; k != HEIF && k != AVIF && !k.Video() {
		if o := p.f.Orientation.V; o >= 1 && o <= 8 {
			p.f.Turn = o
		}
	} else if o := p.f.Orientation; k != MOV && k != MP4 && o.V > 1 && p.f.Turn == 1 {
		p.f.Orientation.doubt("the container says upright")
	}
	for i := range p.f.Previews {
		if p.f.Previews[i].Turn == 0 {
			p.f.Previews[i].Turn = p.f.Turn
		}
	}
	slices.SortStableFunc(p.f.Previews, func(a, b Preview) int { return a.Width*a.Height - b.Width*b.Height })
}

// fill takes over from a weaker source what is still absent.
func (f *Fields) fill(g *Fields) {
	take(&f.Orientation, g.Orientation)
	take(&f.Make, g.Make)
	take(&f.Model, g.Model)
	take(&f.Lens, g.Lens)
	take(&f.Taken, g.Taken)
	take(&f.Edited, g.Edited)
	take(&f.PassedOver, g.PassedOver)
	take(&f.Exposure, g.Exposure)
	take(&f.FNumber, g.FNumber)
	take(&f.ISO, g.ISO)
	take(&f.FocalLength, g.FocalLength)
	take(&f.Position, g.Position)
	take(&f.Duration, g.Duration)
	take(&f.ContentID, g.ContentID)
	take(&f.BurstID, g.BurstID)
	take(&f.Motion, g.Motion)
	take(&f.Rating, g.Rating)
	take(&f.Width, g.Width)
	take(&f.Height, g.Height)
	f.Previews, f.HEIF = append(f.Previews, g.Previews...), g.HEIF
}

func take[T any](into *Value[T], from Value[T]) {
	if into.State == Absent {
		*into = from
	}
}

// labelKind names the maker's flavour of a TIFF based RAW. A plain TIFF by a camera maker is a RAW only if no program wrote it as a
// picture, which the presence of sensor data in a further directory shows; that was recorded by the walk.
func (p *parse) labelKind() {
	maker := strings.ToUpper(p.f.Make.V)
	switch {
	case p.f.Kind == DNG && strings.HasPrefix(maker, "GOPRO"):
		p.f.Kind = GPR
	case p.f.Kind != TIFF || !p.exif.sensor:
	case strings.HasPrefix(maker, "NIKON"):
		p.f.Kind = NEF
	case strings.HasPrefix(maker, "SONY"):
		p.f.Kind = ARW
	case strings.HasPrefix(maker, "PENTAX"), strings.HasPrefix(maker, "RICOH"):
		p.f.Kind = PEF
	case strings.HasPrefix(maker, "SAMSUNG"):
		p.f.Kind = SRW
	}
}

var suffixKinds = map[string][]Kind{
	".jpg": {JPEG}, ".jpeg": {JPEG}, ".jpe": {JPEG}, ".thm": {JPEG},
	".tif": {TIFF}, ".tiff": {TIFF}, ".dng": {DNG, GPR}, ".gpr": {GPR, DNG}, ".cr2": {CR2}, ".cr3": {CR3}, ".crw": {CRW}, ".nef": {NEF, TIFF}, ".nrw": {NEF, TIFF},
	".arw": {ARW, TIFF}, ".pef": {PEF, TIFF}, ".srw": {SRW, TIFF}, ".orf": {ORF}, ".rw2": {RW2}, ".raf": {RAF}, ".mrw": {MRW}, ".x3f": {X3F},
	".heic": {HEIF}, ".heif": {HEIF}, ".hif": {HEIF}, ".avif": {AVIF}, ".jxl": {JXL}, ".png": {PNG}, ".webp": {WebP},
	".mov": {MOV, MP4}, ".qt": {MOV, MP4}, ".mp4": {MP4, MOV}, ".m4v": {MP4, MOV}, ".xmp": {XMP}, ".aae": {AAE},
}

// checkName compares the suffix with the content. The content is always believed.
func (p *parse) checkName(name string) {
	kinds, known := suffixKinds[strings.ToLower(path.Ext(name))]
	if !known || slices.Contains(kinds, p.f.Kind) {
		return
	}
	p.hint(HintName, "the name says "+kinds[0].String()+", the content is "+p.f.Kind.String())
}

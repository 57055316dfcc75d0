package live

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"lightproof/app/window/face"
	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Library is the unlocked side as the pages see it.
type Library struct {
	unlocker *Unlocker // that opened it
	desk     *Desk
	setup    *Setup
	svc      backup.Service
	lib      *library.Library
	leaving  context.Context // ends when Lock is called, which what holds closing may still keep waiting
	leave    context.CancelFunc
	closing  sync.Mutex // held while Lock or a change of the passphrase closes it, and by what uses the keys that sign
	closed   bool
}

// Lock implements face.Library. What is at work with the keys is told to stop and waited for.
func (l *Library) Lock() {
	l.desk.parting.RLock()
	defer l.desk.parting.RUnlock()
	l.leave()
	l.setup.ForgetKit() // at once; a kit that was about to be held by then goes below
	l.closing.Lock()
	defer l.closing.Unlock()
	if l.closed { // a change of the passphrase went on with another one, which holds the lock of the records now
		return
	}
	l.closed = true
	_ = l.lib.Close()
	l.setup.ForgetKit()
	l.desk.unlockReader()
}

// keep holds the keys until release: they are wiped by Lock and by a change of the passphrase, and then sign nothing any more. The work
// in between goes by the context that keep gives, which ends when Lock waits. Error: backup.ErrLocked.
func (l *Library) keep(ctx context.Context) (kept context.Context, release func(), err error) {
	l.closing.Lock()
	if l.closed || l.leaving.Err() != nil {
		l.closing.Unlock()
		return nil, nil, backup.ErrLocked
	}
	kept, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(l.leaving, func() { cancel(backup.ErrLocked) })
	return kept, func() {
		stop()
		cancel(nil)
		l.closing.Unlock()
	}, nil
}

// photos lists what a filter shows, newest first.
func (l *Library) photos(f face.Filter) (out []*library.Photo) {
	all := l.lib.Timeline()
	for i := range all {
		if p := &all[i]; shows(f, p, l.lib.Sources()) {
			out = append(out, p)
		}
	}
	return out
}

func shows(f face.Filter, p *library.Photo, sources map[[16]byte]vault.Source) bool {
	if p.Deleted != f.Deleted {
		return false
	}
	if f.MonthKey != "" && p.Taken.Format("2006-01") != f.MonthKey {
		return false
	}
	switch f.Kind {
	case "raw":
		if !p.RAW {
			return false
		}
	case "video":
		if kindOf(p) != face.KindVideo {
			return false
		}
	case "photo":
		if k := kindOf(p); k != face.KindPhoto && k != face.KindRaw {
			return false
		}
	}
	if f.Text == "" {
		return true
	}
	for _, word := range strings.Fields(strings.ToLower(f.Text)) {
		if !strings.Contains(haystack(p, sources), word) {
			return false
		}
	}
	return true
}

// haystack is what a search looks through: names, folders, date, camera, lens.
func haystack(p *library.Photo, sources map[[16]byte]vault.Source) string {
	var b strings.Builder
	for _, f := range p.Files {
		b.WriteString(sources[f.Source].Root + "/" + f.Path + " ")
		if v := f.Latest(); v != nil && v.EXIF != nil {
			b.WriteString(v.EXIF.Make + " " + v.EXIF.Model + " " + v.EXIF.Lens + " ")
		}
	}
	b.WriteString(p.Taken.Format("2006-01-02 January Monday"))
	return strings.ToLower(b.String())
}

func kindOf(p *library.Photo) face.Kind {
	switch {
	case p.RAW:
		return face.KindRaw
	case p.Kind.Video():
		return face.KindVideo
	case p.Kind.Still():
		return face.KindPhoto
	default:
		return face.KindOther
	}
}

// mark judges a photo by the newest state: the engine's figures are per file and destination; a photo whose every file is proven in
// enough places is proven.
func (l *Library) mark(p *library.Photo, st *backup.State) face.Mark {
	switch {
	case p.Deleted:
		return face.MarkDeleted
	case st.Counts.Protected == st.Counts.Found-st.Counts.Skipped:
		return face.MarkProven
	default:
		return face.MarkPending
	}
}

// refresh reads what the engine wrote since the last look; the pages then show it.
func (l *Library) refresh(ctx context.Context) (*backup.State, error) {
	if err := l.lib.Sync(ctx); err != nil {
		return nil, err
	}
	return l.svc.State(ctx)
}

// Months implements face.Library.
func (l *Library) Months(ctx context.Context, f face.Filter) ([]face.Month, error) {
	st, err := l.refresh(ctx)
	if err != nil {
		return nil, err
	}
	var out []face.Month
	for i, p := range l.photos(f) {
		y, m, _ := p.Taken.Date()
		if n := len(out); n == 0 || out[n-1].Year != y || out[n-1].Month != m {
			out = append(out, face.Month{Year: y, Month: m, First: i, Mark: l.mark(p, st), OldestProof: st.OldestProof})
		}
		o := &out[len(out)-1]
		o.Groups++
		o.Originals += int64(len(p.Files))
		if l.mark(p, st) == face.MarkPending {
			o.Pending++
		}
	}
	return out, nil
}

// Items implements face.Library.
func (l *Library) Items(ctx context.Context, f face.Filter, from, n int) ([]face.Item, error) {
	st, err := l.svc.State(ctx)
	if err != nil {
		return nil, err
	}
	all := l.photos(f)
	from = min(max(from, 0), len(all))
	out := make([]face.Item, 0, n)
	for _, p := range all[from:min(len(all), from+n)] {
		out = append(out, l.item(p, st))
	}
	return out, nil
}

func (l *Library) item(p *library.Photo, st *backup.State) face.Item {
	it := face.Item{ID: p.ID, Name: p.Name(), Taken: p.Taken, Kind: kindOf(p), Badges: p.Badges(), Mark: l.mark(p, st), Mean: [3]uint8{128, 132, 136}, Files: len(p.Files)}
	for _, f := range p.Files {
		v := newest(f)
		it.Bytes += int64(v.Size)
		it.Versions = max(it.Versions, contents(f))
		if v.EXIF != nil {
			it.Length = max(it.Length, time.Duration(v.EXIF.DurationMS)*time.Millisecond)
		}
	}
	it.Picture = it.Kind == face.KindPhoto || it.Kind == face.KindRaw
	return it
}

func newest(f *reader.File) vault.Version {
	for i := len(f.Versions) - 1; i >= 0; i-- {
		if !f.Versions[i].Removed {
			return f.Versions[i]
		}
	}
	return vault.Version{}
}

func contents(f *reader.File) (n int) {
	for _, v := range f.Versions {
		if !v.Removed {
			n++
		}
	}
	return n
}

// Tile implements face.Library.
func (l *Library) Tile(ctx context.Context, id string, px int) ([]byte, error) {
	// Asked for by the shorter side; a 3:2 picture's longer side is half as long again.
	return l.lib.Tile(ctx, id, min(px*3/2, 2048))
}

// Details implements face.Library.
func (l *Library) Details(ctx context.Context, id string) (face.Details, error) {
	p := l.lib.Photo(id)
	if p == nil {
		return face.Details{}, fmt.Errorf("photo: %w", vault.ErrMissing)
	}
	st, err := l.svc.State(ctx)
	if err != nil {
		return face.Details{}, err
	}
	f := p.Files[0]
	v := newest(f)
	d := face.Details{Item: l.item(p, st), Fingerprint: v.Sum.String(), Path: strings.TrimSuffix(l.lib.Sources()[f.Source].Root, "/") + "/" + f.Path}
	d.Facts, d.All, d.Location = facts(p, f, v)
	for _, dest := range st.Destinations {
		c := face.Copy{Destination: dest.Label, Level: backup.Sent.String(), At: dest.LastWrite}
		if dest.Gap == 0 && dest.Proven > 0 {
			c.Level, c.At = backup.Checked.String(), dest.OldestProof
		}
		d.Copies = append(d.Copies, c)
	}
	for _, m := range p.Files {
		d.Versions = append(d.Versions, versions(m)...)
	}
	slices.SortStableFunc(d.Versions, func(a, b face.Version) int { return b.At.Compare(a.At) })
	return d, nil
}

// versions lists a file's history, newest first.
func versions(f *reader.File) (out []face.Version) {
	for i := len(f.Versions) - 1; i >= 0; i-- {
		v := f.Versions[i]
		x := face.Version{ID: f.ID.String() + "/" + v.ID.String(), At: time.Unix(v.Recorded, 0), Files: strings.ToUpper(strings.TrimPrefix(path.Ext(f.Path), ".")),
			Bytes: int64(v.Size), Current: i == len(f.Versions)-1, What: "changed"}
		switch {
		case v.Removed:
			x.What = "deleted at the source"
		case i == 0:
			x.What = "original"
		}
		out = append(out, x)
	}
	return out
}

func facts(p *library.Photo, f *reader.File, v vault.Version) (short, all []face.Field, where string) {
	add := func(list *[]face.Field, name, value string) {
		if value != "" {
			*list = append(*list, face.Field{Name: name, Value: value})
		}
	}
	x := v.EXIF
	if x == nil {
		x = &vault.EXIF{}
	}
	taken := p.Taken.Format("2 Jan 2006 15:04:05")
	switch {
	case p.Guess:
		taken += " (file date: the camera wrote none)"
	case x.ZoneKnown:
		taken += " " + offset(x.ZoneMinutes) + " (zone: " + map[string]string{"tag": "camera", "gps": "from GPS", "video": "claimed UTC"}[x.ZoneSource] + ")"
	default:
		taken += " (camera had no zone)"
	}
	camera := strings.TrimSpace(x.Model)
	if camera == "" {
		camera = x.Make
	}
	var how []string
	if x.FocalLength > 0 {
		how = append(how, fmt.Sprintf("%g mm", round1(x.FocalLength)))
	}
	if x.Exposure > 0 {
		how = append(how, exposure(x.Exposure))
	}
	if x.Aperture > 0 {
		how = append(how, fmt.Sprintf("f/%g", round1(x.Aperture)))
	}
	if x.ISO > 0 {
		how = append(how, fmt.Sprintf("ISO %d", x.ISO))
	}
	add(&short, "Taken", taken)
	add(&short, "Camera", camera)
	add(&short, "Lens", x.Lens)
	add(&short, "Exposure", strings.Join(how, ", "))
	add(&short, "File", fmt.Sprintf("%s, changed %s", path.Dir(f.Path), time.Unix(0, f.ModTime).Format("2 Jan 2006")))
	all = append(all, short...)
	add(&all, "Kind", x.Kind)
	add(&all, "Make", x.Make)
	add(&all, "Model", x.Model)
	add(&all, "Date from", x.TakenSource)
	if x.Width > 0 {
		add(&all, "Pixels", fmt.Sprintf("%d × %d", x.Width, x.Height))
	}
	if x.Orientation > 0 {
		add(&all, "Orientation", fmt.Sprint(x.Orientation))
	}
	if x.HasPosition {
		where = fmt.Sprintf("%.5f %s %.5f %s", abs(x.Latitude), side(x.Latitude, "N", "S"), abs(x.Longitude), side(x.Longitude, "E", "W"))
		add(&all, "Position", where)
	}
	if x.HasAltitude {
		add(&all, "Altitude", fmt.Sprintf("%.0f m", x.Altitude))
	}
	return short, all, where
}

func abs(v float64) float64 { return max(v, -v) }

func side(v float64, plus, minus string) string {
	if cmp.Less(v, 0) {
		return minus
	}
	return plus
}

func round1(v float64) float64 { return float64(int(v*10+0.5)) / 10 }

func offset(minutes int16) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d:%02d", sign, minutes/60, minutes%60)
}

func exposure(s float64) string {
	if s >= 0.4 {
		return fmt.Sprintf("%g s", round1(s))
	}
	return fmt.Sprintf("1/%d s", int(1/s+0.5))
}

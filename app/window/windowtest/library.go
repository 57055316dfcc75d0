package windowtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"slices"
	"strings"
	"sync"
	"time"

	"lightproof/app/window/face"
	"lightproof/backup/photo/sample"
)

// Library is a timeline of made-up photos. Groups is how many each month holds; the months count back from August 2019.
type Library struct {
	Groups []int
	Fail   error // every read fails
	Wait   *face.Plan
	Plan   func(face.Request) face.Plan
	Report func(face.Plan) face.Report
	Hold   chan struct{} // a restore waits in its middle until this is closed

	Kits    []string                     // the passphrases of the kits that were made
	Checked face.CheckedKit              // what a good check answers
	Changed []string                     // the passphrases that the computer was given
	Reopen  func() (face.Library, error) // what a change of the passphrase ends with; nil: it is done, and this Library goes on

	OnNewKit func()        // is called while a kit is being made
	Closing  chan struct{} // Lock waits, as for keys in use, until this is closed; nil: it does not

	Adoptions int   // how often the owner said to go on from the copies
	AdoptErr  error // what that is answered with

	mu     sync.Mutex
	tiles  map[int][]byte
	Locked bool
	Asked  []face.Request
}

var _ face.Library = (*Library)(nil)

// NewLibrary holds a summer of photos.
func NewLibrary() *Library {
	return &Library{Groups: []int{61, 34, 18, 44, 7, 23, 90}, Checked: face.CheckedKit{Newest: true}}
}

// scenes is how many different pictures there are.
const scenes = 12

func (l *Library) monthAt(i int) (year int, month time.Month) {
	t := time.Date(2019, time.August-time.Month(i*2), 1, 0, 0, 0, 0, time.UTC)
	return t.Year(), t.Month()
}

// Months implements face.Library.
func (l *Library) Months(_ context.Context, f face.Filter) ([]face.Month, error) {
	if l.Fail != nil {
		return nil, l.Fail
	}
	if strings.Contains(f.Text, "nothing") {
		return nil, nil
	}
	var out []face.Month
	first := 0
	for i, n := range l.Groups {
		y, m := l.monthAt(i)
		mo := face.Month{Year: y, Month: m, Groups: n, Originals: int64(n * 2), First: first, OldestProof: Now.AddDate(0, 0, -12)}
		switch i {
		case 1:
			mo.Mark, mo.Pending = face.MarkPending, 2
		case 3:
			mo.Mark, mo.Problems, mo.Uncovered = face.MarkProblem, 1, 4
		}
		out = append(out, mo)
		first += n
	}
	return out, nil
}

func (l *Library) item(i int) face.Item {
	it := face.Item{ID: fmt.Sprint("g", i), Name: fmt.Sprintf("IMG_%04d.JPG", 2231+i), Taken: time.Date(2019, time.August, 14, 18, 2, 11, 0, time.FixedZone("", 7200)).Add(-time.Duration(i) * 7 * time.Hour),
		Picture: true, Bytes: 48_200_000, Files: 1, Versions: 1, Mean: [3]uint8{uint8(90 + i*37%90), uint8(110 + i*11%60), uint8(120 + i*53%80)}}
	switch i % 9 {
	case 1:
		it.Badges, it.Name, it.Files, it.Kind = []string{"RAW+J"}, fmt.Sprintf("IMG_%04d.CR3 + JPG + XMP", 2231+i), 3, face.KindRaw
	case 2:
		it.Badges, it.Files = []string{"LIVE"}, 2
	case 4:
		it.Versions = 3
	case 5:
		it.Kind, it.Length = face.KindVideo, 41*time.Second
	case 7:
		it.Badges, it.Versions = []string{"XMP"}, 2
	}
	switch i % 31 {
	case 6:
		it.Mark = face.MarkPending
	case 13:
		it.Mark = face.MarkProblem
	case 20:
		it.Mark, it.Picture = face.MarkUncovered, false
	}
	return it
}

// Items implements face.Library.
func (l *Library) Items(_ context.Context, _ face.Filter, from, n int) ([]face.Item, error) {
	if l.Fail != nil {
		return nil, l.Fail
	}
	total := 0
	for _, g := range l.Groups {
		total += g
	}
	var out []face.Item
	for i := from; i < min(from+n, total); i++ {
		out = append(out, l.item(i))
	}
	return out, nil
}

// Details implements face.Library.
func (l *Library) Details(_ context.Context, id string) (face.Details, error) {
	if l.Fail != nil {
		return face.Details{}, l.Fail
	}
	var i int
	if _, err := fmt.Sscanf(id, "g%d", &i); err != nil {
		return face.Details{}, errors.New("no such group")
	}
	it := l.item(i)
	d := face.Details{Item: it, Fingerprint: "9f2c41aa07e3d5b8c6f1029d8e7b3a5c4f60718293a4b5c6d7e8f90a1b2c3de1", Location: "48.13 N 11.57 E", Path: "Pictures/2019/08/" + it.Name,
		Facts: []face.Field{{Name: "Taken", Value: "14 Aug 2019 18:02:11 +02:00 (zone: camera)"}, {Name: "Camera", Value: "Canon EOS R5"}, {Name: "Lens", Value: "RF 50 mm F1.2 L USM"},
			{Name: "Exposure", Value: "1/250 s, f/2.8, ISO 100"}, {Name: "File", Value: "Pictures/2019/08/" + it.Name + ", 48.2 MB, changed 3 Sep"}},
		Copies:   []face.Copy{{Destination: "Backup A", Level: "opened", At: Now.AddDate(0, 0, -4)}, {Destination: "NAS", Level: "checked", At: Now.AddDate(0, 0, -12)}, {Destination: "Drive at Oma's", Level: "checked", At: Now.AddDate(0, 0, -9)}},
		Versions: []face.Version{{ID: "v2", At: time.Date(2019, 9, 3, 20, 14, 0, 0, time.UTC), What: "only information changed", Files: "XMP", Bytes: 4100, Current: true}, {ID: "v1", At: time.Date(2019, 8, 14, 18, 2, 0, 0, time.UTC), What: "original", Bytes: 48_200_000}},
	}
	for n := range 24 {
		d.All = append(d.All, face.Field{Name: fmt.Sprintf("Tag%02d", n), Value: "value"})
	}
	return d, nil
}

// Tile implements face.Library with one of twelve scenes.
func (l *Library) Tile(_ context.Context, id string, _ int) ([]byte, error) {
	if l.Fail != nil {
		return nil, l.Fail
	}
	var i int
	if _, err := fmt.Sscanf(id, "g%d", &i); err != nil {
		return nil, errors.New("no such group")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tiles == nil {
		l.tiles = map[int][]byte{}
	}
	k := i % scenes
	if l.tiles[k] == nil {
		l.tiles[k] = sample.JPEG(uint64(k+3), sample.Options{Width: 480, Height: 360})
	}
	return l.tiles[k], nil
}

// Days implements face.Library.
func (l *Library) Days(_ context.Context, year int, month time.Month) ([]face.Day, error) {
	if l.Fail != nil {
		return nil, l.Fail
	}
	at := func(d, h int) time.Time { return time.Date(year, month, d, h, 32, 0, 0, time.UTC) }
	return []face.Day{
		{Day: 3, Changes: 12, Moments: []time.Time{at(3, 9)}}, {Day: 11, Changes: 212, Moments: []time.Time{at(11, 9), at(11, 14)}},
		{Day: 16, Mark: face.MarkProblem, Changes: 4120, Moments: []time.Time{at(16, 13)}},
	}, nil
}

// Moment implements face.Library.
func (l *Library) Moment(_ context.Context, r face.Reason) (time.Time, string, error) {
	if r != face.ReasonBadEdit {
		return time.Time{}, "", nil
	}
	return time.Date(2026, time.November, 15, 14, 32, 0, 0, time.UTC), "The moment before 4,120 originals changed on 16 Nov.", nil
}

// PlanRestore implements face.Library.
func (l *Library) PlanRestore(_ context.Context, r face.Request) (face.Plan, error) {
	if l.Fail != nil {
		return face.Plan{}, l.Fail
	}
	l.mu.Lock()
	l.Asked = append(l.Asked, r)
	l.mu.Unlock()
	if l.Plan != nil {
		return l.Plan(r), nil
	}
	return face.Plan{Job: "j1", Request: r, Files: 1204, Bytes: 38_100_000_000, New: 812, Identical: 390, Differ: 2, Need: 26_000_000_000, Free: 120_000_000_000}, nil
}

// RunRestore implements face.Library.
func (l *Library) RunRestore(ctx context.Context, p face.Plan, progress func(face.Progress)) (face.Report, error) {
	progress(face.Progress{Done: p.Files * 5 / 12, Total: p.Files, Bytes: p.Bytes * 5 / 12, TotalBytes: p.Bytes, Rate: 92e6, Left: 3 * time.Minute, Current: "Pictures/2019/08/IMG_2231.CR3"})
	if l.Hold != nil {
		select {
		case <-l.Hold:
		case <-ctx.Done():
			return face.Report{Selected: p.Files, Identical: p.Files - 1, NotRestored: []face.Trouble{{Path: "Pictures/rest.jpg", Why: "stopped before it"}}, Stopped: true}, nil
		}
	}
	if l.Report != nil {
		return l.Report(p), nil
	}
	return face.Report{Selected: p.Files, Identical: p.New + p.Differ, Already: p.Identical, HTML: p.Request.Dir + "/proof.html", Dir: p.Request.Dir, Took: time.Minute}, nil
}

// Waiting implements face.Library.
func (l *Library) Waiting(context.Context) (*face.Plan, error) { return l.Wait, nil }

// Adopt implements face.Library.
func (l *Library) Adopt(context.Context) error { l.Adoptions++; return l.AdoptErr }

// NewKit implements face.Library.
func (l *Library) NewKit(_ context.Context, passphrase, kitPass []byte) (face.Kit, error) {
	if l.Fail != nil {
		return face.Kit{}, l.Fail
	}
	if passphrase != nil && string(passphrase) != l.passphrase() {
		return face.Kit{}, face.ErrWrongPassphrase
	}
	if kitPass == nil {
		kitPass = passphrase
	}
	if l.OnNewKit != nil {
		l.OnNewKit()
	}
	l.Kits = append(l.Kits, string(kitPass))
	return face.Kit{Words: Words, Lines: []string{"Place of the copies: /media/anna/Backup A, /mnt/nas", "Vault 5b0c-91f2-77ae, made on 17 Nov 2026"}}, nil
}

// passphrase opens this computer.
func (l *Library) passphrase() string {
	if n := len(l.Changed); n > 0 {
		return l.Changed[n-1]
	}
	return Passphrase
}

// ChangePassphrase implements face.Library.
func (l *Library) ChangePassphrase(_ context.Context, old, fresh []byte) (face.Library, error) {
	if string(old) != l.passphrase() {
		return l, face.ErrWrongPassphrase
	}
	if l.Reopen != nil {
		return l.Reopen()
	}
	l.Changed = append(l.Changed, string(fresh))
	return l, nil
}

// CheckKit implements face.Library: the newest kit is Words with the passphrase that it was made with.
func (l *Library) CheckKit(_ context.Context, words []string, passphrase []byte) (face.CheckedKit, error) {
	want := Passphrase
	if n := len(l.Kits); n > 0 {
		want = l.Kits[n-1]
	}
	switch {
	case l.Fail != nil:
		return face.CheckedKit{}, l.Fail
	case !slices.Equal(words, Words):
		return face.CheckedKit{}, face.ErrWrongWords
	case string(passphrase) != want:
		return face.CheckedKit{}, face.ErrWrongPassphrase
	}
	return l.Checked, nil
}

// WriteProof implements face.Library.
func (l *Library) WriteProof(_ context.Context, dir string) (face.Report, error) {
	return face.Report{Selected: 41219, Identical: 41219, HTML: dir + "/proof.html", Dir: dir}, nil
}

// Lock implements face.Library.
func (l *Library) Lock() {
	if l.Closing != nil {
		<-l.Closing
	}
	l.mu.Lock()
	l.Locked = true
	l.mu.Unlock()
}

// MeanOf is the mean colour of a picture, for a placeholder.
func MeanOf(jpeg []byte) [3]uint8 {
	img, _, err := image.Decode(bytes.NewReader(jpeg))
	if err != nil {
		return [3]uint8{}
	}
	var r, g, b, n uint64
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 8 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 8 {
			cr, cg, cb, _ := img.At(x, y).RGBA()
			r, g, b, n = r+uint64(cr>>8), g+uint64(cg>>8), b+uint64(cb>>8), n+1
		}
	}
	return [3]uint8{uint8(r / n), uint8(g / n), uint8(b / n)}
}

package library

import (
	"cmp"
	"context"
	"encoding/hex"
	"path"
	"slices"
	"strings"
	"time"

	"lightproof/backup/photo"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Photo is one asset of the timeline: what a photographer calls one photo, with all its files. Grouping is a view; it changes nothing
// that is stored.
type Photo struct {
	ID      string         // of the shown file
	Files   []*reader.File // shown first
	Taken   time.Time      // wall clock as if UTC
	Guess   bool           // the date is the file's, not the camera's
	Kind    photo.Kind
	RAW     bool
	Live    bool
	Sidecar bool
	Deleted bool // at the source
}

// timeline is the sorted view of the catalogue.
type timeline struct {
	photos []Photo
	byID   map[string]int
}

// wallClock is the form in which the catalogue keeps dates.
const wallClock = "2006-01-02T15:04:05.999999999"

// latestContent is the newest version that has content.
func latestContent(f *reader.File) *vault.Version {
	for i := len(f.Versions) - 1; i >= 0; i-- {
		if !f.Versions[i].Removed {
			return &f.Versions[i]
		}
	}
	return nil
}

// takenOf is when the picture was taken, or the file's own time.
func takenOf(f *reader.File) time.Time {
	if v := latestContent(f); v != nil && v.EXIF != nil && v.EXIF.Taken != "" {
		if t, err := time.Parse(wallClock, v.EXIF.Taken); err == nil {
			return t
		}
	}
	return time.Unix(0, f.ModTime).UTC()
}

// kinds maps the catalogue's names back to what the photo reader calls them.
var kinds = func() map[string]photo.Kind {
	m := map[string]photo.Kind{}
	for k := photo.Unknown; k < photo.Unknown+64; k++ {
		if n := k.String(); n != "" && m[n] == 0 {
			m[n] = k
		}
	}
	return m
}()

func kindOf(f *reader.File) photo.Kind {
	if v := latestContent(f); v != nil && v.EXIF != nil {
		return kinds[v.EXIF.Kind]
	}
	return photo.Unknown
}

// member is what grouping needs of a file.
func member(f *reader.File) photo.Member {
	m := photo.Member{Path: hex.EncodeToString(f.Source[:4]) + "/" + f.Path, Kind: kindOf(f)}
	v := latestContent(f)
	if v == nil {
		return m
	}
	m.Size = int64(v.Size)
	if x := v.EXIF; x != nil {
		m.Make, m.Model, m.ContentID, m.BurstMarkID = x.Make, x.Model, x.ContentID, x.BurstID
		if t, err := time.Parse(wallClock, x.Taken); err == nil {
			m.Taken = photo.Value[photo.Taken]{State: photo.OK, Source: x.TakenSource, V: photo.Taken{Wall: t}}
			if x.ZoneKnown {
				m.Taken.V.Offset = time.Duration(x.ZoneMinutes) * time.Minute
				m.Taken.V.Zone = photo.ZoneTag
			}
		}
	}
	return m
}

// Timeline is the catalogue as photos, newest first. The slice must not be changed.
func (l *Library) Timeline() []Photo {
	return l.view1().photos
}

// Photo finds a photo by its identifier, nil if there is none.
func (l *Library) Photo(id string) *Photo {
	t := l.view1()
	if i, ok := t.byID[id]; ok {
		return &t.photos[i]
	}
	return nil
}

func (l *Library) view1() *timeline {
	l.mu.RLock()
	t := l.timeline
	l.mu.RUnlock()
	if t != nil {
		return t
	}
	if l.whole(context.Background()) != nil {
		return &timeline{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.timeline == nil {
		l.timeline = build(l.cat)
	}
	return l.timeline
}

func build(c *reader.Catalogue) *timeline {
	files := make([]*reader.File, 0, len(c.Files))
	for _, f := range c.Files {
		if f.Type == vault.TypeFile && latestContent(f) != nil {
			// A copy: what is shown must not change under the screen when the next commit is read.
			g := *f
			g.Versions = slices.Clone(f.Versions)
			files = append(files, &g)
		}
	}
	slices.SortFunc(files, func(a, b *reader.File) int { return cmp.Compare(a.Path, b.Path) })
	members := make([]photo.Member, len(files))
	for i, f := range files {
		members[i] = member(f)
	}
	t := &timeline{byID: map[string]int{}}
	taken := map[int]bool{}
	for _, a := range photo.Group(members) {
		p := Photo{Kind: members[a.Shown].Kind}
		order := append([]int{a.Shown}, a.Members...)
		for n, i := range order {
			if n > 0 && i == a.Shown || taken[i] {
				continue
			}
			taken[i] = true
			p.Files = append(p.Files, files[i])
			p.RAW = p.RAW || members[i].Kind.RAW()
			p.Sidecar = p.Sidecar || members[i].Kind.Sidecar()
			p.Live = p.Live || n > 0 && members[i].Kind.Video()
		}
		if len(p.Files) == 0 {
			continue
		}
		p.ID = p.Files[0].ID.String()
		p.Taken = takenOf(p.Files[0])
		if v := latestContent(p.Files[0]); v.EXIF == nil || v.EXIF.Taken == "" {
			p.Guess = true
		}
		p.Deleted = true
		for _, f := range p.Files {
			p.Deleted = p.Deleted && f.Latest().Removed
		}
		t.photos = append(t.photos, p)
	}
	slices.SortStableFunc(t.photos, func(a, b Photo) int { return b.Taken.Compare(a.Taken) })
	for i, p := range t.photos {
		for _, f := range p.Files {
			t.byID[f.ID.String()] = i
		}
	}
	return t
}

// Name is the base name of the shown file.
func (p *Photo) Name() string { return path.Base(p.Files[0].Path) }

// Badges are the short words on a tile.
func (p *Photo) Badges() (out []string) {
	still := false
	for _, f := range p.Files {
		k := kindOf(f)
		still = still || k.Still() && !k.RAW()
	}
	switch {
	case p.RAW && still:
		out = append(out, "RAW+J")
	case p.RAW:
		out = append(out, "RAW")
	}
	if p.Live && still {
		out = append(out, "LIVE")
	}
	if p.Sidecar {
		out = append(out, "XMP")
	}
	return out
}

// Find lists the files whose path matches: the whole path below its folder, the whole original path, or the name alone.
func (l *Library) Find(p string) (out []*reader.File) {
	if l.whole(context.Background()) != nil {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, f := range l.cat.Files {
		whole := strings.TrimSuffix(l.cat.Sources[f.Source].Root, "/") + "/" + f.Path
		if f.Path == p || whole == p || path.Base(f.Path) == p {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b *reader.File) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

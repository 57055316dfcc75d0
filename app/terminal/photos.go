package terminal

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup/library"
	"lightproof/backup/restore"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

func (a *app) photosCommand() *cobra.Command {
	var deleted bool
	c := &cobra.Command{Use: "photos", Short: "List what the timeline holds, with EXIF", Args: cobra.NoArgs,
		Long: `List what the timeline holds, newest first: one line for each photo, with its RAW, sidecar or Live Photo half. --json gives all
files and their EXIF. Photos that were deleted at the source are listed with --deleted only.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.photos(c.Context(), deleted) }}
	c.Flags().BoolVar(&deleted, "deleted", false, "also list photos that were deleted at the source")
	return a.unlocks(c)
}

// photoAnswer is one photo of the timeline.
type photoAnswer struct {
	ID      string       `json:"id"`
	Taken   string       `json:"taken"` // local wall clock
	Guess   bool         `json:"taken_is_file_time,omitempty"`
	Kind    string       `json:"kind"`
	Badges  []string     `json:"badges,omitempty"`
	Deleted bool         `json:"deleted,omitempty"`
	Files   []fileAnswer `json:"files"`
}

type fileAnswer struct {
	ID       string      `json:"id"`
	Path     string      `json:"path"` // on the computer that it was backed up from
	Size     uint64      `json:"size"`
	SHA256   string      `json:"sha256"`
	Modified time.Time   `json:"modified"`
	Versions int         `json:"versions"`
	Deleted  bool        `json:"deleted,omitempty"`
	EXIF     *exifAnswer `json:"exif,omitempty"`
	// Message stands where the name promises a photo that the content is not.
	Message *texts.Message `json:"message,omitempty"`
}

// exifAnswer is what is known of a picture; what is not known is left out.
type exifAnswer struct {
	Kind        string   `json:"kind,omitempty"`
	Taken       string   `json:"taken,omitempty"` // local wall clock
	TakenSource string   `json:"taken_source,omitempty"`
	ZoneMinutes *int     `json:"zone_minutes,omitempty"` // east of UTC
	ZoneSource  string   `json:"zone_source,omitempty"`
	Make        string   `json:"make,omitempty"`
	Model       string   `json:"model,omitempty"`
	Lens        string   `json:"lens,omitempty"`
	Latitude    *float64 `json:"latitude,omitempty"`
	Longitude   *float64 `json:"longitude,omitempty"`
	Altitude    *float64 `json:"altitude_m,omitempty"`
	Orientation uint8    `json:"orientation,omitempty"`
	Width       uint32   `json:"width,omitempty"`
	Height      uint32   `json:"height,omitempty"`
	Aperture    float64  `json:"aperture,omitempty"`
	Exposure    float64  `json:"exposure_s,omitempty"`
	ISO         uint32   `json:"iso,omitempty"`
	FocalLength float64  `json:"focal_length_mm,omitempty"`
	DurationMS  uint32   `json:"duration_ms,omitempty"`
	ContentID   string   `json:"content_id,omitempty"`
	BurstID     string   `json:"burst_id,omitempty"`
}

func exifOf(x *vault.EXIF) *exifAnswer {
	if x == nil {
		return nil
	}
	out := &exifAnswer{Kind: x.Kind, Taken: x.Taken, TakenSource: x.TakenSource, ZoneSource: x.ZoneSource, Make: x.Make, Model: x.Model, Lens: x.Lens,
		Orientation: x.Orientation, Width: x.Width, Height: x.Height, Aperture: x.Aperture, Exposure: x.Exposure, ISO: x.ISO,
		FocalLength: x.FocalLength, DurationMS: x.DurationMS, ContentID: x.ContentID, BurstID: x.BurstID}
	if x.ZoneKnown {
		out.ZoneMinutes = new(int(x.ZoneMinutes))
	}
	if x.HasPosition {
		out.Latitude, out.Longitude = new(x.Latitude), new(x.Longitude)
	}
	if x.HasAltitude {
		out.Altitude = new(x.Altitude)
	}
	return out
}

// content is the newest version of a file that has content, nil if none has.
func content(f *reader.File) *vault.Version {
	for i := len(f.Versions) - 1; i >= 0; i-- {
		if !f.Versions[i].Removed {
			return &f.Versions[i]
		}
	}
	return nil
}

// origin is where a file was when it was backed up.
func origin(sources map[[16]byte]vault.Source, f *reader.File) string {
	return strings.TrimSuffix(sources[f.Source].Root, "/") + "/" + f.Path
}

func fileOf(sources map[[16]byte]vault.Source, f *reader.File) fileAnswer {
	out := fileAnswer{ID: f.ID.String(), Path: origin(sources, f), Versions: len(f.Versions), Deleted: f.Latest().Removed}
	if v := content(f); v != nil {
		out.Size, out.SHA256, out.Modified, out.EXIF = v.Size, v.Sum.String(), time.Unix(0, v.ModTime).UTC(), exifOf(v.EXIF)
	}
	return out
}

func (a *app) photos(ctx context.Context, deleted bool) error {
	s, l, err := a.openLibrary(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	sources := l.Sources()
	out := []photoAnswer{}
	for _, ph := range l.Timeline() {
		if ph.Deleted && !deleted {
			continue
		}
		x := photoAnswer{ID: ph.ID, Taken: ph.Taken.Format("2006-01-02T15:04:05"), Guess: ph.Guess, Kind: ph.Kind.String(), Badges: ph.Badges(), Deleted: ph.Deleted}
		for _, f := range ph.Files {
			file := fileOf(sources, f)
			if v := content(f); v != nil && v.EXIF == nil && f.Type == vault.TypeFile && restore.NamedLikePhoto(f.Path) {
				m := a.message(texts.BrokenPhoto, texts.Params{"file": texts.Name(path.Base(f.Path))})
				file.Message = &m
			}
			x.Files = append(x.Files, file)
		}
		out = append(out, x)
	}
	return a.print(struct {
		Photos []photoAnswer `json:"photos"`
	}{out}, func(p *page) { p.photos(out) })
}

func (p *page) photos(list []photoAnswer) {
	rows := [][]string{}
	for _, x := range list {
		when := strings.Replace(x.Taken, "T", " ", 1)
		if x.Guess {
			when += " (file date)"
		}
		name := texts.Name(x.Files[0].Path)
		if x.Deleted {
			name += "  (deleted at the source)"
		}
		for _, f := range x.Files {
			if f.Message != nil {
				name += "  ! " + f.Message.What + " (" + f.Message.Code + ")"
				break
			}
		}
		rows = append(rows, []string{when, strings.Join(x.Badges, " "), camera(x.Files[0].EXIF), name})
	}
	p.table(rows)
	p.line("%s in all", texts.Count(int64(len(list))))
}

// camera is a photo's camera and exposure in a few words.
func camera(x *exifAnswer) string {
	if x == nil {
		return ""
	}
	var out []string
	if m := texts.Name(strings.TrimSpace(x.Model)); m != "" {
		out = append(out, m)
	}
	switch {
	case x.Exposure > 0 && x.Exposure < 1:
		out = append(out, fmt.Sprintf("1/%.0f s", 1/x.Exposure))
	case x.Exposure >= 1:
		out = append(out, fmt.Sprintf("%g s", x.Exposure))
	}
	if x.Aperture > 0 {
		out = append(out, fmt.Sprintf("f/%.1f", x.Aperture))
	}
	if x.ISO > 0 {
		out = append(out, fmt.Sprintf("ISO %d", x.ISO))
	}
	return strings.Join(out, ", ")
}

func (a *app) versionsCommand() *cobra.Command {
	return a.unlocks(&cobra.Command{Use: "versions PATH", Short: "List the stored versions of a file, deleted ones included", Args: cobra.ExactArgs(1),
		Long: `List the stored versions of a file, the newest first. PATH is its whole path, its path below the protected folder, or its name
alone. Where the newest line says that it was deleted, the versions before it can still be restored (restore --deleted, or --at a
time before).`,
		RunE: func(c *cobra.Command, args []string) error { return a.versions(c.Context(), args[0]) }})
}

// versionsAnswer is one file with all its versions.
type versionsAnswer struct {
	fileAnswer
	Versions []versionAnswer `json:"versions"` // newest first
}

type versionAnswer struct {
	ID       string    `json:"id"`
	Recorded time.Time `json:"recorded"`
	Modified time.Time `json:"modified"`
	Size     uint64    `json:"size"`
	SHA256   string    `json:"sha256,omitempty"`
	Change   string    `json:"change"` // "first", "content", "information", "deleted"
	Damaged  bool      `json:"damaged,omitempty"`
}

var changeWords = map[string]string{"first": "first stored", "content": "content changed", "information": "only information changed", "deleted": "deleted at the source"}

func (a *app) versions(ctx context.Context, path string) error {
	s, l, err := a.openLibrary(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	files := findFiles(l, path)
	if len(files) == 0 {
		return fmt.Errorf("%w: %s", errNotFound, texts.Name(path))
	}
	sources := l.Sources()
	out := []versionsAnswer{}
	for _, f := range files {
		out = append(out, versionsAnswer{fileOf(sources, f), versionsOf(f)})
	}
	return a.print(struct {
		Files []versionsAnswer `json:"files"`
	}{out}, func(p *page) {
		for _, f := range out {
			p.line("%s", texts.Name(f.Path))
			rows := [][]string{}
			for _, v := range f.Versions {
				size := texts.Size(int64(min(v.Size, 1<<62)))
				if v.Change == "deleted" {
					size = ""
				}
				rows = append(rows, []string{"  " + v.Recorded.In(p.Now.Location()).Format("2006-01-02 15:04:05"), size, changeWords[v.Change]})
			}
			p.table(rows)
		}
	})
}

func findFiles(l *library.Library, path string) []*reader.File {
	if files := l.Find(path); len(files) > 0 {
		return files
	}
	return l.Find(absolute(path))
}

func versionsOf(f *reader.File) []versionAnswer {
	out := []versionAnswer{}
	var before *vault.Version
	for i := range f.Versions {
		v := &f.Versions[i]
		x := versionAnswer{ID: v.ID.String(), Recorded: time.Unix(v.Recorded, 0).UTC(), Modified: time.Unix(0, v.ModTime).UTC(), Size: v.Size,
			SHA256: v.Sum.String(), Change: "content", Damaged: v.Damaged}
		switch {
		case v.Removed:
			x.Change, x.SHA256 = "deleted", ""
		case before == nil:
			x.Change = "first"
		case before.Sum == v.Sum:
			x.Change = "information"
		}
		if !v.Removed {
			before = v
		}
		out = append(out, x)
	}
	slices.Reverse(out)
	return out
}

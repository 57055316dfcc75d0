// Package face declares what the window needs from the unlocked side and from set-up, as small interfaces of plain structs. The
// window never reaches past them; tests and pictures use the in-memory ones of windowtest.
package face

import (
	"context"
	"errors"
	"time"
)

// Errors that the window decides on. Adapters return these, wrapped or bare.
var (
	ErrWrongPassphrase = errors.New("the passphrase does not fit")
	ErrWrongWords      = errors.New("the words do not fit")
	ErrKeychain        = errors.New("the system keychain is locked or missing")
	ErrElsewhere       = errors.New("another Lightproof has the records open")
)

// Unlocker opens the unlocked side. A nil or empty passphrase is tried in "convenient" mode only.
type Unlocker interface {
	// Unlock returns the opened Library, ErrWrongPassphrase, ErrKeychain or ErrElsewhere. The caller wipes passphrase afterwards.
	Unlock(ctx context.Context, passphrase []byte) (Library, error)
}

// Mark is the short judgement shown beside a photo, a month or a day.
type Mark uint8

// The marks, each with its shape.
const (
	MarkProven    Mark = iota // ✓ proven in enough places
	MarkPending               // ‖ not yet
	MarkProblem               // ! needs somebody
	MarkUncovered             // ○ skipped or online-only
	MarkDeleted               // − deleted at the source, kept here
)

// Kind is the sort of picture behind a tile.
type Kind uint8

// The kinds; KindOther has a type icon instead of a picture.
const (
	KindPhoto Kind = iota
	KindRaw
	KindVideo
	KindOther
)

// Filter narrows the timeline. The zero Filter shows what exists at the source now.
type Filter struct {
	Text     string // name, date, camera, lens or folder; empty = everything
	Kind     string // "", "photo", "raw", "video"
	Mark     string // "", "pending", "problem"
	Deleted  bool   // only what was deleted at the source and is kept here
	MonthKey string // "2019-08": only that month
}

// Month is one section of the timeline, newest first. First is the index of its first group in Items' order.
type Month struct {
	Year        int
	Month       time.Month
	Originals   int64
	Groups      int
	First       int
	Mark        Mark
	Pending     int64
	Problems    int64
	Uncovered   int64
	OldestProof time.Time
}

// Item is one asset group as a tile: newest first, by local capture time.
type Item struct {
	ID       string
	Name     string // base name with the extensions of its members
	Taken    time.Time
	Kind     Kind
	Badges   []string // "RAW+J", "LIVE", "XMP", ...
	Versions int
	Length   time.Duration // videos
	Mark     Mark
	Mean     [3]uint8 // mean colour of the picture, for its placeholder
	Picture  bool     // a tile exists
	Bytes    int64
	Files    int
}

// Field is one line of EXIF or file facts, ready to show.
type Field struct{ Name, Value string }

// Copy is what is known of a group's newest version at one destination.
type Copy struct {
	Destination string
	Level       string // "sent", "confirmed", "checked", "opened"
	At          time.Time
	Bad         string // message code where damaged
}

// Version is one kept version of a group, newest first.
type Version struct {
	ID      string
	At      time.Time
	What    string // "original", "picture changed", "only information changed", "deleted at the source"
	Files   string // which members, e.g. "XMP"
	Bytes   int64
	Current bool
}

// Details is the page of one group.
type Details struct {
	Item        Item
	Facts       []Field // Taken, Camera, File, ... in order
	All         []Field // all EXIF
	Fingerprint string  // SHA-256 in hex of the main file
	Location    string  // "48.13 N 11.57 E" or empty
	Copies      []Copy
	Versions    []Version
	Path        string
}

// Library is the unlocked side: what the timeline holds, and the way back. Every method may be called concurrently and from any
// goroutine; each returns soon after ctx ends.
type Library interface {
	Months(ctx context.Context, f Filter) ([]Month, error)
	// Items returns at most n groups from index from on, in the order that Months' First counts.
	Items(ctx context.Context, f Filter, from, n int) ([]Item, error)
	Details(ctx context.Context, id string) (Details, error)
	// Tile returns JPEG bytes of a picture whose shorter side is at least px pixels, or the largest there is.
	Tile(ctx context.Context, id string, px int) ([]byte, error)
	// Days returns the days of one month with their changes, for choosing "when".
	Days(ctx context.Context, year int, month time.Month) ([]Day, error)
	// Moment suggests the moment to go back to, for a reason of Request, with one sentence why; zero if there is none.
	Moment(ctx context.Context, reason Reason) (time.Time, string, error)

	// PlanRestore resolves the request: what is missing is known before anything is written. The plan is saved; Run takes it up.
	PlanRestore(ctx context.Context, r Request) (Plan, error)
	// RunRestore carries a plan out. progress may be called from any goroutine. Ending ctx stops it with a partial Report.
	RunRestore(ctx context.Context, p Plan, progress func(Progress)) (Report, error)
	// Waiting returns the saved plan of an interrupted restore, or nil.
	Waiting(ctx context.Context) (*Plan, error)
	// WriteProof writes the report of everything held, without a restore, into dir.
	WriteProof(ctx context.Context, dir string) (Report, error)
	// Adopt goes on from what the destinations hold under this computer's name. A *present.Refused says why not.
	Adopt(ctx context.Context) error
	Keys
	// Lock drops the reading keys, and a kit that was made and not checked. The Library is unusable afterwards.
	Lock()
}

// Day is one day of the calendar.
type Day struct {
	Day     int
	Mark    Mark
	Changes int64
	Moments []time.Time // recorded moments of that day, oldest first
}

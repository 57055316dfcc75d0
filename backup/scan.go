package backup

import (
	"context"
	"encoding/hex"
	"errors"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
)

// Reasons of files that wait or failed, beyond those of the source package. They are keys of the string table's reasons.
const (
	reasonNew        = "new"
	reasonChanged    = "changed"
	reasonChanging   = "changing"   // changed while it was read
	reasonBusy       = "busy"       // open in another program
	reasonReadError  = "read-error" // the medium cannot be read
	reasonPermission = "permission"
	reasonVanished   = "vanished"
	reasonAway       = "away" // no destination takes copies now
	reasonFull       = "full"
	reasonFolder     = "folder-missing"
	reasonTooLarge   = "attributes-left-out"
	reasonForeign    = "foreign-bytes" // other bytes stand under a name that only this content can have
)

// busyFailsAfter is how long a file may stay busy before it counts as failed.
const busyFailsAfter = 24 * time.Hour

// job is one original to be stored. There may be a million of them.
type job struct {
	folder *source.Folder
	sight  sight
	old    *catalog.File // what is known of it, nil = new
	former *former       // the path that it seems to have had before, nil = none
	bare   bool          // no record of it was made: it is counted as folderFacts.Unlisted

	settled bool // why it is not stored now is known
}

// sight is what a look saw of a file or a symbolic link: of a source.Item what tells it from others.
type sight struct {
	path, target         string
	size                 int64 // bytes
	modTime, birth, ctim int64 // Unix nanoseconds; birth, ctim 0 = none
	inode, device        uint64
	mode                 uint32
	kind                 source.Kind
}

func sightOf(it source.Item) sight {
	return sight{path: it.Path, target: it.Target, size: it.Size, modTime: it.ModTime.UnixNano(), birth: nanos(it.BirthTime), ctim: nanos(it.ID.ChangeTime),
		inode: it.ID.Inode, device: it.ID.Device, mode: it.Mode, kind: it.Kind}
}

// item is the Item again, as far as Tree.Open needs it.
func (s *sight) item() source.Item {
	return source.Item{Path: s.path, Kind: s.kind, State: source.Found, Size: s.size, Mode: s.mode, ModTime: time.Unix(0, s.modTime).UTC(), BirthTime: moment(s.birth),
		ID: source.Identity{Device: s.device, Inode: s.inode, ChangeTime: moment(s.ctim)}, Target: s.target}
}

// moment is the reverse of nanos.
func moment(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// looked is the outcome of looking at one folder.
type looked struct {
	jobs    []job
	removed []removal
	found   int64
	issues  []Issue
	full    bool
}

func (e *Engine) folders() (out []source.Folder) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, f := range e.set.Folders {
		out = append(out, source.Folder{ID: id16(f.ID), Root: string(f.Path), Rules: folderRules(f.Exclude)})
	}
	return out
}

func id16(s string) (id [16]byte) {
	b, _ := hex.DecodeString(s)
	copy(id[:], b)
	return id
}

// scanOptions leave out our own files and the destinations.
func (e *Engine) scanOptions() source.ScanOptions {
	o := source.ScanOptions{Exclude: []source.Excluded{{Path: e.o.Home, Name: "Lightproof's own files"}}}
	for _, d := range e.destinations() {
		o.Exclude = append(o.Exclude, source.Excluded{Path: string(d.set.Dir), Name: "destination " + d.set.Label})
	}
	return o
}

// look walks one folder, records the states that the walk alone decides, and returns what there is to store.
// noPlace is why what is to be stored waits, empty: it does not.
func (e *Engine) look(ctx context.Context, folder source.Folder, kn *known, noPlace string) (*looked, error) {
	l := &looking{e: e, folder: folder, known: kn, noPlace: noPlace, now: e.clock.Now().Unix(), accepted: e.accepted(), rows: map[string]catalog.File{}}
	res := &l.looked
	before := kn.files[folder.ID]
	sum, err := e.tree.Scan(ctx, folder, e.scanOptions(), func(it source.Item) error { return l.item(ctx, it) })
	if err == nil {
		err = l.flush(ctx, 0)
	}
	id := hex.EncodeToString(folder.ID[:])
	if errors.Is(err, source.ErrFolderMissing) || err == nil && e.emptyMount(id, sum, before) {
		e.mu.Lock()
		if f := e.folderFact(id); f.Missing == 0 {
			f.Missing = l.now
		}
		e.mu.Unlock()
		res.issues = append(res.issues, Issue{Code: "missing", Path: folder.Root, Count: before})
		return res, nil
	}
	if err != nil {
		return nil, err
	}
	res.found, res.full = sum.Items, sum.Full && !sum.AtLeast
	if err := l.settleGone(ctx); err != nil {
		return nil, err
	}
	return res, l.flushGone(ctx, sum)
}

// looking is one look at one folder.
type looking struct {
	looked
	e        *Engine
	folder   source.Folder
	known    *known
	noPlace  string
	now      int64 // Unix seconds
	accepted map[string]int64
	rows     map[string]catalog.File // to be written
	counted  int64                   // of them those that count from now on
	gone     []goneRow               // to be written
	seen     int64                   // of the rows that are known
	unlisted int64
}

// item takes one name of the walk.
func (l *looking) item(ctx context.Context, it source.Item) error {
	path := l.known.path(l.folder.ID, it.Path)
	state, reason := stateOf(it)
	if len(l.accepted) > 0 && state != catalog.StateSkipped && l.accepted[acceptKey(l.folder.ID, it.Path)] != 0 {
		state, reason = catalog.StateSkipped, "by-choice"
	}
	value := l.known.otherwise(path, state, reason)
	if state == catalog.StatePending {
		value = l.known.sighted(path, it)
	}
	known, first, same := l.known.find(path, value)
	if first {
		l.seen++
	}
	if same {
		return nil
	}
	var old *catalog.File
	if known {
		row, err := l.e.db.Files.Get(ctx, catalog.FileKey{Folder: l.folder.ID, Path: it.Path})
		switch {
		case err == nil:
			old = &row
		case !errors.Is(err, catalog.ErrNotFound):
			return err
		}
	}
	return l.changed(ctx, it, state, reason, old)
}

// changed takes an original of which the records say nothing yet, or something else.
func (l *looking) changed(ctx context.Context, it source.Item, state catalog.FileState, reason string, old *catalog.File) error {
	if state == catalog.StatePending {
		if old != nil && unchanged(old, it) {
			return nil
		}
		switch {
		case l.noPlace != "":
			reason = l.noPlace
		case old != nil && old.VersionID != [16]byte{}:
			reason = reasonChanged
		default:
			reason = reasonNew
		}
		l.jobs = append(l.jobs, job{folder: &l.folder, sight: sightOf(it), old: old, bare: old == nil})
		if old == nil {
			l.unlisted++
			return nil
		}
	}
	next := catalog.File{Since: l.now}
	if old != nil {
		next = *old
	}
	if next.State == state && next.Reason == reason && old != nil {
		return nil
	}
	if !(waited(old) && state == catalog.StatePending) {
		next.Since = l.now
	}
	next.State, next.Reason = state, reason
	if state != catalog.StatePending {
		next.Size = it.Size
	}
	l.rows[it.Path] = next
	if old == nil || old.State == catalog.StateGone {
		l.counted++
	}
	return l.flush(ctx, rowsAtOnce)
}

// emptyMount tells whether a folder that held files shows none, on another file system than before: the mount point of a drive that
// is gone. Its files are away, not deleted.
func (e *Engine) emptyMount(id string, sum source.Summary, before int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.facts.Folders[id]
	return f != nil && before > 0 && sum.Root.Entries == 0 && f.Device != 0 && f.Device != sum.Root.ID.Device
}

// rowsAtOnce is how many rows of originals go into one transaction.
const rowsAtOnce = 4096

// flush writes collected rows once there are more than keep of them.
func (l *looking) flush(ctx context.Context, keep int) error {
	if len(l.rows) <= keep {
		return nil
	}
	err := l.e.updateCounted(ctx, func(w *catalog.Writer, with folderChange) error {
		for p, f := range l.rows {
			if err := w.Files.Put(ctx, catalog.FileKey{Folder: l.folder.ID, Path: p}, f); err != nil {
				return err
			}
		}
		with(l.folder.ID, func(f *folderFacts) { f.Found += l.counted })
		return nil
	})
	clear(l.rows)
	l.counted = 0
	return err
}

// unchanged tells whether the stored version is still what stands there. A birth time that is known on one side only says nothing.
func unchanged(f *catalog.File, it source.Item) bool {
	born := nanos(it.BirthTime)
	return f.State == catalog.StateStored && !f.Unsettled && f.Size == it.Size && f.ModTimeNS == it.ModTime.UnixNano() &&
		f.CTimeNS == nanos(it.ID.ChangeTime) && f.Inode == it.ID.Inode && (f.BirthNS == born || f.BirthNS == 0 || born == 0)
}

func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func stateOf(it source.Item) (catalog.FileState, string) {
	switch it.State {
	case source.Found:
		return catalog.StatePending, reasonNew
	case source.Skipped:
		return catalog.StateSkipped, it.Rule
	case source.Unreadable:
		return catalog.StateUnreadable, string(it.Reason)
	case source.OnlineOnly:
		return catalog.StateOnlineOnly, ""
	default:
		return catalog.StateFailed, string(it.Reason)
	}
}

func (e *Engine) accepted() map[string]int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make(map[string]int64, len(e.set.Accepted))
	for k, v := range e.set.Accepted {
		out[k] = v
	}
	return out
}

func acceptKey(folder [16]byte, path string) string {
	return hex.EncodeToString(folder[:]) + ":" + hex.EncodeToString([]byte(path))
}

// readReason says in which state an error of reading leaves a file.
func readReason(err error, since, now int64) (catalog.FileState, string) {
	switch {
	case errors.Is(err, source.ErrChanged), errors.Is(err, source.ErrChangedWhileRead):
		return catalog.StatePending, reasonChanging
	case errors.Is(err, source.ErrBusy):
		if since > 0 && now-since > int64(busyFailsAfter/time.Second) {
			return catalog.StateFailed, reasonBusy
		}
		return catalog.StatePending, reasonBusy
	case errors.Is(err, source.ErrUnreadable):
		return catalog.StateUnreadable, reasonPermission
	case errors.Is(err, source.ErrOnlineOnly):
		return catalog.StateOnlineOnly, ""
	case errors.Is(err, source.ErrVanished):
		return catalog.StateGone, reasonVanished
	case errors.Is(err, source.ErrNameTooLong):
		return catalog.StateFailed, string(source.ReasonNameTooLong)
	default:
		return catalog.StateFailed, reasonReadError
	}
}

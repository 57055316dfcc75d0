// Package library is the unlocked side of a vault: catalogue, timeline, versions, restore, opened proofs, folds. It holds the reader
// keyset and reaches stored bytes only through a backup.Service, which may be in this process or behind the local channel.
package library

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"lightproof/backup"
	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
)

// readerDB is the catalogue's file in the data folder.
const readerDB = "reader.db"

// Library is an unlocked vault. Its methods may be called concurrently. Whoever opens one holds the reader's lock on the home.
type Library struct {
	svc  backup.Service
	keys *reader.Keyset
	view *writer.Keyset
	db   *catalog.Reader
	home string

	sync sync.Mutex // one Sync at a time

	mu       sync.RWMutex
	cat      *reader.Catalogue
	chain    *vault.Chain
	credits  map[vault.Hash]time.Duration // credited time of the control entries, as of chain
	heads    map[vault.DevTag]vault.Head
	deltas   int // of this device's log since the last full commit
	timeline *timeline
	lean     bool // the files of the catalogue are not in cat
	frugal   bool // nor do they get there while commits are read
	shelf    *diskShelf
	broken   error // what ended a Sync midway, where that leaves nothing to go on from
	closed   bool
}

// Open opens the catalogue and brings it up to date; keys belong to the Library from then on.
func Open(ctx context.Context, svc backup.Service, keys *reader.Keyset, home string) (*Library, error) {
	return open(ctx, svc, keys, home, false)
}

// OpenFrugal is Open for one piece of work: the files stay on the disk, so that a large catalogue takes little memory, until something asks for
// the photos that they make up (Timeline, Photo, Together, Find), which find nothing where the catalogue cannot be read. Each and File do not.
func OpenFrugal(ctx context.Context, svc backup.Service, keys *reader.Keyset, home string) (*Library, error) {
	return open(ctx, svc, keys, home, true)
}

func open(ctx context.Context, svc backup.Service, keys *reader.Keyset, home string, frugal bool) (*Library, error) {
	path := filepath.Join(home, readerDB)
	db, err := catalog.OpenReader(path, keys.CacheKey, keys.Space, 0)
	if err == nil {
		if db, err = wholeOnly(ctx, db); err != nil && db != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	if errors.Is(err, catalog.ErrDamaged) || errors.Is(err, catalog.ErrWrongKey) || errors.Is(err, catalog.ErrOlderSchema) {
		if err = catalog.Discard(path); err == nil {
			db, err = catalog.OpenReader(path, keys.CacheKey, keys.Space, 0)
		}
	}
	if err != nil {
		return nil, err
	}
	if db.DB().RekeyDue() {
		if err := db.DB().Rekey(ctx); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	l := &Library{svc: svc, keys: keys, view: keys.View(), db: db, home: home, cat: reader.NewCatalogue(), heads: map[vault.DevTag]vault.Head{}, lean: true, frugal: frugal}
	if err := l.load(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if !frugal {
		if err := l.loadFiles(ctx); err != nil {
			db.Close()
			return nil, err
		}
	}
	// Sync first: the engine may have followed to a generation that the keys have yet to take in.
	if err := l.Sync(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if err := l.prove(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if err := l.rotate(ctx); err != nil {
		db.Close()
		return nil, err
	}
	if frugal {
		return l, nil
	}
	if err := l.giveMap(ctx); err != nil {
		db.Close()
		return nil, err
	}
	return l, nil
}

// wholeOnly gives a database back whose commits were read to their end. Of another one it closes it and says that it is damaged: it has to be made anew.
func wholeOnly(ctx context.Context, db *catalog.Reader) (*catalog.Reader, error) {
	switch has, err := db.State.Has(ctx, []byte(rowReading)); {
	case err != nil:
		return db, err
	case has:
		return nil, errors.Join(catalog.ErrDamaged, db.Close())
	}
	return db, nil
}

// Close wipes the keys and closes the catalogue.
func (l *Library) Close() error {
	l.sync.Lock()
	defer l.sync.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	l.keys.Wipe()
	for _, g := range l.view.Generations {
		g.Wipe()
	}
	l.cat, l.timeline = reader.NewCatalogue(), nil
	return l.db.Close()
}

// prove answers the engine's challenge, so that lists with names open to this caller.
func (l *Library) prove(ctx context.Context) error {
	sealed, err := l.svc.Challenge(ctx)
	if err != nil {
		return err
	}
	var answer []byte
	for g := len(l.keys.Generations); g > 0; g-- { // the engine's newest, which may be older than ours
		if answer, err = l.keys.AnswerChallenge(uint32(g), sealed); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("proof of unlock: %w", err)
	}
	return l.svc.Prove(ctx, answer)
}

// Objects reads stored objects through the service.
type objects struct {
	svc         backup.Service
	destination string
}

func (o objects) Get(ctx context.Context, name string) ([]byte, error) {
	b, err := o.svc.Object(ctx, name, o.destination, false)
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", vault.ErrMissing, err)
	}
	return b, err
}

func (o objects) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	return o.svc.Objects(ctx, prefix, o.destination, fn)
}

const (
	rowReading = "reading" // files stand there whose commits are not noted: see diskShelf
	rowHead    = "head/"
	rowIntent  = "intent/" // + devtag || u64 seq → a collection that was announced
	rowJoined  = "joined/" // + fileID → the fileID of the file that it belongs to
)

// load takes up what the local catalogue kept, but for the files.
func (l *Library) load(ctx context.Context) error {
	return l.db.State.Scan(ctx, func(k, v []byte) error {
		name := string(k)
		switch {
		case strings.HasPrefix(name, rowHead) && len(name) == len(rowHead)+8 && len(v) == 40:
			l.heads[vault.DevTag([]byte(name[len(rowHead):]))] = vault.Head{Seq: binary.BigEndian.Uint64(v), Hash: vault.Hash(v[8:])}
		case strings.HasPrefix(name, rowJoined) && len(name) == len(rowJoined)+16 && len(v) == 16:
			l.cat.LoadJoined(vault.FileID([]byte(name[len(rowJoined):])), vault.FileID(v))
		case name == "sources":
			p, err := vault.ParsePage(slices.Clone(v))
			if err != nil {
				return err
			}
			for _, s := range p.Sources {
				l.cat.Sources[s.ID] = s
			}
		case strings.HasPrefix(name, rowIntent):
			i, err := writer.ParseIntent(v)
			if err != nil {
				return err
			}
			l.keys.Condemned().Learn(i)
		case name == "deltas" && len(v) == 8:
			l.deltas = int(binary.BigEndian.Uint64(v))
		}
		return nil
	})
}

// loadFiles takes up the files that the local catalogue kept, unless they are there already. l.mu is held, or nobody has l yet.
func (l *Library) loadFiles(ctx context.Context) error {
	if !l.lean {
		return nil
	}
	same := newShared()
	if err := l.kept(ctx, oneByOne(func(f *reader.File) error {
		same.file(f)
		l.cat.Load(f)
		return nil
	})); err != nil {
		l.cat.Unload() // a part of them would be taken for all
		return err
	}
	l.lean = false
	return nil
}

// Sync reads the commits that are new since the last time. Where the catalogue is empty, it is rebuilt: of each log the newest full
// commit, then the deltas after it.
func (l *Library) Sync(ctx context.Context) (err error) {
	l.sync.Lock()
	defer l.sync.Unlock()
	if l.broken != nil {
		return l.broken
	}
	o := objects{svc: l.svc}
	credits, err := backup.ReadCredits(ctx, l.svc)
	if err != nil {
		return err
	}
	f, err := l.keys.Follow(ctx, o, func(h vault.Hash) time.Duration { return credits[h] }, 0)
	if err != nil && !errors.Is(err, reader.ErrShutOut) { // what is older than a generation that shuts us out can still be read
		return err
	}
	for _, g := range l.view.Generations {
		g.Wipe()
	}
	if f.Grew {
		l.reseal()
	}
	chain := f.Chain
	l.view = f.View
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		if l.shelf != nil { // it ended before what was read was kept
			l.broken = errors.Join(err, l.shelf.wait())
			err = l.broken
		}
	}()
	l.chain, l.credits = chain, credits
	if len(l.heads) == 0 {
		cat := reader.NewCatalogue()
		if l.frugal {
			l.shelf = &diskShelf{ctx: ctx, l: l}
			cat.PutOn(l.shelf)
		}
		heads, _, err := l.keys.Rebuild(ctx, o, l.view, chain, cat, nil)
		if err != nil {
			return err
		}
		same := newShared()
		for _, f := range cat.Files {
			same.file(f)
		}
		l.cat, l.heads, l.timeline, l.lean = cat, heads, nil, false
		return l.keep(ctx)
	}
	for _, p := range chain.Principals() {
		if p.Device == nil {
			continue
		}
		tag := p.Device.Tag
		head, _, err := writer.WalkLog(ctx, o, l.view, chain, tag, l.heads[tag], func(lc writer.LogCommit) error {
			if lc.Header.Type == vault.CommitFull {
				l.deltas = 0
				return nil // holds nothing that the deltas before it did not
			}
			if lc.Header.Type == vault.CommitDelta {
				l.deltas++
			}
			if err := l.takeUp(ctx); err != nil {
				return err
			}
			_, err := l.keys.Pages(ctx, o, lc, l.cat.Apply)
			return err
		})
		if err != nil {
			return err
		}
		if head != l.heads[tag] {
			l.heads[tag], l.timeline = head, nil
		}
	}
	return l.keep(ctx)
}

// keep writes what changed into the local catalogue. l.mu is held.
func (l *Library) keep(ctx context.Context) error {
	if l.shelf != nil {
		if err := errors.Join(l.cat.ShelfErr(), l.shelf.wait()); err != nil {
			return err
		}
	}
	changed, joined := l.cat.TakeChanged(), l.cat.TakeJoined()
	// Heads, sources, announced collections and the count of deltas are a few more.
	few := len(l.heads) + l.keys.Condemned().Len() + 64
	err := l.db.UpdateOf(ctx, len(changed)+len(joined)+few, func(r *catalog.Reader) error {
		if err := keepFiles(ctx, r, changed, joined); err != nil {
			return err
		}
		for tag, h := range l.heads {
			v := append(binary.BigEndian.AppendUint64(nil, h.Seq), h.Hash[:]...)
			if err := r.State.Put(ctx, append([]byte(rowHead), tag[:]...), v); err != nil {
				return err
			}
		}
		for _, i := range l.keys.Condemned().Intents() {
			row := i.Encode()
			if err := r.State.Put(ctx, append([]byte(rowIntent), row[:16]...), row); err != nil {
				return err
			}
		}
		p := vault.Page{}
		for _, s := range l.cat.Sources {
			p.Sources = append(p.Sources, s)
		}
		if err := r.State.Put(ctx, []byte("deltas"), binary.BigEndian.AppendUint64(nil, uint64(l.deltas))); err != nil {
			return err
		}
		if err := r.State.Delete(ctx, []byte(rowReading)); err != nil {
			return err
		}
		return r.State.Put(ctx, []byte("sources"), p.Encode())
	})
	if err != nil { // the heads are beyond them already; on the shelf, what is kept is no use without them
		l.cat.PutBack(changed, joined)
		return err
	}
	l.shelf = nil
	if l.frugal && !l.lean {
		l.cat.Unload()
		l.db.Entries.Forget()
		l.lean = true
	}
	return nil
}

func keepFiles(ctx context.Context, r *catalog.Reader, files []*reader.File, joined map[vault.FileID]vault.FileID) error {
	var row []byte
	for _, f := range files {
		row = f.AppendPage(row[:0])
		if err := r.Entries.Put(ctx, f.ID, row); err != nil {
			return err
		}
	}
	for id, belongs := range joined {
		if err := r.State.Put(ctx, append([]byte(rowJoined), id[:]...), belongs[:]); err != nil {
			return err
		}
	}
	return nil
}

// Space is the vault's identifier.
func (l *Library) Space() vault.SpaceID { return l.keys.Space }

// Keys gives the reader keyset, for what needs the control key. It is wiped by Close.
func (l *Library) Keys() *reader.Keyset { return l.keys }

// Chain is the control chain as of the last Sync.
func (l *Library) Chain() *vault.Chain {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.chain
}

// Sources are the protected folders as the catalogue knows them.
func (l *Library) Sources() map[[16]byte]vault.Source {
	l.mu.RLock()
	defer l.mu.RUnlock()
	out := make(map[[16]byte]vault.Source, len(l.cat.Sources))
	for k, v := range l.cat.Sources {
		out[k] = v
	}
	return out
}

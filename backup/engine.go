package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/store"
	"lightproof/backup/store/local"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
	"lightproof/keystore"
	"lightproof/keystore/secret"
)

// Options are what an engine takes from outside.
type Options struct {
	Home  string
	Build string
	Clock source.Clock // nil: the computer's
	Tree  source.Tree  // nil: the computer's file system
	Open  Opener       // nil: OpenFolder
	// Keychain keeps the pin, by which a data folder restored from an old image is noticed; nil: no pin.
	Keychain keystore.Keychain
}

// Engine is the writer-level engine: it implements Service in its own process. Whoever runs one must hold the lock on its home.
type Engine struct {
	o       Options
	clock   source.Clock
	tree    source.Tree
	started time.Time

	run sync.Mutex // one long work at a time

	mu     sync.Mutex // guards what follows
	info   DeviceInfo
	keys   *writer.Keyset
	start  secret.Secret
	set    *settings
	db     *catalog.Writer
	dests  []*destination
	log    vault.Head // head of the own log
	chain  *vault.Chain
	facts  facts
	work   *Work
	paused *Pause
	closed bool
	pinned writer.Pin                 // as the keychain has it
	alarms map[string]bool            // message codes
	blamed map[string]map[string]bool // message code → destinations that gave cause, "" for none in particular
	live   bool                       // file events come in

	events  hub
	tokens  sync.Map // proofs of unlock that wait for their answer
	wake    chan struct{}
	retired chan struct{}
	once    sync.Once
}

// Open starts an engine on a home. Without a vault there it waits for SetUp; where start is empty, for Unseal.
func Open(ctx context.Context, o Options, start secret.Secret) (*Engine, error) {
	if o.Clock == nil {
		o.Clock = source.SystemClock{}
	}
	if o.Tree == nil {
		o.Tree = source.NewOS(o.Clock)
	}
	if o.Open == nil {
		o.Open = OpenFolder
	}
	if err := os.MkdirAll(o.Home, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	e := &Engine{o: o, clock: o.Clock, tree: o.Tree, started: o.Clock.Now(), wake: make(chan struct{}, 1), retired: make(chan struct{}), alarms: map[string]bool{}, blamed: map[string]map[string]bool{}}
	e.events.clock = o.Clock
	info, err := ReadDevice(o.Home)
	switch {
	case errors.Is(err, ErrNotSetUp):
	case err != nil:
		return nil, err
	default:
		e.info = info
		if !start.IsZero() {
			if err := e.unseal(ctx, start); err != nil {
				return nil, err
			}
		}
	}
	e.publish(ctx)
	return e, nil
}

// unseal opens keys, settings and database.
func (e *Engine) unseal(ctx context.Context, start secret.Secret) error {
	keys, err := openWriter(e.o.Home, e.info, start)
	if err != nil {
		return err
	}
	set, err := loadSettings(e.o.Home, keys)
	if err != nil {
		return err
	}
	if set.SetUpAt == 0 { // the first start after a set-up at the terminal or a recovery
		set.SetUpAt = e.clock.Now().Unix()
		if err := set.save(e.o.Home, keys); err != nil {
			return err
		}
	}
	db, err := openDB(filepath.Join(e.o.Home, writerDB), keys)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.keys, e.start, e.set, e.db = keys, start.Clone(), set, db
	e.dests = nil
	for _, s := range set.Destinations {
		e.dests = append(e.dests, newDestination(s))
	}
	e.mu.Unlock()
	if err := e.loadFacts(ctx); err != nil {
		return err
	}
	if err := e.loadIntents(ctx); err != nil {
		return err
	}
	if err := e.adopt(ctx); err != nil {
		return err
	}
	return e.checkPin(ctx)
}

func newDestination(s destinationSetting) *destination {
	d := &destination{set: s}
	id, _ := hex.DecodeString(s.ID)
	copy(d.id[:], id)
	d.room = store.Room{Total: -1, Free: -1}
	return d
}

// openDB opens writer.db, or makes it anew where the old one cannot be used: everything in it comes back from the destinations.
func openDB(path string, k *writer.Keyset) (*catalog.Writer, error) {
	db, err := catalog.OpenWriter(path, k.CacheKey, k.Space)
	if errors.Is(err, catalog.ErrDamaged) || errors.Is(err, catalog.ErrWrongKey) || errors.Is(err, catalog.ErrOlderSchema) {
		if err = catalog.Discard(path); err == nil {
			db, err = catalog.OpenWriter(path, k.CacheKey, k.Space)
		}
	}
	return db, err
}

// ready returns an error where the engine has no keys yet.
func (e *Engine) ready() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.closed:
		return ErrGone
	case e.info.Mode == "":
		return ErrNotSetUp
	case e.keys == nil:
		return ErrLocked
	}
	return nil
}

// Close ends the engine: running work must have been stopped by its context.
func (e *Engine) Close() error {
	e.run.Lock()
	defer e.run.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	e.retire()
	e.events.close()
	for _, d := range e.dests {
		if s := d.store(); s != nil {
			s.Close()
		}
	}
	var err error
	if e.db != nil {
		err = e.db.Close()
	}
	if e.keys != nil {
		e.keys.Wipe()
	}
	e.start.Wipe()
	return err
}

func (e *Engine) retire() { e.once.Do(func() { close(e.retired) }) }

// Retired is closed once the engine was asked to end.
func (e *Engine) Retired() <-chan struct{} { return e.retired }

// Hello implements Service.
func (e *Engine) Hello(context.Context) (Hello, error) {
	return Hello{Protocol: Protocol, Build: e.o.Build, PID: os.Getpid(), Started: e.started, Home: e.o.Home}, nil
}

// State implements Service.
func (e *Engine) State(context.Context) (*State, error) {
	if s := e.events.newest(); s != nil {
		return s, nil
	}
	return nil, ErrGone
}

// Events implements Service.
func (e *Engine) Events(ctx context.Context) (<-chan Event, error) {
	return e.events.subscribe(ctx), nil
}

// Do implements Service.
func (e *Engine) Do(ctx context.Context, c Command) (Reply, error) {
	switch c := c.(type) {
	case SetUp:
		return Reply{}, e.setUp(ctx, c)
	case Unseal:
		if err := e.ready(); !errors.Is(err, ErrLocked) {
			return Reply{}, err
		}
		err := e.unseal(ctx, secret.New(c.Key))
		e.publish(ctx)
		e.nudge()
		return Reply{}, err
	case Retire:
		e.retire()
		return Reply{}, nil
	}
	if err := e.ready(); err != nil {
		return Reply{}, err
	}
	switch c := c.(type) {
	case AddFolder:
		id, err := e.addFolder(ctx, c)
		return Reply{ID: id}, err
	case RemoveFolder:
		return Reply{}, e.removeFolder(ctx, c)
	case AddDestination:
		id, err := e.addDestination(ctx, c)
		return Reply{ID: id}, err
	case TestDestination:
		p, err := e.testDestination(ctx, c)
		return Reply{Probe: p}, err
	case BackUp:
		r, err := e.backUp(ctx, c)
		return Reply{Run: r}, err
	case Check:
		r, err := e.check(ctx, c)
		return Reply{Run: r}, err
	case PauseFor:
		return Reply{}, e.pause(ctx, c.For)
	case Resume:
		return Reply{}, e.pause(ctx, 0)
	case KitChecked:
		return Reply{}, e.change(ctx, func(s *settings) { s.KitChecked = e.clock.Now().Unix() })
	case FileMap:
		return Reply{}, e.fileMap(ctx, c)
	case RecordOpened:
		return Reply{}, e.recordOpened(ctx, c)
	case RecordPractice:
		return Reply{}, e.recordPractice(ctx, c)
	case LeaveUnprotected:
		return Reply{}, e.leaveUnprotected(ctx, c)
	case Retry:
		e.nudge()
		return Reply{}, nil
	}
	return Reply{}, fmt.Errorf("command %s: %w", c.CommandName(), vault.ErrNewer)
}

// nudge makes the schedule look at once.
func (e *Engine) nudge() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

func (e *Engine) setUp(ctx context.Context, c SetUp) error {
	if err := e.ready(); !errors.Is(err, ErrNotSetUp) {
		if err == nil {
			err = ErrAlreadySetUp
		}
		return err
	}
	info, err := ReadDevice(e.o.Home)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.info = info
	e.mu.Unlock()
	if err := e.unseal(ctx, secret.New(c.Key)); err != nil {
		return err
	}
	now := e.clock.Now().Unix()
	return e.change(ctx, func(s *settings) {
		s.SetUpAt = now
		if c.KitChecked {
			s.KitChecked = now
		}
	})
}

// change alters and saves the settings and publishes the new state.
func (e *Engine) change(ctx context.Context, fn func(*settings)) error {
	e.mu.Lock()
	fn(e.set)
	err := e.set.save(e.o.Home, e.keys)
	e.mu.Unlock()
	e.publish(ctx)
	return err
}

func (e *Engine) addFolder(ctx context.Context, c AddFolder) (string, error) {
	path, err := filepath.Abs(c.Path)
	if err != nil {
		return "", err
	}
	st, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%w: %w", source.ErrFolderMissing, err)
	}
	if !st.IsDir() {
		return "", fmt.Errorf("%w: not a folder", source.ErrFolderMissing)
	}
	rules := folderRules(c.Exclude)
	if err := rules.Check(); err != nil {
		return "", err
	}
	e.mu.Lock()
	for _, f := range e.set.Folders {
		if string(f.Path) == path {
			e.mu.Unlock()
			return f.ID, nil
		}
	}
	e.mu.Unlock()
	var id [16]byte
	rand.Read(id[:])
	s := folderSetting{ID: hex.EncodeToString(id[:]), Path: []byte(path), Exclude: c.Exclude}
	err = e.change(ctx, func(set *settings) { set.Folders = append(set.Folders, s) })
	e.nudge()
	return s.ID, err
}

func folderRules(exclude []string) (r source.Rules) {
	for _, p := range exclude {
		r = append(r, source.Rule{Name: "left out: " + p, Pattern: p, Who: "you"})
	}
	return r
}

func (e *Engine) removeFolder(ctx context.Context, c RemoveFolder) error {
	found := false
	err := e.change(ctx, func(s *settings) {
		for i, f := range s.Folders {
			if f.ID == c.ID {
				s.Folders, found = append(s.Folders[:i:i], s.Folders[i+1:]...), true
				return
			}
		}
	})
	if err == nil && !found {
		return fmt.Errorf("folder: %w", os.ErrNotExist)
	}
	if err != nil {
		return err
	}
	if err := e.forgetFolder(ctx, c.ID); err != nil {
		return err
	}
	return e.recount(ctx)
}

func (e *Engine) addDestination(ctx context.Context, c AddDestination) (string, error) {
	if c.Kind != "folder" {
		return "", fmt.Errorf("destination of kind %q: %w", c.Kind, vault.ErrNewer)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return "", err
	}
	var id local.Identity
	if c.Adopt {
		id, err = local.ReadIdentity(dir)
	} else {
		id, err = local.Create(dir, e.keys.Space)
	}
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(id)
	if err != nil {
		return "", err
	}
	place := c.Place
	if place == "" {
		place = id.Filesystem // destinations on one disk are one place
	}
	label := c.Label
	if label == "" {
		label = filepath.Base(dir)
	}
	s := destinationSetting{ID: hex.EncodeToString(id.Place[:]), Kind: c.Kind, Dir: []byte(dir), Label: label, Place: place, Away: c.Away, Identity: raw}
	known := false
	err = e.change(ctx, func(set *settings) {
		for i := range set.Destinations {
			if set.Destinations[i].ID == s.ID {
				set.Destinations[i], known = s, true
			}
		}
		if !known {
			set.Destinations = append(set.Destinations, s)
		}
	})
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	d := newDestination(s)
	if known {
		for i := range e.dests {
			if e.dests[i].set.ID == s.ID {
				e.dests[i] = d
			}
		}
	} else {
		e.dests = append(e.dests, d)
	}
	e.mu.Unlock()
	e.run.Lock()
	defer e.run.Unlock()
	if err := d.connect(ctx, e.o.Open); err != nil {
		return s.ID, err
	}
	if c.Adopt {
		if err := e.relearn(ctx); err != nil {
			return s.ID, err
		}
	}
	// What it needs to be known as ours; the objects, and the commits with them, follow in the next run.
	list, err := e.debts(ctx, d)
	if err == nil {
		err = e.deliver(ctx, d, before(list))
	}
	if err != nil {
		return s.ID, err
	}
	e.publish(ctx)
	e.nudge()
	return s.ID, nil
}

func (e *Engine) testDestination(ctx context.Context, c TestDestination) (*Probe, error) {
	e.run.Lock()
	defer e.run.Unlock()
	for _, d := range e.destinations() {
		if d.set.ID != c.ID && (c.Dir == "" || string(d.set.Dir) != c.Dir) {
			continue
		}
		err := d.connect(ctx, e.o.Open)
		e.publish(ctx)
		if err != nil {
			return &Probe{Code: storeCode(err), Total: -1, Free: -1}, nil
		}
		p := probe(ctx, d.store())
		return &p, nil
	}
	return nil, fmt.Errorf("destination: %w", os.ErrNotExist)
}

func (e *Engine) destinations() []*destination {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]*destination(nil), e.dests...)
}

func (e *Engine) pause(ctx context.Context, d time.Duration) error {
	if d < 0 || d > 7*24*time.Hour {
		return fmt.Errorf("a pause of %s: at most 7 days", d)
	}
	e.mu.Lock()
	e.paused = nil
	if d > 0 {
		e.paused = &Pause{Until: e.clock.Now().Add(d), Reason: "you"}
	}
	e.mu.Unlock()
	e.publish(ctx)
	if d == 0 {
		e.nudge()
	}
	if err := e.note(ctx, notePause, int64(d/time.Second)); err != nil {
		return err
	}
	return e.saveFacts(ctx)
}

package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
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

	run    sync.Mutex // one long work at a time
	saving sync.Mutex // see saveFacts; taken before mu and before the database's own lock

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
	halt   context.CancelCauseFunc // ends the copying that is under way; nil: none is
	closed bool
	pinned writer.Pin                 // as the keychain has it
	alarms map[string]bool            // message codes
	blamed map[string]map[string]bool // message code → destinations that gave cause, "" for none in particular
	live   bool                       // file events come in
	begun  *begunCheck                // a full check of which the unlocked side does a part

	recounting   sync.Mutex     // one count at a time; taken before saving and mu
	counting     sync.WaitGroup // the count of a start, which may go on behind it
	stopCounting context.CancelFunc

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
	db, err := openDB(ctx, filepath.Join(e.o.Home, writerDB), keys)
	if err != nil {
		return err
	}
	e.mu.Lock()
	e.keys, e.start, e.set, e.db = keys, start.Clone(), set, db
	e.dests = nil
	for _, s := range set.Destinations {
		e.dests = append(e.dests, newDestination(s, e.clock))
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

// openDB opens writer.db, or makes it anew where the old one cannot be used: everything in it comes back from the destinations. Where its row key
// is used up it gets a new one first: nothing could be written.
func openDB(ctx context.Context, path string, k *writer.Keyset) (*catalog.Writer, error) {
	db, err := catalog.OpenWriter(path, k.CacheKey, k.Space)
	if errors.Is(err, catalog.ErrDamaged) || errors.Is(err, catalog.ErrWrongKey) || errors.Is(err, catalog.ErrOlderSchema) {
		if err = catalog.Discard(path); err == nil {
			db, err = catalog.OpenWriter(path, k.CacheKey, k.Space)
		}
	}
	if err != nil || !db.DB().Spent() {
		return db, err
	}
	if err := db.DB().Rekey(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// renewRowKey seals the database's rows anew once the row key is nearly used up. It gives way to the end of ctx: the next call goes on.
func (e *Engine) renewRowKey(ctx context.Context) error {
	if !e.db.DB().RekeyDue() || ctx.Err() != nil {
		return nil
	}
	if err := e.db.DB().Rekey(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
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
	stop := e.stopCounting
	e.mu.Unlock()
	if stop != nil {
		stop()
		e.counting.Wait()
	}
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

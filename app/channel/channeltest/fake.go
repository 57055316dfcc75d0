// Package channeltest holds what tests of the local line and of those who speak over it need: a scripted [backup.Service] and the
// contract that every Service keeps, the engine itself as well as the client behind the line.
package channeltest

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
)

// Fake is a Service in memory. Its fields may be set before it is used; its methods may be called at any time.
type Fake struct {
	Build  string
	Home   string
	OnDo   func(ctx context.Context, c backup.Command) (backup.Reply, error) // nil: pauses and resumes, else does nothing
	OnSeal func(b backup.SealedBatch) error

	mu       sync.Mutex
	state    backup.State
	objects  map[string][]byte
	lists    map[string][]backup.Row
	readers  map[chan backup.Event]bool
	done     []backup.Command
	sealed   []backup.SealedBatch
	open     [][]byte
	rejected error
}

// NewFake gives a Service that is set up, safe and idle.
func NewFake(home string) *Fake {
	f := &Fake{Build: "fake", Home: home, objects: map[string][]byte{}, lists: map[string][]backup.Row{}, readers: map[chan backup.Event]bool{}}
	f.state = backup.State{Seq: 1, At: time.Unix(1_780_000_000, 0).UTC(), Verdict: backup.Safe,
		Counts: backup.Counts{Found: 41219, Protected: 41219}, Plan: backup.Plan{Places: 2, Away: 1}, PlacesNow: 3,
		Causes: []backup.Cause{}, Safety: backup.Safety{SetUp: true, KeysUsable: true, Mode: "convenient"}}
	for _, what := range []string{"problems", "folders", "files", "activity", "versions", backup.CreditList} {
		f.lists[what] = nil
	}
	return f
}

// PutObject stores an object at the fake's only destination.
func (f *Fake) PutObject(name string, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects[name] = data
}

// PutRows makes a list.
func (f *Fake) PutRows(what string, rows ...backup.Row) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists[what] = rows
}

// Change publishes a new state.
func (f *Fake) Change(change func(*backup.State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.change(change)
}

func (f *Fake) change(change func(*backup.State)) {
	s := f.state
	change(&s)
	s.Seq = f.state.Seq + 1
	f.state = s
	f.publish(backup.Event{Kind: "state", Seq: s.Seq, At: s.At, State: &s})
}

// Beat publishes a sign of life.
func (f *Fake) Beat() { f.Publish(backup.Event{Kind: "beat"}) }

// Publish sends one event to every reader.
func (f *Fake) Publish(ev backup.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state.Seq++
	ev.Seq = f.state.Seq
	f.publish(ev)
}

// publish never waits: a reader that is full misses the event. The line's own queue stands behind it.
func (f *Fake) publish(ev backup.Event) {
	for r := range f.readers {
		select {
		case r <- ev:
		default:
		}
	}
}

// Readers is the number of open event streams.
func (f *Fake) Readers() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.readers)
}

// Commands are all that Do was given, in order.
func (f *Fake) Commands() []backup.Command {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.done)
}

// Batches are all that Sealed was given.
func (f *Fake) Batches() []backup.SealedBatch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sealed)
}

// Fail makes every later call fail with err; nil ends that.
func (f *Fake) Fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rejected = err
}

func (f *Fake) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rejected
}

// Hello names this process.
func (f *Fake) Hello(ctx context.Context) (backup.Hello, error) {
	return backup.Hello{Protocol: backup.Protocol, Build: f.Build, PID: os.Getpid(), Started: time.Unix(1_780_000_000, 0).UTC(), Home: f.Home}, f.ready(ctx)
}

// State gives the newest state.
func (f *Fake) State(ctx context.Context) (*backup.State, error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state
	return &s, nil
}

// Events streams from a whole state on.
func (f *Fake) Events(ctx context.Context) (<-chan backup.Event, error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	ch := make(chan backup.Event, 4096)
	f.mu.Lock()
	s := f.state
	ch <- backup.Event{Kind: "state", Seq: s.Seq, At: s.At, State: &s}
	f.readers[ch] = true
	f.mu.Unlock()
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.readers, ch)
		close(ch)
	})
	return ch, nil
}

// Do notes the command and carries it out by OnDo.
func (f *Fake) Do(ctx context.Context, c backup.Command) (backup.Reply, error) {
	if err := f.ready(ctx); err != nil {
		return backup.Reply{}, err
	}
	f.mu.Lock()
	f.done = append(f.done, c)
	if f.OnDo != nil {
		f.mu.Unlock()
		return f.OnDo(ctx, c)
	}
	defer f.mu.Unlock()
	switch c := c.(type) {
	case backup.PauseFor:
		f.change(func(s *backup.State) { s.Paused = &backup.Pause{Until: s.At.Add(c.For), Reason: "you"} })
	case backup.Resume:
		f.change(func(s *backup.State) { s.Paused = nil })
	}
	return backup.Reply{}, nil
}

// List pages through what PutRows made; keys are in rising order.
func (f *Fake) List(ctx context.Context, q backup.Query) (backup.Page, error) {
	if err := f.ready(ctx); err != nil {
		return backup.Page{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	rows, ok := f.lists[q.What]
	if !ok || q.Limit < 1 || q.Limit > 500 {
		return backup.Page{}, fmt.Errorf("no list %q of %d rows", q.What, q.Limit)
	}
	page := backup.Page{Rows: []backup.Row{}}
	for _, r := range rows {
		if r.Key <= q.After {
			continue
		}
		if len(page.Rows) == q.Limit {
			page.Next = page.Rows[len(page.Rows)-1].Key
			break
		}
		page.Rows = append(page.Rows, r)
	}
	return page, nil
}

// Object reads what PutObject stored.
func (f *Fake) Object(ctx context.Context, name, _ string, _ bool) ([]byte, error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	if err := store.CheckName(name); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.objects[name]
	if !ok {
		return nil, fmt.Errorf("read %s: %w", name, store.ErrNotExist)
	}
	return data, nil
}

// Objects lists in the order of names.
func (f *Fake) Objects(ctx context.Context, prefix, _ string, fn func(string, int64) error) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	var names []string
	sizes := map[string]int64{}
	for name, data := range f.objects {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
			sizes[name] = int64(len(data))
		}
	}
	f.mu.Unlock()
	sort.Strings(names)
	for _, name := range names {
		if err := fn(name, sizes[name]); err != nil {
			return err
		}
	}
	return nil
}

// Sealed notes the batch.
func (f *Fake) Sealed(ctx context.Context, b backup.SealedBatch) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sealed = append(f.sealed, b)
	if f.OnSeal != nil {
		return f.OnSeal(b)
	}
	return nil
}

// Challenge "seals" 32 random bytes; Answer opens them.
func (f *Fake) Challenge(ctx context.Context) ([]byte, error) {
	if err := f.ready(ctx); err != nil {
		return nil, err
	}
	answer := make([]byte, 32)
	rand.Read(answer)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open = append(f.open, answer)
	return Answer(answer), nil
}

// Answer is what the owner of the reader keyset does with a Fake's challenge.
func Answer(sealed []byte) []byte {
	out := slices.Clone(sealed)
	for i := range out {
		out[i] ^= 0x5a
	}
	return out
}

// Prove takes each right answer once.
func (f *Fake) Prove(ctx context.Context, answer []byte) error {
	if err := f.ready(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.IndexFunc(f.open, func(a []byte) bool { return bytes.Equal(a, answer) })
	if i < 0 {
		return backup.ErrLocked
	}
	f.open = slices.Delete(f.open, i, i+1)
	return nil
}

var _ backup.Service = (*Fake)(nil)

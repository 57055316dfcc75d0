package backup

import (
	"context"
	"strconv"
	"sync"
	"time"

	"lightproof/backup/source"
)

// BeatEvery is how often a living engine says so; silence of a minute means that it is gone or hangs.
const BeatEvery = 20 * time.Second

// eventQueue is how many events wait for one slow reader before it gets a "resync" instead.
const eventQueue = 256

// hub hands events to subscribers without ever waiting for one.
type hub struct {
	clock  source.Clock
	mu     sync.Mutex
	state  *State
	seq    uint64
	subs   map[*subscriber]struct{}
	closed bool
}

type subscriber struct {
	ch   chan Event
	lost bool
}

func (h *hub) newest() *State {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state
}

func (h *hub) subscribe(ctx context.Context) <-chan Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &subscriber{ch: make(chan Event, eventQueue)}
	if h.closed {
		close(s.ch)
		return s.ch
	}
	if h.subs == nil {
		h.subs = map[*subscriber]struct{}{}
	}
	h.subs[s] = struct{}{}
	s.ch <- Event{Seq: h.seq, At: h.clock.Now(), Kind: "state", State: h.state}
	context.AfterFunc(ctx, func() { h.drop(s) })
	return s.ch
}

func (h *hub) drop(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.subs[s]; ok {
		delete(h.subs, s)
		close(s.ch)
	}
}

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		delete(h.subs, s)
		close(s.ch)
	}
}

// setState publishes a new snapshot.
func (h *hub) setState(s *State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	s.Seq = h.seq
	h.state = s
	h.sendLocked(Event{Seq: h.seq, At: s.At, Kind: "state", State: s})
}

// send publishes a beat or an activity.
func (h *hub) send(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	e.Seq, e.At = h.seq, h.clock.Now()
	h.sendLocked(e)
}

func (h *hub) sendLocked(e Event) {
	for s := range h.subs {
		next := e
		if s.lost {
			next = Event{Seq: h.seq, At: e.At, Kind: "resync", State: h.state}
		}
		select {
		case s.ch <- next:
			s.lost = false
		default:
			s.lost = true
		}
	}
}

// The kinds of records of the activity log, and the names of their numbers, in the order in which they are kept. A later version adds
// numbers at the end only: old records have fewer.
const (
	noteBackup   = "backup"
	noteCheck    = "check"
	notePractice = "practice"
	notePause    = "pause"
)

var noteNumbers = map[string][]string{
	noteBackup:   {"new", "removed", "read", "bad", "repaired", "looked", "stored", "took", "stopped", "issues"},
	noteCheck:    {"checked", "bad", "repaired", "took", "stopped", "issues"},
	notePractice: {"files", "passed"},
	notePause:    {"span"}, // seconds; 0 ends it
}

// noteRun adds what a backup or a check did to the activity log: how much, how long (seconds), with what result.
func (e *Engine) noteRun(ctx context.Context, code string, r *Run) error {
	stopped := int64(0)
	if r.Stopped {
		stopped = 1
	}
	took, issues := int64(r.Took/time.Second), int64(len(r.Issues))
	if code == noteCheck {
		return e.note(ctx, code, r.Objects, r.Bad, r.Repaired, took, stopped, issues)
	}
	return e.note(ctx, code, r.New, r.Removed, r.Bytes, r.Bad, r.Repaired, r.Looked, r.StoredByte, took, stopped, issues)
}

// activityArgs gives the numbers of a record by name.
func activityArgs(code string, numbers []int64) map[string]string {
	out := map[string]string{}
	for i, name := range noteNumbers[code] {
		if i < len(numbers) {
			out[name] = strconv.FormatInt(numbers[i], 10)
		}
	}
	return out
}

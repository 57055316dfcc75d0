package channel

import (
	"context"
	"net/http"
	"sync"

	"lightproof/backup"
)

// events streams to one caller. Its connection is the caller's session: when it ends, the proof of unlock ends with it.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	in, err := s.svc.Events(ctx)
	if err != nil {
		fail(w, err)
		return
	}
	id := s.sessions.begin()
	defer s.sessions.end(id)
	w.Header().Set(headerSession, id)
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.WriteHeader(http.StatusOK)
	flush := http.NewResponseController(w)
	if flush.Flush() != nil {
		return
	}
	beats := r.URL.Query().Get("only") == "beat"
	q := newQueue(queuedEvents)
	go func() {
		defer q.end()
		for ev := range in {
			if !beats || ev.Kind == "beat" {
				q.push(ev)
			}
		}
	}()
	covered := uint64(0) // what the last resync stands for
	for {
		ev, lagged, ok := q.pop(ctx)
		if !ok {
			return
		}
		if lagged {
			if ev, err = s.resync(ctx, ev.Seq); err != nil {
				return
			}
			covered = ev.Seq
		} else if ev.Seq <= covered && covered > 0 {
			continue // it came between the loss and the state
		}
		b, err := encode(ev)
		if err != nil {
			return
		}
		if _, err := w.Write(append(b, '\n')); err != nil || flush.Flush() != nil {
			return
		}
	}
}

// resync is the event that stands for all that a slow reader missed, up to number lost at least.
func (s *Server) resync(ctx context.Context, lost uint64) (backup.Event, error) {
	st, err := s.svc.State(ctx)
	if err != nil {
		return backup.Event{}, err
	}
	return backup.Event{Kind: "resync", Seq: max(lost, st.Seq), At: st.At, State: st}, nil
}

// queue holds events for one reader. It never blocks the writer: when full it forgets everything and says "lagged" instead, and
// the reader takes a whole state, newer than all that was lost.
type queue struct {
	mu     sync.Mutex
	events []backup.Event
	limit  int
	newest uint64 // number of the last event that was pushed
	lagged bool
	ended  bool
	more   chan struct{} // capacity 1: something changed
}

func newQueue(limit int) *queue { return &queue{limit: limit, more: make(chan struct{}, 1)} }

func (q *queue) push(ev backup.Event) {
	q.mu.Lock()
	q.newest = ev.Seq
	switch {
	case q.lagged: // the state that the reader takes later contains it
	case len(q.events) == q.limit:
		q.events, q.lagged = nil, true
	default:
		q.events = append(q.events, ev)
	}
	q.mu.Unlock()
	q.wake()
}

// end says that no event follows. What is queued is still delivered.
func (q *queue) end() {
	q.mu.Lock()
	q.ended = true
	q.mu.Unlock()
	q.wake()
}

func (q *queue) wake() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// pop waits for the next event. lagged: events up to number ev.Seq were lost, take a whole state. ok is false at the end, or when ctx is done.
func (q *queue) pop(ctx context.Context) (ev backup.Event, lagged, ok bool) {
	for {
		q.mu.Lock()
		switch {
		case q.lagged:
			q.lagged = false
			ev.Seq = q.newest
			q.mu.Unlock()
			return ev, true, true
		case len(q.events) > 0:
			ev = q.events[0]
			q.events = q.events[1:]
			q.mu.Unlock()
			return ev, false, true
		case q.ended:
			q.mu.Unlock()
			return ev, false, false
		}
		q.mu.Unlock()
		select {
		case <-q.more:
		case <-ctx.Done():
			return ev, false, false
		}
	}
}

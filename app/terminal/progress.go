package terminal

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	texts "lightproof/assets/strings"
	"lightproof/backup"
)

// meter shows on one line of a terminal how far a long work is: a bar, what is done, the rate, and the time left once an estimate
// means something. It draws nothing where standard error is no terminal.
type meter struct {
	a     *app
	on    bool
	mu    sync.Mutex
	shown bool
	last  time.Time
}

func (a *app) meter() *meter { return &meter{a: a, on: !a.json && isTerminal(a.Err)} }

// step is one state of a long work. Of is 0 where the total is not known.
type step struct {
	word        string
	done, of    int64
	bytes       int64
	ofBytes     int64
	rate        float64 // bytes a second
	left        time.Duration
	everyChange bool // draw even if the last drawing was a moment ago
}

// drawEvery keeps a slow terminal from slowing the work.
const drawEvery = 100 * time.Millisecond

const barWidth = 24

func (m *meter) show(s step) {
	if !m.on {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.a.Now()
	if !s.everyChange && m.shown && now.Sub(m.last) < drawEvery {
		return
	}
	m.last, m.shown = now, true
	fmt.Fprintf(m.a.Err, "\r\033[K%s", s.line())
}

// line is the progress in one line of text.
func (s step) line() string {
	var b strings.Builder
	b.WriteString(s.word)
	part := -1.0
	switch {
	case s.ofBytes > 0:
		part = float64(s.bytes) / float64(s.ofBytes)
	case s.of > 0:
		part = float64(s.done) / float64(s.of)
	}
	if part >= 0 {
		part = min(part, 1)
		full := int(part * barWidth)
		fmt.Fprintf(&b, "  [%s%s] %3d %%", strings.Repeat("#", full), strings.Repeat("-", barWidth-full), int(part*100))
	}
	switch {
	case s.of > 0:
		fmt.Fprintf(&b, "  %s / %s", texts.Count(s.done), texts.Count(s.of))
	case s.done > 0:
		fmt.Fprintf(&b, "  %s", texts.Count(s.done))
	}
	if s.bytes > 0 {
		fmt.Fprintf(&b, "  %s", texts.Size(s.bytes))
	}
	if s.rate > 0 {
		fmt.Fprintf(&b, "  %s/s", texts.Size(int64(s.rate)))
	}
	if s.left > 0 {
		fmt.Fprintf(&b, "  about %s left", texts.Span(s.left))
	}
	return b.String()
}

// end clears the line, so that the answer stands alone.
func (m *meter) end() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shown {
		fmt.Fprint(m.a.Err, "\r\033[K")
		m.shown = false
	}
}

// workWords name the kinds of work of the engine.
var workWords = map[string]string{"looking": "Looking", "backing-up": "Storing", "reading-back": "Reading back", "repairing": "Repairing"}

// long carries out a command that takes its time and shows its progress. A stop (Ctrl-C) ends the command where it is.
func (s *session) long(ctx context.Context, cmd backup.Command) (backup.Reply, error) {
	m := s.a.meter()
	if !m.on {
		return s.svc.Do(ctx, cmd)
	}
	watching, stop := context.WithCancel(ctx)
	events, err := s.svc.Events(watching)
	if err != nil {
		stop()
		return backup.Reply{}, err
	}
	var drawn sync.WaitGroup
	drawn.Go(func() {
		for ev := range events {
			if ev.State == nil || ev.State.Work == nil || watching.Err() != nil {
				continue
			}
			w := ev.State.Work
			m.show(step{word: workWords[w.Kind], done: w.Done, of: w.Total, bytes: w.Bytes, ofBytes: w.TotalBytes, rate: w.Rate, left: w.Left})
		}
	})
	r, err := s.svc.Do(ctx, cmd)
	stop()
	drawn.Wait()
	m.end()
	return r, err
}

// rated measures the rate of a work that does not do so itself.
type rated struct {
	m     *meter
	word  string
	began time.Time
}

func (m *meter) rated(word string) *rated { return &rated{m, word, m.a.Now()} }

func (r *rated) show(done, of, bytes, ofBytes int64) {
	s := step{word: r.word, done: done, of: of, bytes: bytes, ofBytes: ofBytes}
	if took := r.m.a.Now().Sub(r.began).Seconds(); took > 0 {
		s.rate = float64(bytes) / took
		// Before a tenth is done an estimate would only jump about.
		if part := float64(bytes) / float64(max(ofBytes, 1)); ofBytes > 0 && part >= 0.1 {
			s.left = time.Duration(took * (1 - part) / part * float64(time.Second))
		}
	}
	r.m.show(s)
}

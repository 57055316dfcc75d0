package restore

import (
	"sync"
	"time"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
)

// pace is the shortest time between two updates of a page.
const pace = 200 * time.Millisecond

// latest hands the newest progress to the screen, at most once per pace.
type latest struct {
	env   *page.Env
	show  func(face.Progress)
	mu    sync.Mutex
	value face.Progress
	due   bool
	ended bool
}

func newLatest(env *page.Env, show func(face.Progress)) *latest { return &latest{env: env, show: show} }

// put may be called from any goroutine.
func (l *latest) put(p face.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value = p
	if l.due || l.ended {
		return
	}
	l.due = true
	l.env.After(pace, func() {
		l.mu.Lock()
		v, ended := l.value, l.ended
		l.due = false
		l.mu.Unlock()
		if !ended {
			l.env.Do(func() { l.show(v) })
		}
	})
}

func (l *latest) end() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
}

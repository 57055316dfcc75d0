package keeper

import (
	"reflect"
	"time"
)

// pace lets a view through when it differs from what is shown, at most one a second, the newest winning. A panel asks for the whole
// menu again on every change.
type pace struct {
	shown   View
	at      time.Time // when it was shown; zero: never
	pending *View
}

const paceStep = time.Second

// offer gives the newest view. show says to show it now; else wait says when to ask due, 0 for never.
func (p *pace) offer(v View, now time.Time) (show bool, wait time.Duration) {
	if !p.at.IsZero() && reflect.DeepEqual(v, p.shown) {
		p.pending = nil
		return false, 0
	}
	since := now.Sub(p.at)
	if p.at.IsZero() || since >= paceStep || since < 0 {
		p.shown, p.at, p.pending = v, now, nil
		return true, 0
	}
	p.pending = &v
	return false, paceStep - since
}

// due gives what was held back.
func (p *pace) due(now time.Time) (View, bool) {
	if p.pending == nil {
		return View{}, false
	}
	v := *p.pending
	p.shown, p.at, p.pending = v, now, nil
	return v, true
}

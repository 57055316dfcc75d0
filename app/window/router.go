package window

import "lightproof/app/window/page"

// historyLimit bounds how far back Esc leads.
const historyLimit = 50

// visit is a screen as it was left.
type visit struct {
	route  page.Route
	scroll float64
}

// router knows which screen is shown and which came before.
type router struct {
	pages   map[page.Name]page.Page
	now     visit
	history []visit
	show    func(page.Page, page.Route)
}

// to shows a screen. Where it is shown already, with the same contents, nothing happens.
func (r *router) to(route page.Route) {
	p := r.pages[route.Name]
	if p == nil {
		return
	}
	if old := r.pages[r.now.route.Name]; old != nil {
		r.now.scroll = old.Scroll()
		if keeps(r.now.route.Name) && r.now.route.Name != route.Name {
			r.history = append(r.history, r.now)
			if len(r.history) > historyLimit {
				r.history = r.history[1:]
			}
		}
		old.Closed()
	}
	r.now = visit{route: route}
	r.show(p, route)
	p.Opened(route)
}

// keeps tells whether Back may lead to a screen: never to a lock, and not into the middle of a wizard.
func keeps(n page.Name) bool {
	return n != page.Lock && n != page.Restore && n != page.FirstRun && n != page.KitCheck && n != page.NewKit && n != page.Passphrase
}

// back shows the screen before, where it was left; it reports whether there was one.
func (r *router) back() bool {
	if len(r.history) == 0 {
		return false
	}
	last := r.history[len(r.history)-1]
	r.history = r.history[:len(r.history)-1]
	if old := r.pages[r.now.route.Name]; old != nil {
		old.Closed()
	}
	r.now = last
	p := r.pages[last.route.Name]
	route := last.route
	route.Restore, route.Plan = nil, nil
	r.show(p, route)
	p.Opened(route)
	p.SetScroll(last.scroll)
	return true
}

// forget empties the history, as on lock.
func (r *router) forget() { r.history = nil }

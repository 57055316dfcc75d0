//go:build !darwin || cgo

package keeper

import (
	"runtime"
	"sync"

	"fyne.io/systray"

	"lightproof/assets"
)

// Tray is the icon with its menu. A process can have one in its life.
type Tray struct {
	click chan Intent

	mu    sync.Mutex
	view  View
	items map[Intent]*trayItem // nil until the menu has been built
}

// trayItem is a menu item as it stands.
type trayItem struct {
	*systray.MenuItem
	shown Item
	hid   bool
}

// NewTray prepares a tray; click is called, one call at a time, with what a click means. A click that comes while earlier ones
// are still waiting is lost.
func NewTray(first View, click func(Intent)) *Tray {
	t := &Tray{view: first, click: make(chan Intent, 16)}
	go func() {
		for i := range t.click {
			click(i)
		}
	}()
	return t
}

// Run shows the tray until Close. On macOS it must run on the main thread. Without a desktop that shows trays it waits for one; the
// caller makes sure that there is a session bus.
func (t *Tray) Run() {
	systray.SetOnTapped(func() { t.clicked(OpenWindow) })
	if runtime.GOOS == "linux" { // so that the first thing that a panel reads is right
		t.mu.Lock()
		t.setFace(t.view)
		t.mu.Unlock()
	}
	systray.Run(t.build, nil)
}

// Close ends Run.
func (t *Tray) Close() { systray.Quit() }

// Show changes what the tray shows. It may be called at any time; what has not changed is left alone.
func (t *Tray) Show(v View) {
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.view
	t.view = v
	if t.items == nil {
		return
	}
	if v.Icon != old.Icon || v.Title != old.Title {
		t.setFace(v)
	} else if trayTooltip(v) != trayTooltip(old) {
		systray.SetTooltip(trayTooltip(v))
	}
	t.apply(v.Menu, skeleton())
}

// build makes every item that the menu can have, once. The menu waits for its return.
func (t *Tray) build() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setFace(t.view) // it may have changed since Run, and other systems take none before now
	t.items = map[Intent]*trayItem{}
	for _, s := range skeleton() {
		if s.Intent == "" {
			systray.AddSeparator()
			continue
		}
		parent := t.add(systray.AddMenuItem(string(s.Intent), ""), s.Intent)
		for _, child := range s.Children {
			t.add(parent.AddSubMenuItem(string(child.Intent), ""), child.Intent)
		}
	}
	t.apply(t.view.Menu, skeleton())
}

func (t *Tray) add(m *systray.MenuItem, i Intent) *trayItem {
	item := &trayItem{MenuItem: m, shown: Item{Intent: i, Label: string(i)}}
	t.items[i] = item
	go func() { // a click is dropped by the library when nobody waits for it
		for range m.ClickedCh {
			t.clicked(i)
		}
	}()
	return item
}

func (t *Tray) clicked(i Intent) {
	select {
	case t.click <- i:
	default:
	}
}

// apply brings the items of one level to what menu says. An item that menu lacks is hidden.
func (t *Tray) apply(menu, level []Item) {
	for _, s := range level {
		item := t.items[s.Intent]
		if item == nil {
			continue
		}
		want, shown := find(menu, s.Intent)
		if !shown {
			if !item.hid {
				item.Hide()
				item.hid = true
			}
			continue
		}
		if want.Label != item.shown.Label {
			item.SetTitle(want.Label)
		}
		if want.Disabled != item.shown.Disabled {
			if want.Disabled {
				item.Disable()
			} else {
				item.Enable()
			}
		}
		if item.hid {
			item.Show()
			item.hid = false
		}
		item.shown = want
		t.apply(want.Children, s.Children)
	}
}

// setFace sets icon and title. An SVG would give an empty icon, and 512 pixels a megabyte on the bus at every change: 64 pixels.
func (t *Tray) setFace(v View) {
	systray.SetTitle(trayTitle(v))
	systray.SetTooltip(trayTooltip(v))
	switch runtime.GOOS {
	case "darwin":
		if black, err := assets.TrayPNG(v.Icon, assets.Black, 64); err == nil {
			systray.SetTemplateIcon(black, black)
		}
	case "windows":
		if small, err := assets.TrayPNG(v.Icon, panelVariant(), 32); err == nil {
			systray.SetIcon(icon(small, 32))
		}
	default:
		if png, err := assets.TrayPNG(v.Icon, panelVariant(), 64); err == nil {
			systray.SetIcon(png)
		}
	}
}

// trayTitle is the name beside the icon: on macOS it would be drawn in the menu bar, so there is none.
func trayTitle(v View) string {
	if runtime.GOOS == "darwin" {
		return ""
	}
	return v.Title
}

// trayTooltip is the verdict's sentence.
func trayTooltip(v View) string {
	if len(v.Menu) == 0 {
		return v.Title
	}
	return v.Menu[0].Label
}

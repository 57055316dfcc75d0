//go:build linux

package bustest

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
	itemName    = "org.kde.StatusNotifierItem"
	menuName    = "com.canonical.dbusmenu"
)

// Watcher is a desktop's tray: the service where items register, and the panel that reads and clicks them.
type Watcher struct {
	conn    *dbus.Conn
	props   *prop.Properties
	items   chan item
	signals chan *dbus.Signal

	mu   sync.Mutex
	item item // the last that registered
}

type item struct {
	owner string
	path  dbus.ObjectPath
}

// NewWatcher takes the watcher's name. host says whether a panel that draws has registered with it.
func NewWatcher(t testing.TB, b *Bus, host bool) *Watcher {
	t.Helper()
	w := &Watcher{conn: b.Connect(t), items: make(chan item, 16), signals: make(chan *dbus.Signal, 1024)}
	if err := w.conn.ExportMethodTable(map[string]any{
		"RegisterStatusNotifierItem": w.register,
		"RegisterStatusNotifierHost": func(string) *dbus.Error { return nil },
	}, watcherPath, watcherName); err != nil {
		t.Fatal(err)
	}
	var err error
	w.props, err = prop.Export(w.conn, watcherPath, prop.Map{watcherName: {
		"IsStatusNotifierHostRegistered": {Value: host, Emit: prop.EmitTrue},
		"ProtocolVersion":                {Value: int32(0), Emit: prop.EmitTrue},
		"RegisteredStatusNotifierItems":  {Value: []string{}, Emit: prop.EmitTrue},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.conn.Signal(w.signals)
	if err := w.conn.AddMatchSignal(dbus.WithMatchInterface(menuName)); err != nil {
		t.Fatal(err)
	}
	own(t, w.conn, watcherName)
	return w
}

// register takes an item: its argument is a service name, or a path at the sender.
func (w *Watcher) register(sender dbus.Sender, service string) *dbus.Error {
	it := item{owner: service, path: "/StatusNotifierItem"}
	if strings.HasPrefix(service, "/") {
		it = item{owner: string(sender), path: dbus.ObjectPath(service)}
	}
	w.mu.Lock()
	w.item = it
	w.mu.Unlock()
	w.items <- it
	return nil
}

// SetHost registers or removes the panel and tells everybody.
func (w *Watcher) SetHost(t testing.TB, host bool) {
	t.Helper()
	w.props.SetMust(watcherName, "IsStatusNotifierHostRegistered", host)
	signal := watcherName + ".StatusNotifierHostUnregistered"
	if host {
		signal = watcherName + ".StatusNotifierHostRegistered"
	}
	if err := w.conn.Emit(watcherPath, signal); err != nil {
		t.Fatal(err)
	}
}

// Close ends the watcher, as when a panel crashes.
func (w *Watcher) Close() { w.conn.Close() }

// WaitItem waits for an item to register.
func (w *Watcher) WaitItem(t testing.TB) {
	t.Helper()
	select {
	case <-w.items:
	case <-time.After(Fuse):
		t.Fatal("no tray icon registered")
	}
}

func (w *Watcher) object() dbus.BusObject {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn.Object(w.item.owner, w.item.path)
}

// Property reads one of the item's properties: "Title", "Id", "IconPixmap", ...
func (w *Watcher) Property(t testing.TB, name string) any {
	t.Helper()
	v, err := w.object().GetProperty(itemName + "." + name)
	if err != nil {
		t.Fatal(err)
	}
	return v.Value()
}

// Activate is a click on the icon itself.
func (w *Watcher) Activate(t testing.TB) {
	t.Helper()
	if err := w.object().Call(itemName+".Activate", 0, int32(0), int32(0)).Err; err != nil {
		t.Fatal(err)
	}
}

// Entry is one visible line of the menu.
type Entry struct {
	ID        int32
	Label     string
	Enabled   bool
	Separator bool
	Children  []Entry
}

// Find looks for a line by its label, also in submenus.
func Find(menu []Entry, label string) (Entry, bool) {
	for _, e := range menu {
		if e.Label == label && len(e.Children) == 0 {
			return e, true
		}
		if found, ok := Find(e.Children, label); ok {
			return found, true
		}
	}
	return Entry{}, false
}

// Labels lists all lines from top to bottom, those of submenus with "> " before them, separators as "-".
func Labels(menu []Entry) []string {
	var out []string
	for _, e := range menu {
		if e.Separator {
			out = append(out, "-")
			continue
		}
		out = append(out, e.Label)
		for _, l := range Labels(e.Children) {
			out = append(out, "> "+l)
		}
	}
	return out
}

func (w *Watcher) menu(t testing.TB) dbus.BusObject {
	t.Helper()
	path, ok := w.Property(t, "Menu").(dbus.ObjectPath)
	if !ok {
		t.Fatal("the item names no menu")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conn.Object(w.item.owner, path)
}

// layout is one item of GetLayout's answer.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

// Menu reads the menu as a panel does: where the item's Menu property points, at the top level first, then in depth.
func (w *Watcher) Menu(t testing.TB) []Entry {
	t.Helper()
	menu := w.menu(t)
	var root layout
	for _, depth := range []int32{1, -1} {
		var revision uint32
		root = layout{}
		if err := menu.Call(menuName+".GetLayout", 0, int32(0), depth, []string{}).Store(&revision, &root); err != nil {
			t.Fatal("read the menu: ", err)
		}
	}
	entries, err := read(root.Children)
	if err != nil {
		t.Fatal("read the menu: ", err)
	}
	return entries
}

func read(children []dbus.Variant) ([]Entry, error) {
	var out []Entry
	for _, c := range children {
		var l layout
		if err := dbus.Store([]any{c.Value()}, &l); err != nil {
			return nil, err
		}
		if visible, ok := l.Props["visible"].Value().(bool); ok && !visible {
			continue
		}
		e := Entry{ID: l.ID, Enabled: true}
		e.Label, _ = l.Props["label"].Value().(string)
		if enabled, ok := l.Props["enabled"].Value().(bool); ok {
			e.Enabled = enabled
		}
		kind, _ := l.Props["type"].Value().(string)
		e.Separator = kind == "separator"
		var err error
		if e.Children, err = read(l.Children); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// WaitMenu reads the menu at every change until it is as wanted.
func (w *Watcher) WaitMenu(t testing.TB, wanted func([]Entry) bool) []Entry {
	t.Helper()
	fuse := time.After(Fuse)
	for {
		menu := w.Menu(t)
		if wanted(menu) {
			return menu
		}
		select {
		case <-w.signals:
			for len(w.signals) > 0 {
				<-w.signals
			}
		case <-fuse:
			t.Fatalf("the menu stays %q", Labels(menu))
		}
	}
}

// Click clicks a line of the menu.
func (w *Watcher) Click(t testing.TB, e Entry) {
	t.Helper()
	err := w.menu(t).Call(menuName+".Event", 0, e.ID, "clicked", dbus.MakeVariant(0), uint32(0)).Err
	if err != nil {
		t.Fatal(err)
	}
}

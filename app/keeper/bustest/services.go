//go:build linux

package bustest

import (
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// Notification is one call of Notify.
type Notification struct {
	ID       uint32 // given to the caller
	Replaces uint32 // id that the caller wants replaced
	App      string
	Title    string
	Body     string
	Actions  []string
}

// Notifications is a desktop's notification server (Desktop Notifications Specification).
type Notifications struct{ Received chan Notification }

// NewNotifications takes the server's name.
func NewNotifications(t testing.TB, b *Bus) *Notifications {
	t.Helper()
	n := &Notifications{Received: make(chan Notification, 64)}
	conn := b.Connect(t)
	last := uint32(40)
	err := conn.ExportMethodTable(map[string]any{
		"Notify": func(app string, replaces uint32, _, title, body string, actions []string, _ map[string]dbus.Variant, _ int32) (uint32, *dbus.Error) {
			id := replaces
			if id == 0 {
				last++
				id = last
			}
			n.Received <- Notification{ID: id, Replaces: replaces, App: app, Title: title, Body: body, Actions: actions}
			return id, nil
		},
		"GetCapabilities": func() ([]string, *dbus.Error) { return []string{"body", "body-markup"}, nil },
	}, "/org/freedesktop/Notifications", "org.freedesktop.Notifications")
	if err != nil {
		t.Fatal(err)
	}
	own(t, conn, "org.freedesktop.Notifications")
	return n
}

// Next waits for a notification.
func (n *Notifications) Next(t testing.TB) Notification {
	t.Helper()
	select {
	case got := <-n.Received:
		return got
	case <-time.After(Fuse):
		t.Fatal("no notification")
	}
	return Notification{}
}

// Logind is a login manager that tells of sleep.
type Logind struct{ conn *dbus.Conn }

// NewLogind takes the manager's name on a bus that stands for the system's.
func NewLogind(t testing.TB, b *Bus) *Logind {
	t.Helper()
	l := &Logind{conn: b.Connect(t)}
	own(t, l.conn, "org.freedesktop.login1")
	return l
}

// Sleep says that the computer is about to sleep, or that it woke.
func (l *Logind) Sleep(t testing.TB, asleep bool) {
	t.Helper()
	if err := l.conn.Emit("/org/freedesktop/login1", "org.freedesktop.login1.Manager.PrepareForSleep", asleep); err != nil {
		t.Fatal(err)
	}
}

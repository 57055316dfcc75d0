package keeper

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/godbus/dbus/v5"

	texts "lightproof/assets/strings"
)

// NewSender sends over org.freedesktop.Notifications (Desktop Notifications Specification 1.2) on the session bus.
func NewSender() Sender { return &busSender{shown: map[texts.NoticeKind]uint32{}} }

type busSender struct {
	mu    sync.Mutex
	shown map[texts.NoticeKind]uint32 // id under which the last notice of a kind was shown
}

// markup is what the specification gives a meaning in the body; titles are plain.
var markup = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send opens a connection for each notice: there are two a day.
func (s *busSender) Send(ctx context.Context, kind texts.NoticeKind, n texts.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	conn, err := session(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	urgency := byte(1)
	if kind == texts.NoticeTrust {
		urgency = 2
	}
	hints := map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant("lightproof"), "urgency": dbus.MakeVariant(urgency)}
	var id uint32
	err = conn.Object("org.freedesktop.Notifications", "/org/freedesktop/Notifications").CallWithContext(ctx,
		"org.freedesktop.Notifications.Notify", 0, "Lightproof", s.shown[kind], "lightproof", n.Title, markup.Replace(n.Body),
		[]string{}, hints, int32(-1)).Store(&id)
	if err != nil {
		return fmt.Errorf("show a notification: %w", err)
	}
	s.shown[kind] = id
	return nil
}

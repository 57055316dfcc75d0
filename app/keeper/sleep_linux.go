package keeper

import (
	"context"
	"os"

	"github.com/godbus/dbus/v5"
)

// WatchSleep calls fell(true) before the computer sleeps and fell(false) when it wakes, until ctx ends. It listens to logind's
// PrepareForSleep on the system bus; without one it returns an error at once and nothing else is lost: who depends on the time
// finds out by the clock.
func WatchSleep(ctx context.Context, fell func(asleep bool)) error {
	address := os.Getenv("DBUS_SYSTEM_BUS_ADDRESS")
	if address == "" {
		address = "unix:path=/run/dbus/system_bus_socket"
	}
	conn, err := connect(ctx, address)
	if err != nil {
		return err
	}
	defer conn.Close()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	err = conn.AddMatchSignalContext(ctx, dbus.WithMatchSender("org.freedesktop.login1"), dbus.WithMatchObjectPath("/org/freedesktop/login1"),
		dbus.WithMatchInterface("org.freedesktop.login1.Manager"), dbus.WithMatchMember("PrepareForSleep"))
	if err != nil {
		return err
	}
	for {
		select {
		case s, open := <-signals:
			if !open {
				return ErrNoBus
			}
			if s.Name != "org.freedesktop.login1.Manager.PrepareForSleep" || len(s.Body) != 1 {
				continue
			}
			if asleep, ok := s.Body[0].(bool); ok {
				fell(asleep)
			}
		case <-conn.Context().Done():
			return ErrNoBus
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

package keeper

import (
	"context"

	"github.com/godbus/dbus/v5"
)

const (
	watcherName = "org.kde.StatusNotifierWatcher"
	watcherPath = dbus.ObjectPath("/StatusNotifierWatcher")
)

// WatchTrayHost calls seen with whether a tray would be visible, at once and on every change, until ctx ends. A watcher on the bus
// alone is not enough: GNOME without its extension may have one and no host that draws. Without a session bus it calls seen(false)
// and returns ErrNoBus; other errors mean that watching ended, after seen(false).
func WatchTrayHost(ctx context.Context, seen func(visible bool)) error {
	conn, err := session(ctx)
	if err != nil {
		seen(false)
		return err
	}
	defer conn.Close()
	signals := make(chan *dbus.Signal, 16)
	conn.Signal(signals)
	owner := []dbus.MatchOption{dbus.WithMatchSender("org.freedesktop.DBus"), dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, watcherName)}
	host := []dbus.MatchOption{dbus.WithMatchObjectPath(watcherPath), dbus.WithMatchInterface(watcherName)}
	changed := []dbus.MatchOption{dbus.WithMatchObjectPath(watcherPath), dbus.WithMatchInterface("org.freedesktop.DBus.Properties"),
		dbus.WithMatchMember("PropertiesChanged")}
	for _, match := range [][]dbus.MatchOption{owner, host, changed} {
		if err := conn.AddMatchSignalContext(ctx, match...); err != nil {
			seen(false)
			return err
		}
	}
	visible := hasHost(ctx, conn)
	seen(visible)
	for {
		select {
		case _, open := <-signals:
			if !open {
				seen(false)
				return ErrNoBus
			}
		case <-conn.Context().Done():
			if ctx.Err() == nil {
				seen(false)
				return ErrNoBus
			}
			return ctx.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
		for len(signals) > 0 { // many at once ask one question
			<-signals
		}
		if now := hasHost(ctx, conn); now != visible {
			visible = now
			seen(visible)
		}
	}
}

// TrayHost tells whether a tray would be visible now.
func TrayHost(ctx context.Context) bool {
	conn, err := session(ctx)
	if err != nil {
		return false
	}
	defer conn.Close()
	return hasHost(ctx, conn)
}

// hasHost asks without starting a service for it.
func hasHost(ctx context.Context, conn *dbus.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, busTimeout)
	defer cancel()
	var owned bool
	if conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, watcherName).Store(&owned) != nil || !owned {
		return false
	}
	var v dbus.Variant
	err := conn.Object(watcherName, watcherPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart,
		watcherName, "IsStatusNotifierHostRegistered").Store(&v)
	registered, ok := v.Value().(bool)
	return err == nil && ok && registered
}

//go:build (dragonfly && cgo) || (freebsd && cgo) || linux || netbsd || openbsd

package keystore

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/godbus/dbus/v5"
)

// Names of the Secret Service API, draft 0.2 (freedesktop.org).
const (
	secretsName       = "org.freedesktop.secrets"
	secretsPath       = dbus.ObjectPath("/org/freedesktop/secrets")
	secretsService    = "org.freedesktop.Secret.Service"
	secretsCollection = "org.freedesktop.Secret.Collection"
	loginCollection   = dbus.ObjectPath("/org/freedesktop/secrets/collection/login")
	defaultCollection = dbus.ObjectPath("/org/freedesktop/secrets/aliases/default")
	noObject          = dbus.ObjectPath("/")
)

// inspect asks the Secret Service, over a connection of our own whose calls can be broken off, whether it is there and answers, and
// whether the collection that the library uses is open. So a silent service costs no stuck goroutine, and a locked one raises no
// question unless a person is waiting.
func inspect(ctx context.Context, prompt bool) error {
	if !haveSessionBus() {
		return ErrNoKeychain
	}
	conn, err := dbus.ConnectSessionBus(dbus.WithContext(ctx))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return ErrNoKeychain
	}
	defer conn.Close()
	locked, err := collectionLocked(ctx, conn)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return classify(ctx, err)
	case locked && !prompt:
		return ErrLocked
	}
	return nil
}

// collectionLocked reads the lock of the login collection or, without one, of the default collection: the library's choice. The
// first call starts the service where the bus knows how.
func collectionLocked(ctx context.Context, conn *dbus.Conn) (bool, error) {
	var all []dbus.ObjectPath
	if err := property(ctx, conn, secretsPath, secretsService, "Collections", &all); err != nil {
		return false, err
	}
	path := defaultCollection
	for _, p := range all {
		if p == loginCollection {
			path = p
		}
	}
	if path == defaultCollection {
		var real dbus.ObjectPath
		err := conn.Object(secretsName, secretsPath).CallWithContext(ctx, secretsService+".ReadAlias", 0, "default").Store(&real)
		if err != nil {
			return false, err
		}
		if real == noObject { // nothing to unlock and nowhere to store: the library would fail obscurely
			return false, ErrNoKeychain
		}
	}
	var locked bool
	err := property(ctx, conn, path, secretsCollection, "Locked", &locked)
	return locked, err
}

func property(ctx context.Context, conn *dbus.Conn, path dbus.ObjectPath, iface, name string, into any) error {
	var v dbus.Variant
	err := conn.Object(secretsName, path).
		CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, iface, name).Store(&v)
	if err != nil {
		return err
	}
	return v.Store(into)
}

// haveSessionBus is false where the library would start a bus of its own (dbus-launch): a keychain in which nothing lasts.
func haveSessionBus() bool {
	if a := os.Getenv("DBUS_SESSION_BUS_ADDRESS"); a != "" && a != "autolaunch:" {
		return true
	}
	for _, name := range []string{"bus", "dbus-session"} {
		if _, err := os.Stat(filepath.Join("/run/user", strconv.Itoa(os.Getuid()), name)); err == nil {
			return true
		}
	}
	return false
}

// classify sorts an error of the library or of the bus. The library has no error value for a refused unlock, only a sentence.
func classify(_ context.Context, err error) error {
	var reply dbus.Error
	if p := (*dbus.Error)(nil); errors.As(err, &p) && p != nil {
		reply = *p
	} else {
		errors.As(err, &reply)
	}
	switch reply.Name {
	case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
		"org.freedesktop.DBus.Error.Disconnected", "org.freedesktop.DBus.Error.NoServer",
		"org.freedesktop.DBus.Error.UnknownInterface", "org.freedesktop.DBus.Error.UnknownMethod":
		return ErrNoKeychain
	case "org.freedesktop.DBus.Error.NoReply":
		if strings.Contains(err.Error(), "disconnected") { // the service went away while it owed an answer
			return ErrNoKeychain
		}
		return ErrTimeout
	case "org.freedesktop.DBus.Error.Timeout", "org.freedesktop.DBus.Error.TimedOut":
		return ErrTimeout
	case "org.freedesktop.Secret.Error.IsLocked":
		return ErrLocked
	case "org.freedesktop.Secret.Error.NoSuchObject":
		return ErrMissing
	case "":
		switch {
		case errors.Is(err, ErrNoKeychain), errors.Is(err, dbus.ErrClosed):
			return ErrNoKeychain
		case strings.HasPrefix(err.Error(), "failed to unlock correct collection"):
			return ErrLocked
		}
	}
	if strings.HasPrefix(reply.Name, "org.freedesktop.DBus.Error.Spawn.") {
		return ErrNoKeychain
	}
	return ErrRefused
}

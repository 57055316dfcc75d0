package program

import (
	"fmt"
	"testing"

	"lightproof/keystore/keystoretest"
)

// Keyring starts a private session bus with a Secret Service on it and returns the environment that leads to it. stop ends both.
// Programs: dbus-daemon and gnome-keyring-daemon.
func Keyring() (env []string, stop func(), err error) {
	k := &keeping{}
	stop = func() {
		for i := len(k.ends) - 1; i >= 0; i-- {
			k.ends[i]()
		}
		k.ends = nil
	}
	defer func() {
		failed := recover()
		if failed == nil {
			return
		}
		reason, ours := failed.(failure)
		if !ours {
			panic(failed)
		}
		stop()
		env, stop, err = nil, func() {}, reason
	}()
	return keystoretest.StartSecretService(k), stop, nil
}

// keeping is what the Secret Service of the tests needs of a test, for a program: where it would fail the test, it stops the start. The
// embedded interface is nil; it is there because only package testing can complete a testing.TB.
type keeping struct {
	testing.TB
	ends []func()
}

// failure is why the Secret Service did not start.
type failure string

func (f failure) Error() string { return "private Secret Service: " + string(f) }

func (k *keeping) Helper()                           {}
func (k *keeping) Cleanup(f func())                  { k.ends = append(k.ends, f) }
func (k *keeping) Fatal(args ...any)                 { panic(failure(fmt.Sprint(args...))) }
func (k *keeping) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

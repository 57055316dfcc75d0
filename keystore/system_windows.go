package keystore

import (
	"context"
	"errors"
	"syscall"
)

// errNoSuchLogonSession is ERROR_NO_SUCH_LOGON_SESSION (winerror.h): no credential set, as in a network logon.
const errNoSuchLogonSession = syscall.Errno(1312)

// inspect has nothing to ask: the Credential Manager is open while the person is logged in.
func inspect(context.Context, bool) error { return nil }

func classify(_ context.Context, err error) error {
	switch {
	case errors.Is(err, syscall.ERROR_NOT_FOUND):
		return ErrMissing
	case errors.Is(err, errNoSuchLogonSession):
		return ErrNoKeychain
	}
	return ErrRefused
}

package keystore

import (
	"context"
	"errors"
	"io/fs"
	"os/exec"
)

// inspect has nothing to ask: the security program opens the login keychain by itself.
func inspect(context.Context, bool) error { return nil }

// classify reads the exit code of /usr/bin/security: the low byte of the OSStatus (SecBase.h).
func classify(_ context.Context, err error) error {
	if errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) {
		return ErrNoKeychain
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return ErrRefused
	}
	switch exit.ExitCode() {
	case 44: // errSecItemNotFound, -25300
		return ErrMissing
	case 36, 51, 128: // errSecInteractionNotAllowed -25308, errSecAuthFailed -25293, userCanceledErr -128
		return ErrLocked
	case 37, 50, 53: // errSecNoDefaultKeychain -25307, errSecNoSuchKeychain -25294, errSecNotAvailable -25291
		return ErrNoKeychain
	}
	return ErrRefused
}

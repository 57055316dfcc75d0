//go:build !windows && !darwin && !((dragonfly && cgo) || (freebsd && cgo) || linux || netbsd || openbsd)

package keystore

import "context"

// inspect: the library has no keychain for this system.
func inspect(context.Context, bool) error { return ErrNoKeychain }

func classify(context.Context, error) error { return ErrNoKeychain }

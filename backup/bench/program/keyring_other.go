//go:build !linux

package program

import "errors"

// Keyring fails here: a private Secret Service exists on Linux only, and the person's own keychain is not for benchmarks.
func Keyring() (env []string, stop func(), err error) {
	return nil, func() {}, errors.New("the benchmark needs a private Secret Service, which only Linux has")
}

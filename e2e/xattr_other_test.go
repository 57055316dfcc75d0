//go:build !linux

package e2e

import "errors"

func readXattrs(string) (string, error) { return "", nil }

func setXattr(string, string, string) error { return errors.ErrUnsupported }

package channel

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
)

// kind of listener: the engine's, or the window's.
type kind string

const (
	keeperLine kind = "keeper"
	windowLine kind = "window"
)

// homeTag is 8 hex digits that tell one --home from another. Two spellings of one folder give the same tag.
func homeTag(home string) (string, error) {
	abs, err := filepath.Abs(home)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		abs = real
	}
	sum := sha256.Sum256([]byte(abs))
	return hex.EncodeToString(sum[:4]), nil
}

// peer is the process at the other end. pid is 0 where the system does not tell.
type peer struct{ pid int }

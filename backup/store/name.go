package store

import (
	"fmt"
	"strings"
)

// MaxName is the length in bytes of the longest object name, MaxSegment of the longest part between slashes (most file systems
// hold no longer file name).
const (
	MaxName    = 1024
	MaxSegment = 255
)

// SpaceFile is the public marker at the top of every destination; destinations write it when they are set up. It is no object: no
// method of Store takes its name. PlaceFile is the same for the marker that tells one place from another.
const (
	SpaceFile = "space.json"
	PlaceFile = "place.json"
)

// CheckName returns an error matching ErrInvalidName unless name may name an object: segments of [a-z0-9._-] joined by single
// slashes, each at most MaxSegment bytes, none of them only dots or ending in a dot (Windows and exFAT drop that dot, so two
// names would meet), the whole at most MaxName bytes, not SpaceFile or PlaceFile, and nothing in "tmp", the store's own.
func CheckName(name string) error {
	if len(name) == 0 || len(name) > MaxName {
		return fmt.Errorf("%w: %d bytes long", ErrInvalidName, len(name))
	}
	if name == SpaceFile || name == PlaceFile || name == "tmp" || strings.HasPrefix(name, "tmp/") {
		return fmt.Errorf("%w: %.20q is reserved", ErrInvalidName, name)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if segment == "" || len(segment) > MaxSegment || segment[len(segment)-1] == '.' {
			return fmt.Errorf("%w: a part of %.40q is empty, too long or ends in a dot", ErrInvalidName, name)
		}
		for i := range len(segment) {
			if c := segment[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' {
				return fmt.Errorf("%w: %.40q holds a character outside [a-z0-9._-]", ErrInvalidName, name)
			}
		}
	}
	return nil
}

// MayBegin tells whether a name can begin with prefix. What a server makes of any other prefix is never asked.
func MayBegin(prefix string) bool {
	if len(prefix) > MaxName {
		return false
	}
	for i := range len(prefix) {
		if c := prefix[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-' && c != '/' {
			return false
		}
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if len(segment) > MaxSegment {
			return false
		}
	}
	whole := strings.TrimSuffix(prefix, "/")
	if slash := strings.LastIndexByte(prefix, '/'); slash >= 0 && CheckName(prefix[:slash]) != nil {
		return false
	}
	return prefix == "" || whole != ""
}

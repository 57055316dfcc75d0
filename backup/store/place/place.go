// Package place tells one place for copies from every other by two small public files, whatever kind of destination it is.
//
// space.json says which vault is kept there and is the same everywhere; place.json holds a random number that was made when the place was
// set up. FORMAT.md, "Store layout", gives both. Neither is secret and neither is proof: they keep honest mistakes apart (another drive at the
// same path, another bucket behind the same name); what was stored is proven by reading it.
package place

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"lightproof/backup/store"
)

// Format is what space.json says of the vault formats this version reads.
const Format = "lightproof v1-beta"

// MaxMarker bounds, in bytes, what is read of space.json and place.json, which anybody may have put there.
const MaxMarker = 1024

var (
	// ErrNotEmpty says that a folder, or a bucket below a prefix, holds other things than a place and cannot be set up as one.
	ErrNotEmpty = errors.New("the folder holds other files")
	// ErrMarker says that space.json or place.json cannot be understood.
	ErrMarker = errors.New("the destination's marker file is damaged")
)

// FormatError says that a vault is of a format this version does not know, most likely a newer one.
type FormatError struct{ Format string } // at most 64 printable characters

func (e *FormatError) Error() string { return "unknown vault format " + strconv.Quote(e.Format) }

// Identity is what tells one place from every other. Place and Space must match; Filesystem is evidence only, for a person and for
// noticing that two places share one disk or one account: it can change when a drive is formatted, copied or attached in another way.
type Identity struct {
	Place      [16]byte
	Space      [16]byte
	Filesystem string
}

type identityJSON struct {
	Place      string `json:"place"`
	Space      string `json:"space"`
	Filesystem string `json:"filesystem"`
}

// MarshalJSON writes the identifiers as 32 lower-case hex digits.
func (i Identity) MarshalJSON() ([]byte, error) {
	return json.Marshal(identityJSON{hex.EncodeToString(i.Place[:]), hex.EncodeToString(i.Space[:]), i.Filesystem})
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (i *Identity) UnmarshalJSON(b []byte) error {
	var j identityJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	place, ok1 := parseID(j.Place)
	space, ok2 := parseID(j.Space)
	if !ok1 || !ok2 {
		return errors.New("a place's identity is not 32 hex digits")
	}
	*i = Identity{Place: place, Space: space, Filesystem: j.Filesystem}
	return nil
}

// Match reports store.ErrWrongPlace where have is not the place that is wanted; Filesystem is not compared.
func (i Identity) Match(have Identity) error {
	if have.Place != i.Place || have.Space != i.Space {
		return fmt.Errorf("%w: its identifier is another", store.ErrWrongPlace)
	}
	return nil
}

func parseID(s string) (id [16]byte, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) || hex.EncodeToString(b) != s {
		return id, false
	}
	return [16]byte(b), true
}

// EncodeSpace makes space.json.
func EncodeSpace(id [16]byte) []byte {
	return fmt.Appendf(nil, "{\"format\":%q,\"space\":\"%x\"}\n", Format, id)
}

// EncodePlace makes place.json.
func EncodePlace(id [16]byte) []byte { return fmt.Appendf(nil, "{\"place\":\"%x\"}\n", id) }

// DecodeSpace reads space.json. The file is a constant, so any byte beside the identifier that differs is an error; white space
// around it is forgiven, for the one who copied it with an editor. Errors: ErrMarker, *FormatError.
func DecodeSpace(b []byte) ([16]byte, error) {
	var j struct {
		Format string `json:"format"`
		Space  string `json:"space"`
	}
	if len(b) > MaxMarker || json.Unmarshal(b, &j) != nil {
		return [16]byte{}, fmt.Errorf("%w: %s", ErrMarker, store.SpaceFile)
	}
	if j.Format != Format && j.Format != "" {
		return [16]byte{}, &FormatError{printable(j.Format)}
	}
	id, ok := parseID(j.Space)
	if !ok || !bytes.Equal(bytes.TrimSpace(b), bytes.TrimSpace(EncodeSpace(id))) {
		return [16]byte{}, fmt.Errorf("%w: %s", ErrMarker, store.SpaceFile)
	}
	return id, nil
}

// DecodePlace reads place.json. Error: ErrMarker.
func DecodePlace(b []byte) ([16]byte, error) {
	var j struct {
		Place string `json:"place"`
	}
	if len(b) > MaxMarker || json.Unmarshal(b, &j) != nil {
		return [16]byte{}, fmt.Errorf("%w: %s", ErrMarker, store.PlaceFile)
	}
	id, ok := parseID(j.Place)
	if !ok || !bytes.Equal(bytes.TrimSpace(b), bytes.TrimSpace(EncodePlace(id))) {
		return [16]byte{}, fmt.Errorf("%w: %s", ErrMarker, store.PlaceFile)
	}
	return id, nil
}

// printable keeps what may be shown of a foreign string.
func printable(s string) string {
	out := make([]rune, 0, 64)
	for _, r := range s {
		if len(out) == cap(out) {
			break
		}
		if !strconv.IsPrint(r) {
			r = '?'
		}
		out = append(out, r)
	}
	return string(out)
}

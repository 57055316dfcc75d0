package local

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"lightproof/backup/store"
)

// Format is what space.json says of the vault formats this version reads.
const Format = "lightproof v1-beta"

// maxMarker bounds, in bytes, what is read of space.json and place.json, which anybody may have put there.
const maxMarker = 1024

var (
	// ErrNotEmpty says that a folder holds other things than a place and cannot be set up as one.
	ErrNotEmpty = errors.New("the folder holds other files")
	// ErrMarker says that space.json or place.json cannot be understood.
	ErrMarker = errors.New("the destination's marker file is damaged")
)

// FormatError says that a vault is of a format this version does not know, most likely a newer one.
type FormatError struct{ Format string } // at most 64 printable characters

func (e *FormatError) Error() string { return "unknown vault format " + strconv.Quote(e.Format) }

// Identity is what tells one place from every other. Place and Space must match; Filesystem is evidence only, for a person and for
// noticing that two places share one disk: it can change when a drive is formatted, copied or attached in another way.
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

func parseID(s string) (id [16]byte, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) || hex.EncodeToString(b) != s {
		return id, false
	}
	return [16]byte(b), true
}

func encodeSpace(id [16]byte) []byte {
	return fmt.Appendf(nil, "{\"format\":%q,\"space\":\"%x\"}\n", Format, id)
}

func encodePlace(id [16]byte) []byte { return fmt.Appendf(nil, "{\"place\":\"%x\"}\n", id) }

// decodeSpace reads space.json. The file is a constant, so any byte beside the identifier that differs is an error; white space
// around it is forgiven, for the one who copied it with an editor.
func decodeSpace(b []byte) ([16]byte, error) {
	var j struct {
		Format string `json:"format"`
		Space  string `json:"space"`
	}
	if len(b) > maxMarker || json.Unmarshal(b, &j) != nil {
		return [16]byte{}, fmt.Errorf("%w: %s", ErrMarker, store.SpaceFile)
	}
	if j.Format != Format && j.Format != "" {
		return [16]byte{}, &FormatError{printable(j.Format)}
	}
	id, ok := parseID(j.Space)
	if !ok || !bytes.Equal(bytes.TrimSpace(b), bytes.TrimSpace(encodeSpace(id))) {
		return [16]byte{}, fmt.Errorf("%w: %s", ErrMarker, store.SpaceFile)
	}
	return id, nil
}

func decodePlace(b []byte) ([16]byte, error) {
	var j struct {
		Place string `json:"place"`
	}
	if len(b) > maxMarker || json.Unmarshal(b, &j) != nil {
		return [16]byte{}, fmt.Errorf("%w: %s", ErrMarker, store.PlaceFile)
	}
	id, ok := parseID(j.Place)
	if !ok || !bytes.Equal(bytes.TrimSpace(b), bytes.TrimSpace(encodePlace(id))) {
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

// ReadSpace reads the identifier of the vault kept at dir, for a recovery that knows nothing else. It is only a hint: whoever can
// write there can change it, and the kit's own identifier outranks it.
func ReadSpace(dir string) ([16]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return [16]byte{}, markerError(err)
	}
	defer root.Close()
	b, err := readMarker(root, store.SpaceFile)
	if err != nil {
		return [16]byte{}, err
	}
	return decodeSpace(b)
}

// ReadIdentity reads the whole identity of the place at dir, for a recovery that finds a place it did not set up.
func ReadIdentity(dir string) (Identity, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Identity{}, markerError(err)
	}
	defer root.Close()
	id, err := readIdentity(root)
	if err != nil {
		return Identity{}, err
	}
	id.Filesystem = evidence(root)
	return id, nil
}

func readIdentity(root *os.Root) (id Identity, err error) {
	b, err := readMarker(root, store.PlaceFile)
	if err != nil {
		return id, err
	}
	if id.Place, err = decodePlace(b); err != nil {
		return id, err
	}
	if b, err = readMarker(root, store.SpaceFile); err != nil {
		return id, err
	}
	id.Space, err = decodeSpace(b)
	return id, err
}

// matchIdentity proves that the markers below root are those of the place that is wanted.
func matchIdentity(root *os.Root, want Identity) error {
	have, err := readIdentity(root)
	if err != nil {
		return err
	}
	if have.Place != want.Place || have.Space != want.Space {
		return fmt.Errorf("%w: its identifier is another", store.ErrWrongPlace)
	}
	return nil
}

func readMarker(root *os.Root, name string) ([]byte, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, markerError(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is no file", ErrMarker, name)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxMarker+1))
	if err != nil {
		return nil, classify("read "+name, err)
	}
	return b, nil
}

// markerError says what a missing marker means: not this place at all, most likely the empty mount point of an absent drive.
func markerError(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: a folder without the place's marker is there, its drive may not be mounted: %w", store.ErrAway, err)
	}
	if isIO(err) {
		return fmt.Errorf("%w: its marker cannot be read: %w", store.ErrAway, err)
	}
	return classifyPlace("read the destination's marker", err)
}

// systemEntries are what operating systems put into the top folder of a fresh drive.
var systemEntries = map[string]bool{
	"lost+found": true, "System Volume Information": true, "$RECYCLE.BIN": true, "desktop.ini": true, ".DS_Store": true,
	".Spotlight-V100": true, ".Trashes": true, ".fseventsd": true, ".TemporaryItems": true,
}

// Create sets the folder up as a place for the Space and returns its identity once it is durable. The folder may be missing (its
// parent must exist: an absent drive's path is never rebuilt on the disk below), empty, or a place of the same Space already, which
// then keeps its identity. Errors: ErrNotEmpty; store.ErrWrongPlace if it holds another Space; store.ErrAway, ErrRefused, ErrFull.
func Create(dir string, spaceID [16]byte) (Identity, error) {
	made := false
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		made = true
	case errors.Is(err, os.ErrNotExist):
		return Identity{}, fmt.Errorf("%w: the folder above it is missing: %w", store.ErrAway, err)
	case !errors.Is(err, os.ErrExist):
		return Identity{}, classify("make the destination's folder", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Identity{}, classify("open the destination's folder", err)
	}
	defer root.Close()
	if err := vacant(root, spaceID); err != nil {
		return Identity{}, err
	}
	if made {
		if parent, err := os.Open(filepath.Dir(filepath.Clean(dir))); err == nil {
			err = errors.Join(syncDir(parent), parent.Close())
			if err != nil {
				return Identity{}, classify("flush the folder above", err)
			}
		}
	}
	// The place's marker comes last: with it, the place is complete.
	if err := writeMarker(root, store.SpaceFile, encodeSpace(spaceID)); err != nil {
		return Identity{}, err
	}
	var place [16]byte
	rand.Read(place[:])
	if err := writeMarker(root, store.PlaceFile, encodePlace(place)); err != nil {
		return Identity{}, err
	}
	// Read back: another Create may have been first.
	id, err := readIdentity(root)
	if err != nil {
		return Identity{}, err
	}
	if id.Space != spaceID {
		return Identity{}, fmt.Errorf("%w: it belongs to another vault", store.ErrWrongPlace)
	}
	id.Filesystem = evidence(root)
	return id, nil
}

// vacant tells whether the folder may become a place of the Space or is one already.
func vacant(root *os.Root, spaceID [16]byte) error {
	b, err := readMarker(root, store.SpaceFile)
	if err == nil {
		have, err := decodeSpace(b)
		if err != nil {
			return err
		}
		if have != spaceID {
			return fmt.Errorf("%w: it belongs to another vault", store.ErrWrongPlace)
		}
		return nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	d, err := root.Open(".")
	if err != nil {
		return classify("look into the folder", err)
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(64)
		for _, name := range names {
			// A Create that was killed leaves its tmp directory and nothing else.
			if !systemEntries[name] && name != tmpDir {
				return ErrNotEmpty
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return classify("look into the folder", err)
		}
	}
}

// writeMarker puts a file durably under its name unless one is there already.
func writeMarker(root *os.Root, name string, data []byte) error {
	if _, err := root.Lstat(name); err == nil {
		return nil
	}
	w, err := newWriter(root)
	if err != nil {
		return err
	}
	defer w.close(root)
	tmp, err := w.write(root, data, true)
	if err != nil {
		return err
	}
	top, err := root.Open(".")
	if err != nil {
		return classify("open the folder", err)
	}
	defer top.Close()
	err = moveNew(root, w, tmp, top, ".", name)
	if err != nil && !errors.Is(err, os.ErrExist) {
		return classify("write "+name, err)
	}
	if err := syncDir(top); err != nil {
		return classify("flush the folder", err)
	}
	return nil
}

package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"lightproof/backup/store"
	"lightproof/backup/store/place"
)

// What tells a folder from every other is what tells any place from every other; see package place.
type (
	Identity    = place.Identity
	FormatError = place.FormatError
)

// Format, ErrNotEmpty and ErrMarker are those of package place.
const Format = place.Format

var (
	ErrNotEmpty = place.ErrNotEmpty
	ErrMarker   = place.ErrMarker
)

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
	return place.DecodeSpace(b)
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
	if id.Place, err = place.DecodePlace(b); err != nil {
		return id, err
	}
	if b, err = readMarker(root, store.SpaceFile); err != nil {
		return id, err
	}
	id.Space, err = place.DecodeSpace(b)
	return id, err
}

// matchIdentity proves that the markers below root are those of the place that is wanted.
func matchIdentity(root *os.Root, want Identity) error {
	have, err := readIdentity(root)
	if err != nil {
		return err
	}
	return want.Match(have)
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
	b, err := io.ReadAll(io.LimitReader(f, place.MaxMarker+1))
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
	if err := writeMarker(root, store.SpaceFile, place.EncodeSpace(spaceID)); err != nil {
		return Identity{}, err
	}
	var number [16]byte
	rand.Read(number[:])
	if err := writeMarker(root, store.PlaceFile, place.EncodePlace(number)); err != nil {
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
		have, err := place.DecodeSpace(b)
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

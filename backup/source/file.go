package source

import (
	"errors"
	"fmt"
	"io"
	"os"
)

type osFile struct {
	file   handle
	before facts
	read   int64
	ended  bool
	closed bool

	unsettled bool
}

func (f *osFile) Read(p []byte) (int, error) {
	n, err := f.file.Read(p)
	f.read += int64(n)
	switch {
	case f.read > f.before.Size: // also bounds the reading of a file that grows for ever
		return n, ErrChangedWhileRead
	case errors.Is(err, io.EOF), err == nil && n < len(p) && f.read == f.before.Size:
		// The system was asked for more than the file's size and had no more. Should it have more by now, its size says so in Finish.
		f.ended = true
		return n, io.EOF
	case err != nil:
		return n, classify(err)
	}
	return n, nil
}

func (f *osFile) ReadAt(p []byte, offset int64) (int, error) {
	n, err := f.file.ReadAt(p, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		err = classify(err)
	}
	return n, err
}

// Metadata tells what was seen when the file was opened: had it changed since, Finish would say so.
func (f *osFile) Metadata() (Metadata, error) {
	m := Metadata{Mode: f.before.Mode, ModTime: f.before.ModTime, BirthTime: f.before.BirthTime, Unsettled: f.unsettled}
	var err error
	if m.Xattrs, m.XattrsLeftOut, err = f.file.xattrs(); err != nil {
		return Metadata{}, classify(err)
	}
	return m, nil
}

func (f *osFile) Finish() error {
	now, err := f.file.facts()
	if err != nil {
		return classify(err)
	}
	switch {
	case f.read != f.before.Size:
		return fmt.Errorf("%w: read %d of %d bytes", ErrChangedWhileRead, f.read, f.before.Size)
	case !f.ended:
		return fmt.Errorf("%w: the end was not reached", ErrChangedWhileRead)
	case now.Size != f.before.Size, !now.ModTime.Equal(f.before.ModTime), !now.ID.ChangeTime.Equal(f.before.ID.ChangeTime):
		return ErrChangedWhileRead
	}
	return nil
}

func (f *osFile) Close() error {
	if f.closed {
		return nil
	}
	f.closed = true
	return withoutPath(f.file.Close())
}

// ReadMetadata reads what is kept beside the bytes of an open file.
func ReadMetadata(f *os.File) (Metadata, error) {
	now, err := statFile(f)
	if err != nil {
		return Metadata{}, classify(err)
	}
	m := Metadata{Mode: now.Mode, ModTime: now.ModTime, BirthTime: now.BirthTime}
	m.Xattrs, m.XattrsLeftOut, err = readXattrs(f)
	if err != nil {
		return Metadata{}, classify(err)
	}
	return m, nil
}

// ReadMetadataAt reads what is kept beside the bytes of the file at rel, relative to the directory root; rel may be longer than
// the system opens in one call. Errors are those of Tree.Open.
func ReadMetadataAt(root, rel string) (Metadata, error) {
	d, err := openRoot(root)
	if err != nil {
		return Metadata{}, rootError(err)
	}
	defer d.Close()
	f, err := d.openFile(rel)
	if err != nil {
		return Metadata{}, classify(err)
	}
	defer f.Close()
	now, err := f.facts()
	if err != nil {
		return Metadata{}, classify(err)
	}
	return (&osFile{file: f, before: now}).Metadata()
}

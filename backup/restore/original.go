package restore

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// original is what a selected version is. Packed it takes a third of the memory, which counts for a hundred thousand of them.
type original struct {
	taken string // local time of the camera, empty = not known
	kind  string // as the backup recognised it, empty = not known
	file  *reader.File
}

// version is the version to restore, the only one of its file.
func (o *original) version() *vault.Version { return &o.file.Versions[0] }

// modTime is in Unix nanoseconds.
func (o *original) modTime() int64 { return cmp.Or(o.version().ModTime, o.file.ModTime) }

// originalOf describes a version of a file.
func originalOf(f *reader.File, v *vault.Version) *original {
	o := &original{file: only(f, *v)}
	if e := v.EXIF; e != nil {
		o.taken, o.kind = e.Taken, e.Kind
	}
	return o
}

// only makes a file that holds just the version to restore, without picture data that restoring does not need.
func only(f *reader.File, v vault.Version) *reader.File {
	out := &reader.File{File: vault.File{Entry: f.Entry}}
	v.EXIF, v.Tile = nil, nil
	v.Parts = slices.Clone(v.Parts)
	for i := range v.Parts {
		if v.Parts[i].Small {
			// A reference that points nowhere is kept as it is and found when it is opened.
			if r, err := out.Own(v.Parts[i].Ref, f.Bundles); err == nil {
				v.Parts[i].Ref = r
			}
		}
	}
	out.Versions = []vault.Version{v}
	return out
}

// pack makes
//
//	taken | kind | entry of the file with its one version
//
// each with its length before it, but for the entry. The table of bundles, which is the same for many files, stands beside it.
func (o *original) pack() []byte {
	var p packer
	p.text(o.taken)
	p.text(o.kind)
	return append(p.b, o.file.Entry.Encode()...)
}

// unpack may go on using b and table.
func unpack(b []byte, table []vault.BundleRef) (*original, error) {
	u := unpacker{b: b}
	o := &original{taken: u.text(), kind: u.text()}
	if err := u.err(); err != nil {
		return nil, err
	}
	e, err := vault.ParseEntry(u.b)
	if err == nil && len(e.Versions) != 1 {
		err = vault.ErrMalformed
	}
	if err != nil {
		return nil, fmt.Errorf("saved restore: %w", err)
	}
	o.file = &reader.File{File: vault.File{Entry: e, Bundles: table}}
	return o, nil
}

const bundleRefLen = vault.CapLen + 32

func encodeBundle(b vault.BundleRef) string {
	return string(append(b.Cap.Append(make([]byte, 0, bundleRefLen)), b.Salt[:]...))
}

func parseBundle(s string) (vault.BundleRef, error) {
	if len(s) != bundleRefLen {
		return vault.BundleRef{}, fmt.Errorf("saved restore: %w", vault.ErrMalformed)
	}
	c, err := vault.ParseCap([]byte(s[:vault.CapLen]))
	return vault.BundleRef{Cap: c, Salt: [32]byte([]byte(s[vault.CapLen:]))}, err
}

// orderOf puts versions whose parts lie in one bundle beside each other.
func orderOf(v *vault.Version, table []vault.BundleRef) uint64 {
	c := firstObject(v, table)
	return binary.BigEndian.Uint64(c[:])
}

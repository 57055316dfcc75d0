package restore

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// original is what a selected version is. Packed it takes a sixth of the memory, which counts for a hundred thousand of them.
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
//	taken | kind | flags | path | time | mode | birth time | target | count of attributes | names and values | version | backed up | size |
//	fingerprint | count of parts | parts | count of lists | lists
//
// Times are 8 bytes, that of birth only where it is known, the target only that of a link; parts and lists are those of a file entry. What nothing asks for
// from here on is left out, such as the file's identifier. The table of bundles, which is the same for many files, stands beside it.
func (o *original) pack() []byte {
	f, v := o.file, o.version()
	n := 96 + len(o.taken) + len(o.kind) + len(f.Path) + len(f.Target) + vault.CapLen*len(v.Lists)
	for i := range v.Parts {
		if n += 1 + vault.CapLen; v.Parts[i].Small {
			n += vault.RefLen - vault.CapLen
		}
	}
	for _, x := range f.Xattrs {
		n += 8 + len(x.Name) + len(x.Value)
	}
	p := packer{make([]byte, 0, n)}
	p.text(o.taken)
	p.text(o.kind)
	p.num(flag(f.Type == vault.TypeSymlink)<<0 | flag(f.BirthTime != 0)<<1)
	p.text(f.Path)
	p.time(o.modTime())
	p.num(uint64(f.Mode))
	if f.BirthTime != 0 {
		p.time(f.BirthTime)
	}
	if f.Type == vault.TypeSymlink {
		p.text(f.Target)
	}
	p.num(uint64(len(f.Xattrs)))
	for _, x := range f.Xattrs {
		p.text(x.Name)
		p.bytes(x.Value)
	}
	p.b = append(p.b, v.ID[:]...)
	p.time(v.Recorded)
	p.num(v.Size)
	p.b = append(p.b, v.Sum[:]...)
	p.num(uint64(len(v.Parts)))
	for _, part := range v.Parts {
		p.b = part.Append(p.b)
	}
	p.num(uint64(len(v.Lists)))
	for _, list := range v.Lists {
		p.b = list.Append(p.b)
	}
	return p.b
}

// unpack may go on using b and table.
func unpack(b []byte, table []vault.BundleRef) (*original, error) {
	u := unpacker{b: b}
	f, v := &reader.File{}, vault.Version{}
	o := &original{taken: u.text(), kind: u.text(), file: f}
	flags := u.num()
	f.Path = u.text()
	f.ModTime = u.time()
	f.Mode = uint32(u.num())
	if flags&2 != 0 {
		f.BirthTime = u.time()
	}
	if flags&1 != 0 {
		f.Type, f.Target = vault.TypeSymlink, u.text()
	}
	for range u.count() {
		f.Xattrs = append(f.Xattrs, vault.Xattr{Name: u.text(), Value: u.bytes()})
	}
	copy(v.ID[:], u.take(len(v.ID)))
	v.Recorded = u.time()
	v.Size, v.ModTime = u.num(), f.ModTime
	copy(v.Sum[:], u.take(len(v.Sum)))
	if n := u.count(); n > 0 && n <= len(u.b)/(1+vault.RefLen) {
		v.Parts = make([]vault.Part, n)
	} else if n > 0 {
		u.bad = true
	}
	var err error
	for i := 0; i < len(v.Parts) && err == nil; i++ {
		n := 1 + vault.CapLen
		if len(u.b) > 0 && u.b[0] == 1 {
			n = 1 + vault.RefLen
		}
		v.Parts[i], err = vault.ParsePart(u.take(n))
	}
	for range u.count() {
		if err == nil {
			var list vault.Cap
			list, err = vault.ParseCap(u.take(vault.CapLen))
			v.Lists = append(v.Lists, list)
		}
	}
	if err == nil && len(u.b) > 0 {
		err = vault.ErrMalformed
	}
	if err = cmp.Or(u.err(), err); err != nil {
		return nil, fmt.Errorf("saved restore: %w", err)
	}
	f.Versions, f.Bundles = []vault.Version{v}, table
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

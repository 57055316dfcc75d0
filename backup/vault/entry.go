package vault

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// FileType is what a file entry describes.
type FileType uint8

// The types of file entries.
const (
	TypeFile FileType = iota
	TypeSymlink
)

// Xattr is one extended attribute, name and value as the system gives them.
type Xattr struct {
	Name  string
	Value []byte
}

// Part is one stretch of a file's content: either a chunk of its own, or a record in a bundle.
type Part struct {
	Small bool
	Cap   Cap // Small false
	Ref   Ref // Small true
}

// Len is the number of content bytes of the part.
func (p Part) Len() int64 {
	if p.Small {
		return int64(p.Ref.Len)
	}
	return int64(p.Cap.Len)
}

// Append encodes u8 0, cap or u8 1, ref.
func (p Part) Append(b []byte) []byte {
	if p.Small {
		return p.Ref.Append(append(b, 1))
	}
	return p.Cap.Append(append(b, 0))
}

// ParsePart decodes one part.
func ParsePart(b []byte) (p Part, err error) {
	switch {
	case len(b) > 0 && b[0] == 0:
		p.Cap, err = ParseCap(b[1:])
	case len(b) > 0 && b[0] == 1:
		p.Small = true
		p.Ref, err = ParseRef(b[1:])
	default:
		err = fmt.Errorf("part: %w", ErrMalformed)
	}
	return p, err
}

// Version is one state of a file's content. A version that marks a deletion has Removed set and no content.
type Version struct {
	ID       VersionID
	Size     uint64
	Sum      Hash // SHA-256 of the whole content
	Splitter uint8
	EXIF     *EXIF
	Tile     *Part
	Parts    []Part
	Lists    []Cap // more than MaxParts parts: capabilities of part lists instead of Parts
	ModTime  int64 // Unix nanoseconds
	Recorded int64 // Unix seconds by the device's clock, when it was read
	Removed  bool
	Damaged  bool // no good copy was left when this was written
}

// Entry is one file with its versions. In a delta it holds only what is new.
type Entry struct {
	ID        FileID
	Source    [16]byte // the protected folder it belongs to
	Path      string   // the operating system's bytes, "/" between names, not normalised
	ModTime   int64    // Unix nanoseconds
	BirthTime int64    // Unix nanoseconds, 0 = unknown
	Mode      uint32   // Unix permission bits, set-id and sticky included
	Type      FileType
	Target    string // of a symlink
	Xattrs    []Xattr
	Versions  []Version
	Continues *FileID // the entry whose versions this one goes on with
}

const (
	tagEntryID = iota + 1
	tagEntrySource
	tagEntryPath
	tagEntryModTime
	tagEntryBirth
	tagEntryMode
	tagEntryType
	tagEntryTarget
	tagEntryXattrs
	tagEntryVersions
	tagEntryContinues
)

const (
	tagVersionID = iota + 1
	tagVersionSize
	tagVersionSum
	tagVersionSplitter
	tagVersionEXIF
	tagVersionTile
	tagVersionParts
	tagVersionLists
	tagVersionModTime
	tagVersionRecorded
	tagVersionFlags
)

// Encode makes the version's record.
func (v Version) Encode() []byte {
	f := NewFields()
	v.add(f)
	return f.Encoded()
}

func (v *Version) add(f *Fields) {
	f.Bytes(tagVersionID, v.ID[:]).U64(tagVersionSize, v.Size).Bytes(tagVersionSum, v.Sum[:]).U8(tagVersionSplitter, v.Splitter)
	if v.EXIF != nil {
		f.Begin(tagVersionEXIF)
		v.EXIF.add(f)
		f.End()
	}
	if v.Tile != nil {
		f.Begin(tagVersionTile)
		f.Raw(v.Tile.Append)
		f.End()
	}
	if len(v.Parts) > 0 {
		f.Begin(tagVersionParts)
		for i := range v.Parts {
			f.BeginItem()
			f.b = v.Parts[i].Append(f.b)
			f.End()
		}
		f.End()
	}
	if len(v.Lists) > 0 {
		f.Bytes(tagVersionLists, appendCaps(nil, v.Lists))
	}
	var flags uint8
	if v.Removed {
		flags |= 1
	}
	if v.Damaged {
		flags |= 2
	}
	f.I64(tagVersionModTime, v.ModTime).I64(tagVersionRecorded, v.Recorded).U8(tagVersionFlags, flags)
}

// ParseVersion decodes a version.
func ParseVersion(b []byte) (v Version, err error) {
	fail := func(e error) (Version, error) { return Version{}, fmt.Errorf("version: %w", e) }
	r, err := ParseFields(b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	if err != nil {
		return fail(err)
	}
	var flags uint8
	for _, step := range []func() error{
		func() error { return r.Fixed(tagVersionID, v.ID[:]) },
		func() (e error) { v.Size, e = r.U64(tagVersionSize); return },
		func() error { return r.Fixed(tagVersionSum, v.Sum[:]) },
		func() (e error) { v.Splitter, e = r.U8(tagVersionSplitter); return },
		func() (e error) { v.ModTime, e = r.I64(tagVersionModTime); return },
		func() (e error) { v.Recorded, e = r.I64(tagVersionRecorded); return },
		func() (e error) { flags, e = r.U8(tagVersionFlags); return },
	} {
		if err := step(); err != nil {
			return fail(err)
		}
	}
	v.Removed, v.Damaged = flags&1 != 0, flags&2 != 0
	if flags > 3 || v.Splitter > 3 {
		return fail(ErrNewer)
	}
	if r.Has(tagVersionEXIF) {
		if v.EXIF, err = ParseEXIF(r.Bytes(tagVersionEXIF)); err != nil {
			return fail(err)
		}
	}
	if r.Has(tagVersionTile) {
		p, err := ParsePart(r.Bytes(tagVersionTile))
		if err != nil {
			return fail(err)
		}
		v.Tile = &p
	}
	items, err := r.List(tagVersionParts, MaxParts)
	if err != nil {
		return fail(err)
	}
	var sum uint64
	v.Parts = slices.Grow(v.Parts, len(items))
	for _, it := range items {
		p, err := ParsePart(it)
		if err != nil {
			return fail(err)
		}
		sum += uint64(p.Len())
		v.Parts = append(v.Parts, p)
	}
	if v.Lists, err = parseCaps(r.Bytes(tagVersionLists)); err != nil {
		return fail(err)
	}
	switch {
	case len(v.Lists) > 0 && len(v.Parts) > 0, v.Removed && (len(v.Lists) > 0 || len(v.Parts) > 0):
		return fail(ErrMalformed)
	case len(v.Lists) == 0 && !v.Removed && sum != v.Size, len(v.Lists) > 0 && v.Size > uint64(len(v.Lists))*maxListed:
		return fail(ErrMalformed)
	}
	return v, nil
}

// maxListed is how many bytes of content one part list can stand for.
const maxListed = MaxListedParts * MaxChunk

func appendCaps(b []byte, caps []Cap) []byte {
	for _, c := range caps {
		b = c.Append(b)
	}
	return b
}

func parseCaps(b []byte) (out []Cap, err error) {
	if len(b)%CapLen != 0 {
		return nil, fmt.Errorf("capabilities: %w", ErrMalformed)
	}
	for ; len(b) > 0; b = b[CapLen:] {
		c, err := ParseCap(b[:CapLen])
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// Encode makes the entry's record.
func (e Entry) Encode() []byte { return e.appendTo(nil) }

// appendTo encodes behind b.
func (e *Entry) appendTo(b []byte) []byte {
	f := AppendFields(b)
	f.Bytes(tagEntryID, e.ID[:]).Bytes(tagEntrySource, e.Source[:]).Str(tagEntryPath, e.Path).I64(tagEntryModTime, e.ModTime)
	if e.BirthTime != 0 {
		f.I64(tagEntryBirth, e.BirthTime)
	}
	f.U32(tagEntryMode, e.Mode).U8(tagEntryType, uint8(e.Type))
	if e.Type == TypeSymlink {
		f.Str(tagEntryTarget, e.Target)
	}
	if len(e.Xattrs) > 0 {
		items := make([][]byte, len(e.Xattrs))
		for i, x := range e.Xattrs {
			items[i] = append(append(binary.BigEndian.AppendUint16(nil, uint16(len(x.Name))), x.Name...), x.Value...)
		}
		f.List(tagEntryXattrs, items)
	}
	f.Begin(tagEntryVersions)
	for i := range e.Versions {
		f.BeginItem()
		e.Versions[i].add(f)
		f.End()
	}
	f.End()
	if e.Continues != nil {
		f.Bytes(tagEntryContinues, e.Continues[:])
	}
	return f.Encoded()
}

// ParseEntry decodes an entry.
func ParseEntry(b []byte) (e Entry, err error) {
	fail := func(err error) (Entry, error) { return Entry{}, fmt.Errorf("file entry: %w", err) }
	if len(b) > MaxEntryBytes {
		return fail(ErrMalformed)
	}
	r, err := ParseFields(b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	if err != nil {
		return fail(err)
	}
	var typ uint8
	for _, step := range []func() error{
		func() error { return r.Fixed(tagEntryID, e.ID[:]) },
		func() error { return r.Fixed(tagEntrySource, e.Source[:]) },
		func() (err error) { e.ModTime, err = r.I64(tagEntryModTime); return },
		func() (err error) { e.Mode, err = r.U32(tagEntryMode); return },
		func() (err error) { typ, err = r.U8(tagEntryType); return },
	} {
		if err := step(); err != nil {
			return fail(err)
		}
	}
	if typ > uint8(TypeSymlink) {
		return fail(ErrNewer)
	}
	e.Type, e.Path, e.Target = FileType(typ), string(r.Bytes(tagEntryPath)), string(r.Bytes(tagEntryTarget))
	if e.Path == "" {
		return fail(ErrMalformed)
	}
	if r.Has(tagEntryBirth) {
		if e.BirthTime, err = r.I64(tagEntryBirth); err != nil {
			return fail(err)
		}
	}
	items, err := r.List(tagEntryXattrs, 1024)
	if err != nil {
		return fail(err)
	}
	for _, it := range items {
		if len(it) < 2 || int(binary.BigEndian.Uint16(it)) > len(it)-2 {
			return fail(ErrMalformed)
		}
		n := 2 + int(binary.BigEndian.Uint16(it))
		e.Xattrs = append(e.Xattrs, Xattr{Name: string(it[2:n]), Value: append([]byte(nil), it[n:]...)})
	}
	if items, err = r.List(tagEntryVersions, 1<<14); err != nil {
		return fail(err)
	}
	e.Versions = slices.Grow(e.Versions, len(items))
	for _, it := range items {
		v, err := ParseVersion(it)
		if err != nil {
			return fail(err)
		}
		e.Versions = append(e.Versions, v)
	}
	if r.Has(tagEntryContinues) {
		e.Continues = new(FileID)
		if err := r.Fixed(tagEntryContinues, e.Continues[:]); err != nil {
			return fail(err)
		}
	}
	return e, nil
}

package catalog

import "encoding/binary"

// FileState is what the last scan and the engine made of one original. Whether a stored one is protected follows from its
// copies, not from here.
type FileState uint8

// The states of an original.
const (
	StatePending    FileState = iota // waits; Reason says for what
	StateStored                      // the bytes last seen are a committed version
	StateSkipped                     // left out by a rule or by choice
	StateFailed                      // will not heal by itself
	StateOnlineOnly                  // its bytes are not on this computer
	StateUnreadable                  // may not be looked at
	StateGone                        // deleted at the source; kept while its removal awaits a commit
)

// FileKey names an original: the folder it was found in and the path below it.
type FileKey struct {
	Folder [16]byte
	Path   string // relative, "/"-separated, the operating system's own bytes
}

// File is what is known of one original. Zero ids and digests mean "none yet".
type File struct {
	FileID    [16]byte
	VersionID [16]byte // newest stored version
	Size      int64    // bytes, as last seen
	ModTimeNS int64    // Unix nanoseconds
	CTimeNS   int64    // Unix nanoseconds, 0 where the system has none
	Inode     uint64
	Dev       uint64
	Mode      uint32 // permission and type bits as the system gives them
	State     FileState
	Reason    string     // short code, empty for none
	Since     int64      // Unix seconds: when State or Reason last changed
	SHA256    [32]byte   // whole-file, of the stored version
	Objects   [][32]byte // cids that hold the stored version, bundles included
	Commit    uint64     // seq of the commit that recorded it, 0 = not committed
	Group     [16]byte   // files shown as one photo share it
	Cuts      []int64    // where the parts of the stored version begin, from the second on; ascending
	BirthNS   int64      // Unix nanoseconds, 0 where the system does not tell
	Unsettled bool       // read so soon after its last change that another one could bear the same times: to be read once more
	Recorded  int64      // Unix seconds: the time that the stored version bears; no older one of the file bears a later one
}

var fileCodec = codec[FileKey, File]{
	table: "files",
	appendKey: func(b []byte, k FileKey) []byte {
		return append(append(b, k.Folder[:]...), k.Path...)
	},
	parseKey: func(b []byte) (FileKey, error) {
		d := &decoder{b: b}
		k := FileKey{Folder: d.id()}
		k.Path = string(d.take(len(d.b)))
		return k, d.done()
	},
	appendValue: func(b []byte, f File) []byte {
		b = append(append(append(b, recordVersion), f.FileID[:]...), f.VersionID[:]...)
		b = binary.AppendVarint(b, f.Size)
		b = binary.AppendVarint(b, f.ModTimeNS)
		b = binary.AppendVarint(b, f.CTimeNS)
		b = binary.AppendUvarint(b, f.Inode)
		b = binary.AppendUvarint(b, f.Dev)
		b = binary.AppendUvarint(b, uint64(f.Mode))
		b = append(b, byte(f.State))
		b = appendBytes(b, f.Reason)
		b = binary.AppendVarint(b, f.Since)
		b = append(b, f.SHA256[:]...)
		b = appendDigests(b, f.Objects)
		b = binary.AppendUvarint(b, f.Commit)
		b = append(b, f.Group[:]...)
		b = appendOffsets(b, f.Cuts)
		b = binary.AppendVarint(b, f.BirthNS)
		b = appendBool(b, f.Unsettled)
		return binary.AppendVarint(b, f.Recorded)
	},
	parseValue: func(b []byte) (File, error) {
		d := newDecoder(b)
		f := File{FileID: d.id(), VersionID: d.id(), Size: d.varint(), ModTimeNS: d.varint(), CTimeNS: d.varint(), Inode: d.uvarint(),
			Dev: d.uvarint(), Mode: d.u32(), State: FileState(d.u8()), Reason: d.text(), Since: d.varint(), SHA256: d.digest(),
			Objects: d.digests(), Commit: d.uvarint(), Group: d.id(), Cuts: d.offsets(),
			BirthNS: d.varint(), Unsettled: d.boolean(), Recorded: d.varint()}
		d.bad = d.bad || f.State > StateGone
		return f, d.done()
	},
}

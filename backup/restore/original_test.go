package restore

import (
	"reflect"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// All that a restore and its report say of an original comes from what was packed.
func TestAPackedOriginalGivesBackWhatTheReportTells(t *testing.T) {
	l := newLibrary(t)
	l.sample(20)
	l.link("album", "2001/IMG_0001.JPG")
	for id, f := range l.files {
		for i := range f.Versions {
			v := f.Versions[i]
			f := *f
			f.Mode, f.BirthTime = 0o640, -5_000_000_001
			f.Xattrs = []vault.Xattr{{Name: "user.empty"}, {Name: "user.long", Value: make([]byte, 3000)}}
			v.Recorded, v.Lists = 1_700_000_000, []vault.Cap{{Len: 5}, {Len: 6}}
			o := originalOf(&f, &v)
			o.taken, o.kind = "2001-02-03T04:05:06", "jpeg"
			packed := o.pack()
			if cap(packed) > len(packed)+200 {
				t.Errorf("%d bytes take the room of %d", len(packed), cap(packed))
			}
			got, err := unpack(packed, o.file.Bundles)
			if err != nil {
				t.Fatal(id, err)
			}
			want := &original{taken: o.taken, kind: o.kind, file: &reader.File{File: vault.File{Bundles: o.file.Bundles, Entry: vault.Entry{
				Path: f.Path, Type: f.Type, Target: f.Target, Mode: f.Mode, ModTime: o.modTime(), BirthTime: f.BirthTime, Xattrs: f.Xattrs,
				Versions: []vault.Version{{ID: v.ID, Recorded: v.Recorded, ModTime: o.modTime(), Size: v.Size, Sum: v.Sum, Parts: o.version().Parts, Lists: v.Lists}}}}}}
			// Nothing and an empty value are stored alike.
			want.file.Xattrs[0].Value, got.file.Xattrs[0].Value = nil, nil
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s:\n%+v\nwant\n%+v", id, got.file, want.file)
			}
		}
	}
}

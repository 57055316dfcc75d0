package library

import (
	"slices"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

func TestFilesShareWhatIsTheSameAndNothingElse(t *testing.T) {
	s := newShared()
	file := func(salt byte, x vault.EXIF) *reader.File {
		f := &reader.File{}
		f.Bundles = append(make([]vault.BundleRef, 0, 4), vault.BundleRef{Salt: [32]byte{salt}})
		f.Versions = []vault.Version{{EXIF: &x}}
		s.file(f)
		return f
	}
	a, b, c := file(1, vault.EXIF{Kind: "XMP"}), file(1, vault.EXIF{Kind: "XMP"}), file(2, vault.EXIF{Kind: "XMP", Width: 3})
	if &a.Bundles[0] != &b.Bundles[0] || a.Versions[0].EXIF != b.Versions[0].EXIF {
		t.Error("two files that are alike share nothing")
	}
	if c.Bundles[0].Salt != [32]byte{2} || c.Versions[0].EXIF.Width != 3 || a.Versions[0].EXIF.Width != 0 {
		t.Errorf("a file got what is another's: %+v", c)
	}
	dated := vault.EXIF{Kind: "JPEG", Taken: "2020-01-01T00:00:00"}
	if file(1, dated).Versions[0].EXIF == file(1, dated).Versions[0].EXIF {
		t.Error("photo data with a date are kept to compare with")
	}
	// A table that grows leaves the others alone.
	one := vault.Ref{}
	if _, err := a.Own(one, []vault.BundleRef{{Salt: [32]byte{9}}}); err != nil || len(a.Bundles) != 2 {
		t.Fatal(err)
	}
	if _, err := b.Own(one, []vault.BundleRef{{Salt: [32]byte{8}}}); err != nil || a.Bundles[1].Salt != [32]byte{9} || b.Bundles[1].Salt != [32]byte{8} {
		t.Errorf("%v %v %v", a.Bundles, b.Bundles, err)
	}
	if !slices.Equal(b.Bundles[:1], a.Bundles[:1]) {
		t.Error("the shared table changed")
	}
}

package library

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"testing"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/keystore/secret"
)

// shelf is an engine that holds objects and nothing else.
type shelf struct {
	backup.Service
	t       *testing.T
	key     *vault.Generation
	objects map[string][]byte
}

func newShelf(t *testing.T) *shelf {
	return &shelf{t: t, key: vault.NewGeneration(vault.SpaceID{1}, 1, secret.New(make([]byte, 32))), objects: map[string][]byte{}}
}

func (s *shelf) Object(_ context.Context, name, _ string, _ bool) ([]byte, error) {
	if b, ok := s.objects[name]; ok {
		return bytes.Clone(b), nil
	}
	return nil, fmt.Errorf("%s: %w", name, store.ErrNotExist)
}

func (s *shelf) Do(context.Context, backup.Command) (backup.Reply, error) {
	return backup.Reply{}, nil
}

// chunk stores content.
func (s *shelf) chunk(content []byte) vault.Cap {
	s.t.Helper()
	buf := vault.NewChunkBufferFor(len(content))
	sealed, err := s.key.Seal(buf, copy(buf.Room(), content), 0, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.objects[sealed.Name()] = bytes.Clone(sealed.Object)
	return sealed.Cap
}

// long is a version whose parts stand in lists.
func (s *shelf) long(n byte, content []byte, lists ...[]byte) vault.Version {
	v := vault.Version{ID: vault.VersionID{n}, Size: uint64(len(content)), Sum: sha256.Sum256(content)}
	for _, l := range lists {
		v.Lists = append(v.Lists, s.chunk(l))
	}
	return v
}

// open opens files of one version each.
func (s *shelf) open(versions ...vault.Version) Opened {
	s.t.Helper()
	return s.openTold(nil, versions...)
}

func (s *shelf) openTold(progress func(OpenProgress), versions ...vault.Version) Opened {
	s.t.Helper()
	l := &Library{svc: s, keys: &reader.Keyset{Space: s.key.Space}, cat: reader.NewCatalogue()}
	for i, v := range versions {
		f := &reader.File{}
		f.ID = vault.NewFileID(uint64(i + 1))
		f.Path = fmt.Sprint(i)
		f.Versions = []vault.Version{v}
		l.cat.Load(f)
	}
	o, err := l.OpenCopies(s.t.Context(), "", progress)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func TestOneListThatMakesNoSenseIsOneWrongVersion(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 1000)
	for name, list := range map[string][]byte{
		"no list":           []byte("something else"),
		"of no parts":       vault.PartList{}.Encode(),
		"an unknown field":  append(vault.PartList{}.Encode(), 0xFF, 0xFF),
		"a bundle outside":  append([]byte("LPL1"), vault.NewFields().Bytes(1, nil).List(2, [][]byte{vault.Part{Small: true, Ref: vault.Ref{Bundle: 3, Len: 5}}.Append(nil)}).Encoded()...),
		"the list of sense": nil,
	} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			sense := vault.PartList{Parts: []vault.Part{{Cap: s.chunk(content)}}}.Encode()
			wrong := int64(1)
			if list == nil {
				list, wrong = sense, 0
			}
			o := s.open(s.long(1, append([]byte{}, content...), list), s.long(2, content, sense), s.long(3, append(content, content...), sense, sense))
			if o.Wrong != wrong || o.Files != 3-wrong || int64(len(o.wrong)) != wrong {
				t.Errorf("%+v", o)
			}
		})
	}
}

// Parts are read ahead of the one that is being opened. However many of them turn out wrong, and in whatever way, the version is judged once,
// by the first; one that has other parts in common with it is not touched by that.
func TestAVersionWithSeveralWrongPartsIsJudgedOnce(t *testing.T) {
	const parts = 4
	for pattern := range 81 { // each part is whole, altered or missing
		s := newShelf(t)
		var all, others []vault.Part
		var content, other []byte
		bad := 0
		for i, rest := 0, pattern; i < parts; i, rest = i+1, rest/3 {
			piece := bytes.Repeat([]byte{byte(i + 1)}, vault.MaxSmall+1+i)
			c := s.chunk(piece)
			all, content = append(all, vault.Part{Cap: c}), append(content, piece...)
			switch name := vault.ChunkName(c.CID); rest % 3 {
			case 0:
				others, other = append(others, vault.Part{Cap: c}), append(other, piece...)
			case 1:
				s.objects[name][len(s.objects[name])/2] ^= 1
				bad++
			case 2:
				delete(s.objects, name)
				bad++
			}
		}
		versions := []vault.Version{{ID: vault.VersionID{1}, Size: uint64(len(content)), Sum: sha256.Sum256(content), Parts: all}}
		if n := len(others); n > 0 && n < parts {
			versions = append(versions, vault.Version{ID: vault.VersionID{2}, Size: uint64(len(other)), Sum: sha256.Sum256(other), Parts: others})
		}
		var last OpenProgress
		o := s.openTold(func(p OpenProgress) { last = p }, versions...)
		wrong := int64(min(bad, 1))
		if o.Wrong != wrong || o.Bad != wrong || o.Files != int64(len(versions))-wrong || len(o.wrong) != int(wrong) {
			t.Errorf("%d of %d parts wrong, pattern %d: %+v", bad, parts, pattern, o)
		}
		if last.Versions != int64(len(versions)) || last.Bytes != last.OfBytes {
			t.Errorf("%d of %d parts wrong, pattern %d: told %+v", bad, parts, pattern, last)
		}
	}
}

// A version that comes to its end without a part is judged like every other one.
func TestAVersionWithoutPartsIsJudged(t *testing.T) {
	for want, wrong := range map[vault.Hash]int64{sha256.Sum256(nil): 0, {1}: 1} {
		p := &pass{plan: &plan{}, bad: map[vault.CID]bool{}, good: map[vault.CID]vault.Hash{}, out: Opened{wrong: map[versionID]bool{}}}
		a := newLane(p)
		done := make(chan struct{})
		go a.open()
		go func() { a.hash(); close(done) }()
		left, err := a.ready(t.Context(), []*cursor{{versions: []versionID{{}}, want: want}})
		close(a.read)
		<-done
		if err != nil || len(left) != 0 || p.out.Wrong != wrong || p.out.Files != 1-wrong || p.done.Versions != 1 {
			t.Errorf("%d left, %+v, %v", len(left), p.out, err)
		}
	}
}

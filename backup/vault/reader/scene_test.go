package reader

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"lightproof/backup/store"
	"lightproof/backup/store/evil"
	"lightproof/backup/store/memory"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// placed reads a destination the way following a vault asks for.
type placed struct{ s store.Store }

func (p placed) Get(ctx context.Context, name string) ([]byte, error) {
	b, err := p.s.Get(ctx, name, store.GetOptions{Length: vault.MaxChunkObject + 1})
	if errors.Is(err, store.ErrNotExist) {
		err = fmt.Errorf("%s: %w", name, vault.ErrMissing)
	}
	return b, err
}

func (p placed) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	return p.s.List(ctx, prefix, func(i store.Info) error { return fn(i.Name, i.Size) })
}

// scene is a whole Space with history: a first device with two deltas, lost; a second one signed in by the kit, in generation 2, with a
// delta and a full commit. Every kind of object is there.
type scene struct {
	t        *testing.T
	place    *memory.Place
	created  *Created
	keys     *RecoveryKeys
	second   *Enrolment
	contents map[string][]byte // path → content
	kinds    map[string][2]string
	heads    map[vault.DevTag]vault.Head
	control  vault.Head
	early    *memory.Place // before the second device
}

// device is what writes commits in a scene.
type device struct {
	s       *scene
	w       *writer.Keyset
	prev    vault.Head
	control vault.Head
}

func (s *scene) put(b ...writer.Built) {
	for _, x := range b {
		s.place.Set(x.Name, x.Object)
		if !strings.HasPrefix(x.Name, "c/") && !strings.HasPrefix(x.Name, "m2/") {
			s.place.Set(vault.Mirror(x.Name), x.Object)
		}
	}
}

// chunk stores content as a chunk object.
func (d *device) chunk(content []byte, class vault.Class) (vault.Sealed, vault.ObjectRecord) {
	d.s.t.Helper()
	buf := vault.NewChunkBufferFor(len(content))
	s, err := d.w.Current().Seal(buf, copy(buf.Room(), content), 0, nil)
	if err != nil {
		d.s.t.Fatal(err)
	}
	s.Object = bytes.Clone(s.Object)
	d.s.place.Set(s.Name(), s.Object)
	if class == vault.ClassPage {
		d.s.place.Set(vault.Mirror(s.Name()), s.Object)
	}
	return s, vault.ObjectRecord{CID: s.Cap.CID, Object: s.Cap.Object, Size: uint32(len(s.Object)), Class: class}
}

// commit writes the next commit; an outer list stands in an object of its own.
func (d *device) commit(typ vault.CommitType, foldedTo uint64, p vault.Payload, rec []vault.ObjectRecord, outer bool, seen ...vault.SeenHead) writer.BuiltCommit {
	d.s.t.Helper()
	seq := d.prev.Seq + 1
	c := vault.Commit{Seq: seq, Prev: d.prev.Hash, Control: d.control, Type: typ, FoldedTo: foldedTo, Seen: seen}
	list := vault.ObjectList{Records: rec}.Encode()
	if outer {
		b, part, err := d.w.SealList(seq, list)
		if err != nil {
			d.s.t.Fatal(err)
		}
		d.s.put(b)
		c.Lists = []vault.ListPart{part}
	} else {
		c.Inline = list
	}
	sealed, err := d.w.SealPayload(seq, p.Encode())
	if err != nil {
		d.s.t.Fatal(err)
	}
	b, err := d.w.SealCommit(c, sealed)
	if err != nil {
		d.s.t.Fatal(err)
	}
	d.s.put(b.Built)
	d.prev = b.Head
	return b
}

// file makes an entry of one chunk.
func (d *device) file(path string, n byte, content []byte, recorded int64) (vault.Entry, vault.ObjectRecord) {
	s, rec := d.chunk(content, vault.ClassContent)
	d.s.contents[path] = content
	return vault.Entry{ID: vault.FileID{5: 1, 15: n}, Path: path, Mode: 0o644, Versions: []vault.Version{{ID: vault.VersionID{n}, Size: uint64(len(content)),
		Sum: s.Sum, Parts: []vault.Part{{Cap: s.Cap}}, Recorded: recorded}}}, rec
}

func newScene(t *testing.T) *scene {
	t.Helper()
	ctx := context.Background()
	c, err := Create(CreateOptions{DeviceName: "first", Passphrase: []byte("pass"), KDF: quickKDF, Now: 1})
	if err != nil {
		t.Fatal(err)
	}
	s := &scene{t: t, place: memory.NewPlace(), created: c, contents: map[string][]byte{}, kinds: map[string][2]string{}, heads: map[vault.DevTag]vault.Head{}}
	s.put(c.Objects...)
	d := &device{s: s, w: c.Writer, prev: vault.Head{Hash: c.Writer.Genesis}, control: c.Genesis.Head()}
	a, ra := d.file("a.jpg", 1, bytes.Repeat([]byte("first picture "), 5000), 10)
	bundle := c.Writer.Current().NewBundle(vault.NewChunkBuffer())
	small := []byte("a small sidecar")
	ref, sum, err := bundle.Add(small)
	if err != nil {
		t.Fatal(err)
	}
	bs, err := bundle.Close()
	if err != nil {
		t.Fatal(err)
	}
	s.place.Set(bs.Name(), bs.Object)
	s.contents["a.xmp"] = small
	x := vault.Entry{ID: vault.FileID{5: 1, 15: 2}, Path: "a.xmp", Versions: []vault.Version{{ID: vault.VersionID{2}, Size: uint64(len(small)), Sum: sum,
		Parts: []vault.Part{{Small: true, Ref: ref}}, Recorded: 10}}}
	page := vault.Page{Bundles: []vault.BundleRef{{Cap: bs.Cap, Salt: bundle.Salt()}}, Entries: []vault.Entry{a, x}}
	rb := vault.ObjectRecord{CID: bs.Cap.CID, Object: bs.Cap.Object, Size: uint32(len(bs.Object)), Class: vault.ClassBundle}
	c1 := d.commit(vault.CommitDelta, 0, vault.Payload{Body: page.Encode()}, []vault.ObjectRecord{ra, rb, ra}, false)
	b, rec := d.file("b.jpg", 3, bytes.Repeat([]byte("second picture "), 7000), 11)
	pg, rp := d.chunk(vault.Page{Entries: []vault.Entry{b}}.Encode(), vault.ClassPage)
	c2 := d.commit(vault.CommitDelta, 0, vault.Payload{Pages: []vault.Cap{pg.Cap}}, []vault.ObjectRecord{rec, rp}, true)
	s.early = s.place.Clone()
	s.heads[c.Writer.Tag] = d.prev

	r, err := Recover(ctx, placed{s.place.Open()}, c.Writer.Space, c.Kit, []byte("pass"), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.keys = r.Keys
	s.second, err = r.Enrol("second", map[vault.DeviceID]vault.Head{c.Writer.Device: d.prev}, 2)
	if err != nil {
		t.Fatal(err)
	}
	s.put(s.second.Objects...)
	chain, found, _, err := writer.LoadChain(ctx, placed{s.place.Open()}, s.second.Writer, nil, 0)
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	s.control = chain.Head()
	n := &device{s: s, w: s.second.Writer, prev: vault.Head{Hash: c.Writer.Genesis}, control: chain.Head()}
	seen := vault.SeenHead{Tag: c.Writer.Tag, Head: d.prev}
	e, re := n.file("c.jpg", 4, bytes.Repeat([]byte("third picture "), 9000), 12)
	n1 := n.commit(vault.CommitDelta, 0, vault.Payload{Body: vault.Page{Entries: []vault.Entry{e}}.Encode()}, []vault.ObjectRecord{re}, false, seen)
	cat := NewCatalogue()
	_, _, err = s.second.Reader.Rebuild(ctx, placed{s.place.Open()}, s.second.Writer, chain, cat, nil)
	if err != nil {
		t.Fatal(err)
	}
	fold, err := BuildFold(cat, s.second.Writer.Current())
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range fold.Objects() {
		s.place.Set(o.Name, o.Object)
	}
	n2 := n.commit(vault.CommitFull, 1, vault.Payload{Root: rootOf(t, fold)}, fold.Records(), true, seen)
	s.heads[s.second.Writer.Tag] = n.prev

	list := func(b writer.BuiltCommit) string { return b.Header.Lists[0].Name }
	var epochs, controls []string
	for _, name := range s.place.Names() {
		switch {
		case strings.HasPrefix(name, "e/"):
			epochs = append(epochs, name)
		case strings.HasPrefix(name, "k/"):
			controls = append(controls, name)
		}
	}
	slices.Reverse(epochs) // newest first
	name := func(c vault.Cap) string { return vault.ChunkName(c.CID) }
	s.kinds = map[string][2]string{ // the object attacked, and another of its kind to swap with
		"chunk":   {name(a.Versions[0].Parts[0].Cap), name(b.Versions[0].Parts[0].Cap)},
		"bundle":  {bs.Name(), name(a.Versions[0].Parts[0].Cap)},
		"page":    {pg.Name(), fold.Chunks[0].Name()},
		"commit":  {c1.Name, c2.Name},
		"full":    {n2.Name, n1.Name},
		"list":    {list(c2), list(n2)},
		"genesis": {controls[0], controls[1]},
		"control": {controls[2], controls[1]},
		"epoch":   {epochs[0], epochs[1]},
		"slot":    {vault.SlotName(SlotID(c.Kit, c.Writer.Space)), epochs[0]},
	}
	return s
}

func rootOf(t *testing.T, f *Fold) *vault.Cap {
	p, err := vault.ParsePayload(f.Payload)
	if err != nil || p.Root == nil {
		t.Fatal(err)
	}
	return p.Root
}

// outcome is what a fresh machine with the kit gets out of a destination.
type outcome struct {
	contents  map[string][]byte
	errs      []error
	heads     map[vault.DevTag]vault.Head
	chain     *vault.Chain
	histories writer.Histories
	shutOut   bool
}

func (o outcome) has(want ...error) bool {
	return slices.ContainsFunc(o.errs, func(e error) bool {
		return slices.ContainsFunc(want, func(w error) bool { return errors.Is(e, w) })
	})
}

// restore recovers by the kit's keys and opens every file. It fails the test if any content is not what was stored.
func (s *scene) restore(o writer.Objects, keys *RecoveryKeys) outcome {
	s.t.Helper()
	ctx := context.Background()
	out := outcome{contents: map[string][]byte{}, histories: writer.Histories{}}
	space := s.created.Writer.Space
	r := &Recovered{Keys: keys, View: &writer.Keyset{Space: space, Mix: keys.Mix, Genesis: keys.Genesis},
		Reader: &Keyset{Space: space, Control: keys.Signing, KEMSeed: keys.KEMSeed}}
	if err := r.findEpoch(ctx, o, 0); err != nil {
		out.errs = append(out.errs, err)
		return out
	}
	out.chain, out.shutOut = r.Chain, r.ShutOut
	add := func(f []writer.Finding) {
		for _, x := range f {
			out.errs = append(out.errs, fmt.Errorf("%s: %w", x.Name, x.Err))
		}
	}
	add(r.Findings)
	cat := NewCatalogue()
	heads, found, err := r.Reader.Rebuild(ctx, o, r.View, r.Chain, cat, nil)
	add(found)
	if err != nil {
		out.errs = append(out.errs, err)
		return out
	}
	out.heads = heads
	for _, p := range r.Chain.Principals() {
		if p.Device == nil {
			continue
		}
		_, _, err := writer.WalkLog(ctx, o, r.View, r.Chain, p.Device.Tag, vault.Head{}, func(lc writer.LogCommit) error {
			out.histories.Add(p.Device.Tag, lc.Head)
			return nil
		})
		if err != nil {
			s.t.Fatal(err)
		}
	}
	for _, f := range cat.Files {
		content, err := s.open(ctx, o, f)
		if err != nil {
			out.errs = append(out.errs, err)
			continue
		}
		if want, ok := s.contents[f.Path]; !ok || !bytes.Equal(content, want) {
			s.t.Errorf("wrong plaintext for %q", f.Path)
		}
		out.contents[f.Path] = content
	}
	return out
}

func (s *scene) open(ctx context.Context, o writer.Objects, f *File) ([]byte, error) {
	var content []byte
	v := f.Latest()
	for _, p := range v.Parts {
		c := p.Cap
		if p.Small {
			c = f.Bundles[p.Ref.Bundle].Cap
		}
		obj, err := o.Get(ctx, vault.ChunkName(c.CID))
		if err != nil {
			return nil, err
		}
		b, err := OpenChunk(s.created.Writer.Space, c, obj)
		if err == nil && p.Small {
			b, err = OpenRecord(s.created.Writer.Space, p.Ref, b)
		}
		if err != nil {
			return nil, err
		}
		content = append(content, b...)
	}
	if sha256.Sum256(content) != v.Sum {
		s.t.Errorf("%q opened to other content than its version names", f.Path)
	}
	return content, nil
}

// attacked opens a copy of the scene's destination for attacks.
func (s *scene) attacked() *evil.Store { return evil.New(s.place.Clone().Open()) }

func (s *scene) whole(o outcome) bool { return maps.EqualFunc(o.contents, s.contents, bytes.Equal) }

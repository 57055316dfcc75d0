package vault_test

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
)

// drift opens everything in the golden vault and writes it again with today's code. Where the format leaves no choice, the bytes
// must be the same: content must go on to meet what is stored already (V4), and an encoding has one form (V13).
type drift struct {
	t      *testing.T
	o      goldPlace
	space  vault.SpaceID
	r      *reader.Recovered
	counts map[string]int
	seen   map[vault.CID]bool
}

func (d *drift) same(what, name string, got, want []byte) {
	d.counts[what]++
	if !bytes.Equal(got, want) {
		d.t.Errorf("%s of %s is written differently today", what, name)
	}
}

// chunk seals a chunk's content again. own: it was stored with deduplication off.
func (d *drift) chunk(c vault.Cap, own *vault.FileID) []byte {
	name := vault.ChunkName(c.CID)
	content := try(goldenRead(d.o, d.space, c))
	h := try(vault.ParseChunkHeader(d.o[name]))
	buf := vault.NewChunkBufferFor(len(content))
	s := try(d.r.View.Generation(h.Generation).Seal(buf, copy(buf.Room(), content), h.Variant, own))
	d.same("chunk", name, s.Object, d.o[name])
	d.same("capability", name, s.Cap.Append(nil), c.Append(nil))
	d.seen[c.CID] = true
	return content
}

// parts seals again what a list of parts points to; bundles are built again from their records, in order.
func (d *drift) parts(parts []vault.Part, table []vault.BundleRef, own *vault.FileID, records map[vault.CID][]vault.Ref) {
	for _, p := range parts {
		if !p.Small {
			d.chunk(p.Cap, own)
			continue
		}
		c := table[p.Ref.Bundle].Cap.CID
		if !slices.ContainsFunc(records[c], func(r vault.Ref) bool { return r.Off == p.Ref.Off }) {
			records[c] = append(records[c], p.Ref)
		}
	}
}

func (d *drift) bundle(b vault.BundleRef, refs []vault.Ref) {
	slices.SortFunc(refs, func(a, b vault.Ref) int { return int(a.Off) - int(b.Off) })
	name := vault.ChunkName(b.Cap.CID)
	plain := try(goldenRead(d.o, d.space, b.Cap))
	h := try(vault.ParseChunkHeader(d.o[name]))
	again := d.r.View.Generation(h.Generation).RebuildBundle(vault.NewChunkBufferFor(len(plain)), b.Salt)
	for _, r := range refs {
		ref, _, err := again.Add(try(reader.OpenRecord(d.space, r, plain)))
		if err != nil {
			d.t.Fatal(err)
		}
		ref.Bundle = r.Bundle
		d.same("reference", name, ref.Append(nil), r.Append(nil))
	}
	d.same("bundle", name, try(again.Close()).Object, d.o[name])
	d.seen[b.Cap.CID] = true
}

// page encodes a page again, and all it points to.
func (d *drift) page(b []byte, name string) {
	p := try(vault.ParsePage(b))
	d.same("page", name, p.Encode(), b)
	records, tables := map[vault.CID][]vault.Ref{}, slices.Clone(p.Bundles)
	for i := range p.Entries {
		var own *vault.FileID
		if p.Entries[i].Source == goldPrivate {
			own = &p.Entries[i].ID
		}
		for _, v := range p.Entries[i].Versions {
			all := slices.Clone(v.Parts)
			if v.Tile != nil {
				all = append(all, *v.Tile)
			}
			d.parts(all, p.Bundles, own, records)
			for _, c := range v.Lists {
				b := d.chunk(c, nil)
				l := try(vault.ParsePartList(b))
				d.same("part list", vault.ChunkName(c.CID), l.Encode(), b)
				d.parts(l.Parts, l.Bundles, own, records)
				tables = append(tables, l.Bundles...)
			}
		}
	}
	for _, b := range tables {
		if !d.seen[b.Cap.CID] && len(records[b.Cap.CID]) > 0 {
			d.bundle(b, records[b.Cap.CID])
		}
	}
	for _, c := range p.Children {
		d.page(d.chunk(c.Cap, nil), vault.ChunkName(c.Cap.CID))
	}
}

func TestGoldenVaultIsWrittenTheSameToday(t *testing.T) {
	for dir := range goldenVaults {
		t.Run(filepath.Base(dir), func(t *testing.T) { writtenTheSame(t, dir) })
	}
}

func writtenTheSame(t *testing.T, dir string) {
	g, o, _ := readGolden(t, dir)
	ctx := context.Background()
	r, err := reader.Recover(ctx, o, g.space(), g.kit(0), []byte(g.Passphrase), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &drift{t: t, o: o, space: g.space(), r: r, counts: map[string]int{}, seen: map[vault.CID]bool{}}
	for _, e := range r.Chain.Entries {
		d.same("control entry", e.Name, e.Encode(true), e.Signed)
		if e.Epoch != nil {
			key := vault.EpochEnvelopeKey(r.View.Mix, d.space)
			body := try(vault.OpenEnvelope(vault.KindEpoch, d.space, e.Epoch.Name, key[:], o[e.Epoch.Name]))
			d.same("epoch object", e.Epoch.Name, try(vault.ParseEpoch(body.Payload, e.Epoch.Generation)).Encode(), body.Payload)
		}
	}
	for _, p := range r.Chain.Principals() {
		if p.Device == nil {
			continue
		}
		_, found, err := writer.WalkLog(ctx, o, r.View, r.Chain, p.Device.Tag, vault.Head{}, func(c writer.LogCommit) error {
			d.same("commit", c.Name, c.Header.Encode(), c.Body.Signed)
			if len(c.Header.Inline) > 0 {
				d.same("object list", c.Name, c.List.Encode(), c.Header.Inline)
			}
			if len(c.Body.Payload) == 0 {
				return nil
			}
			pl := try(r.Reader.OpenPayload(c.Header, c.Body.Payload))
			if pl.Body != nil {
				d.page(pl.Body, c.Name)
			}
			if pl.Root != nil {
				pl.Pages = append(pl.Pages, *pl.Root)
			}
			for _, c := range pl.Pages {
				d.page(d.chunk(c, nil), vault.ChunkName(c.CID))
			}
			return nil
		})
		if err != nil || len(found) > 0 {
			t.Fatal(err, found)
		}
	}
	for name := range o {
		if c, ok := vault.ParseChunkName(name); ok && !d.seen[c] {
			t.Errorf("%s was not written again", name)
		}
	}
	for _, what := range strings.Split("chunk,capability,reference,bundle,page,part list,control entry,epoch object,commit,object list", ",") {
		if d.counts[what] == 0 && dir == goldenDir {
			t.Errorf("no %s was written again", what)
		}
	}
	t.Log(d.counts)
}

package standalone

import (
	"context"
	"fmt"
	"slices"
)

// catalogue verifies all logs and joins what they say (FORMAT.md, "Reading the catalogue").
func (r *restorer) catalogue(ctx context.Context) (*catalogue, error) {
	out := newCatalogue(r.report)
	logs := map[string][]*commit{}
	for _, p := range r.chain.principals {
		if p.kit {
			continue
		}
		log, err := readLog(r.place, r.keys, r.chain, p, r.report)
		if err != nil {
			return nil, err
		}
		logs[p.tag] = log
		if err := r.join(ctx, out, log); err != nil {
			return nil, err
		}
	}
	checkSeen(logs, r.report)
	return out, nil
}

// join applies a log: its newest full commit and what is newer than that one's foldedTo. Where a page of the full commit is lost, the
// same once more from the full commit before it.
func (r *restorer) join(ctx context.Context, out *catalogue, log []*commit) error {
	for newest := len(log) - 1; ; {
		for newest >= 0 && log[newest].record[0x14][0] != commitFull {
			newest--
		}
		whole, after := true, uint64(0)
		if newest >= 0 {
			after = log[newest].foldedTo()
			whole = r.apply(out, log[newest])
		}
		for _, c := range log {
			if err := ctx.Err(); err != nil {
				return err
			}
			if c.record[0x14][0] != commitFull && c.seq > after {
				r.apply(out, c)
			}
		}
		if whole {
			return nil
		}
		newest--
	}
}

// apply joins the pages of a commit; whole is false where one cannot be read.
func (r *restorer) apply(out *catalogue, c *commit) (whole bool) {
	pages, whole := r.pages(c)
	for _, p := range pages {
		out.apply(p)
	}
	return whole
}

// pages opens a commit's payload and reads its pages; whole is false, and the reasons are reported, where one cannot be read.
func (r *restorer) pages(c *commit) (out []*page, whole bool) {
	if len(c.payload) == 0 {
		return nil, true
	}
	whole = true
	lost := func(err error) {
		whole = false
		r.report(fmt.Errorf("%s: %w", c.name, err))
	}
	seed := labelled(r.keys.e[c.generation-1], "kem", r.keys.space, c.generation)
	plain, err := openBox(seed, "lp1/payload"+r.keys.space+string(c.record[3])+string(c.record[4]), c.payload)
	if err != nil {
		lost(err)
		return nil, false
	}
	if len(plain) > maxPayload {
		lost(fmt.Errorf("payload of %d bytes: %w", len(plain), ErrMalformed))
		return nil, false
	}
	f, err := payloadShape.parse(plain)
	if err != nil {
		lost(err)
		return nil, false
	}
	take := func(b []byte, err error) *page {
		var p *page
		if err == nil {
			p, err = parsePage(b)
		}
		if err != nil {
			lost(err)
			return nil
		}
		out = append(out, p)
		return p
	}
	if f[1] != nil {
		take(f[1], nil)
	}
	caps, err := bare(f[2], capSize, maxPayload)
	if err != nil {
		lost(err)
	}
	if f[3] != nil {
		if root := take(r.double(f[3])); root != nil {
			caps = append(slices.Clip(caps), root.children...)
		}
	}
	for _, c := range caps {
		take(r.double(c))
	}
	return out, whole
}

// double reads a page chunk, which is stored twice.
func (r *restorer) double(c []byte) ([]byte, error) {
	return doubled(r.place, chunkName(c), r.report, func(obj []byte) ([]byte, error) { return openChunk(r.keys.space, c, obj) })
}

// content reads a version's parts in order and checks the whole against its size and SHA-256.
func (r *restorer) content(v *version) ([]byte, error) {
	parts := v.parts
	for _, c := range v.lists {
		b, err := r.double(c)
		if err != nil {
			return nil, err
		}
		more, err := parsePartList(b)
		if err != nil {
			return nil, err
		}
		parts = append(slices.Clip(parts), more...)
	}
	size := num64(v.record[2])
	if lengthOf(parts) != size {
		return nil, fmt.Errorf("parts of another size: %w", ErrAltered)
	}
	var out []byte
	var last, bundle []byte // the bundle opened last, by its capability
	for _, p := range parts {
		if p.ref != nil && last != nil && string(last) == string(p.cap) {
			b, err := openRecord(r.keys.space, p.ref, bundle)
			if err != nil {
				return nil, err
			}
			out = append(out, b...)
			continue
		}
		obj, err := r.read(chunkName(p.cap), maxObject)
		if err != nil {
			return nil, err
		}
		b, err := openChunk(r.keys.space, p.cap, obj)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", chunkName(p.cap), err)
		}
		if p.ref != nil {
			last, bundle = p.cap, b
			if b, err = openRecord(r.keys.space, p.ref, bundle); err != nil {
				return nil, err
			}
		}
		out = append(out, b...)
	}
	if uint64(len(out)) != size || sum(out) != string(v.record[3]) {
		return nil, fmt.Errorf("SHA-256 of the whole: %w", ErrAltered)
	}
	return out, nil
}

func (f *file) describe(root string) File {
	v := f.newest()
	out := File{Root: root, Path: string(f.record[3]), Link: f.record[7][0] == 1, Target: string(f.record[8]), Mode: num32(f.record[6]),
		Modified: int64(num64(v.record[9])), Recorded: v.recorded(), Size: num64(v.record[2]), Sum: [32]byte(v.record[3]),
		Versions: len(f.versions), Damaged: v.record[11][0]&2 != 0, EXIF: v.record[5], Attributes: f.attributes}
	if out.Modified == 0 {
		out.Modified = int64(num64(f.record[4]))
	}
	if b := f.record[5]; b != nil {
		out.Born = int64(num64(b))
	}
	return out
}

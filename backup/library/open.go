package library

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"lightproof/backup"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Opened is the outcome of opening copies at one destination.
type Opened struct {
	Objects int64
	Bytes   int64
	Bad     int64
	Files   int64 // versions whose fingerprint was compared
	Wrong   int64 // versions whose fingerprint differs
}

// OpenCopies decrypts every stored version at one destination, fresh from the medium, compares fingerprints, and reports each copy to the
// engine: the strongest proof there is. progress may be nil.
func (l *Library) OpenCopies(ctx context.Context, destination string, progress func(done, total int64)) (Opened, error) {
	var out Opened
	versions := l.stored()
	good, bad := map[vault.CID]bool{}, map[vault.CID]bool{}
	bundles := map[vault.CID][]byte{}
	for n, x := range versions {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if len(bundles) > 4 {
			clear(bundles)
		}
		var cids []vault.CID
		fetch := func(c vault.Cap) ([]byte, error) {
			cids = append(cids, c.CID)
			obj, err := l.svc.Object(ctx, vault.ChunkName(c.CID), destination, true)
			if errors.Is(err, store.ErrNotExist) {
				err = fmt.Errorf("%w: %w", vault.ErrMissing, err)
			}
			if err != nil {
				return nil, err
			}
			out.Objects++
			out.Bytes += int64(len(obj))
			return reader.OpenChunk(l.keys.Space, c, obj)
		}
		err := l.openVersion(x.file, x.version, fetch, func(c vault.Cap) ([]byte, error) {
			if b := bundles[c.CID]; b != nil {
				cids = append(cids, c.CID)
				return b, nil
			}
			b, err := fetch(c)
			if err == nil {
				bundles[c.CID] = b
			}
			return b, err
		})
		switch {
		case err == nil:
			out.Files++
			for _, c := range cids {
				good[c] = true
			}
		case errors.Is(err, vault.ErrTampered) || errors.Is(err, vault.ErrMissing):
			out.Wrong++
			if n := len(cids); n > 0 {
				bad[cids[n-1]] = true
			}
		default:
			return out, err
		}
		if progress != nil {
			progress(int64(n+1), int64(len(versions)))
		}
	}
	cmd := backup.RecordOpened{Destination: destination}
	for c := range good {
		if !bad[c] {
			cmd.Objects = append(cmd.Objects, c[:])
		}
	}
	for c := range bad {
		cmd.Bad = append(cmd.Bad, c[:])
		out.Bad++
	}
	for len(cmd.Objects) > 4096 { // keep each message short
		part := cmd
		part.Objects, part.Bad = cmd.Objects[:4096], nil
		if _, err := l.svc.Do(ctx, part); err != nil {
			return out, err
		}
		cmd.Objects = cmd.Objects[4096:]
	}
	_, err := l.svc.Do(ctx, cmd)
	return out, err
}

// storedVersion is one version with content, and its file.
type storedVersion struct {
	file    *reader.File
	version *vault.Version
	first   vault.CID // the first object that it needs
}

// stored lists all versions with content in the order of their first objects: what shares a bundle comes together, so that each is opened
// about once.
func (l *Library) stored() (out []storedVersion) {
	l.Files(func(f *reader.File) bool {
		g := *f
		for i := range g.Versions {
			v := &g.Versions[i]
			x := storedVersion{file: &g, version: v}
			switch {
			case v.Removed || len(v.Parts)+len(v.Lists) == 0:
				continue
			case len(v.Parts) == 0:
				x.first = v.Lists[0].CID
			case !v.Parts[0].Small:
				x.first = v.Parts[0].Cap.CID
			case int(v.Parts[0].Ref.Bundle) < len(g.Bundles):
				x.first = g.Bundles[v.Parts[0].Ref.Bundle].Cap.CID
			}
			out = append(out, x)
		}
		return true
	})
	slices.SortStableFunc(out, func(a, b storedVersion) int { return bytes.Compare(a.first[:], b.first[:]) })
	return out
}

// openVersion opens one version's parts through chunk and bundle and compares the fingerprint.
func (l *Library) openVersion(f *reader.File, v *vault.Version, chunk, bundle func(vault.Cap) ([]byte, error)) error {
	sum := newSum()
	part := func(p vault.Part, table []vault.BundleRef) error {
		if !p.Small {
			b, err := chunk(p.Cap)
			sum.Write(b)
			return err
		}
		plain, err := bundle(table[p.Ref.Bundle].Cap)
		if err != nil {
			return err
		}
		b, err := reader.OpenRecord(l.keys.Space, p.Ref, plain)
		sum.Write(b)
		return err
	}
	for _, p := range v.Parts {
		if err := part(p, f.Bundles); err != nil {
			return err
		}
	}
	for _, c := range v.Lists {
		b, err := chunk(c)
		if err != nil {
			return err
		}
		list, err := vault.ParsePartList(b)
		if err != nil {
			return err
		}
		for _, p := range list.Parts {
			if err := part(p, list.Bundles); err != nil {
				return err
			}
		}
	}
	if vault.Hash(sum.Sum(nil)) != v.Sum {
		return fmt.Errorf("fingerprint of a version: %w", vault.ErrTampered)
	}
	return nil
}

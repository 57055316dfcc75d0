package library

import (
	"bytes"
	"context"
	"slices"

	"lightproof/backup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
)

// Limits of one piece of a file map: bytes before they become text, of which the channel takes 1 MiB, and versions of one file (the newest).
const (
	mapPiece    = 160 << 10
	mapVersions = 400
)

// giveMap gives the engine its map of files back if it says that it lost it. While the engine is busy or does not know the command,
// that waits for the next unlock: until then what it stores once more joins the files and versions that it equals.
func (l *Library) giveMap(ctx context.Context) error {
	page, err := l.svc.List(ctx, backup.Query{What: backup.MapLost, Limit: 1})
	if err != nil || len(page.Rows) == 0 {
		return ctx.Err()
	}
	if err := l.whole(ctx); err != nil {
		return err
	}
	files := l.liveFiles()
	var piece backup.FileMap
	size := 0
	for i, f := range files {
		m, n, err := l.mapped(ctx, f)
		if err != nil {
			return err
		}
		piece.Files = append(piece.Files, m)
		size += n
		if size < mapPiece && i < len(files)-1 {
			continue
		}
		piece.Done = i == len(files)-1
		if _, err := l.svc.Do(ctx, piece); err != nil {
			return ctx.Err()
		}
		piece, size = backup.FileMap{}, 0
	}
	return nil
}

// AdoptHistory makes the engine go on from what the destinations hold under this computer's name (backup.AdoptHistory), and gives it the map
// of files that goes with it.
func (l *Library) AdoptHistory(ctx context.Context) error {
	if _, err := l.svc.Do(ctx, backup.AdoptHistory{}); err != nil {
		return err
	}
	if err := l.Sync(ctx); err != nil {
		return err
	}
	return l.giveMap(ctx)
}

func (l *Library) liveFiles() (out []*reader.File) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, f := range l.cat.Files {
		if v := f.Latest(); v != nil && !v.Removed {
			g := *f
			g.Versions, g.Bundles = slices.Clone(f.Versions), slices.Clone(f.Bundles)
			out = append(out, &g)
		}
	}
	return out
}

// mapped is what the engine may know of a file, and about how many bytes that is.
func (l *Library) mapped(ctx context.Context, f *reader.File) (m backup.MappedFile, size int, err error) {
	m = backup.MappedFile{File: f.ID, Folder: f.Source, Path: []byte(f.Path)}
	size = 64 + len(f.Path)
	for i := max(0, len(f.Versions)-mapVersions); i < len(f.Versions); i++ {
		v := &f.Versions[i]
		objects, err := l.objectsOf(ctx, f, v)
		if err != nil {
			return m, size, err
		}
		m.Versions = append(m.Versions, backup.MappedVersion{ID: v.ID, Size: int64(v.Size), Sum: v.Sum, Removed: v.Removed, Recorded: v.Recorded,
			Objects: bytes.Join(objects, nil)})
		size += 200 + 32*len(objects)
	}
	return m, size, nil
}

// objectsOf names the stored objects that hold a version.
func (l *Library) objectsOf(ctx context.Context, f *reader.File, v *vault.Version) (out [][]byte, err error) {
	seen := map[vault.CID]bool{}
	add := func(p vault.Part, table []vault.BundleRef) {
		cid := p.Cap.CID
		if p.Small {
			cid = table[p.Ref.Bundle].Cap.CID
		}
		if !seen[cid] {
			seen[cid] = true
			out = append(out, bytes.Clone(cid[:]))
		}
	}
	for _, p := range v.Parts {
		add(p, f.Bundles)
	}
	for _, c := range v.Lists {
		b, _, err := reader.PageChunk(ctx, objects{svc: l.svc}, l.keys.Space, c)
		if err != nil {
			return nil, err
		}
		list, err := vault.ParsePartList(b)
		if err != nil {
			return nil, err
		}
		for _, p := range list.Parts {
			add(p, list.Bundles)
		}
		out = append(out, bytes.Clone(c.CID[:]))
	}
	return out, nil
}

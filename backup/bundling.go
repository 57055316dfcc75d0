package backup

import (
	"context"
	"sync"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// bundler fills one bundle after the other. There is one for each reader, so that nobody waits while another's bundle is sealed and put, and the files of
// a folder, which one reader takes, lie together: whoever wants the folder back needs few bundles.
type bundler struct {
	mu     sync.Mutex
	buf    *vault.ChunkBuffer
	bundle *vault.Bundle // nil between two
	row    catalog.Bundle
	open   []*stored // have records in the open bundle
}

type bundlers []*bundler

func newBundlers() bundlers {
	all := make(bundlers, readers())
	for i := range all {
		all[i] = &bundler{}
	}
	return all
}

// withBundler lends the bundler of an original's reader, with room for the original's small parts. All parts of an original are in one bundle.
func (b *batch) withBundler(ctx context.Context, s *stored, fn func(*bundler) error) error {
	u := b.bundlers[s.reader]
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.bundle != nil && !u.fits(s.small) {
		if err := b.close(ctx, u); err != nil {
			return err
		}
	}
	if u.bundle == nil {
		if u.buf == nil {
			u.buf = vault.NewChunkBuffer()
		}
		u.bundle = b.keys.Current().NewBundle(u.buf)
		u.row = catalog.Bundle{Salt: u.bundle.Salt()}
	}
	return fn(u)
}

func (u *bundler) fits(parts []smallPart) bool {
	size := 0
	for _, p := range parts {
		size += len(p.content) + vault.RecordOverhead
	}
	return u.bundle.Records()+len(parts) <= vault.MaxBundleRecord && u.bundle.Fits(size-vault.RecordOverhead)
}

// add seals the small parts of an original into the open bundle.
func (u *bundler) add(s *stored) error {
	for _, x := range s.small {
		ref, sum, err := u.bundle.Add(x.content)
		if err != nil {
			return err
		}
		if len(s.parts) == 1 {
			s.version.Sum = sum
		}
		s.parts[x.part] = vault.Part{Small: true, Ref: ref}
		u.row.Contents = append(u.row.Contents, catalog.BundleContent{VersionID: s.version.ID, Offset: uint64(x.offset), Len: uint32(len(x.content))})
	}
	s.letSmallGo()
	u.open = append(u.open, s)
	return nil
}

// addSmall takes over an original with small parts. It joins the batch when its bundle is closed.
func (b *batch) addSmall(ctx context.Context, s *stored, at int64) error {
	return b.withBundler(ctx, s, func(u *bundler) error {
		if err := u.add(s); err != nil {
			return err
		}
		s.finish(at)
		b.mu.Lock()
		b.open++
		b.mu.Unlock()
		return nil
	})
}

// addLong takes over an original of more parts than an entry has room for: they go into lists of their own, each with its table of bundles.
func (b *batch) addLong(ctx context.Context, s *stored, at int64) error {
	if len(s.small) > 0 {
		err := b.withBundler(ctx, s, func(u *bundler) error {
			if err := u.add(s); err != nil {
				return err
			}
			return b.close(ctx, u)
		})
		if err != nil {
			return err
		}
	}
	table := s.file.Bundles
	s.file.Bundles = nil
	for parts := s.parts; len(parts) > 0; {
		n := min(len(parts), vault.MaxListedParts)
		sealed, err := b.sealPage(vault.PartList{Bundles: table, Parts: parts[:n]}.Encode())
		if err != nil {
			return err
		}
		rec, err := b.putPage(ctx, b.run.e, sealed)
		if err != nil {
			return err
		}
		s.records = append(s.records, rec)
		s.version.Lists = append(s.version.Lists, sealed.Cap)
		parts = parts[n:]
	}
	s.finish(at)
	b.add(s)
	return nil
}

// close seals the open bundle, puts it and gives its capability to the originals in it.
func (b *batch) close(ctx context.Context, u *bundler) error {
	if u.bundle == nil {
		return nil
	}
	files, row, bundle := u.open, u.row, u.bundle
	u.bundle, u.open, u.row = nil, nil, catalog.Bundle{}
	if bundle.Records() == 0 {
		return nil
	}
	sealed, err := bundle.Close()
	if err != nil {
		return err
	}
	rec, err := b.putChunk(ctx, b.run.e, sealed, vault.ClassBundle)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bundles[rec.CID] = row
	for _, s := range files {
		s.file.Bundles = []vault.BundleRef{{Cap: sealed.Cap, Salt: row.Salt}}
		s.records = append(s.records, rec)
		if s.file.Versions == nil {
			continue // a long one: not finished yet
		}
		b.done = append(b.done, s)
		b.open--
	}
	return nil
}

// closeBundles closes all open bundles at the end of a batch.
func (b *batch) closeBundles(ctx context.Context) error {
	for _, u := range b.bundlers {
		u.mu.Lock()
		err := b.close(ctx, u)
		u.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// dropBundles forgets what stands in open bundles: those originals wait for the next run.
func (b *batch) dropBundles() {
	for _, u := range b.bundlers {
		u.mu.Lock()
		u.bundle, u.open, u.row = nil, nil, catalog.Bundle{}
		u.mu.Unlock()
	}
	b.open = 0
}

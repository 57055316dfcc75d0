package backup

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/vault"
)

// stored is one original read once and put away: its entry and what the database will say.
type stored struct {
	j        job
	file     vault.File
	row      catalog.File
	records  []vault.ObjectRecord // objects of its own
	small    *vault.Ref           // stands in the batch's open bundle
	sameByte bool                 // content as before: only path, times or mode changed
	left     []string             // attributes that could not be kept
	read     int64
}

// readOriginal stores one file: the buffers that are hashed are the buffers that are stored, and the version counts only if nothing
// changed from the first byte to the last.
func (e *Engine) readOriginal(ctx context.Context, b *batch, buf *vault.ChunkBuffer, j job) (*stored, error) {
	it := j.item
	s := &stored{j: j}
	e.newEntry(s, b)
	if it.Kind == source.KindSymlink {
		s.file.Type, s.file.Target = vault.TypeSymlink, it.Target
		s.finish(vault.Version{ID: vault.NewVersionID(), Size: 0, Sum: sha256.Sum256(nil)}, e.clock.Now().Unix())
		return s, nil
	}
	if j.moved != "" {
		m, err := e.metadataOnly(ctx, j)
		if err != nil {
			return nil, err
		}
		s.metadata(m)
		s.sameByte = true
		s.row = *j.old
		s.stamp(it)
		return s, nil
	}
	f, err := e.tree.Open(ctx, j.folder, it)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	m, err := f.Metadata()
	if err != nil {
		return nil, err
	}
	s.metadata(m)
	v := vault.Version{ID: vault.NewVersionID()}
	v.EXIF = describe(ctx, f, it.Size, it.Path, e.clock.Now())
	if err := e.content(ctx, b, buf, f, s, &v); err != nil {
		return nil, err
	}
	if s.small != nil {
		return s, nil
	}
	if j.old != nil && j.old.VersionID != [16]byte{} && j.old.SHA256 == v.Sum && j.old.Size == int64(v.Size) && len(j.old.Objects) > 0 {
		// Touched, not changed: the version stays, the objects are those it has.
		s.sameByte = true
		objects := j.old.Objects
		s.row = *j.old
		s.row.Objects = objects
		s.records, s.small = nil, nil
		s.stamp(it)
		return s, nil
	}
	s.finish(v, e.clock.Now().Unix())
	return s, nil
}

func (e *Engine) metadataOnly(ctx context.Context, j job) (source.Metadata, error) {
	f, err := e.tree.Open(ctx, j.folder, j.item)
	if err != nil {
		return source.Metadata{}, err
	}
	defer f.Close()
	return f.Metadata()
}

func (e *Engine) newEntry(s *stored, b *batch) {
	it := s.j.item
	s.file.ID = vault.NewFileID(b.seq)
	if s.j.old != nil && s.j.old.FileID != [16]byte{} {
		s.file.ID = s.j.old.FileID
	}
	s.file.Source, s.file.Path = s.j.folder.ID, it.Path
	s.file.ModTime, s.file.Mode = it.ModTime.UnixNano(), it.Mode
	s.file.BirthTime = nanos(it.BirthTime)
}

func (s *stored) metadata(m source.Metadata) {
	s.file.Mode, s.file.ModTime, s.file.BirthTime = m.Mode, m.ModTime.UnixNano(), nanos(m.BirthTime)
	size := 0
	for _, x := range m.Xattrs {
		if size += len(x.Name) + len(x.Value); size > vault.MaxEntryBytes/4 {
			s.left = append(s.left, x.Name)
			continue
		}
		s.file.Xattrs = append(s.file.Xattrs, vault.Xattr{Name: x.Name, Value: x.Value})
	}
	s.left = append(s.left, m.XattrsLeftOut...)
}

// stamp makes the row say what was seen on disk.
func (s *stored) stamp(it source.Item) {
	s.row.FileID = s.file.ID
	s.row.Size, s.row.ModTimeNS, s.row.CTimeNS = it.Size, it.ModTime.UnixNano(), nanos(it.ID.ChangeTime)
	s.row.Inode, s.row.Dev, s.row.Mode = it.ID.Inode, it.ID.Device, it.Mode
	s.row.State, s.row.Reason = catalog.StateStored, ""
}

func (s *stored) finish(v vault.Version, now int64) {
	v.Recorded, v.ModTime = now, s.file.ModTime
	s.file.Versions = []vault.Version{v}
	s.stamp(s.j.item)
	s.row.VersionID, s.row.SHA256, s.row.Since = v.ID, v.Sum, now
	s.row.Objects = nil
	for _, r := range s.records {
		s.row.Objects = append(s.row.Objects, r.CID)
	}
}

// content reads the whole file and puts its chunks away; a small content is left in the batch's bundle. Nothing counts before Finish.
func (e *Engine) content(ctx context.Context, b *batch, buf *vault.ChunkBuffer, f source.File, s *stored, v *vault.Version) error {
	whole := sha256.New()
	var parts []vault.Part
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.ReadFull(f, buf.Room())
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			return err
		}
		if n == 0 {
			break
		}
		v.Size += uint64(n)
		s.read += int64(n)
		b.run.progress(int64(n))
		if last && len(parts) == 0 && n <= vault.MaxSmall {
			small := bytes.Clone(buf.Room()[:n])
			if err := f.Finish(); err != nil {
				return err
			}
			return b.addSmall(ctx, e, s, v, small)
		}
		single := last && len(parts) == 0
		if !single {
			whole.Write(buf.Room()[:n])
		}
		sealed, err := b.keys.Current().Seal(buf, n, 0, nil)
		if err != nil {
			return err
		}
		var rec vault.ObjectRecord
		if sealed, rec, err = b.putContent(ctx, e, buf, sealed); err != nil {
			return err
		}
		s.records = append(s.records, rec)
		parts = append(parts, vault.Part{Cap: sealed.Cap})
		if single {
			v.Sum = sealed.Sum
		}
		if last {
			break
		}
	}
	if err := f.Finish(); err != nil {
		return err
	}
	if len(parts) != 1 || v.Sum == (vault.Hash{}) {
		v.Sum = vault.Hash(whole.Sum(nil))
	}
	if len(parts) <= vault.MaxParts {
		v.Parts = parts
		return nil
	}
	for len(parts) > 0 {
		n := min(len(parts), vault.MaxListedParts)
		sealed, err := b.sealPage(vault.PartList{Parts: parts[:n]}.Encode())
		if err != nil {
			return err
		}
		rec, err := b.putPage(ctx, e, sealed)
		if err != nil {
			return err
		}
		s.records = append(s.records, rec)
		v.Lists = append(v.Lists, sealed.Cap)
		parts = parts[n:]
	}
	return nil
}

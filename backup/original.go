package backup

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"sync"
	"sync/atomic"

	"lightproof/backup/catalog"
	"lightproof/backup/source"
	"lightproof/backup/vault"
)

// stored is one original read once and put away: its entry and what the database will say.
type stored struct {
	j         *job
	reader    int // which one reads it
	file      vault.File
	records   []vault.ObjectRecord // objects of its own
	sameByte  bool                 // content as before: only path, times or mode changed
	left      []string             // attributes that could not be kept
	unsettled bool                 // read so soon after a change that another one might not show: source.Metadata.Unsettled
	read      int64

	// While it is under way:
	holds   atomic.Int64 // pieces not yet put, and the reading
	failed  atomic.Pointer[error]
	version *vault.Version // in kept
	kept    [1]vault.Version
	only    onePart
	cuts    []int64              // where parts begin, from the second on
	single  bool                 // one chunk is the whole content: its hash is the file's
	parts   []vault.Part         // in order; each is set by whoever puts it
	chunks  []vault.ObjectRecord // as parts; zero for small parts
	small   []smallPart
}

// onePart is the room of an original of one small part, as most are in a library of small files.
type onePart struct {
	parts  [1]vault.Part
	chunks [1]vault.ObjectRecord
	small  [1]smallPart
}

// smallPart is a part that goes into a bundle. It is kept until the whole original is known to be new and unchanged.
type smallPart struct {
	part    int // index in stored.parts
	offset  int64
	content []byte
	room    *smallRoom // holds it
}

// smallRoom has room for a small part, and for the byte behind it that should not be there.
type smallRoom [vault.MaxSmall + 1]byte

// smallRooms are the rooms of small parts that are not in a bundle yet.
var smallRooms = sync.Pool{New: func() any { return new(smallRoom) }}

// letSmallGo gives the rooms of small parts back.
func (s *stored) letSmallGo() {
	for _, x := range s.small {
		smallRooms.Put(x.room)
	}
	s.small = nil
}

// original is the first stage: the buffers that are hashed are the buffers that are stored, and the version counts only if nothing
// changed from the first byte to the last.
func (p *pipeline) original(reader int, j *job) {
	s := &stored{j: j, reader: reader}
	s.version = &s.kept[0]
	s.holds.Store(1)
	p.release(s, p.read(s))
}

func (p *pipeline) read(s *stored) error {
	e, j, it := p.r.e, s.j, s.j.sight.item()
	e.newEntry(s, it, p.b)
	if it.Kind == source.KindSymlink {
		s.file.Type, s.file.Target = vault.TypeSymlink, it.Target
		*s.version = vault.Version{ID: vault.NewVersionID(), Sum: sha256.Sum256(nil)}
		return nil
	}
	f, err := p.open(j, it)
	if err != nil {
		return err
	}
	defer f.Close()
	m, err := f.Metadata()
	if err != nil {
		return err
	}
	s.metadata(m)
	if j.moved() {
		s.sameByte = true
		return nil
	}
	*s.version = vault.Version{ID: vault.NewVersionID()}
	if it.Size <= vault.MaxSmall {
		err = p.readSmall(s, f)
	} else if err = p.readLarge(s, f); err == nil {
		err = atEnd(f)
	}
	if err != nil {
		return err
	}
	return f.Finish()
}

// readSmall reads an original that becomes one record of a bundle, in one go.
func (p *pipeline) readSmall(s *stored, f source.File) error {
	it := s.j.sight.item()
	if it.Size == 0 {
		s.version.Sum = sha256.Sum256(nil)
		return atEnd(f)
	}
	room := smallRooms.Get().(*smallRoom)
	content := room[:it.Size]
	s.small = append(s.only.small[:0], smallPart{content: content, room: room})
	// One byte more than there should be is asked for, so that the read that brings the last one meets the end, too.
	n, err := io.ReadFull(f, room[:it.Size+1])
	s.read, s.version.Size = int64(n), uint64(n)
	p.r.progress(int64(n))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) && n == len(content):
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return source.ErrChangedWhileRead
	default:
		return err
	}
	s.parts, s.chunks = s.only.parts[:], s.only.chunks[:]
	if s.j.old != nil {
		// It may be what was stored before. Else a content that is in a bundle as a whole is hashed there.
		s.version.Sum = sha256.Sum256(content)
	}
	s.version.EXIF = describeSmall(s.small[0].content, it.Path, p.r.e.clock.Now())
	return nil
}

// readLarge reads an original piece by piece.
func (p *pipeline) readLarge(s *stored, f source.File) error {
	it := s.j.sight.item()
	s.version.EXIF = describe(p.ctx, f, it.Size, it.Path, p.r.e.clock.Now())
	s.version.Splitter, s.cuts = cutPoints(p.ctx, f, it.Size)
	spans := spansOf(it.Size, s.cuts)
	s.parts, s.chunks = make([]vault.Part, len(spans)), make([]vault.ObjectRecord, len(spans))
	s.single = len(spans) == 1
	whole := wholeHash{on: !s.single}
	for i, sp := range spans {
		if err := p.readSpan(s, f, i, sp, &whole); err != nil {
			return err
		}
	}
	if whole.on {
		s.version.Sum = whole.sum()
	}
	return nil
}

// readSpan reads one piece, and hands it on unless it is small.
func (p *pipeline) readSpan(s *stored, f source.File, i int, sp span, whole *wholeHash) error {
	if sp.small {
		room := smallRooms.Get().(*smallRoom)
		s.small = append(s.small, smallPart{part: i, offset: sp.at, content: room[:sp.n], room: room})
		return p.readFull(s, f, room[:sp.n], whole)
	}
	buf, err := p.b.free.take(p.ctx)
	if err != nil {
		return err
	}
	if err := p.readFull(s, f, buf.Room()[:sp.n], whole); err != nil {
		p.b.free.give(buf)
		return err
	}
	s.holds.Add(1)
	p.sealing <- &piece{s: s, part: i, buf: buf, n: sp.n}
	return nil
}

// hashStep is how much is read and then hashed at a time, while it is in the processor's cache.
const hashStep = 256 << 10

// readFull fills b. A file that is shorter than the scan saw is one that changed.
func (p *pipeline) readFull(s *stored, f source.File, b []byte, whole *wholeHash) error {
	for len(b) > 0 {
		if err := p.ctx.Err(); err != nil {
			return context.Cause(p.ctx)
		}
		step := b
		if whole.on {
			step = b[:min(len(b), hashStep)]
		}
		n, err := io.ReadFull(f, step)
		whole.write(step[:n])
		s.read += int64(n)
		s.version.Size += uint64(n)
		p.r.progress(int64(n))
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return source.ErrChangedWhileRead
		}
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// atEnd makes sure that nothing follows.
func atEnd(f source.File) error {
	var more [1]byte
	n, err := io.ReadFull(f, more[:])
	switch {
	case n > 0:
		return source.ErrChangedWhileRead
	case errors.Is(err, io.EOF):
		return nil
	}
	return err
}

// wholeHash is the hash of a file as a whole; off where its only chunk has the same.
type wholeHash struct {
	on bool
	h  hash.Hash
}

func (w *wholeHash) write(b []byte) {
	if !w.on {
		return
	}
	if w.h == nil {
		w.h = sha256.New()
	}
	w.h.Write(b)
}

func (w *wholeHash) sum() vault.Hash {
	if w.h == nil {
		return sha256.Sum256(nil)
	}
	return vault.Hash(w.h.Sum(nil))
}

// record is the last stage: what was read is complete, and every chunk of it was put.
func (p *pipeline) record(s *stored) error {
	p.b.count(s.read)
	if s.sameByte { // moved
		p.b.add(s)
		return nil
	}
	same := s.sameAs(s.j.old)
	if f := s.j.former; f != nil && f.is == perhaps {
		if f.is = another; same {
			f.is = itself
		} else {
			s.j.old, s.file.ID = nil, vault.NewFileID(p.b.seq)
		}
	}
	if same {
		// Touched or moved, not changed: the version stays, the objects are those it has.
		s.sameByte, s.chunks = true, nil
		s.letSmallGo()
		p.b.add(s)
		return nil
	}
	at := p.r.e.recordAt(s.j.old)
	for _, rec := range s.chunks {
		if rec.Size != 0 {
			s.records = append(s.records, rec)
		}
	}
	if len(s.parts) > vault.MaxParts {
		return p.b.addLong(p.ctx, s, at)
	}
	s.version.Parts = s.parts
	if len(s.small) > 0 {
		return p.b.addSmall(p.ctx, s, at)
	}
	s.finish(at)
	p.b.add(s)
	return nil
}

// sameAs tells whether what was read is the version that a row says is stored.
func (s *stored) sameAs(old *catalog.File) bool {
	return old != nil && old.VersionID != [16]byte{} && old.SHA256 == s.version.Sum && old.Size == int64(s.version.Size) && len(old.Objects) > 0
}

func (e *Engine) newEntry(s *stored, it source.Item, b *batch) {
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
	s.unsettled = m.Unsettled
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

// row is what the database will say of the original once it is committed under seq.
func (s *stored) row(seq uint64) catalog.File {
	see := &s.j.sight
	row := catalog.File{VersionID: s.version.ID, SHA256: s.version.Sum, Since: s.version.Recorded, Recorded: s.version.Recorded, Commit: seq, Cuts: s.cuts}
	if s.sameByte {
		row = *s.j.old
	} else {
		for _, r := range s.records {
			row.Objects = append(row.Objects, r.CID)
		}
		if s.j.old != nil {
			row.Group = s.j.old.Group
		}
	}
	row.FileID = s.file.ID
	row.Size, row.ModTimeNS, row.CTimeNS, row.BirthNS = see.size, see.modTime, see.ctim, see.birth
	row.Inode, row.Dev, row.Mode, row.Unsettled = see.inode, see.device, see.mode, s.unsettled
	row.State, row.Reason = catalog.StateStored, ""
	return row
}

// recordAt is the time (Unix seconds) that what takes the place of old bears: now, but not before the version that it follows, else a clock that
// was set back would make the older one the newest (FORMAT.md, "Reading the catalogue"). A file that is new follows the newest deletion,
// which may be that of the one that had its path.
func (e *Engine) recordAt(old *catalog.File) int64 {
	now := e.clock.Now().Unix()
	if old != nil && old.FileID != [16]byte{} {
		return max(now, old.Recorded)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return max(now, e.facts.Removed)
}

// finish makes the version part of the entry. at is what recordAt says.
func (s *stored) finish(at int64) {
	s.version.Recorded, s.version.ModTime = at, s.file.ModTime
	s.file.Versions = s.kept[:]
}

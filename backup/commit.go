package backup

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"lightproof/backup/catalog"
	"lightproof/backup/store"
	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

func hexID(id [16]byte) string { return hex.EncodeToString(id[:]) }

// inlineBody is the longest delta that stands in the payload itself; longer ones go into page chunks.
const inlineBody = 512 << 10

// commit makes a batch durable in the order of FORMAT.md ("Write order"): chunks; pages and lists; the commit's own bytes in the local
// journal; the commit. A crash leaves at worst objects that nothing refers to. The end of ctx does not end it, for what was stored is not given
// up; but what is in the journal may be left to the next run to deliver.
func (e *Engine) commit(ctx context.Context, b *batch, removed []removal) error {
	delivering, done := b.run.grace(ctx)
	defer done()
	ctx = context.WithoutCancel(ctx)
	removed = removedNow(removed)
	if b.empty() && len(removed) == 0 {
		return nil
	}
	r := b.run
	b.seq = e.nextSeq()
	if err := e.barrier(ctx, b); err != nil {
		return err
	}
	now := e.clock.Now().Unix()
	payload, err := e.body(ctx, b, removed)
	if err != nil {
		return err
	}
	sealed, err := b.keys.SealPayload(b.seq, payload.Encode())
	if err != nil {
		return err
	}
	list, err := e.newRecords(ctx, b)
	if err != nil {
		return err
	}
	head := vault.Commit{Seq: b.seq, Prev: e.prev(), Time: now, Control: b.control, Seen: b.seen, Type: vault.CommitDelta}
	head.Counters.Files = uint64(len(b.done))
	head.Counters.BytesUp = uint64(b.bytes)
	envelopes, err := e.attach(b.keys, &head, list)
	if err != nil {
		return err
	}
	if err := e.barrier(ctx, b); err != nil {
		return err
	}
	built, err := b.keys.SealCommit(head, sealed)
	if err != nil {
		return err
	}
	envelopes = append(envelopes, built.Built)
	if err := e.journal(ctx, b, removed, list, envelopes, built.Head, now); err != nil {
		return err
	}
	r.result.New += int64(countNew(b.done))
	r.result.Removed += int64(len(removed))
	if err := b.deliverAll(delivering, envelopes); err != nil && delivering.Err() == nil {
		return err
	}
	if err := r.recountNow(ctx); err != nil {
		return err
	}
	r.show(true)
	return nil
}

// deliverAll delivers the records of the commit that was just journaled to the destinations of the batch, with all that they lack.
func (b *batch) deliverAll(ctx context.Context, records []writer.Built) error {
	r := b.run
	for _, d := range b.destinations() {
		if r.isBehind(d) {
			continue // this commit's objects are there, but not yet those of earlier ones: replicate keeps the order
		}
		var err error
		if r.lacksNothing(d) {
			err = r.e.deliverCommit(ctx, d, b.seq, records)
		} else if err = r.e.deliver(ctx, d, vault.MaxSeq); err == nil {
			r.delivered(d)
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.lose(d, err)
			if errors.Is(err, errAlarm) {
				return err
			}
		}
	}
	return nil
}

func countNew(done []*stored) (n int) {
	for _, s := range done {
		if !s.sameByte {
			n++
		}
	}
	return n
}

// nextSeq is the number of the next commit of the own log.
func (e *Engine) nextSeq() uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.log.Seq + 1
}

func (e *Engine) prev() vault.Hash {
	if e.log.Seq == 0 {
		return e.keys.Genesis
	}
	return e.log.Hash
}

// barrier makes what was put durable at every destination of the batch.
func (e *Engine) barrier(ctx context.Context, b *batch) error {
	for _, d := range b.destinations() {
		err := d.store().Barrier(ctx)
		var taken *store.BarrierError
		if errors.As(err, &taken) {
			// Another writer of the same content was first: the next look at the object compares its bytes.
			err = nil
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.lose(d, err)
		}
	}
	if len(b.destinations()) == 0 {
		return fmt.Errorf("%w: %w", errNoPlace, b.run.lastLoss())
	}
	return nil
}

// body makes the delta: in the payload where it is short, else as page chunks.
func (e *Engine) body(ctx context.Context, b *batch, removed []removal) (vault.Payload, error) {
	files := make([]*vault.File, 0, len(b.done)+len(removed))
	for _, s := range b.done {
		files = append(files, &s.file)
	}
	for i := range removed {
		files = append(files, e.removedFile(&removed[i]))
	}
	slices.SortFunc(files, func(x, y *vault.File) int { return cmp.Compare(string(x.ID[:]), string(y.ID[:])) })
	var p vault.Payload
	page := vault.NewPageBuilder()
	page.Sources = e.sources()
	put := func(plain []byte) error {
		s, err := b.sealPage(plain)
		if err != nil {
			return err
		}
		if _, err := b.putPage(ctx, e, s); err != nil {
			return err
		}
		p.Pages = append(p.Pages, s.Cap)
		return nil
	}
	for _, f := range files {
		if page.Add(f) {
			continue
		}
		if err := put(page.Encode()); err != nil {
			return p, err
		}
		page.Reset()
		page.Add(f)
	}
	last := page.Encode()
	if len(p.Pages) == 0 && len(last) <= inlineBody {
		return vault.Payload{Body: last}, nil
	}
	return p, put(last)
}

// removedFile is the delta entry of a deletion at the source.
func (e *Engine) removedFile(r *removal) *vault.File {
	r.marker, r.at = vault.NewVersionID(), e.recordAt(&r.file)
	f := &vault.File{Entry: vault.Entry{ID: r.file.FileID, Source: r.key.Folder, Path: r.key.Path, ModTime: r.file.ModTimeNS, Mode: r.file.Mode,
		Versions: []vault.Version{{ID: r.marker, Removed: true, Recorded: r.at}}}}
	return f
}

func (e *Engine) sources() (out []vault.Source) {
	for _, f := range e.folders() {
		s := vault.Source{ID: f.ID, Root: f.Root}
		for _, r := range f.Rules {
			s.Rule += r.Pattern + "\n"
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b vault.Source) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return out
}

// newRecords are the objects that this log has not listed yet, those that another log lists included: whoever collects garbage goes by what
// each log says that it needs. Only what a finished file or page refers to is listed.
func (e *Engine) newRecords(ctx context.Context, b *batch) ([]vault.ObjectRecord, error) {
	used := map[vault.CID]bool{}
	for cid := range b.pages {
		used[cid] = true
	}
	for _, s := range b.done {
		for _, r := range s.records {
			used[r.CID] = true
		}
	}
	var out []vault.ObjectRecord
	for cid := range used {
		o, err := e.db.Objects.Get(ctx, cid)
		if err == nil && o.FirstSeq != 0 && !o.Foreign && o.CTH == b.objects[cid].Object {
			continue
		}
		if err != nil && !errors.Is(err, catalog.ErrNotFound) {
			return nil, err
		}
		out = append(out, b.objects[cid])
	}
	return out, nil
}

// attach puts the object list into the commit, or beside it where it is long.
func (e *Engine) attach(k *writer.Keyset, head *vault.Commit, list []vault.ObjectRecord) ([]writer.Built, error) {
	enc := vault.ObjectList{Records: list}.Encode()
	if len(enc) <= vault.MaxInlineList {
		head.Inline = enc
		return nil, nil
	}
	var out []writer.Built
	const perPart = (vault.MaxListPart - 64) / vault.ObjectRecordLen
	for part := range slices.Chunk(list, perPart) {
		built, row, err := k.SealList(head.Seq, vault.ObjectList{Records: part}.Encode())
		if err != nil {
			return nil, err
		}
		head.Lists = append(head.Lists, row)
		out = append(out, built)
	}
	return out, nil
}

// rowEnvelope + name → order of writing (8 bytes) || object, in the State table: cached envelopes.
const rowEnvelope = "env/"

func envelopeRow(order uint64, obj []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, order), obj...)
}

// journal writes everything that a commit means here, its own bytes included, in one transaction: after it the commit exists, and
// whatever happens next it is delivered, these very bytes.
func (e *Engine) journal(ctx context.Context, b *batch, removed []removal, list []vault.ObjectRecord, envelopes []writer.Built, head vault.Head, now int64) error {
	e.saving.Lock()
	defer e.saving.Unlock()
	e.mu.Lock()
	old, oldRemoved := e.log, e.facts.Removed
	e.log, e.facts.LastCommit = head, now
	for _, r := range removed {
		e.facts.Removed = max(e.facts.Removed, r.at)
	}
	e.listed(b.done, 1)
	e.mu.Unlock()
	undo := func() {
		e.mu.Lock()
		e.log, e.facts.Removed = old, oldRemoved
		e.listed(b.done, -1)
		e.mu.Unlock()
	}
	facts, err := e.encodeFacts()
	if err != nil {
		undo()
		return err
	}
	err = e.db.UpdateOf(ctx, b.rows(len(envelopes), len(list), len(removed)), func(w *catalog.Writer) error {
		for _, env := range envelopes {
			if err := w.State.Put(ctx, []byte(rowEnvelope+env.Name), envelopeRow(head.Seq, env.Object)); err != nil {
				return err
			}
		}
		for cid, obj := range b.pages {
			if err := w.Pages.Put(ctx, cid[:], obj); err != nil {
				return err
			}
		}
		for _, o := range list {
			row := catalog.Object{CTH: o.Object, Size: o.Size, Class: uint8(o.Class), FirstSeq: head.Seq}
			if err := w.Objects.Put(ctx, o.CID, row); err != nil {
				return err
			}
		}
		for cid, row := range b.bundles {
			if err := w.Bundles.Put(ctx, cid, row); err != nil {
				return err
			}
		}
		for d, sent := range b.sent {
			if !slices.Contains(b.destinations(), d) {
				continue // it was lost before a Barrier covered what it was sent: all that is owed again
			}
			for cid := range sent {
				c := catalog.Copy{Level: catalog.LevelSent, SentAt: now}
				if err := w.Copies.Put(ctx, catalog.CopyKey{Destination: d.id, CID: cid}, c); err != nil {
					return err
				}
				if b.pages[cid] != nil {
					if err := w.Copies.Put(ctx, catalog.CopyKey{Destination: d.id, Name: vault.Mirror(vault.ChunkName(cid))}, c); err != nil {
						return err
					}
				}
			}
		}
		if err := e.journalFiles(ctx, w, b, removed, head.Seq); err != nil {
			return err
		}
		return w.State.Put(ctx, []byte(factsRow), facts)
	})
	if err != nil {
		undo()
	}
	return err
}

// rows bounds the rows that the journal of the batch writes. One large file has many objects, and any number of files may be deleted at once.
func (b *batch) rows(envelopes, list, removed int) uint64 {
	n := envelopes + list + len(b.pages) + len(b.bundles) + 2*(len(b.done)+removed)
	for _, sent := range b.sent {
		n += len(sent) + len(b.pages)
	}
	return uint64(n + 2) // facts and mark
}

// listed counts originals that get their first record, or with -1 after all do not. e.mu is held.
func (e *Engine) listed(done []*stored, n int64) {
	for _, s := range done {
		if s.j.bare {
			e.folderFact(hexID(s.j.folder.ID)).Unlisted -= n
		}
	}
}

func (e *Engine) journalFiles(ctx context.Context, w *catalog.Writer, b *batch, removed []removal, seq uint64) error {
	for _, s := range b.done {
		if !s.sameByte {
			if err := supersede(ctx, w, s.j.old); err != nil {
				return err
			}
		}
		if s.j.moved() {
			if err := w.Files.Delete(ctx, catalog.FileKey{Folder: s.j.folder.ID, Path: s.j.former.path}); err != nil {
				return err
			}
		}
		if err := w.Files.Put(ctx, catalog.FileKey{Folder: s.j.folder.ID, Path: s.j.sight.path}, s.row(seq)); err != nil {
			return err
		}
	}
	for _, r := range removed {
		if err := w.Files.Delete(ctx, r.key); err != nil {
			return err
		}
		if err := supersede(ctx, w, &r.file); err != nil {
			return err
		}
		v := catalog.Version{FileID: r.file.FileID, Seq: seq, Removed: true, RecordedAt: r.at}
		if err := w.Versions.Put(ctx, r.marker, v); err != nil {
			return err
		}
	}
	return nil
}

// supersede gives the version that a file's row holds a row of its own, before a newer one or a deletion takes its place. The newest
// version of a file stands in the file's row alone.
func supersede(ctx context.Context, w *catalog.Writer, f *catalog.File) error {
	if f == nil || f.VersionID == [16]byte{} {
		return nil
	}
	v := catalog.Version{FileID: f.FileID, Size: f.Size, Seq: f.Commit, RecordedAt: f.Recorded, Objects: f.Objects}
	return w.Versions.Put(ctx, f.VersionID, v)
}

package reader

import (
	"context"
	"errors"
	"slices"

	"lightproof/backup/vault"
	"lightproof/backup/vault/writer"
)

// Rebuild reads the whole catalogue from stored objects: of each log the newest full commit, then all commits after what it contains.
// Where pages of that full commit are lost, the commits before it are read as well: they hold the same files in other objects. Logs are
// also held against what the others say to have seen of them, and against the collections announced in any of them. c is empty, and gets the files; it may have a shelf, whose
// first error ends the reading. progress may be nil. The returned heads are those read up to.
func (k *Keyset) Rebuild(ctx context.Context, o writer.Objects, view *writer.Keyset, chain *vault.Chain, c *Catalogue, progress func(done, total int)) (map[vault.DevTag]vault.Head, []writer.Finding, error) {
	heads := map[vault.DevTag]vault.Head{}
	histories := writer.Histories{}
	var seen []vault.SeenHead
	var found []writer.Finding
	view.Obey(&k.condemned)
	for _, p := range chain.Principals() {
		if p.Device == nil {
			continue
		}
		tag := p.Device.Tag
		newest := uint64(vault.MaxSeq)
		for {
			commits, head, f, err := relevant(ctx, o, view, chain, tag, newest, func(lc writer.LogCommit) {
				histories.Add(tag, lc.Head)
				seen = append(seen, lc.Header.Seen...)
			})
			if newest == vault.MaxSeq {
				found = append(found, slices.DeleteFunc(f, collecting)...) // those are judged at the end
				heads[tag] = head
			}
			if err != nil {
				return nil, found, err
			}
			lost := uint64(0) // a full commit that cannot be read whole
			for i, lc := range commits {
				pf, err := k.Pages(ctx, o, lc, c.Apply)
				found = append(found, pf...)
				if serr := c.ShelfErr(); serr != nil {
					return nil, found, serr
				}
				if ctx.Err() != nil {
					return nil, found, ctx.Err()
				}
				if err != nil {
					found = append(found, writer.Finding{Name: lc.Name, Err: err})
					if lc.Header.Type == vault.CommitFull {
						lost = lc.Header.Seq
					}
				}
				if progress != nil {
					progress(i+1, len(commits))
				}
			}
			if lost == 0 {
				break
			}
			newest = lost - 1
		}
	}
	told := map[vault.SeenHead]bool{}
	for _, s := range seen {
		if err := histories.Check(s); err != nil && !told[s] {
			told[s] = true
			found = append(found, writer.Finding{Name: "l/" + s.Tag.String(), Err: err})
		}
	}
	late, err := k.listedInSpite(ctx, o, view, chain)
	return heads, append(found, late...), err
}

func collecting(f writer.Finding) bool { return errors.Is(f.Err, vault.ErrCondemned) }

// listedInSpite walks all logs once more where a collection was announced: only now are the intents of all of them known. It reports
// each object that a log listed although it knew of the intent: such a listing protects nothing.
func (k *Keyset) listedInSpite(ctx context.Context, o writer.Objects, view *writer.Keyset, chain *vault.Chain) (late []writer.Finding, err error) {
	if k.condemned.Len() == 0 {
		return nil, nil
	}
	for _, p := range chain.Principals() {
		if p.Device == nil {
			continue
		}
		_, found, err := writer.WalkLog(ctx, o, view, chain, p.Device.Tag, vault.Head{}, func(writer.LogCommit) error { return nil })
		if err != nil {
			return nil, err
		}
		late = append(late, slices.DeleteFunc(found, func(f writer.Finding) bool { return !collecting(f) })...)
	}
	return late, nil
}

// relevant collects from one log the newest full commit up to a number, then the commits that it does not contain, in order.
func relevant(ctx context.Context, o writer.Objects, view *writer.Keyset, chain *vault.Chain, tag vault.DevTag, newestFull uint64, each func(writer.LogCommit)) ([]writer.LogCommit, vault.Head, []writer.Finding, error) {
	var commits []writer.LogCommit
	head, found, err := writer.WalkLog(ctx, o, view, chain, tag, vault.Head{}, func(lc writer.LogCommit) error {
		each(lc)
		lc.List = vault.ObjectList{}
		switch {
		case lc.Header.Type != vault.CommitFull:
			commits = append(commits, lc)
		case lc.Header.Seq <= newestFull:
			kept := []writer.LogCommit{lc}
			for _, old := range commits {
				if old.Header.Type != vault.CommitFull && old.Header.Seq > lc.Header.FoldedTo {
					kept = append(kept, old)
				}
			}
			commits = kept
		}
		return nil
	})
	return commits, head, found, err
}

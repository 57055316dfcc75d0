package backup

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
)

// facts are what the engine knows besides single files and objects. They live in one sealed row.
type facts struct {
	Log        vault.Head               `json:"log"`
	Control    vault.Head               `json:"control"`
	Seen       []vault.SeenHead         `json:"seen"`
	Folders    map[string]*folderFacts  `json:"folders"`
	Dests      map[string]*destFacts    `json:"dests"`
	FirstSeen  map[string]time.Duration `json:"first_seen"` // control entry hash → credited time known
	Credited   int64                    `json:"credited"`   // Unix seconds when credit was last given
	Pause      *Pause                   `json:"pause"`
	Practice   int64                    `json:"practice"`
	Passed     bool                     `json:"passed"`
	Causes     map[string]int64         `json:"causes"`      // code → since
	Clock      int64                    `json:"clock"`       // newest time seen, Unix seconds
	LastCommit int64                    `json:"last_commit"` // Unix seconds, 0 = not known
	Removed    int64                    `json:"removed"`     // Unix seconds: the latest that a recorded deletion bears
	MapLost    bool                     `json:"map_lost"`    // the records no longer say which original is which file (FileMap)
	Forked     []string                 `json:"forked"`      // destinations where another history stands, "" for none in particular

	// Recomputed, not stored.
	Counts  Counts           `json:"-"`
	History History          `json:"-"`
	Reasons map[string]int64 `json:"-"` // reason codes of files that are not protected → number
	Oldest  time.Time        `json:"-"`
	Broken  bool             `json:"-"` // the sums do not hold
	OpenDue int64            `json:"-"`

	counted  *figures // what the above was taken from
	counting bool     // nothing of the above is known yet
}

type folderFacts struct {
	Counts   Counts `json:"counts"`
	LastScan int64  `json:"last_scan"` // Unix seconds of the last full scan, 0 = never
	Found    int64  `json:"found"`     // the scan's own walk
	Missing  int64  `json:"missing"`   // since when, 0 = there
	Device   uint64 `json:"device"`    // of the root when it last held files
	Partial  bool   `json:"partial"`   // something could not be listed
	Unlisted int64  `json:"unlisted"`  // originals of the last look that are new: no record of them is made before they are stored
}

type destFacts struct {
	LastWrite int64 `json:"last_write"`
	LastRead  int64 `json:"last_read"`
	LastSeen  int64 `json:"last_seen"` // reached
	Away      int64 `json:"away"`      // since when, 0 = reachable

	Problem string `json:"problem,omitempty"` // message code of the last look, for the time until the next one after a start

	Stored, Objects, Proven, Gap int64     `json:"-"`
	Oldest                       time.Time `json:"-"`
}

const factsRow = catalog.FactsRow

func (e *Engine) loadFacts(ctx context.Context) error {
	f := facts{}
	b, err := e.db.State.Get(ctx, []byte(factsRow))
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return err
	}
	if err == nil {
		if err := json.Unmarshal(b, &f); err != nil {
			return err
		}
	}
	for _, m := range []func(){
		func() { f.Folders = orNew(f.Folders) }, func() { f.Dests = orNew(f.Dests) },
		func() { f.FirstSeen = orNew(f.FirstSeen) }, func() { f.Causes = orNew(f.Causes) },
	} {
		m()
	}
	e.mu.Lock()
	for _, id := range f.Forked {
		e.blame(alarmClone, id)
	}
	e.facts = f
	e.facts.counting = true
	e.loadCredits()
	e.log = f.Log
	e.paused = f.Pause
	e.mu.Unlock()
	return e.firstCount(ctx)
}

func orNew[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return m
}

func (e *Engine) encodeFacts() ([]byte, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.facts.Log, e.facts.Pause = e.log, e.paused
	e.facts.Forked = slices.Sorted(maps.Keys(e.blamed[alarmClone]))
	e.facts.Clock = max(e.facts.Clock, e.clock.Now().Unix())
	return json.Marshal(&e.facts)
}

// saveFacts writes the facts. Whoever writes them holds e.saving from their encoding to the end of the transaction: else older ones, of a log
// that has grown since, could be written over newer ones, or facts of a commit that is not yet on the disk.
func (e *Engine) saveFacts(ctx context.Context) error {
	e.saving.Lock()
	defer e.saving.Unlock()
	b, err := e.encodeFacts()
	if err != nil {
		return err
	}
	return e.db.State.Put(ctx, []byte(factsRow), b)
}

func (e *Engine) folderFact(id string) *folderFacts {
	f := e.facts.Folders[id]
	if f == nil {
		f = &folderFacts{}
		e.facts.Folders[id] = f
	}
	return f
}

func (e *Engine) destFact(id string) *destFacts {
	d := e.facts.Dests[id]
	if d == nil {
		d = &destFacts{}
		e.facts.Dests[id] = d
	}
	return d
}

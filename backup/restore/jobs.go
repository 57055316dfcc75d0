package restore

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"lightproof/backup/catalog"
	"lightproof/backup/vault"
	"lightproof/keystore/secret"
)

// JobID names one restore.
type JobID [8]byte

func (id JobID) String() string { return hex.EncodeToString(id[:]) }

// ParseJobID reads 16 hex digits.
func ParseJobID(s string) (id JobID, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("restore %q: %w", s, ErrNoJob)
	}
	return JobID(b), nil
}

// Schema is the version of the saved rows.
const Schema = 5

// Jobs is the list of restores on this computer: a database whose rows are sealed. It is not made from anything else: where it is
// lost, an unfinished restore has to be chosen again; files already restored are then found to be there. So a list that an older version of this
// program left is dropped.
type Jobs struct {
	db *catalog.DB

	failing func() error // tests: asked inside each transaction of results and job rows, in place of a full disk
}

// OpenJobs opens or creates the database. key is the reader keyset's cache key, space binds the file to the vault. Errors as for
// catalog.Open.
func OpenJobs(path string, key secret.Secret, space [16]byte) (*Jobs, error) {
	o := catalog.Options{
		DatabaseID:    "restore/" + hex.EncodeToString(space[:]),
		SchemaVersion: Schema,
		Tables:        []string{"jobs", "items", "results"},
	}
	db, err := catalog.Open(path, key, o)
	if errors.Is(err, catalog.ErrOlderSchema) {
		if err = catalog.Discard(path); err == nil {
			db, err = catalog.Open(path, key, o)
		}
	}
	if err != nil {
		return nil, err
	}
	return &Jobs{db: db}, nil
}

// Close closes the database and wipes its keys.
func (j *Jobs) Close() error { return j.db.Close() }

// Job is one restore in the list.
type Job struct {
	ID       JobID
	Target   Target
	Started  time.Time
	Conflict Conflict
	Files    int
	Done     int  // files that have a result
	Finished bool // nothing is left to be done
}

type jobRow struct {
	Dir      []byte   `json:"dir"`
	Trees    [][]byte `json:"trees"`
	Conflict Conflict `json:"conflict"`
	At       int64    `json:"at,omitempty"` // Unix seconds, 0 = now
	Made     int64    `json:"made"`         // Unix seconds
	Zone     int      `json:"zone"`         // of Made, seconds east
	Files    int      `json:"files"`
	Marked   []bool   `json:"marked,omitempty"` // trees with our mark in them; nil before the first byte and once the marks are gone
	Finished bool     `json:"finished"`
	Done     int      `json:"done"`
	Batches  int      `json:"batches"` // of results, the later ones in force
}

// partKey is the key of a block of items or of a batch of results.
func partKey(id JobID, n int) []byte {
	return binary.BigEndian.AppendUint32(append([]byte(nil), id[:]...), uint32(n))
}

// Bounds of one transaction, in rows.
const (
	blocksAtOnce = 64
	rowsAtOnce   = 4096
)

// save writes the whole list of a plan and lets go of its selection: what its items are is read from the list from then on. The job's own row comes last:
// without it there is no job.
func (j *Jobs) save(ctx context.Context, p *Plan) (JobID, *jobRow, error) {
	var id JobID
	if p.sel == nil {
		return id, nil, fmt.Errorf("save the list of a restore: %w", ErrNothing) // it was run before
	}
	rand.Read(id[:])
	_, zone := p.Made.Zone()
	row := &jobRow{Dir: []byte(p.Target.Dir), Conflict: p.Conflict, Made: p.Made.Unix(), Zone: zone, Files: len(p.items)}
	if !p.At.IsZero() {
		row.At = p.At.Unix()
	}
	for _, t := range p.trees {
		row.Trees = append(row.Trees, []byte(t))
	}
	if err := j.saveItems(ctx, id, p); err != nil {
		return id, nil, fmt.Errorf("save the list of a restore: %w", err)
	}
	if err := j.put(ctx, id, row); err != nil {
		return id, nil, err
	}
	p.sel = nil
	return id, row, nil
}

// saveItems writes the blocks of a list; the next ones are encoded meanwhile.
func (j *Jobs) saveItems(ctx context.Context, id JobID, p *Plan) error {
	type encoded struct {
		row []byte
		err error
	}
	ctx, stop := context.WithCancel(ctx)
	rows := make(chan encoded, 16)
	var encoding sync.WaitGroup
	defer encoding.Wait()
	defer stop()
	encoding.Go(func() {
		defer close(rows)
		var block blockEncoder
		for items := range slices.Chunk(p.items, blockItems) {
			row, err := block.encode(items, func(it *item) ([]byte, []vault.BundleRef, error) { return p.sel.packed(ctx, int(it.n)) })
			for _, it := range items {
				p.sel.Items[it.n].packed = nil // the row has it
			}
			select {
			case rows <- encoded{row, err}:
			case <-ctx.Done():
				return
			}
		}
	})
	for block, more := 0, true; more; {
		err := j.db.Update(ctx, func(tx *catalog.Tx) error {
			for range blocksAtOnce {
				e, ok := <-rows
				if more = ok; !ok {
					return ctx.Err()
				}
				if e.err == nil {
					e.err = tx.Table("items").Put(ctx, partKey(id, block), e.row)
				}
				if e.err != nil {
					return e.err
				}
				block++
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *Jobs) put(ctx context.Context, id JobID, row *jobRow) error {
	b, err := json.Marshal(row)
	if err == nil && j.failing != nil {
		err = j.failing()
	}
	if err != nil {
		return err
	}
	return j.db.Table("jobs").Put(ctx, id[:], b)
}

// record saves a batch of results and the job's own row in one transaction. After an error row counts the batch as not there: a later row
// must not speak of it.
func (j *Jobs) record(ctx context.Context, id JobID, row *jobRow, batch []byte) error {
	n := row.Batches
	row.Batches = n + 1
	err := j.db.Update(ctx, func(tx *catalog.Tx) error {
		if err := tx.Table("results").Put(ctx, partKey(id, n), batch); err != nil {
			return err
		}
		b, err := json.Marshal(row)
		if err == nil && j.failing != nil {
			err = j.failing()
		}
		if err != nil {
			return err
		}
		return tx.Table("jobs").Put(ctx, id[:], b)
	})
	if err != nil {
		row.Batches = n
	}
	return err
}

// block loads a saved block of items.
func (j *Jobs) block(ctx context.Context, id JobID, n int) ([]byte, error) {
	return j.db.Table("items").Get(ctx, partKey(id, n))
}

// row reads a job's own row.
func (j *Jobs) row(ctx context.Context, id JobID) (*jobRow, error) {
	b, err := j.db.Table("jobs").Get(ctx, id[:])
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, ErrNoJob
	}
	if err != nil {
		return nil, err
	}
	row := &jobRow{}
	if err := json.Unmarshal(b, row); err != nil {
		return nil, fmt.Errorf("saved restore: %w", err)
	}
	return row, nil
}

// load reads a job with all its items. A batch of results that is not there, or not whole, only costs time: its items are found on the disk
// again.
func (j *Jobs) load(ctx context.Context, id JobID) (*jobRow, []*item, error) {
	row, err := j.row(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	items, from := make([]*item, row.Files), map[folder]*folder{}
	for n := 0; n*blockItems < len(items); n++ {
		block, err := j.block(ctx, id, n)
		if err == nil {
			err = decodeBlock(block, from, func(i int, it *item, _ *original) {
				if it.n = int32(n*blockItems + i); int(it.n) < len(items) {
					items[it.n] = it
				}
			})
		}
		if err != nil {
			return nil, nil, fmt.Errorf("saved restore: %w", err)
		}
	}
	if slices.Contains(items, nil) {
		return nil, nil, fmt.Errorf("saved restore: %w", catalog.ErrDamaged)
	}
	for n := range row.Batches {
		batch, err := j.db.Table("results").Get(ctx, partKey(id, n))
		if err == nil {
			err = applyResults(batch, items)
		}
		if err != nil && !lost(err) {
			return nil, nil, fmt.Errorf("saved restore: %w", err)
		}
	}
	return row, items, nil
}

// lost tells whether an error means that a row is not there or of no use, and not that it cannot be read now.
func lost(err error) bool {
	return errors.Is(err, catalog.ErrNotFound) || errors.Is(err, catalog.ErrDamaged) || errors.Is(err, vault.ErrMalformed)
}

// List gives all restores, the newest first.
func (j *Jobs) List(ctx context.Context) (out []Job, err error) {
	err = j.db.Table("jobs").Scan(ctx, func(key, value []byte) error {
		var r jobRow
		if len(key) != len(JobID{}) {
			return nil
		}
		if err := json.Unmarshal(value, &r); err != nil {
			return fmt.Errorf("saved restore: %w", err)
		}
		out = append(out, Job{ID: JobID(key), Target: Target{string(r.Dir)}, Started: r.made(), Conflict: r.Conflict, Files: r.Files, Done: r.Done, Finished: r.Finished})
		return nil
	})
	slices.SortFunc(out, func(a, b Job) int {
		return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return out, err
}

// Waiting gives the restores that were not finished: "restore waits at 503 of 812". Marks that finished ones left behind are taken away.
func (j *Jobs) Waiting(ctx context.Context) ([]Job, error) {
	if err := j.sweepMarks(ctx); err != nil {
		return nil, err
	}
	all, err := j.List(ctx)
	return slices.DeleteFunc(all, func(x Job) bool { return x.Finished }), err
}

func (r *jobRow) made() time.Time { return time.Unix(r.Made, 0).In(time.FixedZone("", r.Zone)) }

func (r *jobRow) plan(items []*item) *Plan {
	p := &Plan{Target: Target{string(r.Dir)}, Conflict: r.Conflict, Made: r.made(), Files: len(items), Free: -1, items: items}
	if r.At != 0 {
		p.At = time.Unix(r.At, 0).UTC()
	}
	for _, t := range r.Trees {
		p.trees = append(p.trees, string(t))
	}
	for _, it := range items {
		p.Bytes = plus(p.Bytes, it.size)
	}
	return p
}

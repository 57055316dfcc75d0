package backup

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"lightproof/backup/source"
	"lightproof/backup/store"
	"lightproof/backup/store/limit"
	"lightproof/backup/store/local"
	"lightproof/backup/vault"
)

func (e *Engine) addDestination(ctx context.Context, c AddDestination) (string, error) {
	if c.Kind != "folder" {
		return "", fmt.Errorf("destination of kind %q: %w", c.Kind, vault.ErrNewer)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return "", err
	}
	var id local.Identity
	if c.Adopt {
		id, err = local.ReadIdentity(dir)
	} else {
		id, err = local.Create(dir, e.keys.Space)
	}
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(id)
	if err != nil {
		return "", err
	}
	place := c.Place
	if place == "" {
		place = id.Filesystem // destinations on one disk are one place
	}
	label := c.Label
	if label == "" {
		label = filepath.Base(dir)
	}
	s := destinationSetting{ID: hex.EncodeToString(id.Place[:]), Kind: c.Kind, Dir: []byte(dir), Label: label, Place: place, Away: c.Away, Identity: raw}
	known := false
	err = e.change(ctx, func(set *settings) {
		for i := range set.Destinations {
			if set.Destinations[i].ID == s.ID {
				s.Limits = set.Destinations[i].Limits
				set.Destinations[i], known = s, true
			}
		}
		if !known {
			set.Destinations = append(set.Destinations, s)
		}
	})
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	d := newDestination(s, e.clock)
	if known {
		for i := range e.dests {
			if e.dests[i].set.ID == s.ID {
				e.dests[i] = d
			}
		}
	} else {
		e.dests = append(e.dests, d)
	}
	e.mu.Unlock()
	e.run.Lock()
	defer e.run.Unlock()
	if err := d.connect(ctx, e.o.Open); err != nil {
		return s.ID, err
	}
	if c.Adopt {
		if err := e.relearn(ctx); err != nil {
			return s.ID, err
		}
	}
	// What it needs to be known as ours; the objects, and the commits with them, follow in the next run.
	list, err := e.debts(ctx, d)
	if err == nil {
		err = e.deliver(ctx, d, before(list))
	}
	if err != nil {
		return s.ID, err
	}
	e.publish(ctx)
	e.nudge()
	return s.ID, nil
}

func (e *Engine) testDestination(ctx context.Context, c TestDestination) (*Probe, error) {
	e.run.Lock()
	defer e.run.Unlock()
	for _, d := range e.destinations() {
		if d.set.ID != c.ID && (c.Dir == "" || string(d.set.Dir) != c.Dir) {
			continue
		}
		err := d.connect(ctx, e.o.Open)
		e.publish(ctx)
		if err != nil {
			return &Probe{Code: storeCode(err), Total: -1, Free: -1}, nil
		}
		p := probe(ctx, d.store())
		return &p, nil
	}
	return nil, fmt.Errorf("destination: %w", os.ErrNotExist)
}

// limitDestination changes how many bytes a second go to and from a destination, also for what is under way.
func (e *Engine) limitDestination(ctx context.Context, c LimitDestination) error {
	l := limit.Limits{Up: c.Up, Down: c.Down}
	if err := l.Check(); err != nil {
		return err
	}
	for _, d := range e.destinations() {
		if d.set.ID != c.ID {
			continue
		}
		err := e.change(ctx, func(set *settings) {
			for i := range set.Destinations {
				if set.Destinations[i].ID == c.ID {
					set.Destinations[i].Limits = l
				}
			}
		})
		if err != nil {
			return err
		}
		d.rates.Set(l)
		e.publishNow()
		return nil
	}
	return fmt.Errorf("destination: %w", os.ErrNotExist)
}

func newDestination(s destinationSetting, clock source.Clock) *destination {
	d := &destination{set: s, rates: limit.New(clock, s.Limits)}
	id, _ := hex.DecodeString(s.ID)
	copy(d.id[:], id)
	d.room = store.Room{Total: -1, Free: -1}
	return d
}

func (e *Engine) destinations() []*destination {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]*destination(nil), e.dests...)
}

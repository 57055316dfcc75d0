package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"lightproof/backup/store"
	"lightproof/backup/store/limit"
	"lightproof/backup/store/local"
	"lightproof/backup/vault"
)

// destination is one place for copies that is set up.
type destination struct {
	set   destinationSetting // as it was when the engine learnt of it; its limits are in rates
	id    [16]byte
	rates *limit.Rates // outlive a Store that is opened anew

	mu      sync.Mutex
	open    store.Store // nil while it cannot be opened
	problem string      // message code, empty = fine
	failed  bool        // something went wrong since it was opened: what was put then may be lost, so it is opened anew
	room    store.Room
}

// store is the open Store, nil while the destination is away.
func (d *destination) store() store.Store {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open
}

// condition is what the last look at the destination found.
func (d *destination) condition() (problem string, room store.Room) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.problem, d.room
}

// setProblem records that a call failed; the next connect opens the destination anew.
func (d *destination) setProblem(code string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.problem, d.failed = code, true
}

// Opener makes a Store of a destination's settings. Tests wrap it with faults.
type Opener func(ctx context.Context, kind, dir string, identity json.RawMessage) (store.Store, error)

// OpenFolder is the Opener of the product: a folder or mounted drive.
func OpenFolder(_ context.Context, kind, dir string, identity json.RawMessage) (store.Store, error) {
	if kind != "folder" {
		return nil, fmt.Errorf("destination of kind %q: %w", kind, vault.ErrNewer)
	}
	var id local.Identity
	if err := json.Unmarshal(identity, &id); err != nil {
		return nil, fmt.Errorf("destination identity: %w", vault.ErrMalformed)
	}
	return local.Open(dir, id)
}

// connect opens the destination if it is not open, and proves that it is the one that was set up.
func (d *destination) connect(ctx context.Context, opener Opener) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	reopen := func() error {
		s, err := opener(ctx, d.set.Kind, string(d.set.Dir), d.set.Identity)
		if err != nil {
			return err
		}
		if err := s.Check(ctx); err != nil {
			s.Close()
			return err
		}
		d.open = d.rates.Wrap(s)
		return nil
	}
	var err error
	if d.failed && d.open != nil {
		d.open.Close()
		d.open = nil
	}
	d.failed = false
	if d.open == nil {
		err = reopen()
	} else if err = d.open.Check(ctx); err != nil {
		// A drive that came back is another directory: open it once more.
		d.open.Close()
		d.open = nil
		err = reopen()
	}
	d.problem = storeCode(err)
	if d.open != nil {
		if r, rerr := d.open.Room(ctx); rerr == nil {
			d.room = r
			if err == nil && r.Free >= 0 && r.Free < lowRoom {
				d.problem = "full"
			}
		}
	}
	return err
}

// lowRoom is when a destination counts as full: less would not hold one batch's records and a few chunks.
const lowRoom = 32 << 20

// storeCode is the message class of what a destination answered.
func storeCode(err error) string {
	var format *local.FormatError
	switch {
	case err == nil:
		return ""
	case errors.Is(err, errAlarm):
		return alarmClone
	case errors.Is(err, vault.ErrNewer), errors.As(err, &format):
		return "newer"
	case errors.Is(err, store.ErrWrongPlace):
		return "wrong-disk"
	case errors.Is(err, store.ErrFull):
		return "full"
	case errors.Is(err, store.ErrRefused):
		return "login"
	case errors.Is(err, context.Canceled):
		return ""
	default:
		return "away"
	}
}

// probe writes, reads back and deletes an object, and asks for room.
func probe(ctx context.Context, s store.Store) Probe {
	p := Probe{Total: -1, Free: -1}
	var id [16]byte
	rand.Read(id[:])
	name := "x/" + hex.EncodeToString(id[:]) + "/0"
	want := make([]byte, 4096)
	rand.Read(want)
	err := s.PutNew(ctx, name, want)
	if err == nil {
		err = s.Barrier(ctx)
	}
	var got []byte
	if err == nil {
		got, err = s.Get(ctx, name, store.GetOptions{Fresh: true})
	}
	if err == nil && string(got) != string(want) {
		p.Code = "damaged-copy"
	}
	if derr := s.Delete(ctx, name); err == nil {
		err = derr
	}
	if r, rerr := s.Room(ctx); rerr == nil {
		p.Total, p.Free = r.Total, r.Free
	}
	if err != nil {
		p.Code = storeCode(err)
	}
	p.OK = p.Code == ""
	return p
}

// vaultObjects lets the vault's readers of chains and logs use a Store.
type vaultObjects struct{ s store.Store }

func (v vaultObjects) Get(ctx context.Context, name string) ([]byte, error) {
	b, err := v.s.Get(ctx, name, store.GetOptions{})
	if errors.Is(err, store.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w", vault.ErrMissing, err)
	}
	return b, err
}

func (v vaultObjects) List(ctx context.Context, prefix string, fn func(string, int64) error) error {
	return v.s.List(ctx, prefix, func(i store.Info) error { return fn(i.Name, i.Size) })
}

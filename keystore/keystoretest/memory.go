// Package keystoretest gives tests of this and other packages two keychains: one in memory whose faults can be switched, and, on
// Linux, a real Secret Service (gnome-keyring) on a private session bus.
package keystoretest

import (
	"context"
	"fmt"
	"sync"

	"lightproof/keystore"
	"lightproof/keystore/secret"
)

// Fault is what a Memory keychain does wrong.
type Fault int

// The faults a real keychain is known for.
const (
	// None: works.
	None Fault = iota
	// Absent: there is no keychain, keystore.ErrNoKeychain.
	Absent
	// Locked: keystore.ErrLocked.
	Locked
	// Silent: never answers. A call whose ctx has a deadline waits for it, as with a real keychain; one without says
	// keystore.ErrTimeout at once, so that no test waits for the real keychain's own deadline.
	Silent
	// Forgetting: Set keeps nothing and says keystore.ErrForgetful, as a keychain's read-back finds it; Get sees what was kept before.
	Forgetting
	// Losing: Set says that all went well, but the item is gone afterwards.
	Losing
)

// Memory is a keychain in memory. The zero value is empty and works.
type Memory struct {
	mu    sync.Mutex
	items map[keystore.Item][]byte
	fault Fault
	calls int
}

var _ keystore.Keychain = (*Memory)(nil)

// Break makes all later calls fail as given; Break(None) repairs.
func (m *Memory) Break(f Fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = f
}

// Calls is how many calls were made so far: a test that planned a fault can tell whether anything met it.
func (m *Memory) Calls() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calls
}

// Items is the number of items kept.
func (m *Memory) Items() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.items)
}

// Get implements keystore.Keychain.
func (m *Memory) Get(ctx context.Context, item keystore.Item) (secret.Secret, error) {
	if err := m.enter(ctx, "get"); err != nil {
		return secret.Secret{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	b, ok := m.items[item]
	if !ok {
		return secret.Secret{}, fmt.Errorf("keychain get: %w", keystore.ErrMissing)
	}
	return secret.New(append([]byte(nil), b...)), nil
}

// Set implements keystore.Keychain.
func (m *Memory) Set(ctx context.Context, item keystore.Item, value secret.Secret) error {
	if value.Len() == 0 || value.Len() > keystore.MaxValue {
		return fmt.Errorf("keychain set: %w", keystore.ErrTooLarge)
	}
	if err := m.enter(ctx, "set"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch m.fault {
	case Forgetting:
		return fmt.Errorf("keychain set: %w", keystore.ErrForgetful)
	case Losing:
		delete(m.items, item)
		return nil
	}
	if m.items == nil {
		m.items = map[keystore.Item][]byte{}
	}
	m.items[item] = append([]byte(nil), value.Bytes()...)
	return nil
}

// Delete implements keystore.Keychain.
func (m *Memory) Delete(ctx context.Context, item keystore.Item) error {
	if err := m.enter(ctx, "delete"); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.items, item)
	return nil
}

func (m *Memory) enter(ctx context.Context, op string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	m.calls++
	fault := m.fault
	m.mu.Unlock()
	switch fault {
	case Absent:
		return fmt.Errorf("keychain %s: %w", op, keystore.ErrNoKeychain)
	case Locked:
		return fmt.Errorf("keychain %s: %w", op, keystore.ErrLocked)
	case Silent:
		if _, limited := ctx.Deadline(); limited {
			<-ctx.Done()
		}
		if ctx.Err() == context.Canceled {
			return ctx.Err()
		}
		return fmt.Errorf("keychain %s: %w", op, keystore.ErrTimeout)
	}
	return nil
}

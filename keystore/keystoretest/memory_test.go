package keystoretest_test

import (
	"context"
	"errors"
	"testing"

	"lightproof/keystore"
	"lightproof/keystore/keystoretest"
	"lightproof/keystore/secret"
)

func TestMemoryFailsAsSwitched(t *testing.T) {
	item := keystore.KeyItem([16]byte{1}, [16]byte{2})
	for fault, want := range map[keystoretest.Fault]struct{ set, get, after error }{
		keystoretest.None:       {},
		keystoretest.Absent:     {keystore.ErrNoKeychain, keystore.ErrNoKeychain, nil},
		keystoretest.Locked:     {keystore.ErrLocked, keystore.ErrLocked, nil},
		keystoretest.Silent:     {keystore.ErrTimeout, keystore.ErrTimeout, nil},
		keystoretest.Forgetting: {keystore.ErrForgetful, nil, nil},
		keystoretest.Losing:     {nil, keystore.ErrMissing, keystore.ErrMissing},
	} {
		var m keystoretest.Memory
		if err := m.Set(context.Background(), item, secret.Random(32)); err != nil {
			t.Fatal(err)
		}
		m.Break(fault)
		if err := m.Set(context.Background(), item, secret.Random(32)); !errors.Is(err, want.set) {
			t.Errorf("fault %d: Set: %v, want %v", fault, err, want.set)
		}
		if _, err := m.Get(context.Background(), item); !errors.Is(err, want.get) {
			t.Errorf("fault %d: Get: %v, want %v", fault, err, want.get)
		}
		m.Break(keystoretest.None)
		if _, err := m.Get(context.Background(), item); !errors.Is(err, want.after) {
			t.Errorf("fault %d, repaired: Get: %v, want %v", fault, err, want.after)
		}
		if err := m.Delete(context.Background(), item); err != nil || m.Items() != 0 || m.Calls() == 0 {
			t.Errorf("fault %d: %v, %d items left", fault, err, m.Items())
		}
	}
}

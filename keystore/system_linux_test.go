package keystore_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"lightproof/keystore"
	"lightproof/keystore/keystoretest"
	"lightproof/keystore/secret"
)

var (
	item  = keystore.KeyItem([16]byte{1, 2, 3}, [16]byte{4, 5, 6})
	other = keystore.PinItem([16]byte{1, 2, 3}, [16]byte{4, 5, 6})
)

// patient calls are expected to succeed; the limit only ends a broken test. short ones are expected to time out.
var (
	patient = &keystore.System{Deadline: time.Minute, PromptDeadline: time.Minute}
	short   = &keystore.System{Deadline: 300 * time.Millisecond, PromptDeadline: 300 * time.Millisecond}
)

func TestRealKeychainKeepsReplacesAndDeletes(t *testing.T) {
	keystoretest.StartForThisProcess(t)
	ctx := context.Background()

	if _, err := patient.Get(ctx, item); !errors.Is(err, keystore.ErrMissing) {
		t.Fatalf("before Set: %v, want ErrMissing", err)
	}
	if err := patient.Delete(ctx, item); err != nil {
		t.Fatalf("deleting what is not there: %v", err)
	}
	for _, size := range []int{32, 121, keystore.MaxValue, 1} {
		value := secret.Random(size)
		if err := patient.Set(ctx, item, value); err != nil {
			t.Fatalf("Set %d bytes: %v", size, err)
		}
		got, err := patient.Get(ctx, item)
		if err != nil || !got.Equal(value) {
			t.Fatalf("Get %d bytes: equal %v, %v", size, got.Equal(value), err)
		}
	}
	if _, err := patient.Get(ctx, other); !errors.Is(err, keystore.ErrMissing) {
		t.Fatalf("another item: %v, want ErrMissing", err)
	}
	if err := patient.Delete(ctx, item); err != nil {
		t.Fatal(err)
	}
	if _, err := patient.Get(ctx, item); !errors.Is(err, keystore.ErrMissing) {
		t.Fatalf("after Delete: %v, want ErrMissing", err)
	}
}

func TestRealKeychainItemsSurviveRestart(t *testing.T) {
	service := keystoretest.StartForThisProcess(t)
	value := secret.Random(32)
	if err := patient.Set(context.Background(), item, value); err != nil {
		t.Fatal(err)
	}
	service.StopKeyring()
	service.StartKeyring()
	if got, err := patient.Get(context.Background(), item); err != nil || !got.Equal(value) {
		t.Fatalf("after restart: equal %v, %v", got.Equal(value), err)
	}
}

func TestLockedKeychainSaysSo(t *testing.T) {
	service := keystoretest.StartForThisProcess(t)
	ctx := context.Background()
	value := secret.Random(32)
	if err := patient.Set(ctx, item, value); err != nil {
		t.Fatal(err)
	}
	service.Lock()
	for name, ctx := range map[string]context.Context{"background": ctx, "person waiting": keystore.AllowPrompt(ctx)} {
		if _, err := patient.Get(ctx, item); !errors.Is(err, keystore.ErrLocked) {
			t.Errorf("%s: Get: %v, want ErrLocked", name, err)
		}
		if err := patient.Set(ctx, item, secret.Random(32)); !errors.Is(err, keystore.ErrLocked) {
			t.Errorf("%s: Set: %v, want ErrLocked", name, err)
		}
		if err := patient.Delete(ctx, item); !errors.Is(err, keystore.ErrLocked) {
			t.Errorf("%s: Delete: %v, want ErrLocked", name, err)
		}
	}
	service.Unlock()
	if got, err := patient.Get(ctx, item); err != nil || !got.Equal(value) {
		t.Fatalf("unlocked again: equal %v, %v", got.Equal(value), err)
	}
}

func TestKeychainGoneSaysSo(t *testing.T) {
	service := keystoretest.StartForThisProcess(t)
	ctx := context.Background()
	check := func(when string) {
		t.Helper()
		if _, err := patient.Get(ctx, item); !errors.Is(err, keystore.ErrNoKeychain) {
			t.Errorf("%s: Get: %v, want ErrNoKeychain", when, err)
		}
		if err := patient.Set(ctx, item, secret.Random(32)); !errors.Is(err, keystore.ErrNoKeychain) {
			t.Errorf("%s: Set: %v, want ErrNoKeychain", when, err)
		}
	}
	if err := patient.Set(ctx, item, secret.Random(32)); err != nil {
		t.Fatal(err)
	}
	service.StopKeyring()
	check("service gone")
	service.StopBus()
	check("bus gone")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "")
	check("no session")
}

func TestSilentKeychainTimesOutAndHoldsNothingUp(t *testing.T) {
	service := keystoretest.StartForThisProcess(t)
	ctx := context.Background()
	value := secret.Random(32)
	if err := patient.Set(ctx, item, value); err != nil {
		t.Fatal(err)
	}
	service.Freeze()
	for range 3 { // none of them may hold up the next
		if _, err := short.Get(ctx, item); !errors.Is(err, keystore.ErrTimeout) {
			t.Fatalf("Get: %v, want ErrTimeout", err)
		}
	}
	if err := short.Set(keystore.AllowPrompt(ctx), item, secret.Random(32)); !errors.Is(err, keystore.ErrTimeout) {
		t.Fatalf("Set: %v, want ErrTimeout", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := patient.Get(cancelled, item); !errors.Is(err, context.Canceled) {
		t.Fatalf("Get by a cancelled caller: %v", err)
	}
	service.Thaw()
	if got, err := patient.Get(ctx, item); err != nil || !got.Equal(value) {
		t.Fatalf("after it came back: equal %v, %v", got.Equal(value), err)
	}
}

func TestValueThatWeDidNotWriteIsDamaged(t *testing.T) {
	keystoretest.StartForThisProcess(t)
	for _, text := range []string{"not base64!", "AAA", "AAB=", ""} {
		if err := keyring.Set(keystore.Service, item.String(), text); err != nil {
			t.Fatal(err)
		}
		if _, err := patient.Get(context.Background(), item); !errors.Is(err, keystore.ErrDamaged) {
			t.Errorf("%q: %v, want ErrDamaged", text, err)
		}
	}
}

func TestStoredTextIsBase64UnderNamesWithoutSecrets(t *testing.T) {
	keystoretest.StartForThisProcess(t)
	if err := patient.Set(context.Background(), other, secret.New(make([]byte, 121))); err != nil {
		t.Fatal(err)
	}
	text, err := keyring.Get("Lightproof", "01020300000000000000000000000000/04050600000000000000000000000000:pin")
	if err != nil || len(text) != 164 || strings.Trim(text, "A=") != "" {
		t.Fatalf("stored %d characters, %v", len(text), err)
	}
}

func TestSizesOutOfBoundsAreRefused(t *testing.T) {
	for _, size := range []int{0, keystore.MaxValue + 1} {
		if err := patient.Set(context.Background(), item, secret.Random(size)); !errors.Is(err, keystore.ErrTooLarge) {
			t.Errorf("%d bytes: %v, want ErrTooLarge", size, err)
		}
	}
}

package keystore_test

import (
	"context"
	"encoding/base64"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/prop"

	"lightproof/keystore"
	"lightproof/keystore/keystoretest"
	"lightproof/keystore/secret"
)

// asking is a Secret Service that is unlocked and empty but asks before it stores anything. It stands for a person: the question is
// dismissed, or never answered. With something in holds it asks nothing, and holds on to that whatever it is told.
type asking struct {
	conn    *dbus.Conn
	answer  bool
	holds   string
	prompts atomic.Int32
}

const (
	askPath    = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath  = askPath + "/collection/login"
	promptPath = askPath + "/prompt/p1"
	itemPath   = loginPath + "/1"
)

func (a *asking) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), askPath + "/session/s1", nil
}

func (a *asking) Unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return objects, "/", nil
}

func (a *asking) SearchItems(map[string]string) ([]dbus.ObjectPath, *dbus.Error) {
	if a.holds != "" {
		return []dbus.ObjectPath{itemPath}, nil
	}
	return nil, nil
}

func (a *asking) GetSecret(dbus.ObjectPath) (wireSecret, *dbus.Error) {
	return wireSecret{Session: askPath + "/session/s1", Value: []byte(a.holds), ContentType: "text/plain"}, nil
}

func (a *asking) Delete() (dbus.ObjectPath, *dbus.Error) { return "/", nil }

type wireSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (a *asking) CreateItem(map[string]dbus.Variant, wireSecret, bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	if a.holds != "" {
		return itemPath, "/", nil
	}
	return "/", promptPath, nil
}

func (a *asking) Prompt(string) *dbus.Error {
	a.prompts.Add(1)
	if a.answer {
		_ = a.conn.Emit(promptPath, "org.freedesktop.Secret.Prompt.Completed", true, dbus.MakeVariant(""))
	}
	return nil
}

func (a *asking) Close() *dbus.Error { return nil }

func startAsking(t *testing.T, a *asking) *asking {
	t.Helper()
	service := keystoretest.StartForThisProcess(t)
	service.StopKeyring()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	a.conn = conn
	for path, iface := range map[dbus.ObjectPath]string{askPath: "Service", loginPath: "Collection", promptPath: "Prompt",
		askPath + "/session/s1": "Session", itemPath: "Item"} {
		if err := conn.Export(a, path, "org.freedesktop.Secret."+iface); err != nil {
			t.Fatal(err)
		}
	}
	for path, p := range map[dbus.ObjectPath]prop.Map{
		askPath:   {"org.freedesktop.Secret.Service": {"Collections": {Value: []dbus.ObjectPath{loginPath}}}},
		loginPath: {"org.freedesktop.Secret.Collection": {"Locked": {Value: false}}},
	} {
		if _, err := prop.Export(conn, path, p); err != nil {
			t.Fatal(err)
		}
	}
	// The dead keyring's name may not be free yet: wait in the queue for it.
	owned := make(chan *dbus.Signal, 8)
	conn.Signal(owned)
	reply, err := conn.RequestName("org.freedesktop.secrets", 0)
	for err == nil && reply != dbus.RequestNameReplyPrimaryOwner {
		if s := <-owned; s.Name == "org.freedesktop.DBus.NameAcquired" && s.Body[0] == "org.freedesktop.secrets" {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	conn.RemoveSignal(owned)
	return a
}

func TestDismissedQuestionIsNotTakenForSuccess(t *testing.T) {
	a := startAsking(t, &asking{answer: true})
	err := patient.Set(keystore.AllowPrompt(context.Background()), item, secret.Random(32))
	if !errors.Is(err, keystore.ErrForgetful) || a.prompts.Load() != 1 {
		t.Fatalf("%v after %d questions, want ErrForgetful after one", err, a.prompts.Load())
	}
}

func TestUnansweredQuestionTimesOutAndHoldsNothingUp(t *testing.T) {
	a := startAsking(t, &asking{})
	err := short.Set(keystore.AllowPrompt(context.Background()), item, secret.Random(32))
	if !errors.Is(err, keystore.ErrTimeout) || a.prompts.Load() != 1 {
		t.Fatalf("%v after %d questions, want ErrTimeout after one", err, a.prompts.Load())
	}
	if _, err := patient.Get(context.Background(), item); !errors.Is(err, keystore.ErrMissing) {
		t.Fatalf("Get while the question stands: %v, want ErrMissing", err)
	}
	if err := patient.Delete(context.Background(), other); err != nil {
		t.Fatalf("Delete of another item: %v", err)
	}
}

func TestKeychainThatHoldsOnToTheOldIsForgetful(t *testing.T) {
	startAsking(t, &asking{holds: base64.StdEncoding.EncodeToString(make([]byte, 32))})
	ctx := context.Background()
	if err := patient.Set(ctx, item, secret.Random(32)); !errors.Is(err, keystore.ErrForgetful) {
		t.Errorf("Set: %v, want ErrForgetful", err)
	}
	if err := patient.Delete(ctx, item); !errors.Is(err, keystore.ErrForgetful) {
		t.Errorf("Delete: %v, want ErrForgetful", err)
	}
}

package keystore_test

import (
	"context"
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
// dismissed, or never answered.
type asking struct {
	conn    *dbus.Conn
	answer  bool
	prompts atomic.Int32
}

const (
	askPath    = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath  = askPath + "/collection/login"
	promptPath = askPath + "/prompt/p1"
)

func (a *asking) OpenSession(string, dbus.Variant) (dbus.Variant, dbus.ObjectPath, *dbus.Error) {
	return dbus.MakeVariant(""), askPath + "/session/s1", nil
}

func (a *asking) Unlock(objects []dbus.ObjectPath) ([]dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
	return objects, "/", nil
}

func (a *asking) SearchItems(map[string]string) ([]dbus.ObjectPath, *dbus.Error) { return nil, nil }

type wireSecret struct {
	Session     dbus.ObjectPath
	Parameters  []byte
	Value       []byte
	ContentType string
}

func (a *asking) CreateItem(map[string]dbus.Variant, wireSecret, bool) (dbus.ObjectPath, dbus.ObjectPath, *dbus.Error) {
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

func startAsking(t *testing.T, answer bool) *asking {
	t.Helper()
	service := keystoretest.StartForThisProcess(t)
	service.StopKeyring()
	conn, err := dbus.ConnectSessionBus()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	a := &asking{conn: conn, answer: answer}
	for path, iface := range map[dbus.ObjectPath]string{askPath: "Service", loginPath: "Collection", promptPath: "Prompt",
		askPath + "/session/s1": "Session"} {
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
	a := startAsking(t, true)
	err := patient.Set(keystore.AllowPrompt(context.Background()), item, secret.Random(32))
	if !errors.Is(err, keystore.ErrForgetful) || a.prompts.Load() != 1 {
		t.Fatalf("%v after %d questions, want ErrForgetful after one", err, a.prompts.Load())
	}
}

func TestUnansweredQuestionTimesOutAndHoldsNothingUp(t *testing.T) {
	a := startAsking(t, false)
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

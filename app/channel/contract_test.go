package channel

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"lightproof/app/channel/channeltest"
	"lightproof/backup"
)

const someObject = "c/ab/" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcd"

// filled is a fake with something in every list.
func filled(home string) *channeltest.Fake {
	f := channeltest.NewFake(home)
	f.PutObject(someObject, []byte("ciphertext"))
	f.PutObject("k/0000000001", []byte("control entry"))
	for _, what := range []string{"problems", "folders", "files", "activity"} {
		var rows []backup.Row
		for i := range 10 {
			rows = append(rows, backup.Row{Key: fmt.Sprintf("%03d", i), Path: "/home/anna/Pictures/IMG_1.CR3", Code: "busy"})
		}
		f.PutRows(what, rows...)
	}
	var entries []backup.Row
	for i := range seenEntries {
		entries = append(entries, backup.Row{Key: fmt.Sprintf("%064x", i), Size: int64(i)})
	}
	f.PutRows(backup.CreditList, entries...)
	return f
}

// seenEntries is more than one page of a list holds.
const seenEntries = 777

// newHome is a home folder with a runtime folder whose path is short enough for sockets (t.TempDir's holds the test's name).
func newHome(t *testing.T) string {
	t.Helper()
	run, err := os.MkdirTemp("", "lp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	t.Setenv("XDG_RUNTIME_DIR", run)
	return t.TempDir()
}

// served gives a client of f over a line of its own.
func served(t *testing.T, f *channeltest.Fake) (*Server, *Client) {
	t.Helper()
	s, err := Serve(context.Background(), f.Home, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, dialed(t, f.Home)
}

func dialed(t *testing.T, home string) *Client {
	t.Helper()
	c, err := Dial(context.Background(), home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestFakeKeepsTheContract(t *testing.T) {
	channeltest.Contract(t, func(t *testing.T) channeltest.Subject {
		return channeltest.Subject{Service: filled(t.TempDir()), Answer: channeltest.Answer, Object: someObject, Entries: seenEntries}
	})
}

func TestClientKeepsTheContract(t *testing.T) {
	channeltest.Contract(t, func(t *testing.T) channeltest.Subject {
		_, c := served(t, filled(newHome(t)))
		return channeltest.Subject{Service: c, Answer: channeltest.Answer, Object: someObject, Remote: true, Entries: seenEntries}
	})
}

func TestTestHomesFitASocket(t *testing.T) {
	s, _ := served(t, filled(newHome(t)))
	if !strings.Contains(s.Address(), "lightproof") || len(s.Address()) > 100 {
		t.Errorf("address %q", s.Address())
	}
}

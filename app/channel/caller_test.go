package channel

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
)

func TestNamesNeedTheProofOfUnlock(t *testing.T) {
	f := filled(newHome(t))
	f.OnDo = func(context.Context, backup.Command) (backup.Reply, error) {
		secret := backup.Issue{Code: "busy", Path: "/home/anna", Args: map[string]string{"name": "anna"}}
		return backup.Reply{Lines: []backup.Issue{secret}, Run: &backup.Run{Issues: []backup.Issue{secret}}}, nil
	}
	_, c := served(t, f)
	named := func() bool {
		t.Helper()
		page, err := c.List(t.Context(), backup.Query{What: "problems", Limit: 5})
		if err != nil || len(page.Rows) != 5 || page.Rows[0].Code != "busy" {
			t.Fatalf("%+v, %v", page, err)
		}
		reply, err := c.Do(t.Context(), backup.BackUp{})
		if err != nil {
			t.Fatal(err)
		}
		if (reply.Lines[0].Path != "") != (page.Rows[0].Path != "") || (reply.Run.Issues[0].Path != "") != (page.Rows[0].Path != "") {
			t.Error("list and answer do not agree")
		}
		_, err = c.List(t.Context(), backup.Query{What: "files", Limit: 5})
		_, filtered := c.List(t.Context(), backup.Query{What: "problems", Limit: 5, Filter: "anna"})
		if locked := errors.Is(err, backup.ErrLocked); locked == (page.Rows[0].Path != "") || errors.Is(filtered, backup.ErrLocked) != locked {
			t.Errorf("files: %v, filter: %v", err, filtered)
		}
		_, err = c.Do(t.Context(), backup.RemoveFolder{ID: "1"})
		if errors.Is(err, backup.ErrLocked) == (page.Rows[0].Path != "") {
			t.Errorf("a command that weakens protection: %v", err)
		}
		return page.Rows[0].Path != ""
	}
	if named() {
		t.Error("names before the proof")
	}
	unlock(t, c)
	if !named() {
		t.Error("no names after the proof")
	}
	other := dialed(t, f.Home)
	if page, err := other.List(t.Context(), backup.Query{What: "problems", Limit: 1}); err != nil || page.Rows[0].Path != "" {
		t.Errorf("another caller sees names: %+v, %v", page, err)
	}
	token := c.token
	c.Forget()
	if named() {
		t.Error("names after Forget")
	}
	// The server must forget it too, and does so when it notices the end of the stream.
	stolen := func(r *http.Request) { r.Header.Set(headerProof, token) }
	deadline := time.Now().Add(fuse)
	for {
		status, _ := raw(t, f.Home, stolen, "GET", "/v1/list/files?limit=1", nil)
		if status == 403 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the token outlives its stream")
		}
	}
	unlock(t, c)
	if !named() {
		t.Error("a second proof does not count")
	}
}

func TestACommandActsOnce(t *testing.T) {
	f := filled(newHome(t))
	entered, stopped, leave := make(chan struct{}, 10), make(chan struct{}, 10), make(chan struct{})
	f.OnDo = func(ctx context.Context, c backup.Command) (backup.Reply, error) {
		entered <- struct{}{}
		select {
		case <-leave:
			return backup.Reply{ID: "folder-1"}, nil
		case <-ctx.Done():
			stopped <- struct{}{}
			return backup.Reply{}, ctx.Err()
		}
	}
	served(t, f)
	add := func(ctx context.Context, id, body string) (int, string, error) {
		tr := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, _, err := dial(ctx, f.Home, keeperLine)
			return c, err
		}}
		req, _ := http.NewRequestWithContext(ctx, "POST", "http://"+host+"/v1/do/add-folder", strings.NewReader(body))
		req.Header.Set(headerProtocol, strconv.Itoa(backup.Protocol))
		req.Header.Set(headerCommand, id)
		resp, err := tr.RoundTrip(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b), err
	}
	id := strings.Repeat("a", 32)
	// Two callers under one id share one run.
	results := make(chan string, 2)
	ask := func() { _, b, _ := add(t.Context(), id, `{"path":"/a"}`); results <- b }
	go ask()
	<-entered
	go ask()
	if status, _, _ := add(t.Context(), id, `{"path":"/b"}`); status != 400 {
		t.Errorf("another command under the same id: %d", status)
	}
	close(leave)
	for range 2 {
		if b := <-results; !strings.Contains(b, "folder-1") {
			t.Errorf("answer %q", b)
		}
	}
	if _, b, _ := add(t.Context(), id, `{"path":"/a"}`); !strings.Contains(b, "folder-1") || len(f.Commands()) != 1 {
		t.Errorf("a repeat was answered %q after %d runs", b, len(f.Commands()))
	}
	// A run whose only caller goes away is stopped, and done when asked for again.
	leave = make(chan struct{})
	id = strings.Repeat("b", 32)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, _, err := add(ctx, id, `{"path":"/c"}`); gone <- err }()
	<-entered
	cancel()
	if <-gone == nil {
		t.Error("an answer to nobody")
	}
	<-stopped // before that the retry would join the run
	go func() { <-entered; close(leave) }()
	if _, b, _ := add(t.Context(), id, `{"path":"/c"}`); !strings.Contains(b, "folder-1") {
		t.Errorf("a retry after a broken connection was answered %q", b)
	}
}

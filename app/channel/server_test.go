package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"lightproof/app/channel/channeltest"
	"lightproof/backup"
	"lightproof/backup/store"
)

// fuse bounds waits that end long before in a program that works.
const fuse = 20 * time.Second

// raw speaks HTTP to the line as a program would that is not our client.
func raw(t *testing.T, home string, change func(*http.Request), method, path string, body io.Reader) (int, string) {
	t.Helper()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, _, err := dial(ctx, home, keeperLine)
		return c, err
	}}
	defer tr.CloseIdleConnections()
	req, err := http.NewRequest(method, "http://"+host+path, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(headerProtocol, strconv.Itoa(backup.Protocol))
	req.Header.Set(headerCommand, strings.Repeat("0", 32))
	if change != nil {
		change(req)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestRequestsOfAPageAreRefused(t *testing.T) {
	f := filled(newHome(t))
	served(t, f)
	for name, change := range map[string]func(*http.Request){
		"another host":    func(r *http.Request) { r.Host = "localhost:8080" },
		"an origin":       func(r *http.Request) { r.Header.Set("Origin", "null") },
		"a referrer":      func(r *http.Request) { r.Header.Set("Referer", "http://lightproof/") },
		"a fetch":         func(r *http.Request) { r.Header.Set("Sec-Fetch-Mode", "no-cors") },
		"no protocol":     func(r *http.Request) { r.Header.Del(headerProtocol) },
		"other protocol":  func(r *http.Request) { r.Header.Set(headerProtocol, "2") },
		"other instance":  func(r *http.Request) { r.Header.Set(headerInstance, "00") },
		"another command": func(r *http.Request) { r.URL.Path = "/v1/do/erase" },
		"no command id":   func(r *http.Request) { r.Header.Del(headerCommand) },
		"another method":  func(r *http.Request) { r.Method = http.MethodGet },
	} {
		t.Run(name, func(t *testing.T) {
			if status, body := raw(t, f.Home, change, "POST", "/v1/do/back-up", strings.NewReader("{}")); status < 400 {
				t.Errorf("answered %d %s", status, body)
			}
		})
	}
	if len(f.Commands()) != 0 {
		t.Errorf("carried out: %v", f.Commands())
	}
	if status, body := raw(t, f.Home, nil, "POST", "/v1/do/back-up", strings.NewReader("{}")); status != 200 {
		t.Errorf("the lawful request was answered %d %s", status, body)
	}
}

func TestOtherVersionsUnderstandHelloAndRetire(t *testing.T) {
	f := filled(newHome(t))
	served(t, f)
	older := func(r *http.Request) { r.Header.Set(headerProtocol, "99") }
	for path, want := range map[string]int{"/v1/hello": 200, "/v1/state": 505, "/v1/events": 505} {
		if status, _ := raw(t, f.Home, older, "GET", path, nil); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := raw(t, f.Home, older, "POST", "/v1/do/retire", strings.NewReader(`{"reason":"update"}`)); status != 200 {
		t.Errorf("retire: %d", status)
	}
	if !reflect.DeepEqual(f.Commands(), []backup.Command{backup.Retire{Reason: "update"}}) {
		t.Errorf("carried out: %v", f.Commands())
	}
}

func TestBodiesOverTheirBoundAreRefused(t *testing.T) {
	f := filled(newHome(t))
	_, c := served(t, f)
	big := `{"path":"` + strings.Repeat("a", MaxCommand) + `"}`
	if status, body := raw(t, f.Home, nil, "POST", "/v1/do/add-folder", strings.NewReader(big)); status != 413 {
		t.Errorf("a command of a megabyte: %d %s", status, body)
	}
	if _, err := c.Do(t.Context(), backup.AddFolder{Path: big}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("the client sent it: %v", err)
	}
	unlock(t, c)
	object := backup.SealedObject{Name: someObject, Data: make([]byte, MaxObject+1)}
	if err := c.Sealed(t.Context(), backup.SealedBatch{Objects: []backup.SealedObject{object}}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("an object over the bound: %v", err)
	}
	object.Data = object.Data[:MaxObject]
	nine := make([]backup.SealedObject, 9)
	for i := range nine {
		nine[i] = object
	}
	if err := c.Sealed(t.Context(), backup.SealedBatch{Objects: nine}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d bytes at once: %v", 9*MaxObject, err)
	}
	proof := func(r *http.Request) { r.Header.Set(headerProof, c.token) }
	head := `{"objects":[{"name":"` + someObject + `","class":0,"size":9000000}]}` + "\n"
	if status, body := raw(t, f.Home, proof, "POST", "/v1/sealed", strings.NewReader(head)); status != 413 {
		t.Errorf("a head that promises too much: %d %s", status, body)
	}
	if len(f.Batches()) != 0 || len(f.Commands()) != 0 {
		t.Error("something reached the engine")
	}
}

func unlock(t *testing.T, c *Client) {
	t.Helper()
	sealed, err := c.Challenge(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Prove(t.Context(), channeltest.Answer(sealed)); err != nil {
		t.Fatal(err)
	}
}

func TestSealedObjectsArriveWhole(t *testing.T) {
	f := filled(newHome(t))
	_, c := served(t, f)
	batch := backup.SealedBatch{
		Objects:   []backup.SealedObject{{Name: someObject, Class: 2, Data: bytes.Repeat([]byte{7}, MaxObject)}, {Name: "c/00/" + someObject[5:], Data: []byte{}}},
		Envelopes: []backup.SealedObject{{Name: "k/0000000002", Class: 255, Data: []byte("entry\n")}},
		Payload:   []byte{1, 2, 3}, Extends: [32]byte{9}, FoldedTo: 77, ListedCIDs: [][]byte{{1}, {2}},
	}
	if err := c.Sealed(t.Context(), batch); !errors.Is(err, backup.ErrLocked) {
		t.Errorf("without the proof: %v", err)
	}
	unlock(t, c)
	if err := c.Sealed(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if got := f.Batches(); len(got) != 1 || !reflect.DeepEqual(got[0], batch) {
		t.Error("the batch changed on its way")
	}
	f.OnSeal = func(backup.SealedBatch) error { return fmt.Errorf("fold: %w", backup.ErrHeadMoved) }
	if err := c.Sealed(t.Context(), batch); !errors.Is(err, backup.ErrHeadMoved) {
		t.Errorf("a refusal came as %v", err)
	}
}

func TestErrorsKeepTheirMeaning(t *testing.T) {
	f := filled(newHome(t))
	_, c := served(t, f)
	seen := map[string]bool{}
	for _, want := range codes {
		if seen[want.code] {
			t.Errorf("code %q twice", want.code)
		}
		seen[want.code] = true
		f.Fail(fmt.Errorf("list problems: %w", want.err))
		_, err := c.List(t.Context(), backup.Query{What: "problems", Limit: 1})
		if !errors.Is(err, want.err) {
			t.Errorf("%v came as %v", want.err, err)
		}
		for _, other := range codes {
			if other.err != want.err && errors.Is(err, other.err) {
				t.Errorf("%v also means %v", want.err, other.err)
			}
		}
		if !strings.Contains(err.Error(), "list problems") {
			t.Errorf("%q lost what was being done", err)
		}
	}
	f.Fail(errors.New("something else"))
	_, err := c.State(t.Context())
	var remote *RemoteError
	if !errors.As(err, &remote) || remote.Code != codeOther || remote.Unwrap() != nil {
		t.Errorf("an error without code came as %#v", err)
	}
	f.Fail(&store.BarrierError{Taken: []string{"a"}})
	if _, err := c.State(t.Context()); !errors.Is(err, store.ErrExists) {
		t.Errorf("a typed error came as %v", err)
	}
}

func TestSlowReaderGetsAResyncAndStopsNobody(t *testing.T) {
	f := filled(newHome(t))
	_, c := served(t, f)
	slow, err := c.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	quick, err := c.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const total = 40_000
	resync := false
	for i := range total { // nobody reads slow; its socket and its queue run full
		f.Publish(backup.Event{Kind: "activity", Code: "copied", Count: int64(i)})
		for i%100 == 99 { // keeps the fake's own short queue from running over
			if ev := <-quick; ev.Kind == "resync" || ev.Count == int64(i) {
				break
			}
		}
	}
	timeout := time.After(fuse)
	for last := uint64(0); ; {
		select {
		case ev := <-slow:
			if ev.Seq <= last {
				t.Fatalf("event %d after %d", ev.Seq, last)
			}
			last = ev.Seq
			if ev.Kind == "resync" {
				resync = ev.State != nil && ev.State.Seq <= ev.Seq
			}
			if last >= total {
				if !resync {
					t.Error("no resync with a whole state")
				}
				return
			}
		case <-timeout:
			t.Fatal("the reader never came up to date")
		}
	}
}

func TestUnknownEventsAreIgnored(t *testing.T) {
	f := filled(newHome(t))
	_, c := served(t, f)
	ch, err := c.Events(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	<-ch
	f.Publish(backup.Event{Kind: "of-a-later-version"})
	f.Beat()
	if ev := <-ch; ev.Kind != "beat" {
		t.Errorf("got %+v", ev)
	}
}

func TestObjectsCanBeReadInRanges(t *testing.T) {
	f := filled(newHome(t))
	served(t, f)
	part := func(r *http.Request) { r.Header.Set("Range", "bytes=2-5") }
	if status, body := raw(t, f.Home, part, "GET", "/v1/object/"+someObject, nil); status != 206 || body != "pher" {
		t.Errorf("%d %q", status, body)
	}
	for _, name := range []string{"%2e%2e/space.json", "c/..%2f..%2fx", "space.json", "tmp/a", "l/" + strings.Repeat("a", 300)} {
		if status, body := raw(t, f.Home, nil, "GET", "/v1/object/"+name, nil); status == 200 {
			t.Errorf("%s was served: %s", name, body)
		}
	}
}

func TestACutListingIsAnError(t *testing.T) {
	f := filled(newHome(t))
	_, c := served(t, f)
	f.Fail(fmt.Errorf("list: %w", store.ErrAway))
	if err := c.Objects(t.Context(), "", "", func(string, int64) error { return nil }); !errors.Is(err, store.ErrAway) {
		t.Errorf("a listing that failed: %v", err)
	}
	f.Fail(fs.ErrPermission)
	if err := c.Objects(t.Context(), "c/", "", func(string, int64) error { return nil }); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a listing that failed: %v", err)
	}
}

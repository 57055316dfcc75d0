package channeltest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/store"
)

// Subject is a Service under test.
type Subject struct {
	Service backup.Service
	// Answer opens a challenge with the reader keyset; nil where no vault is set up, then the rest of the contract is what an empty
	// engine keeps.
	Answer func(sealed []byte) []byte
	// Object is the name of an object that is stored, "" for none.
	Object string
	// Remote says that the Service stands behind the line, so that named lists need the proof first.
	Remote bool
	// Entries is how many control entries the engine has seen, -1 where the test does not know.
	Entries int
}

// patience bounds every wait of the contract. It is a fuse, not an expectation.
const patience = 30 * time.Second

// Contract checks what callers may rely on, whichever side of the line the Service is. open gives a fresh Subject that the test
// ends by its Cleanup.
func Contract(t *testing.T, open func(t *testing.T) Subject) {
	run := func(name string, f func(t *testing.T, ctx context.Context, s Subject)) {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			defer cancel()
			f(t, ctx, open(t))
		})
	}
	run("hello names the process", hello)
	run("a state is small, whole and sums up", state)
	run("a stream begins with a whole state and ends with its context", stream)
	run("a change reaches every stream", change)
	run("a caller that gives up is answered", giveUp)
	run("many callers at once", concurrent)
	run("an unknown list is an error", unknownList)
	run("pages do not overlap", pages)
	run("credits are counts of control entries, without a proof", credits)
	run("object names are checked", objectNames)
	run("listed objects can be read", listedObjects)
	run("an error of the reader ends a listing", listingStops)
	run("the unlock is proved by the right answer only, once", proof)
}

func hello(t *testing.T, ctx context.Context, s Subject) {
	h, err := s.Service.Hello(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if h.Protocol != backup.Protocol || h.PID <= 0 || h.Build == "" || h.Home == "" || h.Started.IsZero() {
		t.Errorf("hello is not filled: %+v", h)
	}
}

func state(t *testing.T, ctx context.Context, s Subject) {
	st, err := s.Service.State(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !st.Counts.Sums() && st.Verdict != backup.CannotTell {
		t.Errorf("the sums are broken and the verdict is %v", st.Verdict)
	}
	b, err := json.Marshal(st)
	if err != nil || len(b) > 64<<10 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

func stream(t *testing.T, ctx context.Context, s Subject) {
	ctx, cancel := context.WithCancel(ctx)
	ch, err := s.Service.Events(ctx)
	if err != nil {
		t.Fatal(err)
	}
	first := next(t, ch)
	if first.State == nil || (first.Kind != "state" && first.Kind != "resync") {
		t.Errorf("the first event is %+v", first)
	}
	cancel()
	fuse := time.After(patience)
	for {
		select {
		case _, open := <-ch:
			if !open {
				return
			}
		case <-fuse:
			t.Fatal("the stream did not end")
		}
	}
}

// change pauses and resumes: commands that every engine knows.
func change(t *testing.T, ctx context.Context, s Subject) {
	if s.Answer == nil {
		return
	}
	var streams []<-chan backup.Event
	for range 3 {
		ch, err := s.Service.Events(ctx)
		if err != nil {
			t.Fatal(err)
		}
		streams = append(streams, ch)
	}
	if _, err := s.Service.Do(ctx, backup.PauseFor{For: time.Hour}); err != nil {
		t.Fatal(err)
	}
	for _, ch := range streams {
		for ev := next(t, ch); ev.State == nil || ev.State.Paused == nil; ev = next(t, ch) {
		}
	}
	if st, err := s.Service.State(ctx); err != nil || st.Paused == nil || st.Paused.Until.IsZero() {
		t.Errorf("a pause that is not shown, or without end: %+v, %v", st, err)
	}
	if _, err := s.Service.Do(ctx, backup.Resume{}); err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for _, ch := range streams[:1] {
		for {
			ev := next(t, ch)
			if ev.Seq < last {
				t.Errorf("sequence number %d after %d", ev.Seq, last)
			}
			last = ev.Seq
			if ev.State != nil && ev.State.Paused == nil {
				return
			}
		}
	}
}

func giveUp(t *testing.T, ctx context.Context, s Subject) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Service.State(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("State: %v", err)
	}
	if _, err := s.Service.Do(ctx, backup.BackUp{}); err == nil {
		t.Error("a command began after its caller had gone")
	}
}

func concurrent(t *testing.T, ctx context.Context, s Subject) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				if _, err := s.Service.State(ctx); err != nil {
					t.Errorf("State: %v", err)
				}
				if _, err := s.Service.List(ctx, backup.Query{What: "problems", Limit: 10}); err != nil {
					t.Errorf("List: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func unknownList(t *testing.T, ctx context.Context, s Subject) {
	for _, what := range []string{"", "nothing-of-the-kind", "../problems"} {
		if _, err := s.Service.List(ctx, backup.Query{What: what, Limit: 10}); err == nil {
			t.Errorf("list %q exists", what)
		}
	}
	for _, limit := range []int{0, -1, 501} {
		if page, err := s.Service.List(ctx, backup.Query{What: "problems", Limit: limit}); err == nil && len(page.Rows) > 500 {
			t.Errorf("limit %d gave %d rows", limit, len(page.Rows))
		}
	}
}

func pages(t *testing.T, ctx context.Context, s Subject) {
	prove(t, ctx, s)
	for _, what := range []string{"problems", "folders", "files", "activity"} {
		seen := map[string]bool{}
		for q := (backup.Query{What: what, Limit: 3}); ; {
			page, err := s.Service.List(ctx, q)
			if s.Answer == nil && err != nil {
				break // nothing to list before set-up
			}
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			for _, r := range page.Rows {
				if r.Key == "" || seen[r.Key] {
					t.Errorf("%s: key %q comes twice or is empty", what, r.Key)
				}
				seen[r.Key] = true
			}
			if page.Next == "" || len(page.Rows) == 0 {
				break
			}
			q.After = page.Next
		}
	}
}

func credits(t *testing.T, ctx context.Context, s Subject) {
	if s.Answer == nil {
		return
	}
	got, err := backup.ReadCredits(ctx, s.Service)
	if err != nil || s.Entries >= 0 && len(got) != s.Entries {
		t.Errorf("%d control entries, %v; want %d", len(got), err, s.Entries)
	}
	for h, d := range got {
		if d < 0 {
			t.Errorf("%s is known for %v", h, d)
		}
	}
}

func objectNames(t *testing.T, ctx context.Context, s Subject) {
	if s.Answer == nil {
		return
	}
	for _, name := range []string{"", "/etc/passwd", "../space.json", "c/../../x", "c//x", "C/AB", "tmp/x", "c/ab/%2e%2e", "k/1\n"} {
		if _, err := s.Service.Object(ctx, name, "", false); !errors.Is(err, store.ErrInvalidName) && !errors.Is(err, store.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
	missing := "c/00/" + strings.Repeat("0", 62)
	if _, err := s.Service.Object(ctx, missing, "", false); !errors.Is(err, store.ErrNotExist) {
		t.Errorf("a missing object: %v", err)
	}
}

func listedObjects(t *testing.T, ctx context.Context, s Subject) {
	if s.Object == "" {
		return
	}
	found := false
	err := s.Service.Objects(ctx, s.Object[:2], "", func(name string, size int64) error {
		if name != s.Object {
			return nil
		}
		found = true
		data, err := s.Service.Object(ctx, name, "", true)
		if err != nil || int64(len(data)) != size {
			t.Errorf("%s is listed with %d bytes, read %d, %v", name, size, len(data), err)
		}
		return nil
	})
	if err != nil || !found {
		t.Errorf("%s: found %v, %v", s.Object, found, err)
	}
}

func listingStops(t *testing.T, ctx context.Context, s Subject) {
	if s.Object == "" {
		return
	}
	enough := errors.New("enough")
	calls := 0
	err := s.Service.Objects(ctx, "", "", func(string, int64) error { calls++; return enough })
	if !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func proof(t *testing.T, ctx context.Context, s Subject) {
	if s.Answer == nil {
		return
	}
	if err := s.Service.Prove(ctx, make([]byte, 32)); !errors.Is(err, backup.ErrLocked) {
		t.Errorf("an answer without a question: %v", err)
	}
	first := challenge(t, ctx, s)
	second := challenge(t, ctx, s)
	if string(first) == string(second) {
		t.Error("two challenges are the same")
	}
	a := s.Answer(first)
	wrong := append([]byte(nil), a...)
	wrong[31] ^= 1
	if err := s.Service.Prove(ctx, wrong); !errors.Is(err, backup.ErrLocked) {
		t.Errorf("a wrong answer: %v", err)
	}
	if err := s.Service.Prove(ctx, s.Answer(second)); err != nil {
		t.Errorf("the right answer to the second of two: %v", err)
	}
	if err := s.Service.Prove(ctx, s.Answer(second)); !errors.Is(err, backup.ErrLocked) {
		t.Errorf("the same answer again: %v", err)
	}
}

// prove opens the named lists to the caller where that is needed.
func prove(t *testing.T, ctx context.Context, s Subject) {
	t.Helper()
	if s.Answer == nil || !s.Remote {
		return
	}
	if err := s.Service.Prove(ctx, s.Answer(challenge(t, ctx, s))); err != nil {
		t.Fatal(err)
	}
}

func challenge(t *testing.T, ctx context.Context, s Subject) []byte {
	t.Helper()
	sealed, err := s.Service.Challenge(ctx)
	if err != nil || len(sealed) < 32 {
		t.Fatalf("challenge of %d bytes, %v", len(sealed), err)
	}
	return sealed
}

func next(t *testing.T, ch <-chan backup.Event) backup.Event {
	t.Helper()
	select {
	case ev, open := <-ch:
		if !open {
			t.Fatal("the stream ended")
		}
		return ev
	case <-time.After(patience):
		t.Fatal("no event")
	}
	return backup.Event{}
}

package channel

import (
	"context"
	"os"
	"testing"

	"lightproof/app/channel/channeltest"
	"lightproof/backup"
)

func benchClient(b *testing.B) (*channeltest.Fake, *Client) {
	run, err := os.MkdirTemp("", "lp")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(run) })
	b.Setenv("XDG_RUNTIME_DIR", run)
	f := filled(b.TempDir())
	s, err := Serve(context.Background(), f.Home, f)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	c, err := Dial(context.Background(), f.Home)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(c.Close)
	return f, c
}

// One command there and back; at most 5 ms are meant.
func BenchmarkCommand(b *testing.B) {
	f, c := benchClient(b)
	f.OnDo = func(context.Context, backup.Command) (backup.Reply, error) { return backup.Reply{}, nil }
	for b.Loop() {
		if _, err := c.Do(b.Context(), backup.AddFolder{Path: "/home/anna/Pictures"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkState(b *testing.B) {
	_, c := benchClient(b)
	for b.Loop() {
		if _, err := c.State(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// Objects of the largest size, one after another; at least 500 MB/s are meant.
func BenchmarkObject(b *testing.B) {
	f, c := benchClient(b)
	f.PutObject(someObject, make([]byte, MaxObject))
	b.SetBytes(MaxObject)
	for b.Loop() {
		if _, err := c.Object(b.Context(), someObject, "", false); err != nil {
			b.Fatal(err)
		}
	}
}

// From an engine's event to the client's channel.
func BenchmarkEvent(b *testing.B) {
	f, c := benchClient(b)
	events, err := c.Events(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	<-events
	for b.Loop() {
		f.Beat()
		<-events
	}
}

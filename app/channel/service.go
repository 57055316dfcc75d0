package channel

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"lightproof/backup"
)

var _ backup.Service = (*Client)(nil)

// Hello asks who serves; it is understood across versions.
func (c *Client) Hello(ctx context.Context) (backup.Hello, error) {
	var h backup.Hello
	err := c.ask(ctx, request{method: http.MethodGet, path: "/v1/hello", watch: true}, &h)
	return h, err
}

// State asks for the newest snapshot.
func (c *Client) State(ctx context.Context) (*backup.State, error) {
	s := new(backup.State)
	if err := c.ask(ctx, request{method: http.MethodGet, path: "/v1/state", watch: true}, s); err != nil {
		return nil, err
	}
	return s, nil
}

// Events streams until ctx ends, the connection breaks or the engine falls silent (Health tells which), then closes the channel.
// An event of an unknown kind is left out.
func (c *Client) Events(ctx context.Context) (<-chan backup.Event, error) {
	resp, err := c.open(ctx, request{method: http.MethodGet, path: "/v1/events", watch: true})
	if err != nil {
		return nil, err
	}
	out := make(chan backup.Event)
	go func() {
		defer close(out)
		defer resp.Body.Close()
		in := bufio.NewReaderSize(resp.Body, 64<<10)
		for {
			line, err := readLine(in, maxLine)
			if err != nil {
				return
			}
			var ev backup.Event
			if decodeLenient(line, &ev) != nil || !knownEvents[ev.Kind] {
				continue
			}
			select {
			case out <- ev:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

var knownEvents = map[string]bool{"state": true, "beat": true, "resync": true, "activity": true}

// Do carries out one command. When the connection breaks before the answer, it asks once more under the same id, of the same run of
// the server only: so a command never acts twice. An error that matches backup.ErrGone leaves open whether it acted.
func (c *Client) Do(ctx context.Context, cmd backup.Command) (backup.Reply, error) {
	var reply backup.Reply
	body, err := encode(cmd)
	if err != nil {
		return reply, err
	}
	if len(body) > MaxCommand {
		return reply, fmt.Errorf("%w: command of %d bytes", ErrTooLarge, len(body))
	}
	r := request{method: http.MethodPost, path: "/v1/do/" + cmd.CommandName(), body: body, watch: cmd.CommandName() != retire}
	r.header = map[string]string{headerCommand: randomHex(16)}
	c.mu.Lock()
	instance := c.instance
	c.mu.Unlock()
	err = c.ask(ctx, r, &reply)
	var broken brokenError
	if errors.As(err, &broken) && instance != "" && ctx.Err() == nil {
		r.header[headerInstance] = instance
		reply = backup.Reply{}
		if again := c.ask(ctx, r, &reply); !errors.Is(again, errOtherInstance) {
			return reply, again
		}
	}
	return reply, err
}

// List asks for one page.
func (c *Client) List(ctx context.Context, q backup.Query) (backup.Page, error) {
	v := url.Values{"limit": {strconv.Itoa(q.Limit)}}
	if q.After != "" {
		v.Set("after", q.After)
	}
	if q.Filter != "" {
		v.Set("filter", q.Filter)
	}
	var page backup.Page
	if !listName(q.What) {
		return page, fmt.Errorf("%w: no list %.40q", ErrBadRequest, q.What)
	}
	err := c.ask(ctx, request{method: http.MethodGet, path: "/v1/list/" + q.What, query: v, watch: true}, &page)
	return page, err
}

// listName keeps anything that is not a plain word out of the request's path.
func listName(s string) bool {
	for i := range len(s) {
		if (s[i] < 'a' || s[i] > 'z') && s[i] != '-' {
			return false
		}
	}
	return s != ""
}

// Object reads one stored object, at most MaxObject bytes of ciphertext.
func (c *Client) Object(ctx context.Context, name, destination string, fresh bool) ([]byte, error) {
	if err := checkObject(name, destination); err != nil {
		return nil, err
	}
	v := url.Values{}
	if destination != "" {
		v.Set("destination", destination)
	}
	if fresh {
		v.Set("fresh", "1")
	}
	resp, err := c.open(ctx, request{method: http.MethodGet, path: "/v1/object/" + name, query: v, watch: true})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.ContentLength < 0 || resp.ContentLength > MaxObject {
		return nil, fmt.Errorf("%w: object of %d bytes", ErrTooLarge, resp.ContentLength)
	}
	data := make([]byte, resp.ContentLength)
	if _, err := io.ReadFull(resp.Body, data); err != nil {
		return nil, err
	}
	return data, nil
}

// Objects lists names and sizes; an error of fn ends it and is returned.
func (c *Client) Objects(ctx context.Context, prefix, destination string, fn func(name string, size int64) error) error {
	if err := checkPrefix(prefix, destination); err != nil {
		return err
	}
	v := url.Values{"prefix": {prefix}}
	if destination != "" {
		v.Set("destination", destination)
	}
	resp, err := c.open(ctx, request{method: http.MethodGet, path: "/v1/objects", query: v, watch: true})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := bufio.NewReaderSize(resp.Body, 64<<10)
	for {
		line, err := readLine(in, 4<<10)
		if err != nil {
			return fmt.Errorf("the listing broke off: %w", err)
		}
		var o objectLine
		if err := decodeLenient(line, &o); err != nil {
			return err
		}
		if o.Error != nil {
			return o.Error.err()
		}
		if o.End {
			return nil
		}
		if err := fn(o.Name, o.Size); err != nil {
			return err
		}
	}
}

// Sealed hands over finished objects: at most MaxSealedCount of them, MaxObject bytes each and MaxSealed together.
func (c *Client) Sealed(ctx context.Context, b backup.SealedBatch) error {
	h := sealedHead{Payload: b.Payload, Extends: b.Extends, FoldedTo: b.FoldedTo, ListedCIDs: b.ListedCIDs, Idle: b.Idle}
	parts := []io.Reader{nil}
	for _, l := range []struct {
		from []backup.SealedObject
		to   *[]sealedObject
	}{{b.Objects, &h.Objects}, {b.Envelopes, &h.Envelopes}} {
		for _, o := range l.from {
			*l.to = append(*l.to, sealedObject{Name: o.Name, Class: o.Class, Size: int64(len(o.Data))})
			parts = append(parts, bytes.NewReader(o.Data))
		}
	}
	total, err := h.check()
	if err != nil {
		return err
	}
	line, err := json.Marshal(h)
	if err != nil {
		return err
	}
	if len(line) > 2*MaxCommand-1 {
		return fmt.Errorf("%w: its list has %d bytes", ErrTooLarge, len(line))
	}
	parts[0] = bytes.NewReader(append(line, '\n'))
	r := request{method: http.MethodPost, path: "/v1/sealed", stream: io.MultiReader(parts...), length: int64(len(line)) + 1 + total, watch: true}
	return c.ask(ctx, r, &struct{}{})
}

// Challenge asks for 32 random bytes sealed to the reader keyset.
func (c *Client) Challenge(ctx context.Context) ([]byte, error) {
	var m challengeMessage
	err := c.ask(ctx, request{method: http.MethodPost, path: "/v1/unlock/challenge", watch: true}, &m)
	return m.Sealed, err
}

// Prove gives the opened bytes back. It holds until Forget, Close, or until the engine or this process ends.
func (c *Client) Prove(ctx context.Context, answer []byte) error {
	session, err := c.session(ctx)
	if err != nil {
		return err
	}
	body, err := json.Marshal(proveMessage{Answer: answer})
	if err != nil {
		return err
	}
	var m tokenMessage
	r := request{method: http.MethodPost, path: "/v1/unlock/prove", body: body, watch: true}
	r.header = map[string]string{headerSession: session}
	if err := c.ask(ctx, r, &m); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pulse == nil || c.pulse.session != session {
		return backup.ErrGone // the stream ended meanwhile, the token with it
	}
	c.token = m.Token
	return nil
}

// EndHung ends an engine's process that may not answer: Retire with patience (5 s is meant), then a kill of exactly the process
// that the socket's credentials name, if its start time is still the one seen when connecting. It returns nil when that process is
// gone.
func (c *Client) EndHung(ctx context.Context, reason string, patience time.Duration) error {
	c.mu.Lock()
	server := c.server
	c.mu.Unlock()
	asked, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	c.Do(asked, backup.Retire{Reason: reason})
	return server.end(asked)
}

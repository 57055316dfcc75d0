package channel

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

// pulse is the client's own stream of beats, and its session at the server.
type pulse struct {
	cancel  context.CancelCauseFunc
	ready   chan struct{} // closed when the stream stands or has failed
	done    chan struct{} // closed when it has ended
	session string
	err     error
	waiting map[*context.CancelCauseFunc]bool // requests that fail with ErrHung when the beat stops
}

// watched makes cancel be called with ErrHung when the beat stops. The result ends that.
func (c *Client) watched(cancel context.CancelCauseFunc) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.startPulse()
	p.waiting[&cancel] = true
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(p.waiting, &cancel)
	}
}

// startPulse returns the living pulse or begins one; c.mu is held.
func (c *Client) startPulse() *pulse {
	if c.pulse != nil {
		return c.pulse
	}
	ctx, cancel := context.WithCancelCause(c.base)
	p := &pulse{cancel: cancel, ready: make(chan struct{}), done: make(chan struct{}), waiting: map[*context.CancelCauseFunc]bool{}}
	c.pulse = p
	go c.listen(ctx, p)
	return p
}

// listen reads beats until the stream ends. Silence ends it.
func (c *Client) listen(ctx context.Context, p *pulse) {
	silence := time.AfterFunc(c.silence, func() { p.cancel(ErrHung) })
	resp, err := c.open(ctx, request{method: http.MethodGet, path: "/v1/events", query: url.Values{"only": {"beat"}}})
	if err == nil {
		p.session = resp.Header.Get(headerSession)
	}
	p.err = err
	close(p.ready)
	for buf := make([]byte, 4<<10); err == nil; {
		silence.Reset(c.silence)
		if _, err = resp.Body.Read(buf); err == nil {
			c.setCondition(Alive)
		}
	}
	silence.Stop()
	if resp != nil {
		resp.Body.Close()
	}
	cause := context.Cause(ctx)
	p.cancel(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulse = nil
	if p.session != "" {
		c.token = ""
	}
	switch {
	case cause == ErrHung:
		c.health.Condition = Hung
		for cancel := range p.waiting {
			(*cancel)(ErrHung)
		}
	case cause == errForgotten:
		if len(p.waiting) > 0 { // requests that are under way stay watched
			c.startPulse().waiting = p.waiting
		}
	case c.base.Err() == nil && c.health.Condition == Alive:
		c.health.Condition = Gone
	}
	close(p.done)
}

// session waits for the client's own stream and returns its id.
func (c *Client) session(ctx context.Context) (string, error) {
	c.mu.Lock()
	p := c.startPulse()
	c.mu.Unlock()
	select {
	case <-p.ready:
		return p.session, p.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

var errForgotten = errors.New("the proof was dropped")

// Forget drops the proof of unlock, here and at the server. A window does this when it locks.
func (c *Client) Forget() {
	c.mu.Lock()
	c.token = ""
	p := c.pulse
	c.mu.Unlock()
	if p != nil {
		p.cancel(errForgotten)
		<-p.done
	}
}

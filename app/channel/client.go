package channel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"lightproof/backup"
)

// Client is a [backup.Service] behind the local line. It connects anew by itself when the engine was restarted; meanwhile its
// methods fail with backup.ErrGone. A hung engine makes them fail with ErrHung.
//
// From the first request on it listens to the engine's beat, over a stream of its own. That stream is also this caller's session:
// the proof of unlock (Prove) ends with it, by Forget, or when the engine goes; named lists then answer backup.ErrLocked again.
type Client struct {
	home    string
	silence time.Duration
	http    *http.Client
	base    context.Context
	stop    context.CancelFunc

	mu       sync.Mutex
	server   process // last seen at the other end
	instance string
	token    string
	pulse    *pulse
	health   Health
}

// Health is what is known of the engine's process.
type Health struct {
	Condition Condition
	Heard     time.Time // last sign of life
}

// Condition of the engine's process.
type Condition uint8

// The conditions.
const (
	Unknown Condition = iota // nothing asked yet
	Alive
	Gone // nobody serves, or the connection broke
	Hung // connected, but silent for Silence
)

// Options of DialWith.
type Options struct {
	Silence time.Duration // 0 = Silence
}

// Dial connects to the engine that serves home. It fails with backup.ErrGone where none does, ErrHung where it does not answer
// within Silence (or until ctx ends), ErrStranger where somebody else's does, and with a Client and ErrOtherProtocol together where
// it is of another version: such a client understands Hello and Retire only.
func Dial(ctx context.Context, home string) (*Client, error) { return DialWith(ctx, home, Options{}) }

// DialWith is Dial with options.
func DialWith(ctx context.Context, home string, o Options) (*Client, error) {
	if o.Silence == 0 {
		o.Silence = Silence
	}
	c := &Client{home: home, silence: o.Silence}
	c.base, c.stop = context.WithCancel(context.Background())
	c.http = &http.Client{Transport: &http.Transport{
		DialContext:         c.dial,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 4,
		IdleConnTimeout:     time.Minute,
		ReadBufferSize:      64 << 10,
		WriteBufferSize:     64 << 10,
	}}
	ctx, cancel := context.WithTimeoutCause(ctx, o.Silence, ErrHung)
	defer cancel()
	h, err := c.Hello(ctx)
	if err != nil {
		c.Close()
		return nil, err
	}
	if h.Protocol != backup.Protocol {
		return c, ErrOtherProtocol
	}
	return c, nil
}

// Close ends all streams of this client. Requests fail with backup.ErrGone from then on.
func (c *Client) Close() {
	c.stop()
	c.http.CloseIdleConnections()
}

func (c *Client) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	conn, p, err := dial(ctx, c.home, keeperLine)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	if c.server.pid != p.pid {
		c.server = process{pid: p.pid, started: startOf(p.pid)}
	}
	c.mu.Unlock()
	return conn, nil
}

// Health tells how the engine's process was when last heard of.
func (c *Client) Health() Health {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.health
}

func (c *Client) setCondition(cond Condition) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.health.Condition = cond
	if cond == Alive {
		c.health.Heard = time.Now()
	}
}

// request is one exchange to make.
type request struct {
	method, path string
	query        url.Values
	header       map[string]string
	body         []byte
	stream       io.Reader // instead of body
	length       int64     // of stream
	watch        bool      // fail with ErrHung when the engine's beat stops
}

// open sends the request and returns an answer with status 200 whose body the caller closes.
func (c *Client) open(ctx context.Context, r request) (*http.Response, error) {
	if c.base.Err() != nil {
		return nil, backup.ErrGone
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	stopBase := context.AfterFunc(c.base, func() { cancel(backup.ErrGone) })
	unwatch := func() {}
	if r.watch {
		unwatch = c.watched(cancel)
	}
	release := func() { stopBase(); unwatch(); cancel(nil) }

	body := r.stream
	if body == nil && r.body != nil {
		body, r.length = bytes.NewReader(r.body), int64(len(r.body))
	}
	u := url.URL{Scheme: "http", Host: host, Path: r.path, RawQuery: r.query.Encode()}
	req, err := http.NewRequestWithContext(ctx, r.method, u.String(), body)
	if err != nil {
		release()
		return nil, err
	}
	if body != nil {
		req.ContentLength = r.length
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set(headerProtocol, strconv.Itoa(backup.Protocol))
	for k, v := range r.header {
		req.Header.Set(k, v)
	}
	c.mu.Lock()
	if c.token != "" {
		req.Header.Set(headerProof, c.token)
	}
	c.mu.Unlock()
	resp, err := c.http.Do(req)
	if err != nil {
		err = c.transportError(ctx, err)
		release()
		return nil, err
	}
	c.mu.Lock()
	c.instance = resp.Header.Get(headerInstance)
	c.mu.Unlock()
	c.setCondition(Alive)
	resp.Body = &answerBody{ReadCloser: resp.Body, client: c, ctx: ctx, release: release}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxLine))
		if err != nil {
			return nil, err
		}
		var p problem
		if decodeLenient(b, &p) != nil || p.Code == "" {
			p = problem{Code: codeOther, Message: fmt.Sprintf("the background part answered %d", resp.StatusCode)}
		}
		return nil, p.err()
	}
	return resp, nil
}

// transportError says what a failed exchange means: the caller stopped, the engine hangs, or it is gone.
func (c *Client) transportError(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, ErrHung) {
			c.setCondition(Hung)
		}
		return cause
	}
	if errors.Is(err, ErrStranger) || errors.Is(err, ErrTooLarge) {
		return err
	}
	c.setCondition(Gone)
	if errors.Is(err, backup.ErrGone) {
		return backup.ErrGone
	}
	return brokenError{err}
}

// brokenError is a connection that broke after it stood. It matches backup.ErrGone.
type brokenError struct{ cause error }

func (e brokenError) Error() string { return backup.ErrGone.Error() + ": " + e.cause.Error() }
func (e brokenError) Unwrap() error { return backup.ErrGone }

// answerBody maps errors while reading, and ends the request's context when closed.
type answerBody struct {
	io.ReadCloser
	client  *Client
	ctx     context.Context
	release func()
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = b.client.transportError(b.ctx, err)
	}
	return n, err
}

func (b *answerBody) Close() error {
	err := b.ReadCloser.Close()
	b.release()
	return err
}

// ask makes an exchange whose answer is one JSON object.
func (c *Client) ask(ctx context.Context, r request, into any) error {
	resp, err := c.open(ctx, r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return err
	}
	if len(b) > maxAnswer {
		return ErrTooLarge
	}
	return decodeLenient(b, into)
}

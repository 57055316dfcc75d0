// Package remote holds what all destinations behind a network have in common: how a connection is opened, whom TLS trusts, what an error of
// the network means, and how a call that failed is tried again.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"lightproof/backup/store"
)

// Dial opens a connection. Everything that a remote destination sends goes through one, so that who decides about networks decides here.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Bounds of a connection.
const (
	// dialTime is how long opening a connection may take.
	dialTime = 20 * time.Second
	// Silence is how long a connection may stand still in the middle of something. Slow is no fault: each byte that moves begins it anew.
	Silence = 60 * time.Second
)

// System is the operating system's Dial: straight to the address, by no proxy.
func System(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime, KeepAlive: 15 * time.Second}
	return d.DialContext(ctx, network, address)
}

// Watch wraps a Dial: its connections end with a timeout where they stand still for longer than silence.
func Watch(dial Dial, silence time.Duration) Dial {
	if dial == nil {
		dial = System
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watched{Conn: c, silence: silence}, nil
	}
}

// watched moves its deadlines on with each call. Larger writes are cut, so that a slow line is not taken for a dead one.
type watched struct {
	net.Conn
	silence time.Duration
}

// writeAtOnce is what even a line of 8 kB a second carries before the silence ends.
const writeAtOnce = 64 << 10

func (c *watched) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.silence)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *watched) Write(p []byte) (n int, err error) {
	for {
		if err := c.SetWriteDeadline(time.Now().Add(c.silence)); err != nil {
			return n, err
		}
		some := p[:min(len(p), writeAtOnce)]
		k, err := c.Conn.Write(some)
		n, p = n+k, p[k:]
		if err != nil || len(p) == 0 {
			return n, err
		}
	}
}

// Fault gives an error of a connection its class: store.TrustError, store.TemporaryError, or the error as it is where it is none of the
// network's. The end of a context stays what it is.
func Fault(what string, err error) error {
	if err == nil {
		return nil
	}
	var trust *store.TrustError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !isNet(err):
		return fmt.Errorf("%s: %w", what, err)
	case errors.As(err, &trust):
		return fmt.Errorf("%s: %w", what, trust)
	}
	if t := distrust(err); t != nil {
		return fmt.Errorf("%s: %w", what, t)
	}
	if isNet(err) {
		return fmt.Errorf("%s: %w", what, &store.TemporaryError{Err: err})
	}
	return fmt.Errorf("%s: %w", what, err)
}

// isNet tells an error of the network from one of what travelled over it.
func isNet(err error) bool {
	var op net.Error
	for _, broken := range []error{io.EOF, io.ErrUnexpectedEOF, io.ErrClosedPipe, net.ErrClosed, os.ErrDeadlineExceeded, syscall.ECONNRESET,
		syscall.ECONNREFUSED, syscall.EPIPE, syscall.ECONNABORTED, syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH} {
		if errors.Is(err, broken) {
			return true
		}
	}
	return errors.As(err, &op)
}

// ReadAll reads an object to its end, into buffer where it has room; size is what was announced, below 0 where nothing was. More than
// store.MaxObject bytes are store.ErrDamaged.
func ReadAll(r io.Reader, size int64, buffer []byte) ([]byte, error) {
	b := buffer[:0]
	if need := min(size, store.MaxObject) + 1; need > int64(cap(b)) { // one more, to see the end
		b = make([]byte, 0, need)
	}
	for {
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		switch {
		case len(b) > store.MaxObject:
			return nil, fmt.Errorf("%w: it is larger than an object can be", store.ErrDamaged)
		case errors.Is(err, io.EOF):
			return b, nil
		case err != nil:
			return nil, err
		}
	}
}

package channel

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"lightproof/backup"
)

// Start is what a second start of the window hands to the first.
type Start struct {
	Args []string `json:"args,omitempty"`
	// Token is the activation token (XDG_ACTIVATION_TOKEN or DESKTOP_STARTUP_ID) with which a desktop lets a window come forward.
	Token string `json:"token,omitempty"`
}

// maxStart bounds a Start in bytes.
const maxStart = 64 << 10

// RaiseLine is the open window's end.
type RaiseLine struct {
	line   *ownListener
	http   *http.Server
	served chan struct{}
	once   sync.Once
}

// ListenRaise opens the window's line: raise is called, one call at a time, for every later start. The caller holds WindowLock.
// raise must return at once.
func ListenRaise(home string, raise func(Start)) (*RaiseLine, error) {
	line, err := listen(home, windowLine)
	if err != nil {
		return nil, fmt.Errorf("open the window's line: %w", err)
	}
	var one sync.Mutex
	l := &RaiseLine{line: line, served: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/raise", func(w http.ResponseWriter, r *http.Request) {
		err := checkOrigin(r)
		var body []byte
		if err == nil {
			body, err = readBody(w, r, maxStart)
		}
		var s Start
		if err == nil {
			err = decodeStrict(body, &s)
		}
		if err == nil {
			one.Lock()
			raise(s)
			one.Unlock()
		}
		answer(w, struct{}{}, err)
	})
	l.http = newHTTP(mux)
	l.http.ErrorLog = log.New(io.Discard, "", 0)
	go func() {
		defer close(l.served)
		l.http.Serve(line)
	}()
	return l, nil
}

// Close ends the line and removes its socket.
func (l *RaiseLine) Close() {
	l.once.Do(func() { l.http.Close() })
	<-l.served
}

// Raise asks the open window of home to come forward. It fails with backup.ErrGone where none is open, and with ErrHung where it
// does not answer within two seconds.
func Raise(ctx context.Context, home string, s Start) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Second, ErrHung)
	defer cancel()
	body, err := encode(s)
	if err != nil {
		return err
	}
	t := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		c, _, err := dial(ctx, home, windowLine)
		return c, err
	}}
	defer t.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+host+"/v1/raise", bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := t.RoundTrip(req)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return fmt.Errorf("%w: %w", backup.ErrGone, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		var p problem
		b, _ := io.ReadAll(io.LimitReader(resp.Body, maxStart))
		if decodeLenient(b, &p) == nil && p.Code != "" {
			return p.err()
		}
		return fmt.Errorf("%w: status %d", backup.ErrGone, resp.StatusCode)
	}
	return nil
}

package channel

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"lightproof/backup"
)

// Server serves one engine on the local line until Close.
type Server struct {
	svc      backup.Service
	line     *ownListener
	http     *http.Server
	instance string
	closing  context.Context
	close    context.CancelFunc
	served   chan struct{} // closed when the accept loop has ended
	once     sync.Once

	sessions sessions
	commands remembered
}

// Serve opens the line of home and serves svc on it. The caller holds the engine's lock of home (see Lock): only that makes a
// socket that nobody answers safe to remove. Serve returns at once; the line closes when ctx ends or by Close. The error matches
// backup.ErrBusy if somebody serves there already.
func Serve(ctx context.Context, home string, svc backup.Service) (*Server, error) {
	line, err := listen(home, keeperLine)
	if err != nil {
		return nil, fmt.Errorf("open the local line: %w", err)
	}
	s := &Server{svc: svc, line: line, instance: randomHex(8), served: make(chan struct{})}
	s.closing, s.close = context.WithCancel(ctx)
	s.http = newHTTP(s.handler())
	go func() {
		defer close(s.served)
		s.http.Serve(line) // ends when the listener closes
	}()
	context.AfterFunc(ctx, s.Close)
	return s, nil
}

func newHTTP(h http.Handler) *http.Server {
	only1 := new(http.Protocols)
	only1.SetHTTP1(true)
	return &http.Server{
		Handler:           h,
		Protocols:         only1,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // it would name requests
	}
}

// Close ends the line: event streams end, running requests get two seconds to finish, then their connections break. The engine
// itself goes on.
func (s *Server) Close() {
	s.once.Do(func() {
		s.close()
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		if s.http.Shutdown(ctx) != nil {
			s.http.Close()
		}
	})
	<-s.served
}

// Address is the path of the socket, or the name of the pipe.
func (s *Server) Address() string { return s.line.address }

// Refused counts connections of other users.
func (s *Server) Refused() int64 { return s.line.refused.Load() }

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/hello", s.hello)
	mux.HandleFunc("GET /v1/state", s.state)
	mux.HandleFunc("GET /v1/events", s.events)
	mux.HandleFunc("POST /v1/do/{command}", s.do)
	mux.HandleFunc("GET /v1/list/{what}", s.list)
	mux.HandleFunc("GET /v1/object/{name...}", s.object)
	mux.HandleFunc("GET /v1/objects", s.objects)
	mux.HandleFunc("POST /v1/sealed", s.sealed)
	mux.HandleFunc("POST /v1/unlock/challenge", s.challenge)
	mux.HandleFunc("POST /v1/unlock/prove", s.prove)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerInstance, s.instance)
		if err := s.guard(r); err != nil {
			fail(w, err)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// guard refuses what no client of ours sends: a request that a browser made, or one of another version, other than the two that
// every version understands.
func (s *Server) guard(r *http.Request) error {
	if err := checkOrigin(r); err != nil {
		return err
	}
	if want := r.Header.Get(headerInstance); want != "" && want != s.instance {
		return errOtherInstance
	}
	if r.Header.Get(headerProtocol) != strconv.Itoa(backup.Protocol) && r.URL.Path != "/v1/hello" && r.URL.Path != "/v1/do/"+retire {
		return ErrOtherProtocol
	}
	return nil
}

func checkOrigin(r *http.Request) error {
	if r.Host != host || len(r.Header.Values("Origin")) > 0 || len(r.Header.Values("Referer")) > 0 ||
		len(r.Header.Values("Sec-Fetch-Mode")) > 0 {
		return fmt.Errorf("%w: not from a program of ours", ErrBadRequest)
	}
	return nil
}

func (s *Server) hello(w http.ResponseWriter, r *http.Request) {
	h, err := s.svc.Hello(r.Context())
	answer(w, h, err)
}

func (s *Server) state(w http.ResponseWriter, r *http.Request) {
	st, err := s.svc.State(r.Context())
	answer(w, st, err)
}

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	v := r.URL.Query()
	q := backup.Query{What: r.PathValue("what"), After: v.Get("after"), Filter: v.Get("filter")}
	limit, err := strconv.Atoi(v.Get("limit"))
	if err != nil || limit < 1 || limit > 500 {
		fail(w, fmt.Errorf("%w: limit is 1 to 500", ErrBadRequest))
		return
	}
	q.Limit = limit
	proven := s.sessions.proven(r)
	if !proven && (q.Filter != "" || namedLists[q.What]) {
		fail(w, backup.ErrLocked)
		return
	}
	page, err := s.svc.List(r.Context(), q)
	if !proven {
		page.Rows = withoutNames(page.Rows)
	}
	answer(w, page, err)
}

func (s *Server) challenge(w http.ResponseWriter, r *http.Request) {
	sealed, err := s.svc.Challenge(r.Context())
	answer(w, challengeMessage{Sealed: sealed}, err)
}

func (s *Server) prove(w http.ResponseWriter, r *http.Request) {
	body, err := readBody(w, r, MaxCommand)
	var m proveMessage
	if err == nil {
		err = decodeStrict(body, &m)
	}
	if err == nil {
		err = s.svc.Prove(r.Context(), m.Answer)
	}
	var token string
	if err == nil {
		token, err = s.sessions.prove(r.Header.Get(headerSession))
	}
	answer(w, tokenMessage{Token: token}, err)
}

// Messages of the unlock. The answer's bytes are secret for one minute at most and open nothing but lists.
type (
	challengeMessage struct {
		Sealed []byte `json:"sealed"`
	}
	proveMessage struct {
		Answer []byte `json:"answer"`
	}
	tokenMessage struct {
		Token string `json:"token"`
	}
)

// readBody reads a body of at most limit bytes.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var over *http.MaxBytesError
	if errors.As(err, &over) {
		return nil, ErrTooLarge
	}
	return body, err
}

// answer sends v, or the error.
func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	b, err := encode(v)
	if err != nil {
		fail(w, err)
		return
	}
	send(w, http.StatusOK, b)
}

func fail(w http.ResponseWriter, err error) {
	p, status := problemOf(err)
	b, err := encode(p)
	if err != nil {
		b = []byte(`{"code":"error"}`)
	}
	send(w, status, b)
}

func send(w http.ResponseWriter, status int, b []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(b)+1))
	w.WriteHeader(status)
	w.Write(append(b, '\n')) // a caller that went away needs no answer
}

func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

var _ net.Listener = (*ownListener)(nil)

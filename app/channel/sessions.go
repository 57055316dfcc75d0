package channel

import (
	"fmt"
	"net/http"
	"sync"

	"lightproof/backup"
)

// sessions are the callers' event streams. A caller that proves the unlock gets a token that lives as long as its stream, so that
// a window that locks, closes or crashes loses it at once.
type sessions struct {
	mu     sync.Mutex
	open   map[string]string // session id → token, "" before the proof
	tokens map[string]bool
}

// begin opens a session and returns its id.
func (s *sessions) begin() string {
	id := randomHex(16)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open, s.tokens = map[string]string{}, map[string]bool{}
	}
	s.open[id] = ""
	return id
}

func (s *sessions) end(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tokens, s.open[id])
	delete(s.open, id)
}

// prove gives the session a token; it must have an open stream.
func (s *sessions) prove(id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.open[id]
	if !ok {
		return "", fmt.Errorf("%w: the caller has no event stream", backup.ErrLocked)
	}
	if token == "" {
		token = randomHex(32)
		s.open[id], s.tokens[token] = token, true
	}
	return token, nil
}

// proven tells whether the request carries a living token.
func (s *sessions) proven(r *http.Request) bool {
	token := r.Header.Get(headerProof)
	s.mu.Lock()
	defer s.mu.Unlock()
	return token != "" && s.tokens[token]
}

// namedLists are lists that say nothing without names.
var namedLists = map[string]bool{"files": true, "versions": true}

// withoutNames is what a caller sees that has not proved the unlock: states, codes, sizes and times.
func withoutNames(rows []backup.Row) []backup.Row {
	out := make([]backup.Row, len(rows))
	for i, r := range rows {
		r.Path, r.Args = "", nil
		out[i] = r
	}
	return out
}

// replyWithoutNames does the same to the answer of a command.
func replyWithoutNames(r backup.Reply) backup.Reply {
	r.Lines = issuesWithoutNames(r.Lines)
	if r.Run != nil {
		run := *r.Run
		run.Issues = issuesWithoutNames(run.Issues)
		r.Run = &run
	}
	return r
}

func issuesWithoutNames(issues []backup.Issue) []backup.Issue {
	if issues == nil {
		return nil
	}
	out := make([]backup.Issue, len(issues))
	for i, s := range issues {
		s.Path, s.Args = "", nil
		out[i] = s
	}
	return out
}

package remote

import (
	"context"
	"net/http"
	"time"
)

// Answer is what the last response to a call said beside its content, for libraries that do not hand it on.
type Answer struct {
	Status int
	Header http.Header
}

// After is what the server asked to wait, at most most; see RetryAfter.
func (a *Answer) After(most time.Duration) time.Duration {
	return RetryAfter(a.Header, time.Now(), most)
}

type answerKey struct{}

// Listen gives a context whose requests through a Transport leave their responses' head in the Answer. The requests of one such context must
// follow each other.
func Listen(ctx context.Context) (context.Context, *Answer) {
	a := &Answer{Header: http.Header{}}
	return context.WithValue(ctx, answerKey{}, a), a
}

func heard(r *http.Response) {
	if a, ok := r.Request.Context().Value(answerKey{}).(*Answer); ok {
		a.Status, a.Header = r.StatusCode, r.Header
	}
}

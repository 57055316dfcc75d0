package channel

import (
	"context"
	"errors"
	"io/fs"
	"net/http"

	"lightproof/backup"
	"lightproof/backup/store"
)

// codes maps errors that callers decide on to stable codes, so that errors.Is gives the same answer on both sides of the line. A
// code is never re-used. The first match counts: an error that wraps two is named by the more specific one, which stands earlier.
var codes = []struct {
	code   string
	err    error
	status int
}{
	{"not-set-up", backup.ErrNotSetUp, http.StatusConflict},
	{"already-set-up", backup.ErrAlreadySetUp, http.StatusConflict},
	{"locked", backup.ErrLocked, http.StatusForbidden},
	{"busy", backup.ErrBusy, http.StatusConflict},
	{"gone", backup.ErrGone, http.StatusServiceUnavailable},
	{"head-moved", backup.ErrHeadMoved, http.StatusConflict},
	{"forked", backup.ErrForked, http.StatusConflict},
	{"store-not-exist", store.ErrNotExist, http.StatusNotFound},
	{"store-exists", store.ErrExists, http.StatusConflict},
	{"store-full", store.ErrFull, http.StatusInsufficientStorage},
	{"store-away", store.ErrAway, http.StatusServiceUnavailable},
	{"store-wrong-place", store.ErrWrongPlace, http.StatusConflict},
	{"store-refused", store.ErrRefused, http.StatusForbidden},
	{"store-invalid-name", store.ErrInvalidName, http.StatusBadRequest},
	{"other-protocol", ErrOtherProtocol, http.StatusHTTPVersionNotSupported},
	{"other-instance", errOtherInstance, http.StatusPreconditionFailed},
	{"too-large", ErrTooLarge, http.StatusRequestEntityTooLarge},
	{"bad-request", ErrBadRequest, http.StatusBadRequest},
	{"no-such-file", fs.ErrNotExist, http.StatusNotFound},
	{"no-permission", fs.ErrPermission, http.StatusForbidden},
	{"deadline", context.DeadlineExceeded, http.StatusGatewayTimeout},
	{"stopped", context.Canceled, http.StatusServiceUnavailable},
}

// codeOther is the code of every error without a line of its own.
const codeOther = "error"

// errOtherInstance means that the server was restarted since the caller last heard from it.
var errOtherInstance = errors.New("the background part was restarted meanwhile")

// problem is an error as it travels. Message says what was being done and is meant for the caller that asked.
type problem struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func problemOf(err error) (problem, int) {
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return problem{Code: c.code, Message: err.Error()}, c.status
		}
	}
	return problem{Code: codeOther, Message: err.Error()}, http.StatusInternalServerError
}

// RemoteError is an error that came over the line. errors.Is finds the sentinel that its code stands for.
type RemoteError struct {
	Code    string // stable, "error" for one that callers do not decide on
	Message string
	cause   error
}

func (e *RemoteError) Error() string { return e.Message }

// Unwrap returns the sentinel of backup, store, io/fs, context or this package, nil for none.
func (e *RemoteError) Unwrap() error { return e.cause }

func (p problem) err() error {
	e := &RemoteError{Code: p.Code, Message: p.Message}
	for _, c := range codes {
		if c.code == p.Code {
			e.cause = c.err
		}
	}
	if e.Message == "" {
		e.Message = "the background part answered " + p.Code
	}
	return e
}

package present

import (
	"errors"
	"time"

	"lightproof/app/window/face"
	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
)

// Refused is an error with the message that a person gets for it: its class in the string table and what that takes.
type Refused struct {
	Code string
	Args map[string]string
	Err  error
}

func (e *Refused) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *Refused) Unwrap() error { return e.Err }

// TellRefusal writes why a restore could not start, or did not come to its end. One that nobody foresaw is named as it is.
func TellRefusal(now time.Time, err error) Told {
	code, args := string(words.RestoreFailed), map[string]string{"what": err.Error()}
	var r *Refused
	switch {
	case errors.Is(err, face.ErrElsewhere):
		code, args = string(words.RestoreElse), nil
	case errors.As(err, &r):
		code, args = r.Code, r.Args
	}
	values := map[string]string{"name": texts.ADestination, "folder": texts.AFolder, "room": "0"}
	for k, v := range args {
		if v != "" {
			values[k] = v
		}
	}
	m := Tell(now, code, 0, now, values)
	if m.Action.Intent == SeeProblems {
		m.Action.Intent = None // done outside this window: the words alone say what to do
	}
	return m
}

// refusal is the message of an error that has one, in one line; other errors get the text given.
func refusal(err error, other string) string {
	var r *Refused
	if !errors.As(err, &r) {
		return other
	}
	m := TellRefusal(time.Time{}, err)
	return m.What + " " + m.Why + " " + m.Action.Text + "."
}

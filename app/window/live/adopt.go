package live

import (
	"context"
	"errors"

	"lightproof/app/channel"
	"lightproof/app/window/present"
	"lightproof/backup"
	"lightproof/backup/store"
)

// Adopt implements face.Library.
func (l *Library) Adopt(ctx context.Context) error {
	err := l.lib.AdoptHistory(ctx)
	code := "internal"
	switch {
	case err == nil:
		return nil
	case errors.Is(err, backup.ErrForked):
		code = "forked"
	case errors.Is(err, channel.ErrHung):
		code = "engine-silent"
	case errors.Is(err, backup.ErrGone):
		code = "engine"
	case errors.Is(err, store.ErrAway):
		code = "restore-away"
	}
	return &present.Refused{Code: code, Args: map[string]string{"what": err.Error()}, Err: err}
}

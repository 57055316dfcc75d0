package keeper

import (
	"context"
	"errors"
	"time"

	texts "lightproof/assets/strings"
)

// ErrUnsupported means that this build has no way to do what was asked on this system.
var ErrUnsupported = errors.New("not supported on this system")

// ErrNoBus means that there is no session bus, so neither tray nor notifications.
var ErrNoBus = errors.New("no session bus")

// Sender shows notifications. A notice of a kind that is still on screen is replaced. Send returns within a few seconds.
type Sender interface {
	Send(ctx context.Context, kind texts.NoticeKind, n texts.Notice) error
}

// sendTimeout bounds one notification: a desktop may start its notifier only now.
const sendTimeout = 5 * time.Second

// words writes an occasion.
func (o Occasion) words(now time.Time) (texts.Notice, bool) {
	return texts.Printer{Now: now}.Notice(o.Kind, o.N, o.Total, o.Days)
}

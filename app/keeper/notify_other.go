//go:build !linux && !darwin

package keeper

import (
	"context"

	texts "lightproof/assets/strings"
)

// NewSender cannot show anything yet on this system: every Send fails with ErrUnsupported.
func NewSender() Sender { return noSender{} }

type noSender struct{}

func (noSender) Send(context.Context, texts.NoticeKind, texts.Notice) error { return ErrUnsupported }

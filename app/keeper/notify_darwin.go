package keeper

import (
	"context"
	"fmt"
	"os/exec"

	texts "lightproof/assets/strings"
)

// NewSender sends through osascript. Words travel as arguments of the script, never as part of it.
func NewSender() Sender { return scriptSender{} }

type scriptSender struct{}

const script = `on run argv
display notification (item 2 of argv) with title (item 1 of argv)
end run`

func (scriptSender) Send(ctx context.Context, _ texts.NoticeKind, n texts.Notice) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := exec.CommandContext(ctx, "/usr/bin/osascript", "-e", script, n.Title, n.Body).Run(); err != nil {
		return fmt.Errorf("show a notification: %w", err)
	}
	return nil
}

package kit

import (
	"context"
	"fmt"
	"os/exec"
)

// SystemViewer opens the page with the program that the system has for web pages: xdg-open, open (macOS), rundll32 (Windows).
type SystemViewer struct{}

var _ Opener = SystemViewer{}

// Open starts the viewer. Some starters stay until the viewer is closed, so it is not waited for longer than ctx, nor ended with it.
func (SystemViewer) Open(ctx context.Context, path string) error {
	name, args := viewerCommand(path)
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("no viewer for web pages: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("the viewer for web pages failed: %w", err)
		}
	case <-ctx.Done():
	}
	return nil
}

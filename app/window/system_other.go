//go:build !linux && !darwin

package window

import (
	"os/exec"
	"path/filepath"
)

// systemFolder has no dialog of its own here; the toolkit's is used.
func systemFolder(string) (string, error) { return "", errNoDialog }

// openPath hands a file or folder to the Explorer, which takes its argument as a path and never as a command.
func openPath(path string) {
	if path == "" {
		return
	}
	go func() { _ = exec.Command("explorer.exe", filepath.FromSlash(path)).Run() }()
}

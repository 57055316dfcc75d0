package window

import (
	"bytes"
	"os/exec"
	"strings"
)

// systemFolder asks with the Finder's dialog. The title travels as an argument and never as part of the script.
func systemFolder(title string) (string, error) {
	const script = `on run argv
	return POSIX path of (choose folder with prompt (item 1 of argv))
end run`
	var out, failed bytes.Buffer
	cmd := exec.Command("/usr/bin/osascript", "-e", script, title)
	cmd.Stdout, cmd.Stderr = &out, &failed
	if err := cmd.Run(); err != nil {
		if strings.Contains(failed.String(), "-128") {
			return "", nil // cancelled
		}
		return "", errNoDialog
	}
	return strings.TrimSuffix(strings.TrimSuffix(out.String(), "\n"), "/"), nil
}

// openPath hands a file or folder to the system's program for it.
func openPath(path string) {
	if path == "" {
		return
	}
	go func() { _ = exec.Command("/usr/bin/open", path).Run() }()
}

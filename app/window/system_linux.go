package window

import (
	"bytes"
	"errors"
	"net/url"
	"os/exec"
	"strings"

	"github.com/rymdport/portal/filechooser"
)

// systemFolder asks the desktop's portal, then the dialog programs of GNOME and KDE.
func systemFolder(title string) (string, error) {
	uris, err := filechooser.OpenFile("", title, &filechooser.OpenFileOptions{Directory: true})
	if err == nil {
		if len(uris) == 0 {
			return "", nil
		}
		u, err := url.Parse(uris[0])
		if err != nil || u.Scheme != "file" {
			return "", errNoDialog
		}
		return u.Path, nil
	}
	for _, argv := range [][]string{{"zenity", "--file-selection", "--directory", "--title=" + title}, {"kdialog", "--title", title, "--getexistingdirectory"}} {
		program, err := exec.LookPath(argv[0])
		if err != nil {
			continue
		}
		var out bytes.Buffer
		cmd := exec.Command(program, argv[1:]...)
		cmd.Stdout = &out
		err = cmd.Run()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 1 {
			return "", nil // cancelled
		}
		if err == nil {
			return strings.TrimSuffix(out.String(), "\n"), nil
		}
	}
	return "", errNoDialog
}

// openPath hands a file or folder to the desktop's program for it.
func openPath(path string) {
	if path == "" {
		return
	}
	go func() {
		cmd := exec.Command("xdg-open", path)
		if cmd.Start() == nil {
			_ = cmd.Wait() // only so that no zombie stays
		}
	}()
}

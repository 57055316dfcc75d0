package keeper

import (
	"bufio"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// entryName is the file below the autostart folder (Desktop Application Autostart Specification 0.5).
const entryName = "lightproof.desktop"

func entryPath() (string, error) {
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "autostart", entryName), nil
}

// Enable writes the entry.
func (a Autostart) Enable() error {
	path, err := entryPath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, a.entry(), 0o644)
}

// Disable removes the entry; a missing one is no error.
func (a Autostart) Disable() error {
	path, err := entryPath()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Status reads the entry back.
func (a Autostart) Status() (Status, error) {
	path, err := entryPath()
	if err != nil {
		return Status{}, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, nil
	}
	if err != nil {
		return Status{}, err
	}
	keys := desktopEntry(b)
	if keys["Hidden"] == "true" || keys["X-GNOME-Autostart-enabled"] == "false" || keys["Exec"] == "" {
		return Status{}, nil
	}
	if keys["Exec"] != a.exec() {
		return Status{Moved: true}, nil
	}
	if _, err := os.Stat(a.Program); err != nil {
		return Status{Moved: true}, nil
	}
	return Status{On: true}, nil
}

func (a Autostart) entry() []byte {
	return []byte("[Desktop Entry]\nType=Application\nName=Lightproof\nComment=Keeps photos safe in the background\nIcon=lightproof\n" +
		"Exec=" + a.exec() + "\nTerminal=false\nNoDisplay=true\nX-GNOME-Autostart-enabled=true\n")
}

// exec is the value of the key Exec (Desktop Entry Specification 1.5, "The Exec key"): every argument in double quotes, with `"`,
// "`", "$" and "\" escaped, "%" doubled; then the backslashes again, as in any string of such a file.
func (a Autostart) exec() string {
	var out []string
	for _, arg := range append([]string{a.Program}, a.Args...) {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`, `%`, `%%`).Replace(arg)
		out = append(out, `"`+quoted+`"`)
	}
	return strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`).Replace(strings.Join(out, " "))
}

// desktopEntry reads the keys of the first group, values as they are written.
func desktopEntry(b []byte) map[string]string {
	keys := map[string]string{}
	inside := false
	for lines := bufio.NewScanner(bytes.NewReader(b)); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		switch {
		case strings.HasPrefix(line, "["):
			if inside {
				return keys
			}
			inside = line == "[Desktop Entry]"
		case inside && !strings.HasPrefix(line, "#"):
			if key, value, ok := strings.Cut(line, "="); ok {
				keys[strings.TrimSpace(key)] = strings.TrimSpace(value)
			}
		}
	}
	return keys
}

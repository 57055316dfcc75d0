package keeper

import (
	"bufio"
	"bytes"
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

// reads tells what the entry says.
func (a Autostart) reads(entry []byte) Status {
	keys := desktopEntry(entry)
	if keys["Hidden"] == "true" || keys["X-GNOME-Autostart-enabled"] == "false" || keys["Exec"] == "" {
		return Status{}
	}
	moved := keys["Exec"] != a.exec()
	return Status{On: !moved, Moved: moved}
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

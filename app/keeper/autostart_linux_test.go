package keeper

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAutostartIsReadBack(t *testing.T) {
	config := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", config)
	program := filepath.Join(t.TempDir(), "light proof")
	if err := os.WriteFile(program, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	a := Autostart{Program: program, Args: []string{"keeper", "--home", `/data/$HOME "50%" \ü`}}
	path := filepath.Join(config, "autostart", entryName)
	status := func(when string, want Status) {
		t.Helper()
		if got, err := a.Status(); err != nil || got != want {
			t.Errorf("%s: %+v, %v", when, got, err)
		}
	}
	change := func(from, to string) {
		t.Helper()
		b, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(b, []byte(from)) {
			t.Fatalf("%q in %q, %v", from, b, err)
		}
		if err := os.WriteFile(path, bytes.Replace(b, []byte(from), []byte(to), 1), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	enable := func() {
		t.Helper()
		if err := a.Enable(); err != nil {
			t.Fatal(err)
		}
		status("enabled", Status{On: true})
	}
	status("at first", Status{})
	enable()
	change("X-GNOME-Autostart-enabled=true", "X-GNOME-Autostart-enabled=false")
	status("switched off by the desktop", Status{})
	enable()
	change("Terminal=false", "Hidden=true")
	status("hidden", Status{})
	enable()
	change("Terminal=false", "[Other Group]\nHidden=true")
	status("a key of another group", Status{On: true})
	enable()
	change("light proof", "another program")
	status("another program", Status{Moved: true})
	enable()
	if err := os.Rename(program, program+".old"); err != nil {
		t.Fatal(err)
	}
	status("a program that was moved", Status{Moved: true})
	for range 2 {
		if err := a.Disable(); err != nil {
			t.Fatal(err)
		}
	}
	status("disabled", Status{})
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// The expected texts follow the specification's own rules: quote, then escape as a string.
func TestAutostartQuotesItsCommand(t *testing.T) {
	cases := map[string]string{
		"/usr/bin/lightproof": `"/usr/bin/lightproof"`,
		"/opt/my app/x":       `"/opt/my app/x"`,
		`/a"b`:                `"/a\\"b"`,
		"/a$b`c":              "\"/a\\\\$b\\\\`c\"",
		`/a\b`:                `"/a\\\\b"`,
		"/50%u":               `"/50%%u"`,
		"/a\nExec=evil":       `"/a\nExec=evil"`,
	}
	for program, want := range cases {
		if got := (Autostart{Program: program}).exec(); got != want {
			t.Errorf("%q: %s, want %s", program, got, want)
		}
	}
	entry := string(Autostart{Program: "/a\nHidden=true", Args: []string{"keeper"}}.entry())
	if strings.Contains(entry, "\nHidden") {
		t.Error("a name makes lines of its own")
	}
}

package main_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The rules of this file keep the rooms of the house apart. They read what the go command says about imports, for every
// kind of build, so that a file behind a build tag cannot slip past.

const module = "lightproof"

// room is a folder of packages that know each other; its layer says what lies below it.
type room struct {
	path  string // without the module's name; packages below it belong to it unless a longer path matches
	layer int
}

// rooms lists every place where code may live, lowest first. A package may import its own room and rooms of lower layers;
// what else it may is in beside. A new room is a line here, thought about.
var rooms = []room{
	{"assets", 0},
	{"backup/direct", 0}, {"backup/disk", 0}, {"backup/priority", 0},
	{"keystore/secret", 0},
	{"keystore", 1}, {"backup/vault", 1}, {"backup/store", 1}, {"backup/photo", 1}, {"backup/source", 1}, {"backup/network", 1},
	{"backup/catalog", 2}, {"backup/replica", 2}, {"backup/guard", 2},
	{"backup/restore", 3},
	{"backup", 4},
	{"backup/library", 5}, {"backup/setup", 5},
	{"app/channel", 6},
	{"app/keeper", 7}, {"app/window", 7}, {"app/terminal", 7},
	{".", 8},
	{"backup/bench", 8}, {"scripts", 8}, {"e2e", 9},
}

// beside names the imports between rooms of one layer that are meant: setting up ends in an opened library, and the
// terminal has a command that runs the keeper.
var beside = map[[2]string]bool{
	{"backup/setup", "backup/library"}: true,
	{"app/terminal", "app/keeper"}:     true,
}

// never names what must not be reachable from where, however many packages lie between. A name of the standard library means
// that package alone, any other also what lies below it.
var never = []struct{ from, except, what, why string }{
	{"backup/vault", "backup/vault/reader", "lightproof/backup/vault/reader", "who writes holds no key to read"},
	{"backup/vault", "", "net/http", "the format is pure: no network"},
	{"backup/vault", "", "crypto/tls", "the format is pure: no network"},
	{"backup/vault", "", "database/sql", "the format is pure: no database"},
	{"app/keeper", "", "lightproof/backup/vault/reader", "the background part cannot read a stored photo"},
	{"app/keeper", "", "fyne.io/fyne/v2", "the background part stays small"},
	{"app/terminal", "", "fyne.io/fyne/v2", "the terminal runs where there is no screen"},
	{"backup", "", "fyne.io/fyne/v2", "the engine knows no widget"},
	{"assets", "", "fyne.io/fyne/v2", "the background part shows the same words and shapes"},
}

// noneOf names packages of the standard library that a room must not import itself; what it builds on may (on Windows, the
// module with the system calls imports net for its error texts).
var noneOf = []struct{ from, what, why string }{
	{"backup/vault", "net", "the format is pure: no network"},
	{"backup/vault", "os/exec", "the format is pure: no programs"},
}

// only names packages outside the module that one room alone may import.
var only = []struct{ what, room string }{
	{"github.com/rwcarlsen/goexif", "backup/photo"},
	{"github.com/zalando/go-keyring", "keystore"},
	{"modernc.org/sqlite", "backup/catalog"},
	{"fyne.io/fyne/v2", "app/window"},
	{"fyne.io/systray", "app/keeper"},
}

// noRoomNames are names that say nothing about what is inside.
var noRoomNames = []string{"util", "utils", "common", "helper", "helpers", "manager", "misc"}

// pkg is what the rules need of one package of the go command's listing.
type pkg struct {
	ImportPath string
	Imports    []string // direct, without tests
	Deps       []string // all that is reached
	Error      *struct{ Err string }
}

// builds are the ways in which this source is compiled.
var builds = []struct{ name, goos, cgo, tags string }{
	{"linux with window", "linux", "1", "x11,migrated_fynedo,nodynamic"},
	{"linux without window", "linux", "0", "nowindow,nodynamic"},
	{"linux under test", "linux", "1", "ci,nodynamic"},
	{"windows", "windows", "0", "ci,nodynamic"},
	{"macos", "darwin", "0", "nowindow,nodynamic"},
}

func TestNoImportPointsUpward(t *testing.T) {
	for _, b := range builds {
		t.Run(b.name, func(t *testing.T) {
			for _, fault := range judge(list(t, b.goos, b.cgo, b.tags)) {
				t.Error(fault)
			}
		})
	}
}

// A rule about a room that is empty would hold for ever without proving anything.
func TestRoomsWithRulesExist(t *testing.T) {
	for _, dir := range []string{"app/keeper", "app/window", "app/terminal", "backup/vault/reader", "backup/vault/writer",
		"backup/photo", "keystore", "backup/catalog"} {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("%s has rules but is not there", dir)
		}
	}
}

// judge gives one sentence for each broken rule.
func judge(packages []pkg) []string {
	var faults []string
	for _, p := range packages {
		path := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		if path == "" {
			path = "."
		}
		here, ok := roomOf(path)
		if !ok {
			faults = append(faults, fmt.Sprintf("%s lies in no room; give it one in architecture_test.go", path))
			continue
		}
		for _, part := range strings.Split(path, "/") {
			if slices.Contains(noRoomNames, part) {
				faults = append(faults, fmt.Sprintf("%s: %q says nothing about what is inside", path, part))
			}
		}
		for _, imported := range p.Imports {
			faults = append(faults, judgeImport(path, here, imported)...)
		}
		for _, n := range never {
			if !within(path, n.from) || (n.except != "" && within(path, n.except)) {
				continue
			}
			reached := slices.ContainsFunc(p.Deps, func(d string) bool {
				return d == n.what || (strings.Contains(n.what, ".") || strings.HasPrefix(n.what, module)) && within(d, n.what)
			})
			if reached {
				faults = append(faults, fmt.Sprintf("%s reaches %s: %s", path, n.what, n.why))
			}
		}
	}
	return faults
}

// judgeImport judges one direct import of the package path, which lies in room here.
func judgeImport(path string, here room, imported string) []string {
	var faults []string
	for _, o := range only {
		if within(imported, o.what) && !within(path, o.room) {
			faults = append(faults, fmt.Sprintf("%s imports %s, which belongs to %s alone", path, imported, o.room))
		}
	}
	for _, n := range noneOf {
		if imported == n.what && within(path, n.from) {
			faults = append(faults, fmt.Sprintf("%s imports %s: %s", path, imported, n.why))
		}
	}
	inner, ours := strings.CutPrefix(imported, module+"/")
	if !ours {
		return faults
	}
	there, ok := roomOf(inner)
	switch {
	case !ok:
		faults = append(faults, fmt.Sprintf("%s imports %s, which lies in no room", path, inner))
	case there.path == here.path, there.layer < here.layer, beside[[2]string{here.path, there.path}]:
	case there.layer == here.layer:
		faults = append(faults, fmt.Sprintf("%s imports %s: rooms of one layer know nothing of each other", path, inner))
	default:
		faults = append(faults, fmt.Sprintf("%s imports %s, which lies above it", path, inner))
	}
	return faults
}

// roomOf finds the room with the longest path that holds the package. "backup" and "." hold only themselves, so that a
// folder nobody thought about is noticed.
func roomOf(path string) (room, bool) {
	var best room
	for _, r := range rooms {
		if path == r.path || (r.path != "backup" && r.path != "." && within(path, r.path)) {
			if len(r.path) > len(best.path) {
				best = r
			}
		}
	}
	return best, best.path != ""
}

// within tells whether path is root or lies below it.
func within(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }

// list asks the go command for every package of the module in one kind of build.
func list(t *testing.T, goos, cgo, tags string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps,Error", "-tags", tags, "./...")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED="+cgo)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var packages []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) == 0 {
		t.Fatal("go list named no package")
	}
	return packages
}

// The rules must be able to fail: each planted import breaks one.
func TestPlantedImportsAreFound(t *testing.T) {
	cases := []struct {
		name, from string
		imports    []string
		deps       []string
		want       string // part of the only fault; "" = none
	}{
		{"down two layers", "backup/restore", []string{"lightproof/backup/vault"}, nil, ""},
		{"the secret type from anywhere", "backup/vault", []string{"lightproof/keystore/secret"}, nil, ""},
		{"inside a room", "backup/vault/reader", []string{"lightproof/backup/vault"}, []string{"lightproof/backup/vault"}, ""},
		{"setting up opens a library", "backup/setup", []string{"lightproof/backup/library"}, nil, ""},
		{"everyone speaks over the channel", "app/window/home", []string{"lightproof/app/channel"}, nil, ""},
		{"the reader's own standing", "backup/vault/reader", nil, []string{"lightproof/backup/vault/reader/page"}, ""},
		{"upward to the engine", "backup/vault", []string{"lightproof/backup"}, nil, "above it"},
		{"upward to the screen", "backup/catalog", []string{"lightproof/app/window"}, nil, "above it"},
		{"the keychain's secret looks up", "keystore/secret", []string{"lightproof/keystore"}, nil, "above it"},
		{"store knows vault", "backup/store/local", []string{"lightproof/backup/vault"}, nil, "know nothing of each other"},
		{"photo knows source", "backup/photo", []string{"lightproof/backup/source"}, nil, "know nothing of each other"},
		{"the library sets up", "backup/library", []string{"lightproof/backup/setup"}, nil, "know nothing of each other"},
		{"the window runs the keeper", "app/window", []string{"lightproof/app/keeper"}, nil, "know nothing of each other"},
		{"the vault's writer reads", "backup/vault/writer", nil, []string{"lightproof/backup/vault/reader"}, "no key to read"},
		{"the vault itself reads", "backup/vault", nil, []string{"lightproof/backup/vault/reader"}, "no key to read"},
		{"the vault on the network", "backup/vault/envelope", nil, []string{"net/http", "net"}, "no network"},
		{"the vault opens a socket", "backup/vault", []string{"net"}, []string{"net"}, "no network"},
		{"the vault reads an address", "backup/vault/envelope", nil, []string{"net/url"}, ""},
		{"the keeper reads", "app/keeper", nil, []string{"lightproof/backup/vault/reader"}, "cannot read a stored photo"},
		{"the keeper draws", "app/keeper/tray", nil, []string{"fyne.io/fyne/v2/widget"}, "stays small"},
		{"the tray's own library is no widget", "app/keeper", []string{"fyne.io/systray"}, []string{"fyne.io/systray"}, ""},
		{"the terminal draws", "app/terminal", nil, []string{"fyne.io/fyne/v2"}, "no screen"},
		{"EXIF outside its room", "backup/restore", []string{"github.com/rwcarlsen/goexif/exif"}, nil, "belongs to backup/photo"},
		{"SQL outside its room", "backup", []string{"modernc.org/sqlite"}, nil, "belongs to backup/catalog"},
		{"a room without meaning", "backup/store/util", nil, nil, "says nothing"},
		{"a folder without a room", "backup/misplaced", nil, nil, "lies in no room"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			faults := judge([]pkg{{ImportPath: module + "/" + c.from, Imports: c.imports, Deps: c.deps}})
			switch {
			case c.want == "" && len(faults) > 0:
				t.Errorf("a lawful import was refused: %q", faults)
			case c.want != "" && (len(faults) != 1 || !strings.Contains(faults[0], c.want)):
				t.Errorf("faults %q, want one about %q", faults, c.want)
			}
		})
	}
}

// The go command's list of versions offers an older Fyne as the latest; a careless update would go back to it.
func TestFyneStaysPinned(t *testing.T) {
	for line, want := range map[string]bool{"\tfyne.io/fyne/v2 v2.8.1 // indirect": true, "\tfyne.io/fyne/v2 v2.7.1": false} {
		if pins(line, "fyne.io/fyne/v2", "v2.8.1") != want {
			t.Fatalf("%q is judged wrongly", line)
		}
	}
	data, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for name, version := range map[string]string{
		"fyne.io/fyne/v2": "v2.8.1",
		"fyne.io/systray": "v1.12.3-0.20260810170012-af4e8e793ec4",
	} {
		if !pins(string(data), name, version) {
			t.Errorf("go.mod must require %s %s", name, version)
		}
	}
}

// pins tells whether the text of a go.mod requires exactly that version of the module.
func pins(mod, name, version string) bool {
	for line := range strings.Lines(mod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == name && fields[1] == version {
			return true
		}
	}
	return false
}

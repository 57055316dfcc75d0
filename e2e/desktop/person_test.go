//go:build linux

package desktop

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"lightproof/app/channel"
	"lightproof/app/keeper/bustest"
	"lightproof/backup"
	"lightproof/backup/photo/sample"
	"lightproof/keystore/keystoretest"
)

// pass is the passphrase that the person types.
const pass = "amber willow coastline drummer ninefold teacup"

// person sits at a computer of their own: display, session bus with tray, notifications and keyring, and a home with some photos.
type person struct {
	*display
	*sight
	t       testing.TB
	tray    *bustest.Watcher
	notices *bustest.Notifications
	home    string // Lightproof's own folder
	photos  string
	copies  string
	opened  string // what the system's viewer was given, copied
	runtime string
	env     []string
}

// product is the program under test.
func product(t testing.TB) string {
	t.Helper()
	path := os.Getenv("LIGHTPROOF_BIN")
	if path == "" {
		t.Skip("LIGHTPROOF_BIN is not set: make test builds the program and sets it")
	}
	return path
}

func newPerson(t testing.TB, photos int) *person {
	t.Helper()
	product(t)
	p := &person{t: t, sight: newSight(t)}
	dir, err := os.MkdirTemp("", "lpd") // short: sockets lie in it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p.home, p.photos, p.copies, p.opened = filepath.Join(dir, "data"), filepath.Join(dir, "Pictures"), filepath.Join(dir, "drive"), filepath.Join(dir, "opened")
	bin := filepath.Join(dir, "bin")
	for _, d := range []string{p.photos, p.copies, p.opened, bin} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := sample.WriteLibrary(p.photos, 7, photos); err != nil {
		t.Fatal(err)
	}
	// The system's viewer: it takes what it is given and shows nothing.
	viewer := fmt.Sprintf("#!/bin/sh\ncp -r \"$1\" '%s/'\n", p.opened)
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte(viewer), 0o755); err != nil {
		t.Fatal(err)
	}
	p.display = newDisplay(t)
	secrets := keystoretest.NewSecretService(t)
	session := secrets.Env()
	value := func(name string) string {
		i := slices.IndexFunc(session, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		return strings.TrimPrefix(session[i], name+"=")
	}
	p.runtime = value("XDG_RUNTIME_DIR")
	t.Setenv("XDG_RUNTIME_DIR", p.runtime) // the background part's line lies there
	if err := os.Mkdir(filepath.Join(value("HOME"), ".cache"), 0o700); err != nil {
		t.Fatal(err)
	}
	bus := &bustest.Bus{Address: value("DBUS_SESSION_BUS_ADDRESS")}
	p.tray, p.notices = bustest.NewWatcher(t, bus, true), bustest.NewNotifications(t, bus)
	for _, e := range os.Environ() {
		name, _, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "XDG_") && !strings.HasPrefix(name, "LC_") && !strings.HasPrefix(name, "FYNE_") && name != "WAYLAND_DISPLAY" && name != "DESKTOP_SESSION" {
			p.env = append(p.env, e)
		}
	}
	p.env = append(p.env, session...)
	p.env = append(p.env, "DISPLAY="+p.name, "PATH="+bin+":"+os.Getenv("PATH"), "LANG=en_US.UTF-8", "FYNE_SCALE=1", "FYNE_THEME=light",
		"LIBGL_ALWAYS_SOFTWARE=1", "XDG_CURRENT_DESKTOP=test", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent")
	t.Cleanup(p.endAll)
	return p
}

// wears sets the desktop's look, "light" or "dark", for what starts from now on.
func (p *person) wears(theme string) {
	p.theme = theme
	p.env = append(slices.Clone(p.env), "FYNE_THEME="+theme)
}

// run starts the program with arguments and does not wait.
func (p *person) run(args ...string) *exec.Cmd {
	p.t.Helper()
	cmd := exec.Command(product(p.t), append([]string{"--home", p.home}, args...)...)
	cmd.Env = p.env
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go cmd.Wait() // so that no zombie stays
	return cmd
}

// window starts the program's window and waits until it is there.
func (p *person) window(args ...string) int {
	p.t.Helper()
	cmd := p.run(args...)
	p.focus()
	return cmd.Process.Pid
}

// endAll ends every process that works on this home.
func (p *person) endAll() {
	for _, pid := range p.processes("") {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// processes lists the program's processes on this home; command "" means all, "keeper" that one, "window" those without a command.
func (p *person) processes(command string) []int {
	dirs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var out []int
	for _, file := range dirs {
		b, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		args := strings.Split(strings.TrimSuffix(string(b), "\x00"), "\x00")
		i := slices.Index(args, p.home)
		if i < 0 {
			continue
		}
		rest := append(slices.Clone(args[1:max(i-1, 1)]), args[i+1:]...)
		isKeeper := slices.Contains(rest, "keeper")
		if command == "keeper" && !isKeeper || command == "window" && isKeeper {
			continue
		}
		pid, _ := strconv.Atoi(strings.Split(file, "/")[2])
		if alive(pid) {
			out = append(out, pid)
		}
	}
	return out
}

// keeper is the pid of the background part.
func (p *person) keeper() int {
	p.t.Helper()
	var pids []int
	p.until("one background part", func() bool { pids = p.processes("keeper"); return len(pids) == 1 })
	return pids[0]
}

// state asks the background part, nil where it does not answer.
func (p *person) state() *backup.State {
	ctx, cancel := context.WithTimeout(context.Background(), fuse)
	defer cancel()
	c, err := channel.Dial(ctx, p.home)
	if err != nil {
		return nil
	}
	defer c.Close()
	st, err := c.State(ctx)
	if err != nil {
		return nil
	}
	return st
}

// untilState waits for a state of the engine.
func (p *person) untilState(what string, ok func(*backup.State) bool) *backup.State {
	p.t.Helper()
	var st *backup.State
	defer func() {
		if p.t.Failed() {
			p.t.Logf("the last state: %+v", st)
		}
	}()
	p.until(what, func() bool { st = p.state(); return st != nil && ok(st) })
	return st
}

// sees tells whether words stand on the screen now.
func (p *person) sees(words string) bool { return len(p.find(lightOf(p.picture()), words, false)) > 0 }

// read waits until the words stand on the screen, and says where.
func (p *person) read(words string) image.Rectangle {
	p.t.Helper()
	return p.look(words, false)
}

func (p *person) look(words string, whole bool) image.Rectangle {
	p.t.Helper()
	var at []found
	var before []byte
	p.until(fmt.Sprintf("the words %q", words), func() bool {
		img := p.picture()
		if bytes.Equal(img.Pix, before) {
			return false // looked at already
		}
		before = img.Pix
		at = p.find(lightOf(img), words, whole)
		return len(at) > 0
	})
	return at[len(at)-1].Rectangle
}

// click clicks the lowest place where exactly these words stand.
func (p *person) click(words string) {
	p.t.Helper()
	r := p.look(words, true)
	p.clickAt(r.Min.Add(r.Size().Div(2)))
}

var kitWord = regexp.MustCompile(`<small>(\d+)</small> ([a-z]+)</td>`)

// paper reads the kit from the page that the system's viewer was given.
func (p *person) paper() (words []string) {
	p.t.Helper()
	p.until("the kit in the system's viewer", func() bool {
		pages, _ := filepath.Glob(filepath.Join(p.opened, "kit-*.html"))
		if len(pages) == 0 {
			return false
		}
		b, err := os.ReadFile(pages[0])
		if err != nil {
			return false
		}
		words = nil
		for _, m := range kitWord.FindAllStringSubmatch(string(b), -1) {
			words = append(words, m[2])
		}
		return len(words) == 24
	})
	return words
}

// asked is which words of the kit the window asks for, from top to bottom.
func (p *person) asked() []int {
	p.t.Helper()
	type question struct {
		found
		n int
	}
	var all []question
	p.until("three numbers of words", func() bool {
		l := lightOf(p.picture())
		all = nil
		for n := 1; n <= 24; n++ {
			for _, f := range p.draw(fmt.Sprintf("Word %d", n), true)[0].find(l, true, nil) { // in the size of plain text
				i := slices.IndexFunc(all, func(q question) bool { return q.Overlaps(f.Rectangle) })
				if i < 0 {
					all = append(all, question{f, n})
				} else if all[i].like < f.like { // 20 is a little like 29
					all[i] = question{f, n}
				}
			}
		}
		return len(all) == 3
	})
	slices.SortFunc(all, func(a, b question) int { return a.Min.Y - b.Min.Y })
	return []int{all[0].n, all[1].n, all[2].n}
}

// leftovers are pages with the kit that still lie about.
func (p *person) leftovers() []string {
	pages, _ := filepath.Glob(filepath.Join(p.runtime, "lightproof-kit-*", "*"))
	return pages
}

var errDone = errors.New("done") // ends a walk over files

// sourceFile is one JPEG of the library.
func (p *person) sourceFile() (path string) {
	p.t.Helper()
	err := filepath.WalkDir(p.photos, func(f string, _ os.DirEntry, err error) error {
		if err == nil && strings.EqualFold(filepath.Ext(f), ".jpg") {
			path = f
			return errDone
		}
		return err
	})
	if !errors.Is(err, errDone) {
		p.t.Fatal("no JPEG in the library: ", err)
	}
	return path
}

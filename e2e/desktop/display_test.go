//go:build linux

package desktop

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fuse bounds every wait for something on screen or in the engine. What works needs a small part of it, also on a busy machine.
const fuse = 90 * time.Second

// look is how often a wait looks again.
const look = 60 * time.Millisecond

// display is an X server without a screen, with a window manager.
type display struct {
	t     testing.TB
	name  string // ":7"
	frame string // the file that holds the picture (XWD, version 7)
	shots string
	theme string // in the names of pictures
	count int
}

func newDisplay(t testing.TB) *display {
	t.Helper()
	dir, err := os.MkdirTemp("", "lpx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	server := exec.Command(program(t, "Xvfb", "xvfb"), "-displayfd", "3", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-fbdir", dir, "-noreset")
	server.ExtraFiles = []*os.File{write}
	start(t, server)
	write.Close()
	line, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		t.Fatal("the X server did not start: ", err)
	}
	d := &display{t: t, name: ":" + strings.TrimSpace(line), frame: filepath.Join(dir, "Xvfb_screen0"), shots: os.Getenv("LIGHTPROOF_SHOTS"), theme: "light"}
	manager := exec.Command(program(t, "openbox", "openbox"), "--sm-disable")
	manager.Env = append(os.Environ(), "DISPLAY="+d.name, "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir)
	start(t, manager)
	d.until("the window manager", func() bool {
		out, err := d.command("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").Output()
		return err == nil && strings.Contains(string(out), "window id")
	})
	return d
}

// program finds what the tests need; where it is missing they fail, with what to install.
func program(t testing.TB, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing (Debian: apt-get install %s)", name, debian)
	}
	return path
}

// start runs a process that ends with the test.
func start(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

func (d *display) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+d.name)
	return cmd
}

func (d *display) xdotool(args ...string) string {
	d.t.Helper()
	out, err := d.command(program(d.t, "xdotool", "xdotool"), args...).CombinedOutput()
	if err != nil {
		d.t.Fatalf("xdotool %q: %v: %s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// until looks again and again until ok.
func (d *display) until(what string, ok func() bool) {
	d.t.Helper()
	limit := time.NewTimer(fuse)
	defer limit.Stop()
	again := time.NewTicker(look)
	defer again.Stop()
	for !ok() {
		select {
		case <-limit.C:
			d.t.Fatalf("waited in vain for: %s (picture: %s)", what, d.last())
		case <-again.C:
		}
	}
}

// last keeps the picture of a failure.
func (d *display) last() string {
	dir := d.shots
	if dir == "" {
		dir = os.TempDir()
	}
	path := filepath.Join(dir, fmt.Sprintf("failed-%s-%d.png", strings.ReplaceAll(d.t.Name(), "/", "-"), os.Getpid()))
	d.write(path)
	return path
}

// picture is what the screen shows.
//
//go:norace
func (d *display) picture() *image.RGBA {
	d.t.Helper()
	b, err := os.ReadFile(d.frame)
	if err != nil || len(b) < 100 {
		d.t.Fatal("read the screen: ", err)
	}
	field := func(i int) int { return int(binary.BigEndian.Uint32(b[4*i:])) }
	width, height, stride, at := field(4), field(5), field(12), field(0)+12*field(19)
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		row, out := b[at+y*stride:], img.Pix[y*img.Stride:]
		for x := range width {
			out[4*x], out[4*x+1], out[4*x+2], out[4*x+3] = row[4*x+2], row[4*x+1], row[4*x], 255
		}
	}
	return img
}

func (d *display) write(path string) {
	f, err := os.Create(path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(f, d.windowPart()); err != nil {
		d.t.Fatal(err)
	}
}

// windowPart is the picture of the window alone, or of the screen where there is none.
func (d *display) windowPart() image.Image {
	img := d.picture()
	if r, ok := d.place(); ok {
		return img.SubImage(r)
	}
	return img
}

// shot keeps a picture of the window once it stands still; a blinking cursor is not waited for longer than two seconds.
func (d *display) shot(name string) {
	d.t.Helper()
	if d.shots == "" {
		return
	}
	before := d.picture()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for range 10 {
		<-again.C
		now := d.picture()
		if string(now.Pix) == string(before.Pix) {
			break
		}
		before = now
	}
	d.count++
	d.write(filepath.Join(d.shots, fmt.Sprintf("window-%s-%02d-%s.png", d.theme, d.count, name)))
}

// windows lists the program's windows that are shown.
func (d *display) windows() []string {
	out, err := d.command("xdotool", "search", "--onlyvisible", "--class", "^Lightproof$").Output()
	if err != nil {
		return nil // none
	}
	return strings.Fields(string(out))
}

// place is where the window is.
func (d *display) place() (image.Rectangle, bool) {
	ids := d.windows()
	if len(ids) == 0 {
		return image.Rectangle{}, false
	}
	out, err := d.command("xwininfo", "-id", ids[len(ids)-1]).Output()
	if err != nil {
		return image.Rectangle{}, false
	}
	v := map[string]int{}
	for _, l := range strings.Split(string(out), "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(l), ":")
		v[name], _ = strconv.Atoi(strings.TrimSpace(value))
	}
	x, y := v["Absolute upper-left X"], v["Absolute upper-left Y"]
	r := image.Rect(x, y, x+v["Width"], y+v["Height"]).Intersect(image.Rect(0, 0, 1600, 1000))
	return r, !r.Empty()
}

// focus gives the keyboard to the window.
func (d *display) focus() {
	d.t.Helper()
	d.until("a window", func() bool { // one that was killed may stand there for a moment longer
		ids := d.windows()
		return len(ids) > 0 && d.command("xdotool", "windowactivate", "--sync", ids[len(ids)-1]).Run() == nil
	})
}

// key presses keys ("Return", "ctrl+2").
func (d *display) key(keys ...string) {
	d.t.Helper()
	d.xdotool(append([]string{"key", "--delay", "20"}, keys...)...)
}

// typing types text.
func (d *display) typing(text string) {
	d.t.Helper()
	d.xdotool("type", "--delay", "15", text)
}

// clickAt clicks, and takes the pointer away: it would cover the next words to read.
func (d *display) clickAt(p image.Point) {
	d.t.Helper()
	d.xdotool("mousemove", strconv.Itoa(p.X), strconv.Itoa(p.Y), "click", "1", "mousemove", "1598", "998")
}

// gone waits until a process has ended.
func (d *display) gone(pid int) {
	d.t.Helper()
	d.until(fmt.Sprintf("the end of process %d", pid), func() bool { return !alive(pid) })
}

func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(after, "Z") && syscall.Kill(pid, 0) == nil
}

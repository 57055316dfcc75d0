package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openPTY gives both ends of a terminal.
func openPTY(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no pseudo terminals here:", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	fd := int(keyboard.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	return keyboard, screen
}

// readUntil reads what the terminal shows until it holds text.
func readUntil(t *testing.T, keyboard *os.File, text string) string {
	t.Helper()
	var all bytes.Buffer
	one := make([]byte, 1)
	for !strings.Contains(all.String(), text) {
		n, err := keyboard.Read(one)
		if err != nil {
			t.Fatalf("%v after %q", err, all.String())
		}
		all.Write(one[:n])
	}
	return all.String()
}

func TestATypedPassphraseIsNotShown(t *testing.T) {
	keyboard, screen := openPTY(t)
	p := newTerminalPrompter(t.Context(), screen, screen)
	if !p.Present() {
		t.Fatal("a terminal was not recognised")
	}
	type answer struct {
		b   []byte
		err error
	}
	got := make(chan answer, 1)
	go func() {
		b, err := p.Hidden("Passphrase:")
		got <- answer{b, err}
	}()
	readUntil(t, keyboard, "Passphrase: ")
	for { // the echo goes off right after the question
		s, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if s.Lflag&unix.ECHO == 0 {
			break
		}
	}
	fmt.Fprint(keyboard, "larch violet\n")
	x := <-got
	if x.err != nil || string(x.b) != "larch violet" {
		t.Fatalf("%q %v", x.b, x.err)
	}
	p.Say("end of test")
	if shown := readUntil(t, keyboard, "end of test"); strings.Contains(shown, "larch") {
		t.Errorf("shown: %q", shown)
	}
}

func TestAStopLeavesAQuestionAndTheTerminalAsItWas(t *testing.T) {
	keyboard, screen := openPTY(t)
	ctx, stop := context.WithCancel(t.Context())
	p := newTerminalPrompter(ctx, screen, screen)
	before, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		_, err := p.Hidden("Passphrase:")
		got <- err
	}()
	for {
		s, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
		if err != nil {
			t.Fatal(err)
		}
		if s.Lflag&unix.ECHO == 0 {
			break
		}
	}
	stop()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	after, err := unix.IoctlGetTermios(int(screen.Fd()), unix.TCGETS)
	if err != nil || after.Lflag != before.Lflag {
		t.Errorf("the terminal was left without echo: %v", err)
	}
	fmt.Fprintln(keyboard) // ends the read that was left behind
}

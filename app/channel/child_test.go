package channel

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
)

// The tests start this test binary again as other processes; childRole says what such a process does.
const (
	childRole = "LIGHTPROOF_CHANNEL_CHILD"
	childHome = "LIGHTPROOF_CHANNEL_HOME"
)

func TestMain(m *testing.M) {
	home := os.Getenv(childHome)
	switch role := os.Getenv(childRole); role {
	case "":
		os.Exit(m.Run())
	case "serve":
		childServe(home)
	case "lock":
		_, err := Lock(home + "/" + EngineLock)
		fmt.Println(err)
		io.Copy(io.Discard, os.Stdin)
	case "window":
		l, err := ListenRaise(home, func(s Start) { fmt.Println(strings.Join(s.Args, " "), s.Token) })
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println("ready")
		io.Copy(io.Discard, os.Stdin)
		l.Close()
	case "connect": // what a stranger's program would try
		_, err := Dial(context.Background(), home)
		fmt.Println("client:", err)
		c, err := net.Dial("unix", os.Getenv(childRole+"_SOCKET"))
		if err != nil {
			fmt.Println("raw: no connection")
			return
		}
		c.SetDeadline(time.Now().Add(fuse))
		fmt.Fprintf(c, "GET /v1/hello HTTP/1.1\r\nHost: %s\r\n%s: 1\r\n\r\n", host, headerProtocol)
		n, err := io.Copy(io.Discard, c)
		fmt.Println("raw:", n, "bytes")
	}
}

// childServe is a keeper of a few lines: lock, line, a beat.
func childServe(home string) {
	release, err := Lock(home + "/" + EngineLock)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer release()
	f := filled(home)
	retired := make(chan struct{})
	f.OnDo = func(ctx context.Context, c backup.Command) (backup.Reply, error) {
		switch c.(type) {
		case backup.Retire:
			close(retired)
		case backup.BackUp:
			<-ctx.Done()
			return backup.Reply{}, ctx.Err()
		}
		return backup.Reply{}, nil
	}
	s, err := Serve(context.Background(), home, f)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ready")
	go func() {
		for range time.Tick(20 * time.Millisecond) {
			f.Beat()
		}
	}()
	over := make(chan struct{})
	go func() { io.Copy(io.Discard, os.Stdin); close(over) }()
	select {
	case <-retired:
	case <-over:
	}
	s.Close()
}

// child is another process of this test binary.
type child struct {
	*exec.Cmd
	stdin io.WriteCloser
	out   *bufio.Reader
}

func start(t *testing.T, role, home string, change func(*exec.Cmd)) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{Cmd: exec.Command(self)}
	c.Env = append(os.Environ(), childRole+"="+role, childHome+"="+home)
	c.Stderr = os.Stderr
	if change != nil {
		change(c.Cmd)
	}
	if c.stdin, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	return c
}

// line waits for the next line that the child prints.
func (c *child) line(t *testing.T) string {
	t.Helper()
	s, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("%q, %v", s, err)
	}
	return strings.TrimSuffix(s, "\n")
}

// serving starts a keeper of its own process.
func serving(t *testing.T, home string) *child {
	t.Helper()
	c := start(t, "serve", home, nil)
	if got := c.line(t); got != "ready" {
		t.Fatal(got)
	}
	return c
}

package keystoretest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

// startLimit bounds how long a bus or a keyring may take to come up before the test fails.
const startLimit = 30 * time.Second

// busConfig has no service directories: nothing can be activated on this bus, so neither a prompt nor the machine's own keyring
// or portal ever joins a test.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <keep_umask/>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`

// SecretService is a private session bus with a gnome-keyring-daemon on it, whose login collection exists and is unlocked. Both end
// with the test.
type SecretService struct {
	tb      testing.TB
	dir     string
	address string
	bus     *process
	keyring *process
}

// StartSecretService starts a private bus and keyring and returns the environment a child process needs to use them:
// DBUS_SESSION_BUS_ADDRESS, XDG_RUNTIME_DIR, XDG_DATA_HOME and HOME, all in folders of the test. The test fails where dbus-daemon
// or gnome-keyring-daemon (Debian packages dbus and gnome-keyring) is missing.
func StartSecretService(tb testing.TB) (env []string) {
	tb.Helper()
	return NewSecretService(tb).Env()
}

// StartForThisProcess starts a private bus and keyring and makes them this process's own by tb.Setenv until the test ends; so the
// test cannot be parallel.
func StartForThisProcess(tb testing.TB) *SecretService {
	tb.Helper()
	s := NewSecretService(tb)
	for _, e := range s.Env() {
		name, value, _ := strings.Cut(e, "=")
		tb.Setenv(name, value)
	}
	// The D-Bus library keeps one connection per process: it must not be left over from, nor for, another test's bus.
	tb.Cleanup(closeSharedConnection)
	return s
}

// NewSecretService is StartSecretService for tests that want to break what they started.
func NewSecretService(tb testing.TB) *SecretService {
	tb.Helper()
	// Not tb.TempDir: its long path would not fit into a socket address (108 bytes).
	dir, err := os.MkdirTemp("", "lpks")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { os.RemoveAll(dir) })
	s := &SecretService{tb: tb, dir: dir}
	for _, d := range []string{"run", "data", "home"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			tb.Fatal(err)
		}
	}
	socket := filepath.Join(dir, "run", "bus")
	s.address = "unix:path=" + dbus.EscapeBusAddressValue(socket)
	config := filepath.Join(dir, "session.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, socket), 0o600); err != nil {
		tb.Fatal(err)
	}
	s.bus = s.start("", "dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	s.bus.awaitLine(tb)
	s.StartKeyring()
	return s
}

// Env is the environment for child processes, see StartSecretService.
func (s *SecretService) Env() []string {
	return []string{
		"DBUS_SESSION_BUS_ADDRESS=" + s.address,
		"XDG_RUNTIME_DIR=" + filepath.Join(s.dir, "run"),
		"XDG_DATA_HOME=" + filepath.Join(s.dir, "data"),
		"HOME=" + filepath.Join(s.dir, "home"),
	}
}

// StartKeyring starts the keyring, again after StopKeyring, and returns when it owns its name on the bus.
func (s *SecretService) StartKeyring() {
	s.tb.Helper()
	s.keyring = s.start("test password\n", "gnome-keyring-daemon", "--unlock", "--components=secrets", "--foreground")
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	conn := s.connect(ctx)
	defer conn.Close()
	changes := make(chan *dbus.Signal, 64)
	conn.Signal(changes)
	err := conn.AddMatchSignalContext(ctx, dbus.WithMatchInterface("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, "org.freedesktop.secrets"))
	if err != nil {
		s.tb.Fatalf("watching the private bus: %v", err)
	}
	for {
		var owned bool
		if err := conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, "org.freedesktop.secrets").
			Store(&owned); err != nil {
			s.tb.Fatalf("asking the private bus for the keyring: %v", err)
		}
		if owned {
			return
		}
		select {
		case <-changes:
		case <-s.keyring.ended:
			s.tb.Fatalf("gnome-keyring-daemon ended: %s", s.keyring.said())
		case <-ctx.Done():
			s.tb.Fatalf("gnome-keyring-daemon took no name on the bus within %v: %s", startLimit, s.keyring.said())
		}
	}
}

// StopKeyring ends the keyring; its stored items stay for the next StartKeyring.
func (s *SecretService) StopKeyring() { s.keyring.stop() }

// StopBus ends the bus, as a logout does.
func (s *SecretService) StopBus() { s.bus.stop() }

// Freeze stops the keyring without ending it: it answers nothing. Thaw lets it go on.
func (s *SecretService) Freeze() { s.signal(syscall.SIGSTOP) }

// Thaw undoes Freeze.
func (s *SecretService) Thaw() { s.signal(syscall.SIGCONT) }

func (s *SecretService) signal(sig syscall.Signal) {
	s.tb.Helper()
	if err := s.keyring.cmd.Process.Signal(sig); err != nil {
		s.tb.Fatalf("signalling the keyring: %v", err)
	}
}

// Lock locks the login collection; without a prompter on the bus nothing can unlock it but Unlock.
func (s *SecretService) Lock() {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	conn := s.connect(ctx)
	defer conn.Close()
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	err := conn.Object("org.freedesktop.secrets", "/org/freedesktop/secrets").
		CallWithContext(ctx, "org.freedesktop.Secret.Service.Lock", 0,
			[]dbus.ObjectPath{"/org/freedesktop/secrets/collection/login"}).Store(&locked, &prompt)
	if err != nil || len(locked) != 1 {
		s.tb.Fatalf("locking the keyring: %v (%d locked)", err, len(locked))
	}
}

// Unlock unlocks by starting the keyring anew with its password.
func (s *SecretService) Unlock() {
	s.tb.Helper()
	s.StopKeyring()
	s.StartKeyring()
}

func (s *SecretService) connect(ctx context.Context) *dbus.Conn {
	s.tb.Helper()
	conn, err := dbus.Connect(s.address, dbus.WithContext(ctx))
	if err != nil {
		s.tb.Fatalf("connecting to the private bus: %v", err)
	}
	return conn
}

func closeSharedConnection() {
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" {
		return
	}
	if conn, err := dbus.SessionBus(); err == nil {
		conn.Close()
	}
}

// process is a child that dies with us, whatever happens to the test.
type process struct {
	cmd   *exec.Cmd
	first chan string   // its first line of output
	ended chan struct{} // closed when it has ended and was waited for
	errs  *bytes.Buffer // read only after ended
}

func (s *SecretService) start(input, name string, args ...string) *process {
	s.tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		s.tb.Fatalf("%s is missing: install the packages dbus and gnome-keyring", name)
	}
	p := &process{cmd: exec.Command(path, args...), first: make(chan string, 1), ended: make(chan struct{}), errs: &bytes.Buffer{}}
	p.cmd.Env = append(os.Environ(), s.Env()...)
	p.cmd.Stdin = strings.NewReader(input)
	p.cmd.Stdout = &firstLine{to: p.first}
	p.cmd.Stderr = p.errs
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // the kernel sends Pdeathsig when the thread that started the child ends
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.ended)
	}()
	if err := <-started; err != nil {
		s.tb.Fatalf("starting %s: %v", name, err)
	}
	s.tb.Cleanup(p.stop)
	return p
}

func (p *process) stop() {
	_ = p.cmd.Process.Kill() // works on a stopped process too
	<-p.ended
}

func (p *process) said() string {
	select {
	case <-p.ended:
		return p.errs.String()
	default:
		return "still running"
	}
}

func (p *process) awaitLine(tb testing.TB) {
	tb.Helper()
	select {
	case <-p.first:
	case <-p.ended:
		tb.Fatalf("%s ended: %s", filepath.Base(p.cmd.Path), p.said())
	case <-time.After(startLimit):
		tb.Fatalf("%s said nothing within %v", filepath.Base(p.cmd.Path), startLimit)
	}
}

// firstLine passes on the first line written to it and swallows the rest.
type firstLine struct {
	to   chan<- string
	line []byte
	done bool
}

var _ io.Writer = (*firstLine)(nil)

func (w *firstLine) Write(b []byte) (int, error) {
	if !w.done {
		w.line = append(w.line, b...)
		if i := bytes.IndexByte(w.line, '\n'); i >= 0 {
			w.to <- string(w.line[:i])
			w.done = true
		}
	}
	return len(b), nil
}

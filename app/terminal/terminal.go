package terminal

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/adrg/xdg"

	"lightproof/app/keeper"
	"lightproof/backup/vault"
	"lightproof/keystore"
	"lightproof/keystore/secret"
)

// The exit codes. They are documented in the help and stay as they are.
const (
	Done     = 0 // done, and nothing needs the person
	Failed   = 1 // the command did not do what it was asked to
	Usage    = 2 // unknown command or flag, missing or wrong argument
	NeedsYou = 3 // done, but some need the person; status when red or grey
)

// Streams are the standard streams. Prompts and progress appear only where In and Err are terminals.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Options of Run. Only Streams and Version are needed; the others let tests and the program that embeds the terminal choose.
type Options struct {
	Streams
	Version  string
	Prompter Prompter          // nil: the terminal on In and Err, if they are one
	Keychain keystore.Keychain // nil: the operating system's
	KDF      vault.KDF         // zero: vault.DefaultKDF. There is no flag for it: weaker keys are for tests
	Now      func() time.Time  // nil: time.Now
	// Act carries out what the keeper's tray asks of other programs, such as opening the window; nil: nothing happens.
	Act func(home string, intent keeper.Intent)
}

// DefaultHome is the folder for all state where --home does not name one: "lightproof" in the user's data folder (XDG base directory
// specification on Linux and the BSDs, Application Support on macOS, LocalAppData on Windows).
func DefaultHome() string { return filepath.Join(xdg.DataHome, "lightproof") }

// Main runs one command and returns its exit code. args are those after the program's name. Ctrl-C and a request to terminate stop
// the command cleanly.
func Main(ctx context.Context, args []string, std Streams, version string) int {
	return Run(ctx, args, Options{Streams: std, Version: version})
}

// Run is Main with options.
func Run(ctx context.Context, args []string, o Options) int {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program at once.
	context.AfterFunc(ctx, stop)
	debug.SetGCPercent(garbage)
	debug.SetMemoryLimit(memory + int64(max(0, runtime.NumCPU()-2))*memoryOfProcessor)
	a := &app{Options: o}
	if a.Now == nil {
		a.Now = time.Now
	}
	if a.Keychain == nil {
		a.Keychain = &keystore.System{}
	}
	if a.Prompter == nil {
		a.Prompter = newTerminalPrompter(ctx, o.In, o.Err)
	}
	if err := secret.HardenProcess(); err != nil && !errors.Is(err, secret.ErrUnsupported) {
		a.note("%v", err)
	}
	defer a.forget()
	return a.execute(ctx, args)
}

// garbage is how much of it may gather, in percent of what is in use. Most of that are the buffers of the pieces on their way, of which as
// much again would be waste: with 100, storing 100,000 small files took a fifth more memory and a tenth less processor time.
const garbage = 50

// memory is what the program tries to live with in bytes, whatever the size of the library: near it, garbage is collected more often. It is enough for
// what two processors work on at a time, and a bit more than three pieces for each further one.
const (
	memory            = 84 << 20
	memoryOfProcessor = 28 << 20
)

// app is one run of one command.
type app struct {
	Options
	home string
	json bool

	code  int                // what a command that succeeded returns
	given map[string][]byte  // passphrases read in this run, by what they open
	files map[string]*string // the flags that name files with passphrases
}

// needsYou makes the command end with NeedsYou.
func (a *app) needsYou() { a.code = NeedsYou }

// forget wipes the passphrases of this run.
func (a *app) forget() {
	for _, p := range a.given {
		clear(p)
	}
}

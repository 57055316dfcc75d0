package terminal

import (
	"context"
	"errors"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"lightproof/app/channel"
	"lightproof/app/keeper"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/keystore"
	"lightproof/keystore/secret"
)

func (a *app) keeperCommand() *cobra.Command {
	var noTray bool
	c := &cobra.Command{Use: "keeper", Short: "Run the background part: watch, copy, read back, until it is ended", Args: cobra.NoArgs,
		Long: `Run the background part in this process: it watches the folders, copies what is new, reads back, and shows the tray where the desktop
has one. It ends with Ctrl-C, a request to terminate, or Quit in the tray; what was stored stays. It holds no key that opens a stored
photo. Where the key is not in the system keychain, give the passphrase, or it waits until another command or the window gives it.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.keeper(c.Context(), noTray) }}
	c.Flags().BoolVar(&noTray, "no-tray", false, "show no tray and send no notifications")
	return a.unlocks(c)
}

func (a *app) keeper(ctx context.Context, noTray bool) (err error) {
	if err := os.MkdirAll(a.home, 0o700); err != nil {
		return err
	}
	running, release, err := a.engine(ctx)
	if err != nil {
		return err
	}
	if running != nil { // what was asked for runs already
		running.Close()
		return a.print(struct {
			AlreadyRunning bool `json:"already_running"`
		}{true}, func(p *page) { p.line("The background part is running already.") })
	}
	defer release()
	start, lost, err := a.keeperSecret(ctx)
	if err != nil {
		return err
	}
	e, err := backup.Open(ctx, backup.Options{Home: a.home, Build: a.Version, Keychain: a.Keychain}, start)
	start.Wipe()
	if err != nil {
		return err
	}
	e.KeysLost(lost)
	defer func() { err = errors.Join(err, e.Close()) }()
	server, err := channel.Serve(ctx, a.home, e)
	if err != nil {
		return err
	}
	defer server.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	served := make(chan error, 1)
	wg.Go(func() {
		served <- e.Serve(ctx)
		cancel()
	})
	wg.Go(func() { a.unsealLater(ctx, e) })
	wg.Go(func() { giveBack(ctx, e) })
	err = keeper.Run(ctx, keeper.Options{Home: a.home, Service: e, NoTray: noTray, Now: a.Now, Sleep: func(asleep bool) {
		if !asleep {
			e.Woke()
		}
	}, Act: func(i keeper.Intent) {
		go func() { // telling the window takes a moment; Quit tells it first, or it would start the background part anew
			if a.Act != nil {
				a.Act(a.home, i)
			}
			if i == keeper.Quit {
				cancel()
			}
		}()
	}, Failed: func(err error) { a.note("%s", err) }})
	cancel()
	return errors.Join(err, <-served)
}

// keeperSecret is what opens the engine's keys, zero where they have to wait: for the vault, the keychain, or the passphrase. lost: the
// keychain answered that it does not hold them.
func (a *app) keeperSecret(ctx context.Context) (start secret.Secret, lost bool, err error) {
	info, err := backup.ReadDevice(a.home)
	if errors.Is(err, backup.ErrNotSetUp) {
		return secret.Secret{}, false, nil
	}
	if err != nil {
		return secret.Secret{}, false, err
	}
	s := &session{a: a, info: info}
	start, err = s.startSecret(ctx)
	if lost = errors.Is(err, keystore.ErrMissing); lost || errors.Is(err, setup.ErrNoPassphrase) || keychainFailed(err) {
		a.note("%s", say(a.explain(err)))
		return secret.Secret{}, lost, nil
	}
	return start, false, err
}

// unsealEvery is how often a keeper whose keychain was locked looks at it again. Looking asks nobody anything.
const unsealEvery = 30 * time.Second

// unsealLater opens the keys once the keychain gives them.
func (a *app) unsealLater(ctx context.Context, e *backup.Engine) {
	for {
		st, err := e.State(ctx)
		if err != nil || st.Safety.KeysUsable || st.Safety.Mode == backup.ModePassphraseAtStart {
			return
		}
		if st.Safety.SetUp {
			start, err := setup.Start(ctx, a.home, a.Keychain)
			e.KeysLost(errors.Is(err, keystore.ErrMissing))
			if err == nil {
				_, err = e.Do(ctx, backup.Unseal{Key: start.Bytes()})
				start.Wipe()
				if err != nil {
					a.note("%s", say(a.explain(err)))
				}
				continue
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(unsealEvery):
		}
	}
}

// restAfter is how long the background part must have had nothing to do before it gives memory back.
const restAfter = 2 * time.Second

// giveBack returns the memory of a run to the system once the engine rests: by itself the runtime keeps most of it for minutes.
func giveBack(ctx context.Context, e *backup.Engine) {
	events, err := e.Events(ctx)
	if err != nil {
		return
	}
	rest := time.NewTimer(restAfter)
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case ev, ok := <-events:
			if !ok {
				return
			}
			if ev.State != nil { // a new state means that something was done
				rest.Reset(restAfter)
			}
		case <-rest.C:
			debug.FreeOSMemory()
			dropProgram()
		}
	}
}

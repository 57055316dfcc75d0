package terminal

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/keystore"
	"lightproof/keystore/kit"
)

const kitPassphraseFlag = "kit-passphrase-file"

var errKitFile = errors.New("file for the kit")

// keyOptions say where the keys are kept on this computer.
type keyOptions struct {
	keychain   string
	convenient bool
	name       string
}

func (o *keyOptions) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.keychain, "keychain", "os", "where the key of this computer is kept: os (the system keychain), or none (passphrase at each start)")
	c.Flags().BoolVar(&o.convenient, "convenient", false, "whoever uses this session can open Lightproof here without the passphrase")
	c.Flags().StringVar(&o.name, "name", "", "name of this computer (without it: its host name)")
}

// mode checks the flags and gives the mode they mean.
func (o *keyOptions) mode() (string, error) {
	if o.name == "" {
		o.name, _ = os.Hostname()
	}
	if o.name == "" {
		o.name = "computer"
	}
	switch {
	case o.keychain != "os" && o.keychain != "none":
		return "", wrongUsage("--keychain is os or none, not %q", o.keychain)
	case o.keychain == "none" && o.convenient:
		return "", wrongUsage("--convenient needs the system keychain")
	case o.keychain == "none":
		return backup.ModePassphraseAtStart, nil
	case o.convenient:
		return backup.ModeConvenient, nil
	}
	return backup.ModeStrict, nil
}

func (a *app) setupCommand() *cobra.Command {
	var keys keyOptions
	var kitFile string
	c := &cobra.Command{
		Use:   "setup",
		Short: "Make the keys and the recovery kit",
		Long: `Make the keys of this computer and the recovery kit.

One passphrase opens Lightproof here and, together with the kit, everything on a new computer. At a terminal the kit's 24 words are
shown once to be written down; then three of them and the passphrase are asked. With --kit-file the kit is written to a new file
instead, readable by you alone, and lightproof kit check tells later whether it works.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			mode, err := keys.mode()
			if err != nil {
				return err
			}
			return a.setup(c.Context(), mode, keys.name, kitFile)
		},
	}
	keys.flags(c)
	c.Flags().StringVar(&kitFile, "kit-file", "", "write the recovery kit to this new file")
	a.secretFile(c, kitPassphraseFlag, "file with a second passphrase for the kit alone")
	return a.unlocks(c)
}

// setUpAnswer is what setup and recover print.
type setUpAnswer struct {
	Space      string `json:"space_id"`
	Device     string `json:"device_id"`
	Mode       string `json:"mode"`
	KitFile    string `json:"kit_file,omitempty"`
	KitChecked bool   `json:"kit_checked"`
}

func (a *app) setup(ctx context.Context, mode, name, kitFile string) error {
	if kitFile == "" && (a.json || !a.Prompter.Present()) {
		return wrongUsage("without a terminal, --kit-file says where the recovery kit goes")
	}
	if kitFile != "" {
		if _, err := os.Lstat(kitFile); err == nil {
			return fmt.Errorf("%w: %s: %w", errKitFile, texts.Name(kitFile), os.ErrExist)
		}
	}
	s, err := a.openBare(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	pass, kitPass, err := a.choosePassphrases(mode)
	if err != nil {
		return err
	}
	o := setup.Options{Home: a.home, DeviceName: name, Passphrase: pass, KitPassphrase: kitPass, Mode: mode, Keychain: a.Keychain, KDF: a.KDF, Now: a.Now()}
	made, err := a.create(ctx, o)
	if err != nil {
		return err
	}
	defer made.Kit.Wipe()
	defer made.Start.Wipe()
	made.Reader.Wipe()
	if _, err := s.svc.Do(ctx, backup.SetUp{Key: made.Start.Bytes(), Mode: made.Mode}); err != nil {
		return err
	}
	out := setUpAnswer{Mode: made.Mode, KitFile: kitFile}
	if kitPass == nil {
		kitPass = pass
	}
	if out.KitChecked, err = a.handOver(made.Kit, kitFile, kitPass); err != nil {
		return err
	}
	if out.KitChecked {
		if _, err := s.svc.Do(ctx, backup.KitChecked{}); err != nil {
			return err
		}
	}
	info, err := backup.ReadDevice(a.home)
	if err != nil {
		return err
	}
	out.Space, out.Device = info.Space.String(), info.Device.String()
	return a.print(out, func(p *page) {
		p.line("Lightproof is set up on this computer.")
		if kitFile != "" {
			p.line("The recovery kit is in %s. Print it, keep it away from this computer, then run lightproof kit check.", texts.Name(kitFile))
		}
		p.line("Next: lightproof folders add DIR, lightproof destinations add folder DIR, lightproof backup.")
	})
}

// choosePassphrases reads the app passphrase and, where asked for, the kit's own. In convenient mode the one passphrase is the kit's.
func (a *app) choosePassphrases(mode string) (pass, kitPass []byte, err error) {
	intro := "Choose a passphrase. It opens Lightproof here and, together with the recovery kit, everything on a new computer."
	if mode == backup.ModeConvenient {
		intro = "Choose a passphrase for the recovery kit. Both together open everything on a new computer."
	}
	if pass, err = a.newPassphrase(passphraseFlag, intro, "New passphrase:", rand.Reader); err != nil {
		return nil, nil, err
	}
	if f := a.files[kitPassphraseFlag]; *f != "" {
		if kitPass, err = a.newPassphrase(kitPassphraseFlag, "", "", rand.Reader); err != nil {
			return nil, nil, err
		}
	}
	return pass, kitPass, nil
}

// create makes the vault. Where the keychain cannot be used, it offers the passphrase at each start.
func (a *app) create(ctx context.Context, o setup.Options) (*setup.Made, error) {
	made, err := setup.Create(a.prompting(ctx), o)
	if !keychainFailed(err) {
		return made, err
	}
	if ok, askErr := a.offerWithoutKeychain(err); askErr != nil || !ok {
		return nil, errors.Join(askErr, err)
	}
	o.Mode = backup.ModePassphraseAtStart
	return setup.Create(ctx, o)
}

func keychainFailed(err error) bool {
	for _, kind := range []error{keystore.ErrNoKeychain, keystore.ErrForgetful, keystore.ErrTimeout, keystore.ErrRefused, keystore.ErrLocked} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

func (a *app) offerWithoutKeychain(err error) (bool, error) {
	if !a.Prompter.Present() {
		return false, nil
	}
	m := a.explain(err)
	a.Prompter.Say(m.What + " Lightproof does not leave the key in a file where other programs could take it.\n" +
		"It can do without the keychain: then it asks for the passphrase each time its background part starts,\n" +
		"and nothing is copied between a restart and that answer.")
	return a.yes("Go on that way?")
}

// handOver gives the kit to the person: to a file, or shown and then asked. checked tells whether it was asked and right.
func (a *app) handOver(k *kit.Kit, file string, kitPass []byte) (checked bool, err error) {
	if file != "" {
		if err := kit.WriteFile(file, k); err != nil {
			return false, fmt.Errorf("%w: %w", errKitFile, err)
		}
		return false, nil
	}
	check, err := kit.NewCheck(k.Words, rand.Reader)
	if err != nil {
		return false, err
	}
	defer check.Wipe()
	text, err := k.Text()
	if err != nil {
		return false, err
	}
	a.Prompter.Say(string(text))
	clear(text)
	if _, err := a.Prompter.Ask("Write all of it down, then press Enter. The words are shown only now."); err != nil {
		return false, err
	}
	a.Prompter.Vanish()
	for range attempts {
		ok, err := a.askThree(check, kitPass)
		if err != nil || ok {
			return ok, err
		}
		a.Prompter.Say("That is not what the kit says. Compare with the paper.")
	}
	a.Prompter.Say(say(a.message(texts.KitUnchecked, nil)))
	return false, nil
}

// askThree asks for three words of the kit and for its passphrase.
func (a *app) askThree(check *kit.Check, kitPass []byte) (bool, error) {
	var answers [kit.Asked][]byte
	defer func() {
		for _, w := range answers {
			clear(w)
		}
	}()
	for i, at := range check.Positions() {
		s, err := a.Prompter.Ask(fmt.Sprintf("Word %d:", at))
		if err != nil {
			return false, err
		}
		answers[i] = []byte(s)
	}
	p, err := a.Prompter.Hidden("The passphrase that goes with the kit:")
	if err != nil {
		return false, err
	}
	defer clear(p)
	right := check.Verify(answers) == [kit.Asked]bool{true, true, true}
	return right && bytes.Equal(p, kitPass), nil
}

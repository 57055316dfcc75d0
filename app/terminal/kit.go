package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/library"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/keystore/kit"
	"lightproof/keystore/words"
)

func (a *app) kitCommand() *cobra.Command {
	var newFile, checkFile string
	fresh := &cobra.Command{Use: "new", Short: "Make another recovery kit", Args: cobra.NoArgs,
		Long: `Make another recovery kit, for instance after the passphrase was changed. Kits made before go on to work, each with the passphrase
that it was made with, until the new one was checked: from then on it replaces them. They end a week later, with the next unlock, and open
nothing that is backed up afterwards.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.newKit(c.Context(), newFile) }}
	fresh.Flags().StringVar(&newFile, "kit-file", "", "write the recovery kit to this new file")
	check := &cobra.Command{Use: "check", Short: "Prove that kit and passphrase open everything", Args: cobra.NoArgs,
		Long: `Prove that the recovery kit and its passphrase open everything. The 24 words are asked, or read from --kit-file. Once the newest
kit was checked, it replaces those made before.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.checkKit(c.Context(), checkFile) }}
	check.Flags().StringVar(&checkFile, "kit-file", "", "read the recovery kit from this file")
	for _, c := range []*cobra.Command{fresh, check} {
		a.unlocks(a.secretFile(c, kitPassphraseFlag, "file with the kit's passphrase, where it is another one than --"+passphraseFlag))
	}
	return group("kit", "The recovery kit", fresh, check)
}

// kitPassphrase is the passphrase that goes with the kit: its own where one is given, else the app's.
func (a *app) kitPassphrase(question string) ([]byte, error) {
	if f := a.files[kitPassphraseFlag]; f != nil && *f != "" {
		return a.passphrase(kitPassphraseFlag, question)
	}
	return a.passphrase(passphraseFlag, question)
}

func (a *app) newKit(ctx context.Context, file string) error {
	if file == "" && (a.json || !a.Prompter.Present()) {
		return wrongUsage("without a terminal, --kit-file says where the recovery kit goes")
	}
	if file != "" {
		if _, err := os.Lstat(file); err == nil {
			return fmt.Errorf("%w: %s: %w", errKitFile, texts.Name(file), os.ErrExist)
		}
	}
	s, l, err := a.openLibrary(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	pass, err := a.kitPassphrase("Passphrase for the kit:")
	if err != nil {
		return err
	}
	list, err := s.destinations(ctx)
	if err != nil {
		return err
	}
	var places []string
	for _, d := range list {
		if d.Path != "" && len(places) < kit.MaxEndpoints {
			places = append(places, d.Path)
		}
	}
	k, err := l.NewKit(ctx, pass, a.KDF, places, a.Now())
	if err != nil {
		return err
	}
	defer k.Wipe()
	out := struct {
		setUpAnswer
		oldKits
	}{setUpAnswer: setUpAnswer{Space: s.info.Space.String(), Device: s.info.Device.String(), Mode: s.info.Mode, KitFile: file}}
	if out.KitChecked, err = a.handOver(k, file, pass); err != nil {
		return err
	}
	if out.KitChecked {
		if out.oldKits, err = a.kitChecked(ctx, s.svc, l); err != nil {
			return err
		}
	}
	return a.print(out, func(p *page) {
		if out.KitChecked {
			p.line("Another recovery kit is made and checked.")
			out.say(p)
		} else {
			p.line("Another recovery kit is made. Kits made before go on to work until this one is checked.")
		}
		if file != "" {
			p.line("It is in %s. Print it, keep it away from this computer, then run lightproof kit check.", texts.Name(file))
		}
	})
}

// readKit reads a kit from a file, or its words as they are typed. k is nil for typed words. The caller wipes both.
func (a *app) readKit(file string) (typed []byte, k *kit.Kit, err error) {
	if file == "" {
		typed, err = a.typeKit()
		return typed, nil, err
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	if k, err = kit.Parse(f); err != nil {
		return nil, nil, err
	}
	return []byte(strings.Join(k.Words, " ")), k, nil
}

// typeKit asks for the 24 words, one or several a line. A word that is not in the list is asked again at once, with the nearest ones.
func (a *app) typeKit() ([]byte, error) {
	if !a.Prompter.Present() {
		return nil, errNoTerminal
	}
	a.Prompter.Say("Type the words of the recovery kit, one or several a line.")
	var out []byte
	for n := 0; n < int(words.Kit); {
		line, err := a.Prompter.Hidden(fmt.Sprintf("Word %d of %d:", n+1, words.Kit))
		if err != nil {
			clear(out)
			return nil, err
		}
		for _, w := range bytes.Fields(line) {
			if isNumber(w) {
				continue
			}
			plain, ok := words.Plain(w)
			if !ok || !words.Has(plain) {
				a.Prompter.Say(say(a.message(texts.KitWord, texts.Params{"n": n + 1})) + nearestTo(w))
				break
			}
			out = append(append(out, plain...), ' ')
			clear(plain)
			n++
		}
		clear(line)
	}
	return bytes.TrimSpace(out), nil
}

func isNumber(w []byte) bool { return len(bytes.Trim(w, "0123456789.)")) == 0 }

// nearestTo offers the words of the list that a wrong one may mean.
func nearestTo(w []byte) string {
	_, err := words.Parse(w, words.Kit)
	var unknown *words.UnknownWordError
	if errors.As(err, &unknown) && len(unknown.Nearest) > 0 {
		return "\n  Perhaps: " + strings.Join(unknown.Nearest, ", ")
	}
	return ""
}

func (a *app) checkKit(ctx context.Context, file string) error {
	s, l, err := a.openLibrary(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	typed, k, err := a.readKit(file)
	if err != nil {
		return err
	}
	defer clear(typed)
	if k != nil {
		defer k.Wipe()
		if vault.SpaceID(k.SpaceID) != s.info.Space {
			return setup.ErrOtherKit
		}
	}
	pass, err := a.kitPassphrase("The passphrase that goes with the kit:")
	if err != nil {
		return err
	}
	checked, err := l.CheckKit(ctx, typed, pass)
	switch {
	case errors.Is(err, library.ErrReplaced):
		return err
	case errors.Is(err, vault.ErrMissing):
		return fmt.Errorf("%w: %w", setup.ErrOtherKit, err)
	case errors.Is(err, vault.ErrNewer):
		return err
	case errors.Is(err, vault.ErrWrongKey), errors.Is(err, vault.ErrTampered):
		return fmt.Errorf("%w: %w", setup.ErrWrongPassphrase, err)
	case err != nil:
		return err
	}
	out := struct {
		Checked bool       `json:"checked"`
		Newest  bool       `json:"newest"`
		Until   *time.Time `json:"until,omitempty"` // replaced by a newer kit: it does not end before this moment
		oldKits
	}{Checked: true, Newest: checked.Newest}
	switch {
	case checked.Newest:
		out.oldKits, err = a.kitChecked(ctx, s.svc, l)
	case checked.Ending:
		until := a.Now().Add(checked.Left).UTC().Truncate(time.Second)
		out.Until = &until
	default: // a newer one was made and has not been checked: this one still is what a lost computer would need
		_, err = s.svc.Do(ctx, backup.KitChecked{})
	}
	if err != nil {
		return err
	}
	return a.print(out, func(p *page) {
		p.line("✓ This kit and its passphrase open everything.")
		switch {
		case out.Until != nil:
			p.line("! A newer kit replaces it: until %s at least it opens everything, afterwards only what was backed up before.", p.Date(*out.Until))
		case !out.Newest:
			p.line("! A newer kit was made and is not checked yet. Checking that one replaces this one.")
		}
		out.say(p)
	})
}

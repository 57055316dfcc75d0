package terminal

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/cobra"

	texts "lightproof/assets/strings"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/kit"
)

func (a *app) recoverCommand() *cobra.Command {
	var keys keyOptions
	var from, kitFile string
	var keep bool
	c := &cobra.Command{Use: "recover --from DIR", Short: "Bring everything back on a new computer, from copies, kit and passphrase", Args: cobra.NoArgs,
		Long: `Bring a vault back on a new computer from one folder with copies, the recovery kit and its passphrase; nothing else is needed. The
passphrase also opens Lightproof here from then on. Devices that were lost can write no more. Photos come with lightproof restore.

With --keep-others, no device was lost: this computer joins them under a name of its own. It is the way out where a computer was cloned
and both copies wrote backups.`,
		RunE: func(c *cobra.Command, _ []string) error {
			mode, err := keys.mode()
			if err != nil {
				return err
			}
			if from == "" {
				return wrongUsage("--from DIR is needed: the folder with the copies")
			}
			return a.recover(c.Context(), setup.RecoverOptions{Home: a.home, Dir: absolute(from), DeviceName: keys.name, Mode: mode, Keychain: a.Keychain, KDF: a.KDF,
				KeepOthers: keep}, kitFile)
		}}
	keys.flags(c)
	c.Flags().StringVar(&from, "from", "", "the folder with the copies")
	c.Flags().StringVar(&kitFile, "kit-file", "", "read the recovery kit from this file; without it its words are asked")
	c.Flags().BoolVar(&keep, "keep-others", false, "no device was lost: the others go on writing")
	return a.unlocks(c)
}

// recoverAnswer is what recover prints.
type recoverAnswer struct {
	setUpAnswer
	NewestBackup *time.Time      `json:"newest_backup,omitempty"`
	Replaced     bool            `json:"kit_replaced"` // newer keys were started without this kit: what was backed up with them did not open
	Findings     []findingAnswer `json:"findings"`     // records that were damaged or missing and were got from a second copy or passed over
}

// findingAnswer is one such record, in technical terms.
type findingAnswer struct {
	Name   string `json:"name"`
	Detail string `json:"detail"`
}

// findings leaves out what is no damage: a generation's keys are stored again when a kit is made, and the older record has no part for the
// newer kit. That the kit itself was revoked stays in; that newer keys leave it out is told apart (replaced).
func findings(r *setup.Recovered) []findingAnswer {
	out := []findingAnswer{}
	for _, f := range r.Findings {
		if _, _, keys := vault.ParseEpochName(f.Name); keys && (errors.Is(f.Err, vault.ErrWrongKey) || errors.Is(f.Err, reader.ErrShutOut)) {
			continue
		}
		out = append(out, findingAnswer{f.Name, oneLine(f.Err.Error())})
	}
	return out
}

// replaced tells whether newer keys were started without this kit.
func replaced(r *setup.Recovered) bool {
	return slices.ContainsFunc(r.Findings, func(f writer.Finding) bool { return errors.Is(f.Err, reader.ErrShutOut) })
}

func (a *app) recover(ctx context.Context, o setup.RecoverOptions, kitFile string) error {
	s, err := a.openBare(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	var k *kit.Kit
	if o.Words, k, err = a.readKit(kitFile); err != nil {
		return err
	}
	defer clear(o.Words)
	if o.Kit = k; k != nil {
		defer k.Wipe()
	}
	r, err := a.recovered(ctx, o)
	if err != nil {
		return err
	}
	defer r.Start.Wipe()
	r.Reader.Wipe()
	// Kit and passphrase have just opened everything: that is the strongest check there is.
	if _, err := s.svc.Do(ctx, backup.SetUp{Key: r.Start.Bytes(), Mode: r.Mode, KitChecked: true}); err != nil {
		return err
	}
	if _, err := s.svc.Do(ctx, backup.AddDestination{Kind: "folder", Dir: o.Dir, Adopt: true}); err != nil {
		return about(err, texts.Params{"folder": o.Dir, "name": o.Dir})
	}
	info, err := backup.ReadDevice(a.home)
	if err != nil {
		return err
	}
	out := recoverAnswer{setUpAnswer: setUpAnswer{Space: info.Space.String(), Device: info.Device.String(), Mode: r.Mode, KitChecked: true}, Findings: findings(r), Replaced: replaced(r)}
	if !r.NewestBackup.IsZero() {
		out.NewestBackup = &r.NewestBackup
	}
	if len(out.Findings) > 0 || out.Replaced {
		a.needsYou()
	}
	return a.print(out, func(p *page) {
		p.line("✓ The copies are open on this computer. The newest backup is of %s.", p.Clock(r.NewestBackup))
		if out.Replaced {
			p.line("! This kit was replaced: what was backed up with newer keys does not open with it. With the newest kit, recover again on an empty data folder.")
		}
		if len(out.Findings) > 0 {
			p.line("! %s records were damaged or missing and were replaced or passed over. Run lightproof verify --level full.", texts.Count(int64(len(out.Findings))))
		}
		p.line("Next: lightproof restore --to DIR brings the photos back; lightproof folders add DIR protects them here again.")
	})
}

// recovered opens the vault. A typed passphrase that is wrong is asked again; where the keychain cannot be used, the passphrase at each
// start is offered.
func (a *app) recovered(ctx context.Context, o setup.RecoverOptions) (r *setup.Recovered, err error) {
	open := func(p []byte) error {
		o.Passphrase, o.Now = p, a.Now()
		r, err = setup.Recover(a.prompting(ctx), o)
		if errors.Is(err, fs.ErrNotExist) {
			err = errors.Join(errNoCopies, err)
		}
		return err
	}
	err = a.trying(passphraseFlag, open)
	if !keychainFailed(err) {
		return r, err
	}
	if ok, askErr := a.offerWithoutKeychain(err); askErr != nil || !ok {
		return nil, errors.Join(askErr, err)
	}
	o.Mode = backup.ModePassphraseAtStart
	return r, a.trying(passphraseFlag, open)
}

// errNoCopies means that a folder holds no vault.
var errNoCopies = errors.New("no copies of Lightproof there")

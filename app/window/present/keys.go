package present

import (
	"errors"
	"time"

	"lightproof/app/window/face"
	"lightproof/app/window/texts"
	words "lightproof/assets/strings"
	"lightproof/backup"
)

// CheckedKit is what a passed check of a kit means, beyond that it opens everything.
type CheckedKit struct {
	Mark backup.Verdict
	More []string // empty: nothing more is to be said
}

// ShowChecked says what becomes of older kits, or of this one where a newer one exists.
func ShowChecked(c face.CheckedKit, now time.Time) CheckedKit {
	p := words.Printer{Now: now}
	switch {
	case !c.Newest && !c.Until.IsZero():
		return CheckedKit{backup.NotYet, []string{texts.ThisKitUntil(p.Date(c.Until))}}
	case !c.Newest:
		return CheckedKit{backup.NotYet, []string{texts.NewerUnchecked}}
	case c.Older > 0:
		return CheckedKit{backup.Safe, []string{texts.OldKitsUntil(p.Date(c.Until)), texts.OldKitsNeed}}
	}
	return CheckedKit{Mark: backup.Safe}
}

// KeysCard is what the settings offer for the keys.
type KeysCard struct {
	Note   string
	Change bool // there is a passphrase to change
}

// ShowKeysCard reads how this computer opens.
func ShowKeysCard(f Feed) KeysCard {
	if f.State != nil && f.State.Safety.Mode == backup.ModeConvenient {
		return KeysCard{Note: texts.ConvenientNote}
	}
	return KeysCard{Note: texts.KeysNote, Change: true}
}

// PassphraseError says why the passphrase was not changed.
func PassphraseError(err error) string {
	switch {
	case errors.Is(err, face.ErrWrongPassphrase):
		return texts.WrongPassphrase
	case errors.Is(err, face.ErrKeychain):
		return texts.KeychainLocked
	case errors.Is(err, face.ErrBusy):
		return texts.PassBusy
	}
	return refusal(err, texts.PassFailed)
}

// NewKitError says why no kit was made.
func NewKitError(err error) string {
	switch {
	case errors.Is(err, face.ErrWrongPassphrase):
		return texts.WrongPassphrase
	case errors.Is(err, face.ErrKeychain):
		return texts.KeychainLocked
	}
	return refusal(err, texts.NewKitFailed)
}

package face

import (
	"context"
	"errors"
	"time"
)

// Errors of Keys that the window decides on.
var (
	// ErrReplaced tells that a newer recovery kit ended this one.
	ErrReplaced = errors.New("a newer recovery kit replaced this one")
	// ErrBusy tells that the background part did not end in time, so nothing was changed.
	ErrBusy = errors.New("the background part did not end")
)

// Keys is what an opened Library can do to what opens it. The passphrases belong to the caller, who wipes them. Deriving a key is slow on
// purpose: each call takes a second or more.
type Keys interface {
	// NewKit makes another recovery kit; those before go on to work until it was checked. passphrase is the computer's and proven first:
	// ErrWrongPassphrase tells that nothing was made. kitPass is the kit's own, nil = the same. Where no passphrase opens this computer
	// (mode "convenient"), passphrase is not looked at and kitPass must be there.
	NewKit(ctx context.Context, passphrase, kitPass []byte) (Kit, error)
	// CheckKit proves that all 24 words and the passphrase open everything, and records it. Where no kit is newer, it ends the older ones.
	// Errors: ErrWrongWords, ErrWrongPassphrase, ErrReplaced.
	CheckKit(ctx context.Context, words []string, passphrase []byte) (CheckedKit, error)
	// ChangePassphrase gives this computer another passphrase. Kits go on to need the one that they were made with. Errors:
	// ErrWrongPassphrase, ErrBusy, those of the keychain; with each of them nothing was changed, else the new passphrase opens. To
	// change it, everything is closed and opened anew: next is the Library to go on with, this one or another, whatever err is; nil
	// where it has to be unlocked by hand.
	ChangePassphrase(ctx context.Context, old, fresh []byte) (next Library, err error)
}

// CheckedKit is what is known of a kit that opened everything.
type CheckedKit struct {
	Newest bool      // no newer one is in force
	Older  int       // of the newest: how many before it are ending now
	Until  time.Time // before it no older kit ends; for one that is not the newest: itself does not; zero: the newer one is not checked yet
}

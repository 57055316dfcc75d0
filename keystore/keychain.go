// Package keystore keeps the app's few small secrets in the operating system's keychain: Secret Service on Linux and the BSDs,
// Keychain on macOS, Credential Manager on Windows. It knows nothing of the formats of what it keeps.
//
// Rooms beneath it: secret (the type of all key bytes), words (BIP-39), kit (the recovery kit, its page and its check),
// passphrase (normal form, strength, suggestion), keystoretest (a keychain with faults and a real Secret Service, for tests).
//
// There is no fall-back to a plain file, here or anywhere: where the keychain is missing or locked, the caller says so and
// offers the passphrase at each start.
package keystore

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"lightproof/keystore/secret"
)

// Service is the name under which all items are filed. It is shown by the system's own password programs, so it holds no secret.
const Service = "Lightproof"

// MaxItem is the most bytes one item's stored (base64) text may have: the limit of the Windows Credential Manager
// (CRED_MAX_CREDENTIAL_BLOB_SIZE), kept everywhere. MaxValue is what that leaves for the bytes themselves.
const (
	MaxItem  = 2560
	MaxValue = MaxItem / 4 * 3
)

// What a caller decides by. Errors returned by a Keychain wrap exactly one of these, or are the context's own.
var (
	// ErrMissing: the keychain answers, and has no such item.
	ErrMissing = errors.New("the keychain has no such item")
	// ErrNoKeychain: there is no keychain on this machine or in this session.
	ErrNoKeychain = errors.New("there is no keychain in this session")
	// ErrLocked: the keychain is there but locked, or the person closed its question.
	ErrLocked = errors.New("the keychain is locked")
	// ErrTimeout: no answer within the deadline. What a Set or Delete did is then unknown.
	ErrTimeout = errors.New("the keychain did not answer in time")
	// ErrForgetful: Set seemed to succeed, but reading back gave nothing or something else.
	ErrForgetful = errors.New("the keychain did not keep what it was given")
	// ErrTooLarge: more than MaxValue bytes.
	ErrTooLarge = errors.New("the value is too large for the keychain")
	// ErrDamaged: the item is there, but is not what Set writes (base64, padded, RFC 4648 section 4).
	ErrDamaged = errors.New("the keychain item is damaged")
	// ErrRefused: the keychain answered with a failure that is none of the above.
	ErrRefused = errors.New("the keychain refused")
)

// Item names one entry. Its text is shown by the system's password programs: two public ids and a kind, nothing secret. The zero
// Item is refused. Items are comparable.
type Item struct{ user string }

// KeyItem names the item that holds the 32-byte key of one device in one Space.
func KeyItem(spaceID, deviceID [16]byte) Item { return newItem(spaceID, deviceID, "key") }

// PinItem names the item that holds the rollback pin (not secret) of one device in one Space.
func PinItem(spaceID, deviceID [16]byte) Item { return newItem(spaceID, deviceID, "pin") }

func newItem(spaceID, deviceID [16]byte, kind string) Item {
	return Item{hex.EncodeToString(spaceID[:]) + "/" + hex.EncodeToString(deviceID[:]) + ":" + kind}
}

// String is the user name of the entry: "<space, hex>/<device, hex>:key" or ":pin".
func (i Item) String() string { return i.user }

// Keychain keeps small values by item. Implementations are safe for use by several goroutines. Every method returns when ctx
// ends at the latest.
type Keychain interface {
	// Get returns the value; the caller wipes it. ErrMissing where there is none.
	Get(ctx context.Context, item Item) (secret.Secret, error)
	// Set stores 1 to MaxValue bytes, replacing what was there, and has read them back when it returns nil.
	Set(ctx context.Context, item Item, value secret.Secret) error
	// Delete removes the item; one that is not there is no error.
	Delete(ctx context.Context, item Item) error
}

type promptKey struct{}

// AllowPrompt marks ctx as coming from a person who is waiting: the system may ask them to unlock the keychain, and the longer
// deadline counts. Without it a locked keychain is ErrLocked at once where the system lets us see the lock (Secret Service);
// the background part never makes a question pop up.
func AllowPrompt(ctx context.Context) context.Context {
	return context.WithValue(ctx, promptKey{}, true)
}

func promptAllowed(ctx context.Context) bool { return ctx.Value(promptKey{}) != nil }

func failed(op string, kind, cause error) error {
	if cause == nil || errors.Is(cause, kind) {
		return fmt.Errorf("keychain %s: %w", op, kind)
	}
	return fmt.Errorf("keychain %s: %w: %w", op, kind, cause)
}

// Package kit makes, prints, reads and checks the recovery kit: 24 words that, together with the passphrase, open everything on a
// fresh machine, and the few public facts that a fresh machine needs to find and trust what is stored.
package kit

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

// Bounds of a kit.
const (
	MaxEndpoints   = 16
	MaxEndpointLen = 1024 // bytes
	MaxHeads       = 64
)

// Kit is what is printed. It holds the kit secret as Words: Wipe it as soon as it is shown. Formatting a Kit with package fmt shows
// nothing of it, and encoders refuse it.
type Kit struct {
	// Words are the 24 words of the 32-byte kit secret.
	Words []string
	// SpaceID says which library the kit belongs to.
	SpaceID [16]byte
	// Fingerprint is the first 80 bits of the genesis hash: the root of trust on a fresh machine.
	Fingerprint [10]byte
	// Endpoints say where the copies are, without any credential.
	Endpoints []string
	// Checkpoint is the state that a fresh machine must find at least.
	Checkpoint Checkpoint
	// Created is when the kit was made; seconds are kept, in UTC.
	Created time.Time
}

// Checkpoint is the newest state known when the kit was made: the floor below which a store has been rolled back.
type Checkpoint struct {
	Date        time.Time // seconds are kept, in UTC
	ControlSeq  uint64    // newest entry of the control chain, from 1
	ControlHash [32]byte  // its hash
	Heads       []Head    // newest commit of each device's log
}

// Head names the newest commit of one log.
type Head struct {
	DevTag [8]byte
	Seq    uint64 // from 1
}

// What is wrong with a kit that is to be printed or was read.
var (
	ErrCredential = errors.New("a place printed in the kit must not carry a password")
	ErrInvalid    = errors.New("the kit is not complete")
)

// Validate tells whether the kit may be printed: 24 words that belong together, places within their bounds and without passwords, and
// a checkpoint. Errors: ErrCredential, ErrInvalid, or those of words.Parse.
func (k *Kit) Validate() error {
	s, err := k.Secret()
	if err != nil {
		return err
	}
	s.Wipe()
	switch {
	case len(k.Endpoints) > MaxEndpoints:
		return fmt.Errorf("%w: more than %d places", ErrInvalid, MaxEndpoints)
	case len(k.Checkpoint.Heads) > MaxHeads:
		return fmt.Errorf("%w: more than %d devices", ErrInvalid, MaxHeads)
	case k.Checkpoint.ControlSeq == 0:
		return fmt.Errorf("%w: no checkpoint", ErrInvalid)
	case !printable(k.Created), !printable(k.Checkpoint.Date):
		return fmt.Errorf("%w: a date is missing", ErrInvalid)
	}
	for _, e := range k.Endpoints {
		if e == "" || len(e) > MaxEndpointLen {
			return fmt.Errorf("%w: a place is empty or longer than %d bytes", ErrInvalid, MaxEndpointLen)
		}
		if u, err := url.Parse(e); err == nil && u.User != nil {
			if _, has := u.User.Password(); has {
				return ErrCredential
			}
		}
	}
	return nil
}

// printable: RFC 3339 has four digits for the year.
func printable(t time.Time) bool { return !t.IsZero() && t.UTC().Year() >= 1 && t.UTC().Year() <= 9999 }

// Secret returns the 32 bytes behind the words; the caller wipes them. Errors: those of words.Parse.
func (k *Kit) Secret() (secret.Secret, error) {
	text := make([]byte, 0, int(words.Kit)*(words.MaxLetters+1))
	for _, w := range k.Words {
		if len(text)+len(w)+1 > words.MaxText {
			return secret.Secret{}, words.ErrTooLong
		}
		text = append(append(text, w...), ' ')
	}
	defer clear(text)
	return words.Parse(text, words.Kit)
}

// Wipe forgets the words.
func (k *Kit) Wipe() {
	clear(k.Words)
	k.Words = nil
}

const shown = "[recovery kit]"

// Format shows nothing of the kit, whatever the verb.
func (k Kit) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(shown)) }

// MarshalText refuses, so that no encoder writes a kit by accident.
func (k Kit) MarshalText() ([]byte, error) { return nil, errors.New("a recovery kit is not encoded") }

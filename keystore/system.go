package keystore

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"github.com/zalando/go-keyring"

	"lightproof/keystore/secret"
)

// Default deadlines of one keychain call: without a person waiting, and with one who may have to type a password.
const (
	DefaultDeadline       = 10 * time.Second
	DefaultPromptDeadline = 2 * time.Minute
)

// System is the operating system's keychain. The zero value is ready and uses the default deadlines.
type System struct {
	// Deadline bounds each call of Get, Set or Delete, the read-back of Set included. 0 means DefaultDeadline.
	Deadline time.Duration
	// PromptDeadline is the same for calls under AllowPrompt. 0 means DefaultPromptDeadline.
	PromptDeadline time.Duration
}

var _ Keychain = (*System)(nil)

// Get reads an item. Errors: ErrMissing, ErrNoKeychain, ErrLocked, ErrTimeout, ErrDamaged, ErrRefused, or ctx's own.
func (s *System) Get(ctx context.Context, item Item) (secret.Secret, error) {
	var value secret.Secret
	err := s.do(ctx, "get", item, false, func(ctx context.Context) error {
		var err error
		value, err = s.read(ctx, item)
		return err
	})
	return value, err
}

// Set stores an item and reads it back. Errors: as Get, and ErrForgetful, ErrTooLarge. After any error the item's state is
// unknown: the caller keeps its copy of the value and tries again.
func (s *System) Set(ctx context.Context, item Item, value secret.Secret) error {
	if value.Len() == 0 || value.Len() > MaxValue {
		return failed("set", ErrTooLarge, nil)
	}
	return s.do(ctx, "set", item, true, func(ctx context.Context) error {
		text := base64.StdEncoding.EncodeToString(value.Bytes())
		err := theGate.run(ctx, item, true, func() error { return keyring.Set(Service, item.user, text) })
		if err != nil {
			return err
		}
		back, err := s.read(ctx, item)
		defer back.Wipe()
		switch {
		case errors.Is(err, keyring.ErrNotFound), errors.Is(err, ErrDamaged):
			return ErrForgetful
		case err != nil:
			return err
		case !back.Equal(value):
			return ErrForgetful
		}
		return nil
	})
}

// Delete removes an item; a missing one is no error. Errors: ErrNoKeychain, ErrLocked, ErrTimeout, ErrForgetful (it is still
// there), ErrRefused, or ctx's own.
func (s *System) Delete(ctx context.Context, item Item) error {
	err := s.do(ctx, "delete", item, true, func(ctx context.Context) error {
		err := theGate.run(ctx, item, true, func() error { return keyring.Delete(Service, item.user) })
		if err != nil {
			return err
		}
		back, err := s.read(ctx, item)
		back.Wipe()
		if err == nil || errors.Is(err, ErrDamaged) {
			return ErrForgetful
		}
		return err
	})
	if errors.Is(err, ErrMissing) {
		return nil
	}
	return err
}

func (s *System) read(ctx context.Context, item Item) (secret.Secret, error) {
	texts := make(chan string, 1) // not a captured variable: an abandoned call may still write it
	err := theGate.run(ctx, item, false, func() error {
		text, err := keyring.Get(Service, item.user)
		texts <- text
		return err
	})
	if err != nil {
		return secret.Secret{}, err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(<-texts)
	if err != nil || len(b) == 0 {
		return secret.Secret{}, ErrDamaged
	}
	return secret.New(b), nil
}

// do gives the call its deadline, looks whether the keychain can be used, and sorts the error.
func (s *System) do(ctx context.Context, op string, item Item, write bool, call func(context.Context) error) error {
	if item.user == "" {
		return failed(op, ErrMissing, nil)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, s.deadline(ctx))
	defer cancel()

	err := inspect(limited, promptAllowed(ctx))
	if err == nil {
		err = call(limited)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case limited.Err() != nil && errors.Is(err, limited.Err()):
		return failed(op, ErrTimeout, nil)
	case errors.Is(err, keyring.ErrNotFound):
		return failed(op, ErrMissing, nil)
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return failed(op, ErrTooLarge, nil)
	}
	for _, kind := range []error{ErrMissing, ErrNoKeychain, ErrLocked, ErrTimeout, ErrForgetful, ErrDamaged} {
		if errors.Is(err, kind) {
			return failed(op, kind, err)
		}
	}
	return failed(op, classify(limited, err), err)
}

func (s *System) deadline(ctx context.Context) time.Duration {
	d, standard := s.Deadline, DefaultDeadline
	if promptAllowed(ctx) {
		d, standard = s.PromptDeadline, DefaultPromptDeadline
	}
	if d <= 0 {
		return standard
	}
	return d
}

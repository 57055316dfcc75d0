package library

import (
	"context"

	"lightproof/backup"
	"lightproof/backup/vault/reader"
)

// Opener is an unlocked vault whose copies can be opened, and nothing else: its catalogue stays on the disk, so that a large one takes
// little memory.
type Opener struct{ l *Library }

// NewOpener is Open for opening copies alone. keys belong to the Opener from then on.
func NewOpener(ctx context.Context, svc backup.Service, keys *reader.Keyset, home string) (*Opener, error) {
	l, err := OpenFrugal(ctx, svc, keys, home)
	if err != nil {
		return nil, err
	}
	return &Opener{l}, nil
}

// OpenCopies is Library.OpenCopies.
func (o *Opener) OpenCopies(ctx context.Context, destination string, progress func(OpenProgress)) (Opened, error) {
	return o.l.OpenCopies(ctx, destination, progress)
}

// OpenAgain is Library.OpenAgain.
func (o *Opener) OpenAgain(ctx context.Context, destination string, of *Opened, progress func(OpenProgress)) error {
	return o.l.OpenAgain(ctx, destination, of, progress)
}

// Close wipes the keys and closes the catalogue.
func (o *Opener) Close() error { return o.l.Close() }

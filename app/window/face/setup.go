package face

import (
	"context"
	"time"
)

// Source is a folder that the first run offers.
type Source struct {
	Path       string
	Name       string
	Originals  int64
	Bytes      int64
	OnlineOnly int64
	Readable   bool
	Chosen     bool // offered as already ticked
}

// Place is a tested destination folder.
type Place struct {
	Dir      string
	Label    string
	OK       bool
	Code     string // message code where not OK
	Total    int64
	Free     int64
	SameDisk bool // shares a disk with chosen folders: one failure takes both
	Holds    bool // holds a Lightproof vault already: this is "I already use Lightproof"
}

// CreateRequest is what the first three steps gathered. The passphrases are wiped by the caller after Create returns.
type CreateRequest struct {
	Folders    []string
	Dir        string
	Label      string
	Away       bool
	Passphrase []byte
	KitPass    []byte // nil = the same passphrase
	Mode       string // "strict" or "convenient"
}

// Kit is the recovery kit: 24 words, and the lines that a printed page also carries.
type Kit struct {
	Words []string
	Lines []string // place of the copies, vault number, check characters
}

// KitAnswers are given from the paper: three asked words by position (0-based), or all of them, and the passphrase.
type KitAnswers struct {
	Positions  [3]int
	Words      [3]string
	All        []string // where AskWords asked for all 24; else nil
	Passphrase []byte
}

// RecoverRequest opens an existing vault on a new computer.
type RecoverRequest struct {
	Dir        string
	Words      []string
	Passphrase []byte
	Mode       string
}

// Recovered says what was found.
type Recovered struct {
	Versions int64
	Newest   time.Time
}

// Strength grades a passphrase: 0 too short, 1 weak, 2 fair, 3 strong.
type Strength int

// Setup makes or recovers a vault. Its calls may take seconds (key derivation is slow on purpose) and run off the screen's thread.
type Setup interface {
	// FindSources looks for picture folders and counts them.
	FindSources(ctx context.Context) ([]Source, error)
	// Look counts one folder that somebody named.
	Look(ctx context.Context, dir string) (Source, error)
	// Probe tests a destination: write, read back, delete, room.
	Probe(ctx context.Context, dir string, folders []string) (Place, error)
	// Suggest makes a six-word passphrase.
	Suggest() (string, error)
	// Strength grades a passphrase without keeping it.
	Strength(passphrase []byte) Strength
	// Create makes the keys and the vault, starts the background part with them, and adds folders and destination.
	Create(ctx context.Context, r CreateRequest) (Kit, error)
	// PrintKit hands a page to the system's viewer or print dialog; no copy is left behind.
	PrintKit(ctx context.Context, k Kit) error
	// AskWords says which three words to ask for. ok is false where no kit was made here since the last unlock: then all 24 are asked.
	AskWords() (at [3]int, ok bool)
	// CheckKit compares the answers, has lib prove that the kit opens everything, and records it. lib is nil where the kit is the first, or
	// nothing is unlocked: then three words are enough. Errors: ErrWrongWords, ErrWrongPassphrase, ErrReplaced.
	CheckKit(ctx context.Context, lib Library, a KitAnswers) (CheckedKit, error)
	// ForgetKit drops the kit that was made here last, and its pages: AskWords then asks for all words. It takes no time.
	ForgetKit()
	// Recover adds this computer from destination, kit and passphrase alone.
	Recover(ctx context.Context, r RecoverRequest) (Recovered, error)
}

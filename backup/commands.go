package backup

import "time"

// SetUp hands a new engine its keys: the sealed writer file is on disk already, key opens it.
type SetUp struct {
	Key        []byte `json:"key"`  // 32 bytes, the keychain secret or the derived start key
	Mode       string `json:"mode"` // "strict", "convenient", "passphrase-at-start"
	KitChecked bool   `json:"kit_checked"`
}

// Unseal opens the writer keyset of an engine that started without it ("passphrase at each start", or a keychain that was locked).
type Unseal struct {
	Key []byte `json:"key"`
}

// AddFolder protects a folder.
type AddFolder struct {
	Path    string   `json:"path"`
	Exclude []string `json:"exclude,omitempty"`
}

// RemoveFolder stops protecting a folder; its stored versions stay.
type RemoveFolder struct {
	ID string `json:"id"`
}

// AddDestination adds a place for copies. With Adopt, Dir already holds this Space (recovery); otherwise it must be empty or absent.
type AddDestination struct {
	Kind  string `json:"kind"` // "folder"
	Dir   string `json:"dir"`
	Label string `json:"label"`
	Place string `json:"place,omitempty"` // same word = could fail together; default: derived from the disk
	Away  bool   `json:"away,omitempty"`
	Adopt bool   `json:"adopt,omitempty"`
}

// TestDestination writes, reads back and deletes a probe at a destination (by ID), or at a folder not yet added (by Dir).
type TestDestination struct {
	ID  string `json:"id,omitempty"`
	Dir string `json:"dir,omitempty"`
}

// LimitDestination holds the traffic with a destination to so many bytes a second, at once and from then on; 0 is no limit. What is neither 0
// nor between limit.Least and limit.Most is limit.ErrBounds. Both directions are set.
type LimitDestination struct {
	ID   string `json:"id"`
	Up   int64  `json:"up"`   // what is stored there
	Down int64  `json:"down"` // what is read back or restored from there
}

// BackUp looks at all folders now and stores what is new; the read-back of new copies follows.
type BackUp struct {
	FullScan      bool `json:"full_scan,omitempty"`
	ReadBackLater bool `json:"read_back_later,omitempty"` // the next backup reads them back; until then nothing new counts as proven
}

// Check verifies stored objects. Level is "quick", "structural" or "full" (each stored byte read back).
//
// Who opens the contents itself has each of them read but once: CheckRecords is "structural" and begins a full check, of which what
// RecordOpened reports from then on is a part, and CheckRest reads back what is left, heals what is wrong and answers with the whole
// check's Run. CheckStopped ends a check that was begun and is not gone on with.
type Check struct {
	Level       string `json:"level"`
	Destination string `json:"destination,omitempty"`
}

// The levels of a full check of which the caller does a part.
const (
	CheckRecords = "records"
	CheckRest    = "rest"
	CheckStopped = "stopped"
)

// PauseFor stops copying, also what is under way: that run keeps what is complete, and ends as stopped. A pause always ends.
type PauseFor struct {
	For time.Duration `json:"for"`
}

// Resume ends a pause.
type Resume struct{}

// KitChecked records that the kit's words were asked and right.
type KitChecked struct{}

// RecordOpened reports copies that the unlocked side decrypted and found equal, or found bad.
type RecordOpened struct {
	Destination string   `json:"destination"`
	Objects     [][]byte `json:"objects"` // cids
	Bad         [][]byte `json:"bad,omitempty"`
	Sums        [][]byte `json:"sums,omitempty"` // SHA-256 of each of Objects as stored; what differs from the engine's records proves nothing
	More        bool     `json:"more,omitempty"` // another report follows: the figures can wait for it
}

// RecordPractice reports a practice restore.
type RecordPractice struct {
	Files  int  `json:"files"`
	Passed bool `json:"passed"`
}

// LeaveUnprotected moves files to Skipped by the user's choice (row keys of the problem list).
type LeaveUnprotected struct {
	Keys []string `json:"keys"`
}

// Retry takes failed or unreadable files up again at once.
type Retry struct {
	Keys []string `json:"keys,omitempty"` // empty = all
}

// Retire ends the engine process cleanly: it finishes its part, flushes, frees the lock.
type Retire struct {
	Reason string `json:"reason"` // "quit", "update"
}

func (SetUp) CommandName() string            { return "set-up" }
func (Unseal) CommandName() string           { return "unseal" }
func (AddFolder) CommandName() string        { return "add-folder" }
func (RemoveFolder) CommandName() string     { return "remove-folder" }
func (AddDestination) CommandName() string   { return "add-destination" }
func (TestDestination) CommandName() string  { return "test-destination" }
func (LimitDestination) CommandName() string { return "limit-destination" }
func (BackUp) CommandName() string           { return "back-up" }
func (Check) CommandName() string            { return "check" }
func (PauseFor) CommandName() string         { return "pause" }
func (Resume) CommandName() string           { return "resume" }
func (KitChecked) CommandName() string       { return "kit-checked" }
func (RecordOpened) CommandName() string     { return "record-opened" }
func (RecordPractice) CommandName() string   { return "record-practice" }
func (LeaveUnprotected) CommandName() string { return "leave-unprotected" }
func (Retry) CommandName() string            { return "retry" }
func (Retire) CommandName() string           { return "retire" }

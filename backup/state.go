package backup

import "time"

// Verdict is the one-word answer to "are my photos safe". The order is by precedence: a larger value outranks a smaller one.
type Verdict uint8

// The verdicts, each with a shape and a word on screen (README, "What the colours mean").
const (
	Safe       Verdict = iota // green: every condition holds
	NotYet                    // amber: names its cause and what ends it
	NeedsYou                  // red: will not heal by itself
	CannotTell                // grey: figures cannot be trusted or are missing
)

// String is the stable lower-case code used in JSON.
func (v Verdict) String() string {
	return [...]string{"safe", "not-yet", "needs-you", "cannot-tell"}[v&3]
}

// MarshalText encodes the code.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText decodes the code; an unknown one means CannotTell.
func (v *Verdict) UnmarshalText(b []byte) error {
	for _, c := range []Verdict{Safe, NotYet, NeedsYou} {
		if c.String() == string(b) {
			*v = c
			return nil
		}
	}
	*v = CannotTell
	return nil
}

// Counts says in which of six states every original found by the latest scans is. The sum identity
// Found = Protected + Pending + Skipped + Failed + OnlineOnly + Unreadable holds in every published State; where it would not, the
// verdict is CannotTell.
type Counts struct {
	Found      int64 `json:"found"`
	Protected  int64 `json:"protected"`
	Pending    int64 `json:"pending"`
	Skipped    int64 `json:"skipped"`
	Failed     int64 `json:"failed"`
	OnlineOnly int64 `json:"online_only"`
	Unreadable int64 `json:"unreadable"`
	AtLeast    bool  `json:"at_least"` // a folder could not be listed: Found is a lower bound
}

// Sums tells whether the sum identity holds.
func (c Counts) Sums() bool {
	return c.Found == c.Protected+c.Pending+c.Skipped+c.Failed+c.OnlineOnly+c.Unreadable
}

// History counts all kept versions, also of originals deleted at the source: Versions = Proven + Due + Damaged + Lost.
type History struct {
	Versions int64 `json:"versions"`
	Proven   int64 `json:"proven"`
	Due      int64 `json:"due"`
	Damaged  int64 `json:"damaged"`
	Lost     int64 `json:"lost"`
}

// Plan is how many places must hold a proven copy, and how many of them away from home.
type Plan struct {
	Places int `json:"places"`
	Away   int `json:"away"`
}

// Cause is one reason for the verdict. Code is a message class of the string table (assets/strings); Args fill its template and
// hold no file or folder names.
type Cause struct {
	Code    string            `json:"code"`
	Verdict Verdict           `json:"verdict"`
	Count   int64             `json:"count"`
	Since   time.Time         `json:"since"`
	Args    map[string]string `json:"args,omitempty"`
}

// Level is what is known of one copy; only Checked and Opened are proof.
type Level uint8

// The levels in rising order.
const (
	None      Level = iota
	Sent            // the destination said yes
	Confirmed       // it lists the right size
	Checked         // all stored bytes were read back and match the signed record
	Opened          // also decrypted: the fingerprint equals the original's
)

// String is the word used on screen.
func (l Level) String() string {
	if int(l) >= 5 {
		return "none"
	}
	return [...]string{"none", "sent", "confirmed", "checked", "opened"}[l]
}

// DestinationState is one row of Destinations. Times are zero where it never happened; byte counts -1 where unknown.
type DestinationState struct {
	ID          string    `json:"id"`    // 32 hex digits
	Label       string    `json:"label"` // the user's own name for it
	Kind        string    `json:"kind"`  // "folder"
	Place       string    `json:"place"` // destinations that could fail together share it
	Away        bool      `json:"away"`  // not at home
	Reachable   bool      `json:"reachable"`
	Problem     string    `json:"problem,omitempty"` // message code, e.g. "away", "wrong-disk", "full"
	TotalBytes  int64     `json:"total_bytes"`
	FreeBytes   int64     `json:"free_bytes"`
	Stored      int64     `json:"stored_bytes"`
	Objects     int64     `json:"objects"`
	LastWrite   time.Time `json:"last_write"`
	LastRead    time.Time `json:"last_read"` // last read-back
	OldestProof time.Time `json:"oldest_proof"`
	Gap         int64     `json:"gap"` // originals without unexpired proof here
	Proven      int64     `json:"proven"`
	UpLimit     int64     `json:"up_limit"`   // bytes a second, 0 = none
	DownLimit   int64     `json:"down_limit"` // bytes a second, 0 = none
}

// FolderState is one row of Folders, without its path (paths need the proof of unlock: List).
type FolderState struct {
	ID       string    `json:"id"`
	Counts   Counts    `json:"counts"`
	LastScan time.Time `json:"last_scan"` // last full scan
	Events   bool      `json:"events"`    // file events are live
	Missing  bool      `json:"missing"`
}

// Work is the long work in hand; nil in State when idle. Rate is bytes a second; Left is zero until an estimate means something.
type Work struct {
	Kind       string        `json:"kind"` // "looking", "backing-up", "reading-back", "repairing"
	Done       int64         `json:"done"`
	Total      int64         `json:"total"` // 0 = not known yet
	Bytes      int64         `json:"bytes"`
	TotalBytes int64         `json:"total_bytes"`
	Rate       float64       `json:"rate"`
	Left       time.Duration `json:"left"`
	Started    time.Time     `json:"started"`
}

// Pause says until when copying waits and why ("you", "battery", ...).
type Pause struct {
	Until  time.Time `json:"until"`
	Reason string    `json:"reason"`
}

// Safety is what is known of keys and kit.
type Safety struct {
	SetUp      bool      `json:"set_up"`      // a vault exists
	SpaceID    string    `json:"space_id"`    // 32 hex digits, public
	DeviceID   string    `json:"device_id"`   // 32 hex digits, public
	Mode       string    `json:"mode"`        // "strict", "convenient", "passphrase-at-start"
	KeysUsable bool      `json:"keys_usable"` // the writer keyset is open
	KitChecked time.Time `json:"kit_checked"`
	Generation uint32    `json:"generation"`
}

// State is the engine's whole public condition: immutable, at most 64 KiB as JSON, without file or folder names.
type State struct {
	Seq          uint64             `json:"seq"`
	At           time.Time          `json:"at"`
	Verdict      Verdict            `json:"verdict"`
	Counts       Counts             `json:"counts"`
	History      History            `json:"history"`
	Plan         Plan               `json:"plan"`
	PlacesNow    int                `json:"places_now"` // places set up at present
	Causes       []Cause            `json:"causes"`
	Destinations []DestinationState `json:"destinations"`
	Folders      []FolderState      `json:"folders"`
	Work         *Work              `json:"work,omitempty"`
	Paused       *Pause             `json:"paused,omitempty"`
	Safety       Safety             `json:"safety"`
	LastLook     time.Time          `json:"last_look"` // last full scan of every folder
	NextLook     time.Time          `json:"next_look"`
	OldestProof  time.Time          `json:"oldest_proof"`
	LastPractice time.Time          `json:"last_practice"`
	LastPassed   bool               `json:"last_practice_passed"`
	OpenedDue    int64              `json:"opened_due"` // copies that wait for an unlocked window to open them
}

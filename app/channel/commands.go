package channel

import (
	"fmt"

	"lightproof/backup"
)

// command is what the line knows of one command.
type command struct {
	// proof says that the command weakens protection or states a proof, so that only a caller that unlocked may give it.
	proof  bool
	decode func(body []byte) (backup.Command, error)
}

// registry holds every command by its name. A test compares it with the source of package backup.
var registry = map[string]command{}

func init() {
	add[backup.SetUp](false)
	add[backup.Unseal](false)
	add[backup.AddFolder](false)
	add[backup.RemoveFolder](true)
	add[backup.AddDestination](false)
	add[backup.TestDestination](false)
	add[backup.LimitDestination](false)
	add[backup.BackUp](false)
	add[backup.Check](false)
	add[backup.PauseFor](false)
	add[backup.Resume](false)
	add[backup.KitChecked](false)
	add[backup.AdoptHistory](true)
	add[backup.FileMap](true)
	add[backup.RecordOpened](true)
	add[backup.RecordPractice](true)
	add[backup.LeaveUnprotected](true)
	add[backup.Retry](false)
	add[backup.Retire](false)
}

func add[T backup.Command](proof bool) {
	var zero T
	registry[zero.CommandName()] = command{proof: proof, decode: func(body []byte) (backup.Command, error) {
		var v T
		if err := decodeStrict(body, &v); err != nil {
			return nil, err
		}
		return v, nil
	}}
}

// retire is the one command that is understood across versions.
const retire = "retire"

func decodeCommand(name string, body []byte) (backup.Command, error) {
	c, ok := registry[name]
	if !ok {
		return nil, fmt.Errorf("%w: no command %.40q", ErrBadRequest, name)
	}
	return c.decode(body)
}

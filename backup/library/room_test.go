package library

import (
	"testing"

	"lightproof/backup/direct"
	"lightproof/backup/vault"
)

// A room follows what is read into it without leaving a trail of rooms that were too small; small objects take little.
func TestARoomThatGetsLargeIsMadeOnce(t *testing.T) {
	var buffer []byte
	var made []int
	for n := vault.MaxSmall; n <= vault.MaxChunk; n += 999_983 {
		before := cap(buffer)
		room := roomFor(&buffer, n)
		if cap(room) < vault.PaddedObjectSize(n) || !direct.Aligned(room) {
			t.Fatalf("%d bytes of room for an object of %d", cap(room), vault.PaddedObjectSize(n))
		}
		if cap(room) != before {
			made = append(made, cap(room))
		}
	}
	if len(made) > 3 {
		t.Errorf("rooms of %d bytes were made one after the other", made)
	}
	if small := cap(roomFor(new([]byte), vault.MaxSmall)); small > 2*vault.MaxSmall {
		t.Errorf("%d bytes for an object of %d", small, vault.PaddedObjectSize(vault.MaxSmall))
	}
}

package kit

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// The text form of a kit, written to a file where that was asked for and read by Parse:
//
//	LIGHTPROOF RECOVERY KIT 1     the first line; 1 is the version of this form
//	Words:                        the 24 words, numbered or not, here and on the lines up to an empty one
//	Library:      32 hex digits   the Space
//	Fingerprint:  20 hex digits   first 80 bits of the genesis hash
//	Made:         RFC 3339        when the kit was made
//	Seen:         RFC 3339        date of the checkpoint
//	Record:       n 64 hex digits checkpoint: number and hash of the newest control entry
//	Device:       16 hex digits n checkpoint: tag and newest number of a log; once for each
//	Copies at:    place           once for each; in Go's double quotes where it has outer blanks or unprintable characters
//	                              (in the QR code: or any beyond ASCII)
//
// Hex digits may be grouped by blanks. Lines of other text are for people and are skipped. The QR code holds the same lines without
// the text for people, so that what a phone reads can be pasted.
const (
	title   = "LIGHTPROOF RECOVERY KIT"
	version = 1

	keyWords       = "Words"
	keyLibrary     = "Library"
	keyFingerprint = "Fingerprint"
	keyMade        = "Made"
	keySeen        = "Seen"
	keyRecord      = "Record"
	keyDevice      = "Device"
	keyPlace       = "Copies at"
)

// Sentence is what the kit is, in one line; the window says it too.
const Sentence = "Kit and passphrase open everything; without both, nobody can."

const advice = `Keep this page where a fire or a thief at home does not reach it. Do not
write the passphrase on it. The words alone open nothing.

On a new computer: start Lightproof, choose "I already use Lightproof",
connect one of the places below, enter the 24 words, then the passphrase.`

// textRoom is more than any valid kit takes: a buffer that grew would leave copies of the words behind.
const textRoom = 4<<10 + MaxEndpoints*(4*MaxEndpointLen+32) + MaxHeads*64

// Text is the kit as plain text for people and for Parse; the caller wipes it. Errors: those of Validate.
func (k *Kit) Text() ([]byte, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, textRoom)
	b = fmt.Appendf(b, "%s %d\n\n%s\n\n%s\n\n%s:\n", title, version, Sentence, advice, keyWords)
	for i, w := range k.Words {
		b = append(b, "  "...)
		if i < 9 {
			b = append(b, ' ')
		}
		b = append(strconv.AppendInt(b, int64(i+1), 10), ' ')
		b = append(b, w...)
		if i%4 == 3 {
			b = append(b, '\n')
		} else {
			b = append(b, "          "[len(w):]...)
		}
	}
	b = append(b, '\n')
	return k.appendFacts(b, true, true, true), nil
}

// qrRoom is the most bytes put into the QR code: beyond it a printed square of 60 mm gets too fine for an ordinary camera. First the
// devices, then the places are left out; the page shows them anyway, and a kit without them still opens everything.
const qrRoom = 900

// QRText is what the QR code of the page holds, see the text form; the caller wipes it. Errors: those of Validate.
func (k *Kit) QRText() ([]byte, error) {
	if err := k.Validate(); err != nil {
		return nil, err
	}
	b := make([]byte, 0, textRoom)
	b = fmt.Appendf(b, "%s %d\n%s:", title, version, keyWords)
	for _, w := range k.Words {
		b = append(append(b, ' '), w...)
	}
	b = append(b, '\n')
	start := len(b)
	for _, with := range []struct{ heads, places bool }{{true, true}, {false, true}, {false, false}} {
		b = k.appendFacts(b[:start], false, with.heads, with.places)
		if len(b) <= qrRoom {
			break
		}
	}
	return b, nil
}

func (k *Kit) appendFacts(b []byte, aligned, heads, places bool) []byte {
	line := func(key, value string) {
		if aligned {
			b = fmt.Appendf(b, "%-13s %s\n", key+":", value)
		} else {
			b = fmt.Appendf(b, "%s: %s\n", key, value)
		}
	}
	digits := func(p []byte) string {
		if aligned {
			return grouped(p)
		}
		return hex.EncodeToString(p)
	}
	line(keyLibrary, digits(k.SpaceID[:]))
	line(keyFingerprint, digits(k.Fingerprint[:]))
	line(keyMade, date(k.Created))
	line(keySeen, date(k.Checkpoint.Date))
	line(keyRecord, strconv.FormatUint(k.Checkpoint.ControlSeq, 10)+" "+hex.EncodeToString(k.Checkpoint.ControlHash[:]))
	if heads {
		for _, h := range k.Checkpoint.Heads {
			line(keyDevice, hex.EncodeToString(h.DevTag[:])+" "+strconv.FormatUint(h.Seq, 10))
		}
	}
	if places {
		for _, e := range k.Endpoints {
			p := place(e)
			if !aligned { // cameras disagree about what bytes beyond ASCII mean
				p = asciiPlace(e)
			}
			line(keyPlace, p)
		}
	}
	return b
}

func date(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// grouped writes hex in groups of four, easier to compare by eye.
func grouped(p []byte) string {
	var b bytes.Buffer
	for i, c := range p {
		if i > 0 && i%2 == 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%02x", c)
	}
	return b.String()
}

// place writes an endpoint so that Parse reads the same bytes.
func place(e string) string {
	plain := utf8.ValidString(e) && strings.TrimSpace(e) == e && !strings.HasPrefix(e, `"`) && !strings.ContainsFunc(e, func(r rune) bool {
		return !unicode.IsPrint(r)
	})
	if plain {
		return e
	}
	return strconv.Quote(e)
}

// asciiPlace is place without a byte beyond ASCII.
func asciiPlace(e string) string {
	p := place(e)
	if strings.ContainsFunc(p, func(r rune) bool { return r > unicode.MaxASCII }) {
		return strconv.QuoteToASCII(e)
	}
	return p
}

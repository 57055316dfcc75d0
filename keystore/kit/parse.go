package kit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"lightproof/keystore/words"
)

// MaxText bounds what Parse reads, in bytes.
const MaxText = 128 << 10

// What Parse tells apart, besides the errors of words.Parse and of Validate.
var (
	// ErrNotKit: the text does not begin like a kit, or is longer than MaxText.
	ErrNotKit = errors.New("this is not a recovery kit of Lightproof")
	// ErrNewer: a newer program made the kit.
	ErrNewer = errors.New("this recovery kit was made by a newer Lightproof")
)

// LineError: a line is missing, stands there twice, or cannot be read.
type LineError struct {
	// Line counts from 1; 0 where the line is missing.
	Line int
	// Field is the word before the colon.
	Field string
}

// Error names the place, not the text.
func (e *LineError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("the line %q is missing", e.Field)
	}
	return fmt.Sprintf("line %d, %q, cannot be read", e.Line, e.Field)
}

// Parse reads a kit from its text form: the file that WriteFile makes, or what a phone reads from the QR code. Line ends of any
// system and a byte order mark are accepted. Errors: ErrNotKit, ErrNewer, *LineError, those of words.Parse and of Validate, or r's.
func Parse(r io.Reader) (*Kit, error) {
	b := make([]byte, MaxText+1)
	defer clear(b)
	n, err := io.ReadFull(r, b)
	switch {
	case err == nil:
		return nil, ErrNotKit
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("reading the kit: %w", err)
	}
	p := parser{}
	defer func() { clear(p.words[:cap(p.words)]) }()
	if err := p.lines(bytes.TrimPrefix(b[:n], []byte("\ufeff"))); err != nil {
		return nil, err
	}
	return p.finish()
}

type parser struct {
	kit     Kit
	seen    map[string]bool
	words   []byte
	inWords bool
}

func (p *parser) lines(text []byte) error {
	p.seen = map[string]bool{}
	p.words = make([]byte, 0, words.MaxText+1)
	titled := false
	for number := 1; len(text) > 0; number++ {
		var line []byte
		end := bytes.IndexAny(text, "\r\n")
		if end < 0 {
			line, text = text, nil
		} else {
			line = text[:end]
			if bytes.HasPrefix(text[end:], []byte("\r\n")) {
				end++
			}
			text = text[end+1:]
		}
		line = bytes.TrimSpace(line)
		if !titled {
			if len(line) == 0 {
				continue
			}
			if err := checkTitle(line); err != nil {
				return err
			}
			titled = true
			continue
		}
		if err := p.line(number, line); err != nil {
			return err
		}
	}
	if !titled {
		return ErrNotKit
	}
	return nil
}

func checkTitle(line []byte) error {
	if len(line) < len(title) || !bytes.EqualFold(line[:len(title)], []byte(title)) {
		return ErrNotKit
	}
	v, err := strconv.ParseUint(string(bytes.TrimSpace(line[len(title):])), 10, 32)
	switch {
	case err != nil || v == 0:
		return ErrNotKit
	case v > version:
		return ErrNewer
	}
	return nil
}

// repeats tells which fields there may be several of.
var repeats = map[string]bool{
	keyWords: false, keyLibrary: false, keyFingerprint: false, keyMade: false, keySeen: false, keyRecord: false,
	keyDevice: true, keyPlace: true,
}

func (p *parser) line(number int, line []byte) error {
	key, value, known := field(line)
	switch {
	case !known && p.inWords && len(line) > 0:
		return p.addWords(number, line)
	case !known:
		// the list of words ends at the first empty line after it began
		p.inWords = p.inWords && len(p.words) == 0
		return nil
	case p.seen[key] && !repeats[key]:
		return &LineError{number, key}
	}
	p.seen[key] = true
	p.inWords = key == keyWords
	if p.inWords {
		return p.addWords(number, value)
	}
	if !p.set(key, string(value)) {
		return &LineError{number, key}
	}
	return nil
}

func field(line []byte) (key string, value []byte, known bool) {
	name, value, found := bytes.Cut(line, []byte(":"))
	if !found || len(name) > len(keyFingerprint) {
		return "", nil, false
	}
	for key := range repeats {
		if strings.EqualFold(string(bytes.TrimSpace(name)), key) {
			return key, bytes.TrimSpace(value), true
		}
	}
	return "", nil, false
}

func (p *parser) addWords(number int, line []byte) error {
	if len(p.words)+len(line)+1 > words.MaxText {
		return &LineError{number, keyWords}
	}
	if len(line) > 0 {
		p.words = append(append(p.words, line...), '\n')
	}
	return nil
}

// set reads a value; false: it is not one.
func (p *parser) set(key, value string) bool {
	k, c := &p.kit, &p.kit.Checkpoint
	switch key {
	case keyLibrary:
		return digits(k.SpaceID[:], value)
	case keyFingerprint:
		return digits(k.Fingerprint[:], value)
	case keyMade:
		return readDate(&k.Created, value)
	case keySeen:
		return readDate(&c.Date, value)
	case keyRecord:
		number, hash, _ := strings.Cut(value, " ")
		return readNumber(&c.ControlSeq, number) && digits(c.ControlHash[:], hash)
	case keyDevice:
		tag, number, _ := cutLast(value)
		var h Head
		if len(c.Heads) == MaxHeads || !digits(h.DevTag[:], tag) || !readNumber(&h.Seq, number) {
			return false
		}
		c.Heads = append(c.Heads, h)
	case keyPlace:
		if strings.HasPrefix(value, `"`) {
			var err error
			if value, err = strconv.Unquote(value); err != nil {
				return false
			}
		}
		if len(k.Endpoints) == MaxEndpoints {
			return false
		}
		k.Endpoints = append(k.Endpoints, value)
	}
	return true
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

func digits(into []byte, text string) bool {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	if len(text) != 2*len(into) {
		return false
	}
	_, err := hex.Decode(into, []byte(text))
	return err == nil
}

func readNumber(into *uint64, text string) bool {
	n, err := strconv.ParseUint(text, 10, 64)
	*into = n
	return err == nil && n > 0
}

func readDate(into *time.Time, text string) bool {
	t, err := time.Parse(time.RFC3339, text)
	*into = t.UTC().Truncate(time.Second)
	return err == nil && printable(*into)
}

func (p *parser) finish() (*Kit, error) {
	for _, key := range []string{keyWords, keyLibrary, keyFingerprint, keyMade, keySeen, keyRecord} {
		if !p.seen[key] {
			return nil, &LineError{0, key}
		}
	}
	s, err := words.Parse(p.words, words.Kit)
	if err != nil {
		return nil, fmt.Errorf("the words of the kit: %w", err)
	}
	defer s.Wipe()
	if p.kit.Words, err = words.Encode(s); err != nil {
		return nil, err
	}
	if err := p.kit.Validate(); err != nil {
		p.kit.Wipe()
		return nil, err
	}
	k := p.kit
	return &k, nil
}

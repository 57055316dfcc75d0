package windowtest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"lightproof/app/window/face"
)

// Passphrase opens the made-up vault.
const Passphrase = "correct horse battery staple anchor river"

// Words are the made-up kit.
var Words = strings.Fields("abandon ability able about above absent absorb abstract absurd abuse access accident account accuse achieve acid acoustic acquire across act action actor actress actual")

// Setup makes nothing and remembers what it was asked.
type Setup struct {
	mu       sync.Mutex
	Sources  []face.Source
	Place    face.Place
	Made     []face.CreateRequest // passphrases are copied: the window wipes its own
	Checked  bool
	Printed  int
	OtherKit bool // no kit was made here since the last unlock
	Fail     error
	OnMade   func()
}

var _ face.Setup = (*Setup)(nil)

// NewSetup finds two folders and a good place.
func NewSetup() *Setup {
	return &Setup{
		Sources: []face.Source{
			{Path: "/home/anna/Pictures", Name: "Pictures", Originals: 40016, Bytes: 1_204_000_000_000, OnlineOnly: 3112, Readable: true, Chosen: true},
			{Path: "/media/anna/EOS_DIGITAL/DCIM", Name: "Card EOS_DIGITAL", Originals: 812, Bytes: 38_100_000_000, Readable: true},
			{Path: "/home/anna/Old library", Name: "Old library"},
		},
		Place: face.Place{OK: true, Total: 4e12, Free: 12e11},
	}
}

// FindSources implements face.Setup.
func (s *Setup) FindSources(context.Context) ([]face.Source, error) { return s.Sources, s.Fail }

// Look implements face.Setup.
func (s *Setup) Look(_ context.Context, dir string) (face.Source, error) {
	return face.Source{Path: dir, Name: dir[strings.LastIndex(dir, "/")+1:], Originals: 202, Bytes: 2_100_000_000, Readable: true}, s.Fail
}

// Probe implements face.Setup.
func (s *Setup) Probe(_ context.Context, dir string, _ []string) (face.Place, error) {
	p := s.Place
	p.Dir = dir
	return p, s.Fail
}

// Suggest implements face.Setup.
func (s *Setup) Suggest() (string, error) { return Passphrase, nil }

// Strength implements face.Setup by length alone.
func (s *Setup) Strength(p []byte) face.Strength {
	return face.Strength(min(len(p)/8, 3))
}

// Create implements face.Setup.
func (s *Setup) Create(_ context.Context, r face.CreateRequest) (face.Kit, error) {
	if s.Fail != nil {
		return face.Kit{}, s.Fail
	}
	r.Passphrase = append([]byte(nil), r.Passphrase...)
	s.mu.Lock()
	s.Made = append(s.Made, r)
	s.mu.Unlock()
	if s.OnMade != nil {
		s.OnMade()
	}
	return face.Kit{Words: Words, Lines: []string{"Place of the copies: " + r.Dir, "Vault 5b0c-91f2-77ae, made on 17 Nov 2026"}}, nil
}

// PrintKit implements face.Setup.
func (s *Setup) PrintKit(context.Context, face.Kit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Printed++
	return s.Fail
}

// AskWords implements face.Setup.
func (s *Setup) AskWords() (at [3]int, ok bool) { return [3]int{2, 10, 17}, !s.OtherKit }

// ForgetKit implements face.Setup.
func (s *Setup) ForgetKit() { s.OtherKit = true }

// CheckKit implements face.Setup.
func (s *Setup) CheckKit(ctx context.Context, lib face.Library, a face.KitAnswers) (c face.CheckedKit, err error) {
	words := a.All
	if words == nil {
		words = slices.Clone(Words)
		for i, p := range a.Positions {
			words[p] = a.Words[i]
		}
	}
	switch {
	case lib != nil:
		c, err = lib.CheckKit(ctx, words, a.Passphrase)
	case !slices.Equal(words, Words):
		err = face.ErrWrongWords
	case string(a.Passphrase) != Passphrase:
		err = face.ErrWrongPassphrase
	}
	s.mu.Lock()
	s.Checked = err == nil
	s.mu.Unlock()
	return c, err
}

// Recover implements face.Setup.
func (s *Setup) Recover(_ context.Context, r face.RecoverRequest) (face.Recovered, error) {
	if strings.Join(r.Words, " ") != strings.Join(Words, " ") {
		return face.Recovered{}, face.ErrWrongWords
	}
	if string(r.Passphrase) != Passphrase {
		return face.Recovered{}, face.ErrWrongPassphrase
	}
	return face.Recovered{Versions: 41219, Newest: time.Date(2026, 11, 16, 20, 0, 0, 0, time.UTC)}, nil
}

// Unlocker opens Library with Passphrase.
type Unlocker struct {
	Library face.Library
	Fail    error
	Easy    bool // convenient mode: no passphrase asked
}

// Unlock implements face.Unlocker.
func (u *Unlocker) Unlock(_ context.Context, p []byte) (face.Library, error) {
	if u.Fail != nil {
		return nil, u.Fail
	}
	if string(p) != Passphrase && !(u.Easy && len(p) == 0) {
		return nil, face.ErrWrongPassphrase
	}
	return u.Library, nil
}

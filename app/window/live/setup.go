package live

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"lightproof/app/window/face"
	"lightproof/backup"
	"lightproof/backup/setup"
	"lightproof/backup/source"
	"lightproof/backup/store/local"
	"lightproof/backup/vault/reader"
	"lightproof/keystore"
	"lightproof/keystore/kit"
	"lightproof/keystore/passphrase"
	"lightproof/keystore/secret"
)

// Setup makes or recovers a vault for the first run.
type Setup struct {
	Desk *Desk
	// Viewer shows the kit's page; nil: the system's.
	Viewer kit.Opener

	mu    sync.Mutex
	kit   *kit.Kit
	check *kit.Check
	keys  *reader.Keyset // until the first unlock takes them
	pass  []byte         // the kit's passphrase, until the kit is checked
	clean []func() error // remove the kit's pages
}

// pictureFolders are where people's pictures usually are, below their home.
var pictureFolders = []string{"Pictures", "Photos", "DCIM", "Bilder", "Images", "Fotos"}

// FindSources implements face.Setup.
func (s *Setup) FindSources(ctx context.Context) ([]face.Source, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return nil, err
	}
	var out []face.Source
	for _, n := range pictureFolders {
		dir := filepath.Join(home, n)
		if st, err := os.Stat(dir); err != nil || !st.IsDir() {
			continue
		}
		f, err := s.Look(ctx, dir)
		if err != nil {
			return out, err
		}
		f.Chosen = f.Originals > 0
		out = append(out, f)
	}
	return out, nil
}

// Look implements face.Setup.
func (s *Setup) Look(ctx context.Context, dir string) (face.Source, error) {
	f := face.Source{Path: dir, Name: filepath.Base(dir)}
	sum, err := source.NewOS(nil).Scan(ctx, source.Folder{Root: dir}, source.ScanOptions{}, func(source.Item) error { return nil })
	if errors.Is(err, source.ErrFolderMissing) {
		return f, nil
	}
	f.Originals, f.Bytes, f.OnlineOnly = sum.Items-sum.Skipped, sum.Bytes, sum.OnlineOnly
	f.Readable = err == nil && sum.Unreadable == 0
	return f, err
}

// Probe implements face.Setup. A folder that does not exist yet is fine if its parent does.
func (s *Setup) Probe(_ context.Context, dir string, folders []string) (face.Place, error) {
	p := face.Place{Dir: dir, Label: filepath.Base(dir), Total: -1, Free: -1}
	if _, err := local.ReadSpace(dir); err == nil {
		p.Holds, p.OK = true, true
		return p, nil
	}
	at := dir
	if _, err := os.Stat(at); errors.Is(err, fs.ErrNotExist) {
		at = filepath.Dir(dir)
	}
	entries, err := os.ReadDir(at)
	switch {
	case errors.Is(err, fs.ErrPermission):
		p.Code = "login"
	case err != nil:
		p.Code = "away"
	case at == dir && len(entries) > 0:
		p.Code = "not-empty"
	}
	if p.Code != "" {
		return p, nil
	}
	f, err := os.CreateTemp(at, ".lightproof-test-*")
	if err != nil {
		p.Code = "login"
		return p, nil
	}
	_, err = f.WriteString("test")
	f.Close()
	os.Remove(f.Name())
	if err != nil {
		p.Code = "full"
		return p, nil
	}
	p.OK = true
	p.Total, p.Free = room(at)
	for _, folder := range folders {
		p.SameDisk = p.SameDisk || sameDisk(folder, at)
	}
	return p, nil
}

// Suggest implements face.Setup.
func (s *Setup) Suggest() (string, error) {
	p, err := passphrase.Suggest(rand.Reader)
	if err != nil {
		return "", err
	}
	return string(p.Bytes()), nil
}

// Strength implements face.Setup.
func (s *Setup) Strength(pass []byte) face.Strength {
	n, err := passphrase.Normalize(pass)
	if err != nil {
		return 0
	}
	defer n.Wipe()
	if len(pass) < 8 {
		return 0
	}
	switch passphrase.Estimate(n).Level {
	case passphrase.Weak:
		return 1
	case passphrase.Fair:
		return 2
	default:
		return 3
	}
}

// Create implements face.Setup.
func (s *Setup) Create(ctx context.Context, r face.CreateRequest) (face.Kit, error) {
	defer debug.FreeOSMemory() // the passphrase took a lot of it once
	svc, err := s.Desk.Connect(ctx)
	if err != nil {
		return face.Kit{}, err
	}
	host, _ := os.Hostname()
	mode := backup.ModeStrict
	if r.Mode == backup.ModeConvenient {
		mode = backup.ModeConvenient
	}
	o := setup.Options{Home: s.Desk.Home, DeviceName: host, Passphrase: r.Passphrase, KitPassphrase: r.KitPass, Mode: mode,
		Keychain: s.Desk.Keychain, KDF: s.Desk.KDF, Now: time.Now(), Endpoints: []string{r.Dir}}
	m, err := setup.Create(keystore.AllowPrompt(ctx), o)
	if noKeychain(err) {
		// No keychain here: one factor and the disk, said so on screen. Never a plain file.
		o.Mode = backup.ModePassphraseAtStart
		m, err = setup.Create(ctx, o)
	}
	if err != nil {
		return face.Kit{}, err
	}
	kp := r.KitPass
	if kp == nil {
		kp = r.Passphrase
	}
	shown := s.hold(m.Kit, kp)
	s.giveKeys(m.Reader)
	key := slices.Clone(m.Start.Bytes())
	m.Start.Wipe()
	defer clear(key)
	if _, err := svc.Do(ctx, backup.SetUp{Key: key, Mode: m.Mode}); err != nil {
		return face.Kit{}, err
	}
	if _, err := svc.Do(ctx, backup.AddDestination{Kind: "folder", Dir: r.Dir, Label: r.Label, Away: r.Away}); err != nil {
		return face.Kit{}, err
	}
	for _, f := range r.Folders {
		if _, err := svc.Do(ctx, backup.AddFolder{Path: f}); err != nil {
			return face.Kit{}, err
		}
	}
	return shown, nil
}

func noKeychain(err error) bool {
	return errors.Is(err, keystore.ErrNoKeychain) || errors.Is(err, keystore.ErrLocked) || errors.Is(err, keystore.ErrTimeout) ||
		errors.Is(err, keystore.ErrForgetful) || errors.Is(err, keystore.ErrRefused)
}

func kitLines(k *kit.Kit) []string {
	out := []string{"Place of the copies: " + strings.Join(k.Endpoints, ", "), fmt.Sprintf("Library: %x", k.SpaceID), fmt.Sprintf("Check: %x", k.Fingerprint)}
	return append(out, "Made on "+k.Created.Local().Format("2 January 2006"))
}

// PrintKit implements face.Setup.
func (s *Setup) PrintKit(ctx context.Context, _ face.Kit) error {
	s.mu.Lock()
	held := s.kit
	if held == nil {
		s.mu.Unlock()
		return backup.ErrNotSetUp
	}
	k := *held // ForgetKit may wipe it before its page is shown
	k.Words = slices.Clone(held.Words)
	s.mu.Unlock()
	defer k.Wipe()
	viewer := s.Viewer
	if viewer == nil {
		viewer = kit.SystemViewer{}
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	remove, err := kit.ShowPage(ctx, &k, viewer)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kit != held { // forgotten meanwhile
		return errors.Join(backup.ErrLocked, remove())
	}
	s.clean = append(s.clean, remove)
	return nil
}

// AskWords implements face.Setup: positions from 0.
func (s *Setup) AskWords() (at [3]int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kit == nil {
		return at, false
	}
	c, err := kit.NewCheck(s.kit.Words, rand.Reader)
	if err != nil {
		return at, false
	}
	s.check = c
	for i, p := range c.Positions() {
		at[i] = p - 1
	}
	return at, true
}

// CheckKit implements face.Setup.
func (s *Setup) CheckKit(ctx context.Context, lib face.Library, a face.KitAnswers) (face.CheckedKit, error) {
	if a.All != nil {
		if lib == nil {
			return face.CheckedKit{}, backup.ErrLocked
		}
		return lib.CheckKit(ctx, a.All, a.Passphrase)
	}
	list, err := s.answered(a)
	if err != nil {
		return face.CheckedKit{}, err
	}
	out := face.CheckedKit{Newest: true}
	if lib != nil {
		if out, err = lib.CheckKit(ctx, list, a.Passphrase); err != nil {
			return face.CheckedKit{}, err
		}
	} else {
		svc, err := s.Desk.Connect(ctx)
		if err != nil {
			return face.CheckedKit{}, err
		}
		if _, err := svc.Do(ctx, backup.KitChecked{}); err != nil {
			return face.CheckedKit{}, err
		}
	}
	s.ForgetKit()
	return out, nil
}

// answered compares three words and the passphrase with the kit that was made here last, and gives all its words.
func (s *Setup) answered(a face.KitAnswers) (list []string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.check == nil || s.kit == nil {
		return nil, backup.ErrNotSetUp
	}
	check, pass := s.check, secret.New(slices.Clone(s.pass))
	defer pass.Wipe()
	var typed [3][]byte
	for i := range typed {
		typed[i] = []byte(a.Words[i])
	}
	for _, ok := range check.Verify(typed) {
		if !ok {
			return nil, face.ErrWrongWords
		}
	}
	given, err := passphrase.Normalize(a.Passphrase)
	if err != nil {
		return nil, face.ErrWrongPassphrase
	}
	defer given.Wipe()
	want, err := passphrase.Normalize(pass.Bytes())
	defer want.Wipe()
	if err != nil || !given.Equal(want) {
		return nil, face.ErrWrongPassphrase
	}
	return slices.Clone(s.kit.Words), nil
}

// ForgetKit implements face.Setup: once the kit is checked or everything is locked, too. Its pages are removed.
func (s *Setup) ForgetKit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, remove := range s.clean {
		_ = remove() // what stays is removed at the next start
	}
	s.clean = nil
	if s.kit != nil {
		s.kit.Wipe()
	}
	if s.check != nil {
		s.check.Wipe()
	}
	clear(s.pass)
	s.kit, s.check, s.pass = nil, nil, nil
}

// Recover implements face.Setup.
func (s *Setup) Recover(ctx context.Context, r face.RecoverRequest) (face.Recovered, error) {
	svc, err := s.Desk.Connect(ctx)
	if err != nil {
		return face.Recovered{}, err
	}
	host, _ := os.Hostname()
	mode := backup.ModeStrict
	if r.Mode == backup.ModeConvenient {
		mode = backup.ModeConvenient
	}
	typed := []byte(strings.Join(r.Words, " "))
	defer clear(typed)
	o := setup.RecoverOptions{Home: s.Desk.Home, Dir: r.Dir, Words: typed, Passphrase: r.Passphrase, DeviceName: host, Mode: mode,
		Keychain: s.Desk.Keychain, KDF: s.Desk.KDF, Now: time.Now()}
	rec, err := setup.Recover(keystore.AllowPrompt(ctx), o)
	if noKeychain(err) {
		o.Mode = backup.ModePassphraseAtStart
		rec, err = setup.Recover(ctx, o)
	}
	if err != nil {
		return face.Recovered{}, kitError(err)
	}
	s.giveKeys(rec.Reader)
	key := slices.Clone(rec.Start.Bytes())
	rec.Start.Wipe()
	defer clear(key)
	if _, err := svc.Do(ctx, backup.SetUp{Key: key, Mode: rec.Mode, KitChecked: true}); err != nil {
		return face.Recovered{}, err
	}
	_, err = svc.Do(ctx, backup.AddDestination{Kind: "folder", Dir: r.Dir, Adopt: true})
	return face.Recovered{Newest: rec.NewestBackup}, err
}

// giveKeys keeps the keys of a set-up for takeKeys.
func (s *Setup) giveKeys(k *reader.Keyset) {
	if before := s.takeKeys(); before != nil {
		before.Wipe()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = k
}

// takeKeys hands the keys of a set-up to the first unlock, so that the passphrase is not asked again at once.
func (s *Setup) takeKeys() *reader.Keyset {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.keys
	s.keys = nil
	return k
}

package vault_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/cryptotest"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
	"lightproof/keystore/words"
)

// The golden vault is made once and kept for ever: what was stored then must open now. This file is how it was made; it writes only
// where LIGHTPROOF_MAKE_GOLDEN=1 asks for it and no golden vault is.

const (
	goldenDir  = "testdata/golden"
	goldenPass = "Ｔwo horses, one cart" // NFKC makes the first letter a plain T
	goldenApp  = "the app's own passphrase"
)

var goldenKDF = vault.KDF{Time: 1, Memory: 64 << 10, Threads: 1}

// golden is golden.json.
type golden struct {
	Made       string         `json:"made"`
	Space      string         `json:"space"`
	Genesis    string         `json:"genesis"`
	Device     string         `json:"device"` // the first: of the local files
	Passphrase string         `json:"passphrase"`
	App        string         `json:"app_passphrase"`
	Start      string         `json:"start"` // S of the keychain, strict and convenient
	Kits       []goldenKit    `json:"kits"`
	Pin        goldenPin      `json:"pin"`
	Objects    []goldenObject `json:"objects"` // of place and local, by path
	Files      []goldenFile   `json:"files"`
}

type goldenKit struct {
	Words string `json:"words"`
	Hex   string `json:"hex"`
}

type goldenPin struct {
	Control uint64 `json:"control"`
	Log     uint64 `json:"log"`
}

type goldenObject struct {
	Name   string `json:"name"`
	Size   int    `json:"size"`
	SHA256 string `json:"sha256"`
}

type goldenFile struct {
	Root     []byte `json:"root"` // base64, as Path and Link: not all are text
	Path     []byte `json:"path"`
	Link     []byte `json:"link,omitempty"`
	Size     uint64 `json:"size"`
	SHA256   string `json:"sha256"`
	Mode     uint32 `json:"mode"`
	Modified int64  `json:"modified"` // Unix nanoseconds
	Born     int64  `json:"born,omitempty"`
	Xattrs   string `json:"xattrs,omitempty"` // name=value in hex, by ;
	EXIF     string `json:"exif,omitempty"`   // the record in hex
	Versions int    `json:"versions"`
}

// goldPlace is a destination in memory.
type goldPlace map[string][]byte

func (o goldPlace) Get(_ context.Context, name string) ([]byte, error) {
	if b, ok := o[name]; ok {
		return b, nil
	}
	return nil, fmt.Errorf("%s: %w", name, vault.ErrMissing)
}

func (o goldPlace) List(_ context.Context, prefix string, fn func(string, int64) error) error {
	for _, n := range slices.Sorted(maps.Keys(o)) {
		if strings.HasPrefix(n, prefix) {
			if err := fn(n, int64(len(o[n]))); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o goldPlace) put(all ...writer.Built) {
	for _, b := range all {
		o[b.Name] = bytes.Clone(b.Object)
		if !strings.HasPrefix(b.Name, "c/") && !strings.HasPrefix(b.Name, "m2/") {
			o[vault.Mirror(b.Name)] = o[b.Name]
		}
	}
}

// goldDevice writes commits, each with the object list of what was stored since the last.
type goldDevice struct {
	t       *testing.T
	o       goldPlace
	w       *writer.Keyset
	prev    vault.Head
	control vault.Head
	records []vault.ObjectRecord
	bundle  *vault.Bundle
}

func try[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (d *goldDevice) chunk(content []byte, class vault.Class, own *vault.FileID) vault.Sealed {
	buf := vault.NewChunkBufferFor(len(content))
	s := try(d.w.Current().Seal(buf, copy(buf.Room(), content), 0, own))
	d.keep(s, class)
	return s
}

func (d *goldDevice) keep(s vault.Sealed, class vault.Class) {
	d.o[s.Name()] = bytes.Clone(s.Object)
	if class == vault.ClassPage {
		d.o[vault.Mirror(s.Name())] = d.o[s.Name()]
	}
	d.records = append(d.records, vault.ObjectRecord{CID: s.Cap.CID, Object: s.Cap.Object, Size: uint32(len(s.Object)), Class: class})
}

func (d *goldDevice) small(content []byte) vault.Part {
	if d.bundle == nil {
		d.bundle = d.w.Current().NewBundle(vault.NewChunkBufferFor(64 << 10))
	}
	ref, _, err := d.bundle.Add(content)
	if err != nil {
		d.t.Fatal(err)
	}
	return vault.Part{Small: true, Ref: ref}
}

func (d *goldDevice) close() []vault.BundleRef {
	s, salt := try(d.bundle.Close()), d.bundle.Salt()
	d.bundle = nil
	d.keep(s, vault.ClassBundle)
	return []vault.BundleRef{{Cap: s.Cap, Salt: salt}}
}

// commit writes the next commit. apart: the object list is an object of its own; beside: under a suffixed name.
func (d *goldDevice) commit(c vault.Commit, p *vault.Payload, apart, beside bool) {
	c.Seq, c.Prev, c.Control, c.Time = d.prev.Seq+1, d.prev.Hash, d.control, 1_800_000_000+int64(d.prev.Seq)
	c.Counters = vault.Counters{Files: 9, BytesUp: 1 << 20, BytesDown: 3, FailedUnlocks: 1, LastVerify: 1_799_999_999}
	list := vault.ObjectList{Records: d.records}.Encode()
	d.records = nil
	switch {
	case apart:
		b, part, err := d.w.SealList(c.Seq, list)
		if err != nil {
			d.t.Fatal(err)
		}
		d.o.put(b)
		c.Lists = []vault.ListPart{part}
	case p != nil:
		c.Inline = list
	}
	var sealed []byte
	if p != nil {
		sealed = try(d.w.SealPayload(c.Seq, p.Encode()))
	}
	seal := d.w.SealCommit
	if beside {
		seal = d.w.SealCommitBeside
	}
	b := try(seal(c, sealed))
	d.o.put(b.Built)
	d.prev = b.Head
}

// goldBytes is content that does not repeat.
func goldBytes(seed byte, n int) []byte {
	var out []byte
	for h := sha256.Sum256([]byte{seed}); len(out) < n; h = sha256.Sum256(h[:]) {
		out = append(out, h[:]...)
	}
	return out[:n]
}

func goldID(seq, n byte) vault.FileID { return vault.FileID{5: seq, 15: n} }

func goldVersion(n byte, content []byte, parts ...vault.Part) vault.Version {
	return vault.Version{ID: vault.VersionID{0: n, 15: n}, Size: uint64(len(content)), Sum: sha256.Sum256(content), Parts: parts,
		ModTime: 1_700_000_000_123_456_789 + int64(n), Recorded: 1_700_000_100 + int64(n)}
}

var goldPhotos, goldPrivate = [16]byte{1}, [16]byte{2}

func goldEntry(id vault.FileID, path string, v ...vault.Version) vault.Entry {
	e := vault.Entry{ID: id, Source: goldPhotos, Path: path, Mode: 0o644, Versions: v}
	if len(v) > 0 {
		e.ModTime = v[len(v)-1].ModTime
	}
	return e
}

func TestMakeGoldenVault(t *testing.T) {
	if os.Getenv("LIGHTPROOF_MAKE_GOLDEN") != "1" {
		t.Skip("the golden vault is made once; LIGHTPROOF_MAKE_GOLDEN=1 asks for it")
	}
	made := 0
	for i, story := range []func(*testing.T){
		func(t *testing.T) {
			g, place, local := makeGolden(t)
			g.write(t, goldenDir, map[string]map[string][]byte{"place": place, "local": local})
		},
		func(t *testing.T) {
			g, place := makeCollection(t)
			g.write(t, collectionDir, map[string]map[string][]byte{"place": place})
		},
	} {
		dir := []string{goldenDir, collectionDir}[i]
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			continue // what was stored once stays
		}
		made++
		t.Run(filepath.Base(dir), func(t *testing.T) {
			cryptotest.SetGlobalRandom(t, uint64(i+1))
			story(t)
		})
	}
	if made == 0 {
		t.Fatal("all golden vaults are there already")
	}
}

// write stores a golden vault and its golden.json.
func (g *golden) write(t *testing.T, goldenDir string, parts map[string]map[string][]byte) {
	write := func(under string, files map[string][]byte) {
		for _, n := range slices.Sorted(maps.Keys(files)) {
			path := filepath.Join(goldenDir, under, filepath.FromSlash(n))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, files[n], 0o644); err != nil {
				t.Fatal(err)
			}
			g.Objects = append(g.Objects, goldenObject{under + "/" + n, len(files[n]), fmt.Sprintf("%x", sha256.Sum256(files[n]))})
		}
	}
	for _, part := range slices.Sorted(maps.Keys(parts)) {
		write(part, parts[part])
	}
	if err := os.WriteFile(filepath.Join(goldenDir, "golden.json"), append(try(json.MarshalIndent(g, "", " ")), '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// makeGolden tells the story: a first computer that backs up, makes a second kit and is lost; a second one signed in by the first
// kit, in generation 2, which goes on.
func makeGolden(t *testing.T) (*golden, goldPlace, map[string][]byte) {
	ctx := context.Background()
	c := try(reader.Create(reader.CreateOptions{DeviceName: "first desk", Passphrase: []byte(goldenPass), KDF: goldenKDF, Now: 1_800_000_000}))
	o := goldPlace{}
	o.put(c.Objects...)
	o["space.json"] = fmt.Appendf(nil, "{\"format\":\"lightproof v1-beta\",\"space\":\"%s\"}\n", c.Writer.Space)
	o["place.json"] = fmt.Appendf(nil, "{\"place\":\"%x\"}\n", secret.Random(16).Bytes())
	probe := make([]byte, 4096)
	rand.Read(probe)
	o[fmt.Sprintf("x/%x/1", secret.Random(16).Bytes())] = probe // left behind by a set-up that was cut off

	d := &goldDevice{t: t, o: o, w: c.Writer, prev: vault.Head{Hash: c.Writer.Genesis}, control: c.Genesis.Head()}
	goldFirst(d)
	d.control = goldControl(t, o, c)
	chain := goldChain(t, o, c.Writer)
	kit2, objects, err := c.Reader.NewKit(ctx, chain, []byte(goldenPass), goldenKDF, 1_800_000_020)
	if err != nil {
		t.Fatal(err)
	}
	o.put(objects...)
	d.control = goldChain(t, o, c.Writer).Head()
	d.commit(vault.Commit{Type: vault.CommitHeartbeat, Suspect: true}, nil, false, false)
	goldFold(t, d, c.Reader, false)
	goldRepair(d)

	r := try(reader.Recover(ctx, o, c.Writer.Space, c.Kit, []byte(goldenPass), nil))
	en := try(r.Enrol("second desk", map[vault.DeviceID]vault.Head{c.Writer.Device: d.prev}, 1_800_000_030))
	o.put(en.Objects...)
	n := &goldDevice{t: t, o: o, w: en.Writer, prev: vault.Head{Hash: c.Writer.Genesis}, control: goldChain(t, o, en.Writer).Head()}
	goldSecond(t, n, en.Reader, vault.SeenHead{Tag: c.Writer.Tag, Head: d.prev})

	start := secret.Random(32)
	pin := writer.Pin{Control: d.control, Tag: c.Writer.Tag, Log: d.prev}
	g := &golden{Made: "2026-11-23 by format v1-beta", Space: c.Writer.Space.String(), Genesis: c.Writer.Genesis.String(), Device: c.Writer.Device.String(),
		Passphrase: goldenPass, App: goldenApp, Start: hex.EncodeToString(start.Bytes()), Pin: goldenPin{pin.Control.Seq, pin.Log.Seq},
		Files: goldTree()}
	for _, k := range []secret.Secret{c.Kit, kit2} {
		g.Kits = append(g.Kits, goldenKit{strings.Join(try(words.Encode(k)), " "), hex.EncodeToString(k.Bytes())})
	}
	return g, o, goldLocal(c, start, pin)
}

// goldLocal seals the files of a computer in each mode.
func goldLocal(c *reader.Created, start secret.Secret, pin writer.Pin) map[string][]byte {
	out := map[string][]byte{}
	c.Writer.Credentials = map[string]string{"destination": "login"}
	settings := try(vault.SealEnvelope(vault.KindLocalWriter, 0, c.Writer.Space, "local/settings",
		vault.DeriveKey(c.Writer.CacheKey.Bytes(), nil, []byte("lp1/local-settings"), 32), vault.Body{Payload: []byte(`{"folders":[]}`)}))
	for _, mode := range []string{"strict", "convenient", "passphrase-at-start"} {
		s, lock, head := start, reader.Lock{Start: start, Passphrase: []byte(goldenApp)}, []byte(nil)
		switch mode {
		case "convenient":
			lock.Passphrase = nil
		case "passphrase-at-start":
			h := vault.NewStartHead(goldenKDF)
			s, head, lock.Start = try(h.KDF.Stretch([]byte(goldenApp), h.Salt)), h.Encode(), secret.Secret{}
		}
		out[mode+"/device.json"] = fmt.Appendf(nil, "{\"space\":\"%s\",\"device\":\"%s\",\"mode\":\"%s\"}\n", c.Writer.Space, c.Writer.Device, mode)
		out[mode+"/writer.bin"] = append(head, try(c.Writer.Seal(s))...)
		out[mode+"/reader.bin"] = try(c.Reader.Seal(lock, goldenKDF))
		out[mode+"/settings.bin"] = settings
		if head == nil { // without a keychain there is no pin
			out[mode+"/pin"] = []byte(pin.Encode(start, c.Writer.Device))
		}
	}
	return out
}

func goldChain(t *testing.T, o goldPlace, w *writer.Keyset) *vault.Chain {
	chain, found, _, err := writer.LoadChain(context.Background(), o, w, nil, 0)
	if err != nil || len(found) > 0 {
		t.Fatal(err, found)
	}
	return chain
}

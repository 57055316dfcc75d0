package vault_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lightproof/backup/vault"
	"lightproof/backup/vault/reader"
	"lightproof/backup/vault/writer"
	"lightproof/keystore/secret"
)

// goldenVaults lists all golden vaults, with the least number of objects that each has.
var goldenVaults = map[string]int{goldenDir: 80, collectionDir: 20}

// readGolden reads the golden vault and holds it to the hashes in golden.json: nothing may change what was stored.
func readGolden(t testing.TB, goldenDir string) (g golden, place goldPlace, local map[string][]byte) {
	t.Helper()
	if err := json.Unmarshal(try(os.ReadFile(filepath.Join(goldenDir, "golden.json"))), &g); err != nil {
		t.Fatal(err)
	}
	place, local = goldPlace{}, map[string][]byte{}
	found := 0
	for dir, to := range map[string]map[string][]byte{"place": place, "local": local} {
		root := os.DirFS(filepath.Join(goldenDir, dir))
		if _, err := fs.Stat(root, "."); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			to[path], err = fs.ReadFile(root, path)
			found++
			i := slices.IndexFunc(g.Objects, func(o goldenObject) bool { return o.Name == dir+"/"+path })
			if i < 0 || g.Objects[i].SHA256 != fmt.Sprintf("%x", sha256.Sum256(to[path])) {
				t.Errorf("%s/%s is not what was stored", dir, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found != len(g.Objects) || found < goldenVaults[goldenDir] {
		t.Fatalf("%d of %d objects are there", found, len(g.Objects))
	}
	return g, place, local
}

func (g golden) space() vault.SpaceID { return try(vault.ParseSpaceID(g.Space)) }

func (g golden) kit(i int) secret.Secret { return secret.New(try(hex.DecodeString(g.Kits[i].Hex))) }

// goldenRead opens a chunk, of pages either copy.
func goldenRead(o goldPlace, space vault.SpaceID, c vault.Cap) ([]byte, error) {
	b, err := o.Get(context.Background(), vault.ChunkName(c.CID))
	if err != nil {
		return nil, err
	}
	return reader.OpenChunk(space, c, b)
}

// goldenContent reads a version.
func goldenContent(o goldPlace, space vault.SpaceID, v *vault.Version, table []vault.BundleRef) ([]byte, error) {
	var out []byte
	add := func(parts []vault.Part, table []vault.BundleRef) error {
		for _, p := range parts {
			c := p.Cap
			if p.Small {
				c = table[p.Ref.Bundle].Cap
			}
			b, err := goldenRead(o, space, c)
			if err == nil && p.Small {
				b, err = reader.OpenRecord(space, p.Ref, b)
			}
			if err != nil {
				return err
			}
			out = append(out, b...)
		}
		return nil
	}
	if err := add(v.Parts, table); err != nil {
		return nil, err
	}
	for _, c := range v.Lists {
		b, _, err := reader.PageChunk(context.Background(), o, space, c)
		if err != nil {
			return nil, err
		}
		l, err := vault.ParsePartList(b)
		if err == nil {
			err = add(l.Parts, l.Bundles)
		}
		if err != nil {
			return nil, err
		}
	}
	if uint64(len(out)) != v.Size || sha256.Sum256(out) != v.Sum {
		return nil, fmt.Errorf("whole content: %w", vault.ErrTampered)
	}
	return out, nil
}

// goldenRestore is what today's code makes of a destination: the tree in golden.json's form, by source and path.
func goldenRestore(o goldPlace, space vault.SpaceID, r *reader.Recovered) (map[string]goldenFile, []error) {
	var faults []error
	cat := reader.NewCatalogue()
	_, found, err := r.Reader.Rebuild(context.Background(), o, r.View, r.Chain, cat, nil)
	for _, f := range append(slices.Clone(r.Findings), found...) {
		faults = append(faults, fmt.Errorf("%s: %w", f.Name, f.Err))
	}
	if err != nil {
		return nil, append(faults, err)
	}
	out := map[string]goldenFile{}
	for _, f := range cat.Files {
		v := f.Latest()
		if v == nil || v.Removed {
			continue
		}
		content, err := goldenContent(o, space, v, f.Bundles)
		if err != nil {
			faults = append(faults, fmt.Errorf("%q: %w", f.Path, err))
			continue
		}
		var x []string
		for _, a := range f.Xattrs {
			x = append(x, fmt.Sprintf("%s=%x", a.Name, a.Value))
		}
		e := goldenFile{Root: []byte(cat.Sources[f.Source].Root), Path: []byte(f.Path), Link: []byte(f.Target), Size: uint64(len(content)),
			SHA256: fmt.Sprintf("%x", sha256.Sum256(content)), Mode: f.Mode, Modified: v.ModTime, Born: f.BirthTime, Xattrs: strings.Join(x, ";"), Versions: len(f.Versions)}
		if v.EXIF != nil {
			e.EXIF = hex.EncodeToString(v.EXIF.Encode())
		}
		out[string(e.Root)+"|"+f.Path] = e
	}
	return out, faults
}

func (g golden) compare(t *testing.T, got map[string]goldenFile) {
	t.Helper()
	for _, w := range g.Files {
		at := string(w.Root) + "|" + string(w.Path)
		if is := got[at]; fmt.Sprint(is) != fmt.Sprint(w) {
			t.Errorf("%q:\n got %v\nwant %v", at, is, w)
		}
	}
	if len(got) != len(g.Files) {
		t.Errorf("%d files, not %d", len(got), len(g.Files))
	}
}

// What was stored once opens for ever (V27): with either kit, everything, as it was.
func TestGoldenVaultStillOpens(t *testing.T) {
	for dir := range goldenVaults {
		g, o, _ := readGolden(t, dir)
		for i := range g.Kits {
			r, err := reader.Recover(context.Background(), o, g.space(), g.kit(i), []byte(g.Passphrase), nil)
			if err != nil {
				t.Fatalf("%s, kit %d: %v", dir, i+1, err)
			}
			got, faults := goldenRestore(o, g.space(), r)
			if len(faults) > 0 {
				t.Errorf("%s, kit %d: %v", dir, i+1, faults)
			}
			g.compare(t, got)
		}
	}
}

func TestGoldenLocalFilesStillOpen(t *testing.T) {
	g, _, local := readGolden(t, goldenDir)
	space, device := g.space(), try(vault.ParseDeviceID(g.Device))
	start := secret.New(try(hex.DecodeString(g.Start)))
	for mode, lock := range map[string]reader.Lock{"strict": {Start: start, Passphrase: []byte(g.App)}, "convenient": {Start: start},
		"passphrase-at-start": {Passphrase: []byte(g.App)}} {
		t.Run(mode, func(t *testing.T) {
			head, file, has, err := vault.SplitStart(local[mode+"/writer.bin"])
			if err != nil || has != (mode == "passphrase-at-start") {
				t.Fatal(has, err)
			}
			s := start
			if has {
				if s, err = head.KDF.Stretch(lock.Passphrase, head.Salt); err != nil {
					t.Fatal(err)
				}
			}
			w, err := writer.Open(space, device, file, s)
			if err != nil {
				t.Fatal(err)
			}
			k, err := reader.Open(space, device, local[mode+"/reader.bin"], lock)
			if err != nil {
				t.Fatal(err)
			}
			if w.Genesis.String() != g.Genesis || k.Genesis != w.Genesis || !k.Mix.Equal(w.Mix) || w.Credentials["destination"] != "login" || w.Name != "first desk" {
				t.Error("the keysets hold something else")
			}
			body, err := vault.OpenEnvelope(vault.KindLocalWriter, space, "local/settings",
				vault.DeriveKey(w.CacheKey.Bytes(), nil, []byte("lp1/local-settings"), 32), local[mode+"/settings.bin"])
			if err != nil || string(body.Payload) != `{"folders":[]}` {
				t.Errorf("settings: %q %v", body.Payload, err)
			}
			item, has := local[mode+"/pin"]
			if has == (mode == "passphrase-at-start") {
				t.Error("a pin without a keychain, or a keychain without a pin")
			}
			if has {
				p, err := writer.ParsePin(string(item), start, device)
				if err != nil || p.Control.Seq != g.Pin.Control || p.Log.Seq != g.Pin.Log || p.Tag != w.Tag {
					t.Errorf("pin: %+v %v", p, err)
				}
				if p.Encode(start, device) != string(item) {
					t.Error("the pin is written differently today")
				}
			}
		})
	}
}

// A flipped bit in one of two copies changes nothing; elsewhere it is named, and never restored as something else.
func TestNoFlippedBitOfTheGoldenVaultIsRestored(t *testing.T) {
	g, whole, _ := readGolden(t, goldenDir)
	keys := func(o goldPlace) (*reader.Recovered, error) {
		return reader.Recover(context.Background(), o, g.space(), g.kit(0), []byte(g.Passphrase), nil)
	}
	sums := map[string]bool{}
	for _, b := range [][]byte{goldOld, goldLater} { // earlier versions
		sums[fmt.Sprintf("%x", sha256.Sum256(b))] = true
	}
	for _, f := range g.Files {
		sums[f.SHA256] = true
	}
	random := rand.New(rand.NewPCG(3, 4))
	base, err := keys(whole)
	if err != nil {
		t.Fatal(err)
	}
	noticed, silent := 0, 0
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		_, twice := whole[vault.Mirror(name)]
		if !vault.ValidName(name) || strings.HasPrefix(name, "m2/") || name[0] == 'x' || name[0] == 'r' {
			continue
		}
		slow := name[0] == 'k' || name[0] == 'e' // needs the passphrase again
		if slow && random.IntN(4) > 0 {
			continue
		}
		for _, copies := range [][]string{{name}, {name, vault.Mirror(name)}} {
			if len(copies) == 2 && !twice {
				continue
			}
			o := maps.Clone(whole)
			for _, n := range copies {
				o[n] = bytes.Clone(o[n])
				o[n][random.IntN(len(o[n]))] ^= 1 << random.IntN(8)
			}
			r := base
			if slow {
				if r, err = keys(o); err != nil {
					noticed++
					continue
				}
			}
			got, faults := goldenRestore(o, g.space(), r)
			if len(faults) > 0 {
				noticed++
			} else {
				silent++
			}
			if len(faults) == 0 || twice && len(copies) == 1 {
				g.compare(t, got)
			}
			for _, f := range got {
				if !sums[f.SHA256] {
					t.Errorf("%v: %q has content that was never stored", copies, f.Path)
				}
			}
		}
	}
	t.Logf("%d of %d changes noticed, the others in objects that were not read", noticed, noticed+silent)
	if noticed < 2*silent {
		t.Errorf("only %d of %d changes were noticed", noticed, noticed+silent)
	}
}

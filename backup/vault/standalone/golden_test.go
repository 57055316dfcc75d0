package standalone

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
	"testing/fstest"

	"lightproof/keystore/words"
)

const goldenDir = "../testdata/golden"

// goldenVaults lists all golden vaults.
var goldenVaults = []string{goldenDir, goldenDir + "-collection"}

// golden is what golden.json says of the golden vault.
type golden struct {
	Passphrase string
	Kits       []struct{ Words, Hex string }
	Files      []struct {
		Root, Path, Link []byte
		Size             uint64
		SHA256           string
		Mode             uint32
		Modified, Born   int64
		Xattrs, EXIF     string
		Versions         int
	}
}

func readGolden(t testing.TB) golden { return readGoldenAt(t, goldenDir) }

func readGoldenAt(t testing.TB, goldenDir string) (g golden) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(goldenDir, "golden.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// tree is the whole of golden.json's files, each as one line.
func (g golden) tree() map[string]string {
	out := map[string]string{}
	for _, f := range g.Files {
		out[string(f.Root)+"|"+string(f.Path)] = fmt.Sprintf("%q %d %s %o %d %d %s %s %d", f.Link, f.Size, f.SHA256, f.Mode, f.Modified, f.Born, f.Xattrs, f.EXIF, f.Versions)
	}
	return out
}

// taker collects restored files in the form of golden.tree.
type taker map[string]string

func (k taker) take(f File, content []byte) error {
	var x []string
	for _, a := range f.Attributes {
		x = append(x, fmt.Sprintf("%s=%x", a.Name, a.Value))
	}
	if sha256.Sum256(content) != f.Sum {
		return errors.New("content and its hash differ")
	}
	at := f.Root + "|" + f.Path
	if _, twice := k[at]; twice {
		return fmt.Errorf("%q twice", at)
	}
	k[at] = fmt.Sprintf("%q %d %x %o %d %d %s %x %d", f.Target, len(content), sha256.Sum256(content), f.Mode, f.Modified, f.Born, strings.Join(x, ";"), f.EXIF, f.Versions)
	return nil
}

func (k taker) compare(t *testing.T, want map[string]string) {
	t.Helper()
	for at, w := range want {
		if k[at] != w {
			t.Errorf("%q:\n got %s\nwant %s", at, k[at], w)
		}
	}
	for at := range k {
		if _, ok := want[at]; !ok {
			t.Errorf("%q was not to be restored", at)
		}
	}
}

func TestGoldenVaultIsRestoredFromTheDocumentAlone(t *testing.T) {
	for _, dir := range goldenVaults {
		g := readGoldenAt(t, dir)
		for i, k := range g.Kits {
			kit, err := KitFromWords(k.Words, words.List())
			if err != nil || hex.EncodeToString(kit) != k.Hex {
				t.Fatal(err)
			}
			got := taker{}
			if err := Restore(context.Background(), filepath.Join(dir, "place"), kit, []byte(g.Passphrase), got.take); err != nil {
				t.Errorf("%s, kit %d: %v", dir, i+1, err)
			}
			got.compare(t, g.tree())
		}
	}
}

// loadPlace reads the golden destination into memory.
func loadPlace(t testing.TB) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	root := os.DirFS(filepath.Join(goldenDir, "place"))
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(root, path)
		out[path] = &fstest.MapFile{Data: b, Mode: 0o644}
		return err
	})
	if err != nil || len(out) < 50 {
		t.Fatal(len(out), err)
	}
	return out
}

// opened is a restorer of the golden vault with the slot opened once: the passphrase is slow by design.
func opened(t testing.TB, g golden, tree fs.FS) *restorer {
	t.Helper()
	kit, err := hex.DecodeString(g.Kits[0].Hex)
	if err != nil {
		t.Fatal(err)
	}
	r := &restorer{place: place{tree}}
	space, err := r.space()
	if err != nil {
		t.Fatal(err)
	}
	if r.keys, err = openSlot(r.place, space, kit, []byte(g.Passphrase), r.report); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEitherCopyOfDoubledObjectsIsEnough(t *testing.T) {
	g := readGolden(t)
	keys := opened(t, g, loadPlace(t)).keys
	tree := loadPlace(t)
	for name := range tree {
		if _, ok := tree["m2/"+name]; ok {
			delete(tree, name)
		}
	}
	r := &restorer{place: place{tree}, keys: keys}
	got := taker{}
	if err := r.run(context.Background(), got.take); err == nil || !errors.Is(err, ErrMissing) {
		t.Errorf("the missing first copies were not reported: %v", err)
	}
	got.compare(t, g.tree())
}

// earlier lists the older contents of the golden vault's files: where newer objects are lost, these may come instead, with an error.
var earlier = map[string]string{
	"caf\xe9/ \xff\nB\u0308.xmp": "first words",
	"deleted.txt":                "first words",
	"later.txt":                  "written under generation 2",
}

// A flipped bit in one copy of a doubled object changes nothing that is restored; in both copies, or in content, it is an error, or in
// an object that a restore does not read. It never changes what a file holds.
func TestNoFlippedBitIsRestored(t *testing.T) {
	g := readGolden(t)
	whole := loadPlace(t)
	keys := opened(t, g, whole).keys
	want := g.tree()
	sums := map[string]string{}
	for _, f := range g.Files {
		sums[string(f.Path)] = f.SHA256
	}
	random := rand.New(rand.NewPCG(1, 2))
	noticed, silent := 0, 0
	for _, name := range slices.Sorted(maps.Keys(whole)) {
		if strings.HasPrefix(name, "m2/") || !strings.Contains("ckel", name[:1]) || name[1] != '/' {
			continue
		}
		_, twice := whole["m2/"+name]
		for _, copies := range [][]string{{name}, {name, "m2/" + name}} {
			if len(copies) == 2 && !twice {
				continue
			}
			tree := maps.Clone(whole)
			for _, n := range copies {
				b := bytes.Clone(tree[n].Data)
				b[random.IntN(len(b))] ^= 1 << random.IntN(8)
				tree[n] = &fstest.MapFile{Data: b, Mode: 0o644}
			}
			k := *keys
			r := &restorer{place: place{tree}, keys: &k}
			got := taker{}
			err := r.run(context.Background(), func(f File, content []byte) error {
				sum := fmt.Sprintf("%x", sha256.Sum256(content))
				if old, ok := earlier[f.Path]; sum != sums[f.Path] && (!ok || string(content) != old) {
					t.Errorf("%v: %q has content that was never stored", copies, f.Path)
				}
				return got.take(f, content)
			})
			if err == nil {
				silent++
			} else {
				noticed++
			}
			if err == nil || twice && len(copies) == 1 {
				got.compare(t, want)
			}
		}
	}
	t.Logf("figure: %d of %d changes noticed, the others in objects that were not read", noticed, noticed+silent)
	if noticed < 2*silent {
		t.Errorf("only %d of %d changes were noticed", noticed, noticed+silent)
	}
}

func TestOtherKeysAndAlteredSlotsOpenNothing(t *testing.T) {
	g := readGolden(t)
	kit, _ := hex.DecodeString(g.Kits[0].Hex)
	never := func(File, []byte) error { t.Fatal("a file was restored"); return nil }
	tree := loadPlace(t)
	ctx := context.Background()
	if err := restore(ctx, tree, kit, []byte("another passphrase"), never); !errors.Is(err, ErrKey) {
		t.Errorf("wrong passphrase: %v", err)
	}
	other := bytes.Clone(kit)
	other[31] ^= 1
	if err := restore(ctx, tree, other, []byte(g.Passphrase), never); !errors.Is(err, ErrMissing) {
		t.Errorf("other words: %v", err)
	}
	if err := restore(ctx, tree, kit[:31], []byte(g.Passphrase), never); !errors.Is(err, ErrMalformed) {
		t.Errorf("short kit: %v", err)
	}
	for name, f := range tree {
		if strings.HasPrefix(name, "r/") || strings.HasPrefix(name, "m2/r/") {
			b := bytes.Clone(f.Data)
			b[len(b)-1] ^= 1
			tree[name] = &fstest.MapFile{Data: b, Mode: 0o644}
		}
	}
	if err := restore(ctx, tree, kit, []byte(g.Passphrase), never); !errors.Is(err, ErrAltered) {
		t.Errorf("altered slot: %v", err)
	}
}

package vault

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lightproof/keystore/secret"
)

func testGeneration() *Generation {
	return NewGeneration(SpaceID{1, 2, 3}, 1, secret.New(bytes.Repeat([]byte{7}, 32)))
}

func sealed(t testing.TB, k *Generation, content []byte, variant uint8, own *FileID) Sealed {
	buf := NewChunkBufferFor(len(content))
	s, err := k.Seal(buf, copy(buf.Room(), content), variant, own)
	if err != nil {
		t.Fatal(err)
	}
	s.Object = bytes.Clone(s.Object)
	return s
}

func TestTenThousandContentsHaveTenThousandKeys(t *testing.T) {
	k := testGeneration()
	keys := map[[32]byte]string{}
	derived := map[string]bool{} // the AEAD keys behind them
	add := func(key [32]byte, okm []byte, what string) {
		t.Helper()
		if other, taken := keys[key]; taken {
			t.Fatalf("%s has the key of %s", what, other)
		}
		if derived[string(okm)] {
			t.Fatalf("%s repeats an AEAD key", what)
		}
		keys[key], derived[string(okm)] = what, true
	}
	buf := NewChunkBufferFor(64)
	bundles := NewChunkBuffer()
	bundle := k.NewBundle(bundles)
	content := make([]byte, 64)
	for i := range 5000 {
		binary.BigEndian.PutUint64(content, uint64(i))
		s, err := k.Seal(buf, copy(buf.Room(), content), 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		info := append(append([]byte(chunkInfo), k.Space[:]...), s.Object[:chunkHeaderLen]...)
		add(s.Cap.Key, expand(s.Cap.Key[:], info, 44), "chunk")
		if !bundle.Fits(len(content)) {
			bundle = k.NewBundle(bundles)
		}
		ref, _, err := bundle.Add(content) // the same content, in a bundle, has another key
		if err != nil {
			t.Fatal(err)
		}
		add(ref.Key, expand(ref.Key[:], append([]byte("lp1/record-key\x00"), k.Space[:]...), 44), "record")
	}
	if len(keys) != 10000 {
		t.Fatal(len(keys))
	}
}

func TestKeysDependOnEverythingTheyShould(t *testing.T) {
	k := testGeneration()
	content := bytes.Repeat([]byte("x"), 100)
	a, b := FileID{1}, FileID{2}
	base := sealed(t, k, content, 0, nil)
	again := sealed(t, k, content, 0, nil)
	if !bytes.Equal(base.Object, again.Object) || base.Cap != again.Cap {
		t.Error("equal content makes different chunks")
	}
	other := NewGeneration(k.Space, 2, k.WriterKey())
	space := NewGeneration(SpaceID{9}, 1, k.WriterKey())
	all := map[string]Sealed{"base": base, "variant": sealed(t, k, content, 1, nil), "own a": sealed(t, k, content, 0, &a), "own b": sealed(t, k, content, 0, &b),
		"generation": sealed(t, other, content, 0, nil), "space": sealed(t, space, content, 0, nil), "one byte": sealed(t, k, append(bytes.Clone(content[1:]), 'y'), 0, nil),
		"one zero more": sealed(t, k, append(bytes.Clone(content), 0), 0, nil)}
	cids, keys := map[CID]string{}, map[[32]byte]string{}
	for name, s := range all {
		if cids[s.Cap.CID] != "" || keys[s.Cap.Key] != "" {
			t.Errorf("%s shares a name or key with %q %q", name, cids[s.Cap.CID], keys[s.Cap.Key])
		}
		cids[s.Cap.CID], keys[s.Cap.Key] = name, name
		if h, err := ParseChunkHeader(s.Object); err != nil || h.CID != s.Cap.CID {
			t.Error(name, err)
		}
	}
	one, two := k.NewBundle(NewChunkBufferFor(1<<16)), k.NewBundle(NewChunkBufferFor(1<<16))
	r1, _, _ := one.Add(content)
	r2, _, _ := one.Add(content)
	r3, _, _ := two.Add(content)
	if r1.Off == r2.Off || r1.Key == r3.Key {
		t.Error("the same content in two bundles has one key")
	}
	seal := func(r Ref) string {
		aead, n, aad := RecordKeys(r, k.Space)
		return string(aead.Seal(nil, n, content, aad))
	}
	if seal(r1) == seal(r2) {
		t.Error("two places in a bundle encrypt alike")
	}
	rebuilt := k.RebuildBundle(NewChunkBufferFor(1<<16), one.Salt())
	if r, _, _ := rebuilt.Add(content); r != r1 {
		t.Error("a bundle rebuilt with its salt differs")
	}
}

// hostile changes its bytes every time somebody reads them, as a file that is being written to does.
type hostile struct{ n byte }

func (h *hostile) Read(p []byte) (int, error) {
	h.n++
	for i := range p {
		p[i] = h.n
	}
	return len(p), nil
}

func TestASourceThatChangesAtEveryReadIsSealedAsOneBuffer(t *testing.T) {
	k := testGeneration()
	src := &hostile{}
	buf := NewChunkBufferFor(50000)
	for range 4 {
		n, err := src.Read(buf.Room()[:50000])
		if err != nil {
			t.Fatal(err)
		}
		want := bytes.Clone(buf.Room()[:n])
		s, err := k.Seal(buf, n, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		aead, nonce, commit := ChunkKeys(s.Cap.Key, k.Space, s.Object)
		if !bytes.Equal(commit, s.Object[44:76]) {
			t.Fatal("commitment")
		}
		p, err := aead.Open(nil, nonce, s.Object[76:], append(slices.Clone(k.Space[:]), s.Object[:76]...))
		if err != nil || !bytes.Equal(p[8:8+n], want) {
			t.Fatal("the sealed bytes are not the buffer's", err)
		}
		if h := chunkHash(n, s.Sum, nil); mac(k.cid[:], h[:], []byte{0}) != [32]byte(s.Cap.CID) {
			t.Fatal("name and content disagree")
		}
	}
}

func TestChunkSizesAreRefusedAndPadded(t *testing.T) {
	k := testGeneration()
	buf := NewChunkBuffer()
	for _, n := range []int{-1, 0, MaxChunk + 1} {
		if _, err := k.Seal(buf, n, 0, nil); err == nil {
			t.Errorf("chunk of %d bytes", n)
		}
	}
	rand.Read(buf.Room()) // what an earlier, longer chunk left behind must not leak into the padding
	s, err := k.Seal(buf, 1, 0, nil)
	if err != nil || len(s.Object) != MinChunkPad+ChunkOverhead {
		t.Fatal(err, len(s.Object))
	}
	aead, nonce, _ := ChunkKeys(s.Cap.Key, k.Space, s.Object)
	p, err := aead.Open(nil, nonce, s.Object[76:], append(slices.Clone(k.Space[:]), s.Object[:76]...))
	if err != nil || !bytes.Equal(p[9:], make([]byte, MinChunkPad-1)) {
		t.Error("padding is not zero")
	}
	s, err = k.Seal(buf, MaxChunk, 0, nil)
	if err != nil || len(s.Object) != MaxChunkObject || MaxChunkObject != 8_388_708 {
		t.Error(err, len(s.Object))
	}
	for n := MinChunkPad; n <= MaxChunk; n += 4099 {
		if p := Padme(n); p < n || float64(p-n) > 0.063*float64(n) || p > MaxChunk {
			t.Fatalf("Padmé of %d is %d", n, p)
		}
	}
}

// calls lists the functions of the packages' non-test sources in which a method of that name is called.
func calls(t *testing.T, method string, dirs ...string) (where []string) {
	for _, dir := range dirs {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			src, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, src, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok {
					continue
				}
				ast.Inspect(fn, func(n ast.Node) bool {
					switch x := n.(type) {
					case *ast.SelectorExpr:
						if x.Sel.Name == method {
							where = append(where, filepath.Join(dir, fn.Name.Name))
						}
					case *ast.Ident:
						if x.Name == method && fn.Name.Name != method && !slices.Contains(where, filepath.Join(dir, fn.Name.Name)) {
							where = append(where, filepath.Join(dir, fn.Name.Name))
						}
					}
					return true
				})
			}
		}
	}
	slices.Sort(where)
	return slices.Compact(where)
}

func TestOnlyOneFunctionSealsChunks(t *testing.T) {
	dirs := []string{".", "writer", "reader"}
	// Every way to an AEAD: the constructor, and the two functions that hand one out. SealNext opens what Seal made and calls it again.
	for method, want := range map[string][]string{
		"newGCM":     {"ChunkKeys", "OpenEnvelope", "OpenRing", "RecordKeys", "SealEnvelope", "SealRing"},
		"NewGCM":     {"newGCM"},
		"ChunkKeys":  {"Seal", "SealNext", "reader/openChunk"},
		"RecordKeys": {"Add", "reader/AppendRecord"},
		"NewCipher":  {"newGCM"},
	} {
		if got := calls(t, method, dirs...); !slices.Equal(got, want) {
			t.Errorf("%s is used in %v, want %v", method, got, want)
		}
	}
}

func TestPackagesOfTheWriterNeverReachTheReader(t *testing.T) {
	for _, pkg := range []string{"lightproof/backup/vault", "lightproof/backup/vault/writer"} {
		out, err := exec.Command("go", "list", "-deps", pkg).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		deps := strings.Fields(string(out))
		if !slices.Contains(deps, pkg) || slices.Contains(deps, "lightproof/backup/vault/reader") {
			t.Errorf("%s reaches the reader", pkg)
		}
		for _, d := range deps {
			if d == "net" || d == "database/sql" || d == "os/exec" {
				t.Errorf("%s reaches %s: the format is pure", pkg, d)
			}
		}
	}
}

func TestAListOfNoPartsIsMalformed(t *testing.T) {
	if _, err := ParsePartList(PartList{}.Encode()); !errors.Is(err, ErrMalformed) {
		t.Errorf("a list of no parts: %v", err)
	}
	if l, err := ParsePartList(PartList{Parts: fuzzVersion().Parts[:1]}.Encode()); err != nil || len(l.Parts) != 1 {
		t.Errorf("a list of one part: %v", err)
	}
}

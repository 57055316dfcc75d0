package e2e

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"
)

// Windows of originals that must not stand anywhere are windowLen long; every one of them holds a block of blockLen at an offset
// that is a multiple of blockLen, so it is enough to know the blocks. A block of few different bytes (padding) would stand in for
// too much: around those, each whole window is known instead.
const (
	windowLen   = 64
	blockLen    = 32
	blockVaries = 8  // different bytes that make a block worth knowing
	varies      = 16 // windows of fewer different bytes are set aside
	prime       = 0x9E3779B97F4A7C15
)

// spot is where in the originals a block or window begins.
type spot struct {
	hash uint64
	file int32
	at   int32
}

// table finds spots by hash.
type table struct {
	n     int // length of what is hashed
	power uint64
	spots []spot
	bits  []uint64
}

const tableBits = 28

func newTable(n int) *table {
	t := &table{n: n, power: 1, bits: make([]uint64, 1<<(tableBits-6))}
	for range n - 1 {
		t.power *= prime
	}
	return t
}

//go:norace
func (t *table) hash(b []byte) (h uint64) {
	for _, c := range b[:t.n] {
		h = h*prime + uint64(c) + 1
	}
	return h
}

func bucket(h uint64) uint64 { return (h ^ h>>29) * prime >> (64 - tableBits) }

func (t *table) add(h uint64, file, at int) {
	t.spots = append(t.spots, spot{h, int32(file), int32(at)})
	t.bits[bucket(h)>>6] |= 1 << (bucket(h) & 63)
}

//go:norace
func (t *table) may(h uint64) bool { return t.bits[bucket(h)>>6]>>(bucket(h)&63)&1 != 0 }

// find compares byte by byte: is there a window of an original around b[at:at+t.n] that counts?
func (t *table) find(h uint64, originals [][]byte, b []byte, at int) bool {
	i, _ := slices.BinarySearchFunc(t.spots, h, func(s spot, h uint64) int { return cmp.Compare(s.hash, h) })
	for ; i < len(t.spots) && t.spots[i].hash == h; i++ {
		o, from := originals[t.spots[i].file], int(t.spots[i].at)
		if !bytes.Equal(o[from:from+t.n], b[at:at+t.n]) {
			continue
		}
		left, right := 0, t.n
		for left < windowLen && left < from && left < at && o[from-left-1] == b[at-left-1] {
			left++
		}
		for right < 2*windowLen && from+right < len(o) && at+right < len(b) && o[from+right] == b[at+right] {
			right++
		}
		for start := -left; start+windowLen <= right; start++ {
			if distinct(b[at+start:at+start+windowLen]) >= varies {
				return true
			}
		}
	}
	return false
}

func (t *table) sort() {
	slices.SortFunc(t.spots, func(a, b spot) int { return cmp.Compare(a.hash, b.hash) })
}

//go:norace
func distinct(b []byte) (n int) {
	var seen [256]bool
	for _, c := range b {
		if !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// phrase is a text in one encoding.
type phrase struct {
	kind, text string
	bytes      []byte
}

// leaks knows everything that must not be readable anywhere.
type leaks struct {
	originals [][]byte
	blocks    *table
	windows   *table
	phrases   map[uint32][]phrase
	first     []uint64 // bits of the first four bytes of all phrases, hashed
}

func newLeaks() *leaks {
	return &leaks{blocks: newTable(blockLen), windows: newTable(windowLen), phrases: map[uint32][]phrase{}, first: make([]uint64, 1<<18)}
}

// original adds a file's bytes.
//
//go:norace
func (l *leaks) original(b []byte) {
	n := len(l.originals)
	l.originals = append(l.originals, b)
	for at := 0; at+blockLen <= len(b); at += blockLen {
		block := b[at : at+blockLen]
		if distinct(block) >= blockVaries {
			l.blocks.add(l.blocks.hash(block), n, at)
			continue
		}
		for start := max(0, at-blockLen+1); start <= at && start+windowLen <= len(b); start++ {
			if w := b[start : start+windowLen]; distinct(w) >= varies {
				l.windows.add(l.windows.hash(w), n, start)
			}
		}
	}
}

// text adds a text of at least six bytes in the encodings that programs use. Of those with fewer than four different bytes
// ("00000000" as a serial number) nobody learns anything.
func (l *leaks) text(kind, s string) {
	if len(s) < 6 || distinct([]byte(s)) < 4 {
		return
	}
	units := utf16.Encode([]rune(s))
	little, big := make([]byte, 0, 2*len(units)), make([]byte, 0, 2*len(units))
	for _, u := range units {
		little = binary.LittleEndian.AppendUint16(little, u)
		big = binary.BigEndian.AppendUint16(big, u)
	}
	for i, b := range [][]byte{[]byte(s), little, big} {
		head := binary.LittleEndian.Uint32(b)
		p := phrase{kind + [...]string{"", " in UTF-16LE", " in UTF-16BE"}[i], s, b}
		if slices.ContainsFunc(l.phrases[head], func(q phrase) bool { return bytes.Equal(q.bytes, b) }) {
			continue
		}
		l.phrases[head] = append(l.phrases[head], p)
		l.first[mixed(head)>>6] |= 1 << (mixed(head) & 63)
	}
}

func mixed(v uint32) uint32 { return v * 0x9E3779B1 >> 8 }

func (l *leaks) ready() *leaks {
	l.blocks.sort()
	l.windows.sort()
	return l
}

// scan looks at every offset of b and returns the kinds of what it finds. It touches nothing that others change, and the race
// detector would make it many times slower.
//
//go:norace
func (l *leaks) scan(b []byte) map[string]string {
	out := map[string]string{}
	var h32, h64 uint64
	var head uint32
	blocks, windows, first := l.blocks, l.windows, l.first
	for i, c := range b {
		head = head>>8 | uint32(c)<<24
		if m := mixed(head); i >= 3 && first[m>>6]>>(m&63)&1 != 0 {
			l.texts(out, b[i-3:], head)
		}
		h32, h64 = h32*prime+uint64(c)+1, h64*prime+uint64(c)+1
		if i < blockLen-1 {
			continue
		}
		if blocks.may(h32) && blocks.find(h32, l.originals, b, i-blockLen+1) {
			out["original"] = fmt.Sprintf("at %d", i-blockLen+1)
		}
		h32 -= (uint64(b[i-blockLen+1]) + 1) * blocks.power
		if i < windowLen-1 {
			continue
		}
		if windows.may(h64) && windows.find(h64, l.originals, b, i-windowLen+1) {
			out["original beside padding"] = fmt.Sprintf("at %d", i-windowLen+1)
		}
		h64 -= (uint64(b[i-windowLen+1]) + 1) * windows.power
	}
	return out
}

func (l *leaks) texts(out map[string]string, b []byte, head uint32) {
	for _, p := range l.phrases[head] {
		if bytes.HasPrefix(b, p.bytes) {
			out[p.kind] = p.text
		}
	}
}

// scanTree scans the bytes and the names of all files below the roots.
func (l *leaks) scanTree(t *testing.T, roots ...string) (found map[string][]string, files int, size int64) {
	t.Helper()
	var paths []string
	for _, root := range roots {
		must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				paths = append(paths, path)
			}
			return err
		}))
	}
	found = map[string][]string{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan string)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for path := range next {
				b, err := os.ReadFile(path)
				if err != nil {
					t.Error(err)
					continue
				}
				hits := l.scan(b)
				for kind, what := range l.scan([]byte(filepath.Base(path))) {
					hits[kind] = what
				}
				mu.Lock()
				files++
				size += int64(len(b))
				for kind, what := range hits {
					found[kind] = append(found[kind], path+": "+what)
				}
				mu.Unlock()
			}
		})
	}
	for _, p := range paths {
		next <- p
	}
	close(next)
	wg.Wait()
	return found, files, size
}

// secretTags are the names of metadata whose values tell where and with what a picture was taken.
func secretTag(key string) string {
	_, name, _ := strings.Cut(key, ":")
	switch {
	case name == "Make", strings.Contains(name, "Model"), strings.Contains(name, "SerialNumber"), strings.Contains(name, "LensID"):
		return "camera"
	case strings.HasPrefix(name, "GPS") && name != "GPSVersionID":
		return "position"
	}
	return ""
}

// oneIn keeps each n-th file and removes the others.
func oneIn(t *testing.T, n int, root string, names []string) (kept []string) {
	t.Helper()
	for i, name := range names {
		if i%n == 0 {
			kept = append(kept, name)
		} else {
			must(t, os.Remove(filepath.Join(root, name)))
		}
	}
	return kept
}

func TestNothingOfTheOriginalsStandsInTheOpen(t *testing.T) {
	m := newMachine(t)
	names, _ := copyCorpus(t, m.photos)
	if !torture() {
		names = oneIn(t, 4, m.photos, names)
	}
	l := newLeaks()
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(m.photos, name))
		must(t, err)
		l.original(b)
		l.text("file name", filepath.Base(name))
	}
	for _, tags := range exiftoolOf(t, m.photos) {
		for key, value := range tags {
			if kind := secretTag(key); kind != "" {
				l.text(kind, fmt.Sprint(value))
			}
		}
	}
	l.ready()

	m.setUp().withFolderAndPlace()
	m.backUpQuietly()
	lib := m.unlock()
	drawn := 0
	for i, p := range lib.Timeline() {
		if i%3 != 0 && !torture() {
			continue
		}
		if _, err := lib.Tile(t.Context(), p.ID, 256); err == nil {
			drawn++
		}
	}
	if drawn == 0 {
		t.Error("no tile was drawn: the scan would not see the tile cache")
	}
	began := time.Now()
	found, files, size := l.scanTree(t, m.home, m.place("a"))
	took := time.Since(began)
	for kind, where := range found {
		t.Errorf("%s: %d times, first %s", kind, len(where), where[0])
	}
	t.Logf("figure: scanned %d files, %d bytes in %v for %d blocks, %d windows and %d texts: %d found (%d tiles drawn)",
		files, size, took.Round(time.Millisecond), len(l.blocks.spots), len(l.windows.spots), len(l.phrases), len(found), drawn)
	for _, dir := range []string{m.home, m.place("a")} {
		plantAndFind(t, l, dir)
	}
}

// plantAndFind proves the scan: each kind of thing is found once it is there.
func plantAndFind(t *testing.T, l *leaks, dir string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	dir = filepath.Join(dir, "c", "planted")
	must(t, os.MkdirAll(dir, 0o700))
	defer os.RemoveAll(dir)
	plant := func(what []byte) {
		f, err := os.CreateTemp(dir, "x-")
		must(t, err)
		defer f.Close()
		_, err = f.Write(slices.Concat(noise(1+r.IntN(500)), what, noise(r.IntN(500))))
		must(t, err)
	}
	want := map[string]bool{"original": true, "original beside padding": true}
	for range 200 {
		for {
			s := l.blocks.spots[r.IntN(len(l.blocks.spots))]
			o := l.originals[s.file]
			at := int(s.at) - r.IntN(blockLen)
			if at < 0 || at+windowLen > len(o) || distinct(o[at:at+windowLen]) < varies {
				continue
			}
			plant(o[at : at+windowLen])
			break
		}
		w := l.windows.spots[r.IntN(len(l.windows.spots))]
		plant(l.originals[w.file][w.at : w.at+windowLen])
	}
	phrases := 0
	for _, list := range l.phrases {
		for _, p := range list {
			want[p.kind] = true
			plant(p.bytes)
			phrases++
		}
	}
	l.text("file name", "IMG-planted.jpg")
	named := filepath.Join(dir, "x IMG-planted.jpg")
	write(t, named, noise(10))
	paths, err := filepath.Glob(filepath.Join(dir, "x*"))
	must(t, err)
	found, files, _ := l.scanTree(t, dir)
	for kind := range want {
		if len(found[kind]) == 0 {
			t.Errorf("%s was planted and not found", kind)
		}
	}
	hits := map[string]bool{}
	for _, list := range found {
		for _, where := range list {
			path, _, _ := strings.Cut(where, ": ")
			hits[path] = true
		}
	}
	if files != len(paths) || len(hits) != len(paths) {
		t.Errorf("planted %d files, found %d", len(paths), len(hits))
	}
	t.Logf("figure: planted 400 windows, %d texts and a name: found %d of %d", phrases, len(hits), len(paths))
}

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"lightproof/backup"
	"lightproof/backup/photo/corpustest"
	"lightproof/backup/restore"
	"lightproof/backup/setup"
	"lightproof/keystore/keystoretest"
)

const corpusFiles = 202

// corpus lists the photos that lie beside the project, or skips the test.
func corpus(t *testing.T) (root string, names []string) {
	t.Helper()
	root = corpustest.Dir(t)
	f, err := os.Open(filepath.Join(root, "MANIFEST.tsv"))
	must(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		name, _, _ := strings.Cut(lines.Text(), "\t")
		if _, err := os.Stat(filepath.Join(root, name)); err == nil {
			names = append(names, name)
		}
	}
	if len(names) != corpusFiles {
		t.Fatalf("the corpus has %d files, want %d", len(names), corpusFiles)
	}
	return root, names
}

// copyCorpus copies it, and gives each file a mode, a time to the nanosecond and an attribute of its own.
func copyCorpus(t *testing.T, to string) (names []string, bytes int64) {
	t.Helper()
	root, names := corpus(t)
	r := rand.New(rand.NewPCG(7, 7))
	for i, name := range names {
		b, err := os.ReadFile(filepath.Join(root, name))
		must(t, err)
		bytes += int64(len(b))
		path := filepath.Join(to, name)
		write(t, path, b)
		if err := setXattr(path, "user.note", fmt.Sprintf("note %d of the test %x", i, r.Uint64())); err != nil {
			t.Skipf("the temporary folder keeps no extended attributes: %v", err)
		}
		must(t, os.Chmod(path, os.FileMode(0o400+r.IntN(0o400))))
		at := time.Unix(1_000_000_000+r.Int64N(700_000_000), r.Int64N(1_000_000_000))
		must(t, os.Chtimes(path, at, at))
	}
	return names, bytes
}

// exiftoolOf reads all metadata below a folder; what only the file system says is left out.
func exiftoolOf(t *testing.T, root string) map[string]map[string]any {
	t.Helper()
	tool, err := exec.LookPath("exiftool")
	if err != nil {
		t.Fatal("exiftool is missing: scripts/install-deps.sh test installs it")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, tool, "-json", "-a", "-G1", "-r", "-q", "-all", "--System:all", "-ext", "*", ".")
	cmd.Dir = root
	out, _ := cmd.Output() // files that are no pictures make it exit 1
	var list []map[string]any
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, f := range list {
		name, _ := f["SourceFile"].(string)
		delete(f, "SourceFile")
		all[name] = f
	}
	return all
}

// The whole promise at once: real photos, backed up, the computer lost, brought back on another one from the destination, the kit and
// the passphrase alone.
func TestCorpusComesBackOnANewComputerFromDestinationAndKitAlone(t *testing.T) {
	m := newMachine(t)
	names, size := copyCorpus(t, m.photos)
	before := readTree(t, m.photos)
	exifBefore := exiftoolOf(t, m.photos)
	began := time.Now()
	m.setUp().withFolderAndPlace()
	run := m.backUpQuietly()
	took := time.Since(began)
	m.mustProve()
	if s := m.state(); s.Counts.Found != corpusFiles {
		t.Fatalf("found %+v", s.Counts)
	}
	l := m.unlock()
	photos := len(l.Timeline())
	must(t, l.Close())
	m.stop()
	// The computer is gone: data folder with its catalogue, keychain, originals.
	must(t, os.RemoveAll(m.home))
	must(t, os.RemoveAll(m.photos))

	n := newMachine(t)
	n.chain = &keystoretest.Memory{}
	rec, err := setup.Recover(t.Context(), setup.RecoverOptions{Home: n.home, Dir: m.place("a"), Kit: m.made.Kit, Passphrase: passphrase,
		DeviceName: "new desk", Mode: backup.ModeStrict, Keychain: n.chain, KDF: quickKDF, Now: n.clock.Now()})
	must(t, err)
	rec.Reader.Wipe()
	rec.Start.Wipe()
	if len(rec.Findings) != 0 {
		t.Errorf("recovery found fault with a healthy vault: %v", rec.Findings)
	}
	n.start()
	n.do(backup.AddDestination{Kind: "folder", Dir: m.place("a"), Label: "A", Adopt: true})
	l = n.unlock()
	if got := len(l.Timeline()); got != photos {
		t.Errorf("the timeline shows %d photos, before %d", got, photos)
	}
	began = time.Now()
	to := filepath.Join(n.dir, "restored")
	report := n.restoreTo(l, to, restore.Options{})
	took2 := time.Since(began)
	after := readTree(t, filepath.Join(to, "photos"))
	mustEqual(t, before, after)
	same := 0
	for path, f := range before {
		if after[path] == f {
			same++
		}
	}
	exifAfter := exiftoolOf(t, filepath.Join(to, "photos"))
	differences := 0
	for name, want := range exifBefore {
		if !reflect.DeepEqual(want, exifAfter[name]) {
			differences++
			t.Errorf("exiftool reads %s differently", name)
		}
	}
	if len(exifAfter) != len(exifBefore) || len(exifBefore) < corpusFiles-10 {
		t.Errorf("exiftool read %d files before, %d after", len(exifBefore), len(exifAfter))
	}
	if same != len(names) || report.Written != len(names) {
		t.Errorf("%d of %d identical; report: %s", same, len(names), report.Sums())
	}
	t.Logf("figure: %d files, %d bytes backed up and read back in %v (%d bytes stored); restored in %v: %d of %d identical in bytes, mode, time and attributes; exiftool: %d files, %d differences; %d photos in the timeline",
		len(names), size, took.Round(time.Millisecond), run.StoredByte, took2.Round(time.Millisecond), same, len(names), len(exifBefore), differences, photos)
}

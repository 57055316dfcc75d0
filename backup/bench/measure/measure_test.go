package measure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The test binary stands in for the programs that are measured, and for the helper.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case HelperName:
			if err := Helper(os.Args[2:]); err != nil {
				panic(err)
			}
			os.Exit(0)
		case "fill": // 24 MiB, each page touched
			b := make([]byte, 24<<20)
			for i := range b {
				b[i] = byte(i)
			}
			runtime.KeepAlive(b)
			os.Exit(0)
		case "end": // says something and ends with 3
			os.Stdout.WriteString("said")
			os.Stderr.WriteString("complained")
			os.Exit(3)
		}
	}
	os.Exit(m.Run())
}

func meter(t *testing.T) (m Meter, self string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Meter{Self: self, Scratch: t.TempDir()}, self
}

func TestAProgramsOwnCostIsReported(t *testing.T) {
	m, self := meter(t)
	mine := make([]byte, 256<<20) // the memory of this process must not show as the program's
	for i := range mine {
		mine[i] = 1
	}
	c, _, err := m.Run(context.Background(), Command{Program: self, Args: []string{"fill"}})
	runtime.KeepAlive(mine)
	if err != nil {
		t.Fatal(err)
	}
	if c.Wall <= 0 || c.CPU <= 0 {
		t.Errorf("%+v", c)
	}
	if runtime.GOOS == "linux" && (c.Peak < 24<<20 || c.Peak > 200<<20) {
		t.Errorf("peak %d MiB of a program that fills 24", c.Peak>>20)
	}
}

func TestAnExitCodeIsAFailureUnlessAccepted(t *testing.T) {
	m, self := meter(t)
	c := Command{Program: self, Args: []string{"end"}}
	if _, _, err := m.Run(context.Background(), c); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "complained") {
		t.Errorf("code 3: %v", err)
	}
	c.Accept = []int{3}
	if _, out, err := m.Run(context.Background(), c); err != nil || string(out) != "said" {
		t.Errorf("code 3, accepted: %q, %v", out, err)
	}
	c.Program = filepath.Join(t.TempDir(), "missing")
	if _, _, err := m.Run(context.Background(), c); err == nil {
		t.Error("a program that is missing ran")
	}
}

func TestEveryDifferenceOfTreesIsFound(t *testing.T) {
	at := time.Date(2020, 1, 2, 3, 4, 5, 6789, time.UTC)
	put := func(dir, name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(dir string){
		"":        func(string) {},
		"missing": func(d string) { os.Remove(filepath.Join(d, "x/b")) },
		"more":    func(d string) { put(d, "x/c", "") },
		"bytes":   func(d string) { put(d, "a", "onE") },
		"shorter": func(d string) { put(d, "a", "on") },
		"time":    func(d string) { os.Chtimes(filepath.Join(d, "a"), at, at.Add(time.Microsecond)) },
	} {
		original, restored := t.TempDir(), t.TempDir()
		for _, dir := range []string{original, restored} {
			put(dir, "a", "one")
			put(dir, "x/b", "two")
		}
		change(restored)
		files, err := Compare(original, restored)
		if name == "" && (err != nil || files != 2) {
			t.Errorf("equal trees: %d, %v", files, err)
		}
		if name != "" && !errors.Is(err, ErrDiffers) {
			t.Errorf("%s: %v", name, err)
		}
		if n, err := Size(original, original); n != 12 || err != nil {
			t.Errorf("size %d, %v", n, err)
		}
		if err := Warm(original); err != nil {
			t.Error(err)
		}
	}
}

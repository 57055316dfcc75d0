package terminal

import (
	"os"
	"slices"
	"testing"
)

const smaps = `00400000-01900000 r-xp 00000000 fe:01 42                         /opt/a program
Rss:               14644 kB
Anonymous:             0 kB
01900000-02d00000 r--p 01500000 fe:01 42                         /opt/a program
Anonymous:             0 kB
02d00000-02d01000 r--p 02900000 fe:01 42                         /opt/a program
Anonymous:             4 kB
02d01000-02f00000 rw-p 02901000 fe:01 42                         /opt/a program
Anonymous:             0 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Anonymous:          4096 kB
7f0000000000-7f0000010000 r-xp 00000000 fe:01 43                 /usr/lib/not a program
Anonymous:             0 kB
`

func TestOnlyUnchangedPagesOfTheProgramAreGivenBack(t *testing.T) {
	got := cleanMappings([]byte(smaps), "/opt/a program")
	if want := []mapping{{0x400000, 0x1900000}, {0x1900000, 0x2d00000}}; !slices.Equal(got, want) {
		t.Errorf("would give back %x, want %x", got, want)
	}
}

func TestTheProgramGoesOnAfterItsPagesWereGivenBack(t *testing.T) {
	exe, err := os.Readlink("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.ReadFile("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	if len(cleanMappings(f, exe)) == 0 {
		t.Fatal("no part of the program was found")
	}
	for range 3 {
		dropProgram()
	}
}

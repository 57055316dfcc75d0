package texts

import (
	"errors"
	"testing"
)

func TestRatesAreReadAsPeopleWriteThem(t *testing.T) {
	for in, want := range map[string]int64{
		"": 0, "  ": 0, "0": 0, "0 MB/s": 0, "none": 0, "None": 0, "8000": 8000, "4M": 4e6, "4 MB/s": 4e6, "4mb": 4e6, "1.5 MB": 1.5e6, "500k": 5e5, ".5G": 5e8,
		"20 Mbit/s": 2.5e6, "800kbit": 1e5, "1 T": 1e12, " 12 kB / s ": -1, "-1": -1, "1e9": -1, "4 MiB": -1, "four": -1, "4 4 M": -1, "1,5M": -1,
		"NaN": -1, "inf": -1, "0x10": -1, "1_000": -1, "M": -1, "k4": -1, "9999999999999999999T": -1, "4/s": 4, "/s": 0, "1.2.3k": -1,
	} {
		got, err := ParseRate(in)
		if want < 0 {
			if !errors.Is(err, ErrRate) {
				t.Errorf("%q is %d, %v", in, got, err)
			}
		} else if err != nil || got != want {
			t.Errorf("%q is %d, %v; want %d", in, got, err, want)
		}
	}
}

func TestARateIsWrittenInFull(t *testing.T) {
	for n, want := range map[int64]string{0: "none", -1: "none", 999: "999 B/s", 8_000: "8 kB/s", 12_500: "12.5 kB/s", 4e6: "4 MB/s", 8_450_000: "8.45 MB/s",
		8_450_001: "8450.001 kB/s", 1e12: "1 TB/s"} {
		if got := Rate(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
	for _, c := range []struct {
		up, down int64
		want     string
	}{{0, 0, "none"}, {4e6, 0, "4 MB/s up"}, {0, 1e6, "1 MB/s down"}, {4e6, 500e3, "4 MB/s up, 500 kB/s down"}} {
		if got := LimitPair(c.up, c.down); got != c.want {
			t.Errorf("%d, %d: %q", c.up, c.down, got)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, s := range []string{"4M", "1.5 MB/s", "none", "-", "20 Mbit", "8450001", "."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseRate(s)
		if err != nil {
			return
		}
		if n < 0 {
			t.Fatalf("%q is %d", s, n)
		}
		if back, err := ParseRate(Rate(n)); n < 1e12 && (err != nil || back != n) {
			t.Errorf("%d is written %q and read as %d, %v", n, Rate(n), back, err)
		}
	})
}

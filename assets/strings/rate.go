package texts

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// NoLimit is what Rate says of 0, and what ParseRate takes for it.
const NoLimit = "none"

// ErrRate means that a text is no number of bytes a second.
var ErrRate = errors.New("not a rate, such as 4 MB/s, 500k or none")

// Rate writes a limit in bytes a second in the largest decimal unit that needs no more than three decimals: 4 MB/s, 8.45 MB/s, 12.5 kB/s.
// ParseRate gives the same number back. 0 is "none".
func Rate(n int64) string {
	if n <= 0 {
		return NoLimit
	}
	unit, step := "B/s", int64(1)
	for _, u := range []string{"kB/s", "MB/s", "GB/s", "TB/s"} {
		if n < step*1000 || step > 1 && n%step != 0 {
			break
		}
		unit, step = u, step*1000
	}
	return strconv.FormatFloat(float64(n)/float64(step), 'f', -1, 64) + " " + unit
}

// LimitPair writes both limits of a destination in few words: "4 MB/s up, 1 MB/s down", "none" where there is none.
func LimitPair(up, down int64) string {
	var parts []string
	if up > 0 {
		parts = append(parts, Rate(up)+" up")
	}
	if down > 0 {
		parts = append(parts, Rate(down)+" down")
	}
	if parts == nil {
		return NoLimit
	}
	return strings.Join(parts, ", ")
}

// rateUnits are the endings that ParseRate knows, in bytes. Letters count alike in both cases; the units are decimal, as everywhere here.
var rateUnits = map[string]float64{"": 1, "b": 1, "k": 1e3, "kb": 1e3, "m": 1e6, "mb": 1e6, "g": 1e9, "gb": 1e9, "t": 1e12, "tb": 1e12,
	"kbit": 1e3 / 8, "mbit": 1e6 / 8, "gbit": 1e9 / 8}

// ParseRate reads bytes a second as a person writes them: "4M", "4 MB/s", "1.5 MB", "500k", "20 Mbit/s", "8000". Nothing, "0" and "none"
// are 0, no limit. ErrRate for all else.
func ParseRate(s string) (int64, error) {
	s = strings.TrimSuffix(strings.ToLower(strings.TrimSpace(s)), "/s")
	if s = strings.TrimSpace(s); s == "" || s == NoLimit {
		return 0, nil
	}
	digits := strings.TrimRight(s, "bgikmt ")
	unit, ok := rateUnits[strings.TrimSpace(s[len(digits):])]
	if !ok || strings.Trim(digits, "0123456789.") != "" {
		return 0, ErrRate
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || n*unit > math.MaxInt64/2 {
		return 0, ErrRate
	}
	return int64(math.Round(n * unit)), nil
}

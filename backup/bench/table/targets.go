package table

import (
	"fmt"
	"time"

	"lightproof/backup/bench/program"
)

// Verdict is one figure beside what it must reach.
type Verdict struct {
	What  string  `json:"what"`
	Most  string  `json:"must_reach"`
	Is    string  `json:"is"`      // "" where it was not measured
	Value float64 `json:"value"`   // in the unit of the limit
	State string  `json:"verdict"` // one of those below
}

// The states of a verdict.
const (
	Reached    = "reached"
	NotReached = "NOT REACHED"
	NotRun     = "not measured"
)

// target is a limit on one figure of Lightproof. value gives ok = false where the runs do not tell it.
type target struct {
	what  string
	limit float64
	unit  string // of the limit: "×", "s", "MiB", "%"
	value func(rows []Row) (v float64, ok bool)
}

// targets are the figures that the engine must reach on a local SSD with a warm cache and two cores, in full size.
var targets = []target{
	{"first backup (a), wall / floor", 1.1, "×", against("a", First, program.Floor)},
	{"first backup (a), wall / Kopia", 0.7, "×", against("a", First, program.Kopia)},
	{"first backup (a), wall / restic", 0.35, "×", against("a", First, program.Restic)},
	{"first backup (a), CPU / Kopia", 0.9, "×", cpuAgainst("a", First, program.Kopia)},
	{"first backup (b), wall / better peer", 0.6, "×", againstPeers("b", First)},
	{"first backup (c), wall / floor", 1.1, "×", against("c", First, program.Floor)},
	{"unchanged backup (a), wall", 0.3, "s", wall("a", Unchanged)},
	{"unchanged backup (b), wall / better peer", 0.5, "×", againstPeers("b", Unchanged)},
	{"restore with re-read (a), wall / better peer's plain", 1.0, "×", againstPeers("a", Restore)},
	{"restore with re-read (b), wall / better peer's plain", 0.8, "×", againstPeers("b", Restore)},
	{"restore without re-read (a), wall / better peer's", 0.7, "×", againstPeers("a", RestorePlain)},
	{"restore without re-read (b), wall / better peer's", 0.6, "×", againstPeers("b", RestorePlain)},
	{"full verify (a), wall / better peer", 0.9, "×", againstPeers("a", Verify)},
	{"peak memory, the most of all cases and steps", 128, "MiB", peak},
	{"new bytes after edits of metadata (d), share of the files", 3, "%", share},
}

// Targets compares Lightproof's rows with every figure that must be reached.
func Targets(rows []Row) []Verdict {
	var out []Verdict
	for _, t := range targets {
		v := Verdict{What: t.what, Most: fmt.Sprintf("≤ %g %s", t.limit, t.unit), State: NotRun}
		if value, ok := t.value(rows); ok {
			v.Value, v.Is, v.State = value, fmt.Sprintf("%.2f %s", value, t.unit), NotReached
			if value <= t.limit {
				v.State = Reached
			}
		}
		out = append(out, v)
	}
	return out
}

type figure = func(rows []Row) (float64, bool)

func against(in string, step Step, other string) figure {
	return func(rows []Row) (float64, bool) {
		a, b := find(rows, in, step, program.Lightproof), find(rows, in, step, other)
		if a == nil || b == nil {
			return 0, false
		}
		return ratio(a.Wall, b.Wall), true
	}
}

func cpuAgainst(in string, step Step, other string) figure {
	return func(rows []Row) (float64, bool) {
		a, b := find(rows, in, step, program.Lightproof), find(rows, in, step, other)
		if a == nil || b == nil {
			return 0, false
		}
		return ratio(a.CPU, b.CPU), true
	}
}

func againstPeers(in string, step Step) figure {
	return func(rows []Row) (float64, bool) {
		a := find(rows, in, step, program.Lightproof)
		if a == nil || a.ToPeer == 0 {
			return 0, false
		}
		return a.ToPeer, true
	}
}

func wall(in string, step Step) figure {
	return func(rows []Row) (float64, bool) {
		a := find(rows, in, step, program.Lightproof)
		if a == nil {
			return 0, false
		}
		return time.Duration(a.Wall).Seconds(), true
	}
}

func peak(rows []Row) (most float64, ok bool) {
	for _, r := range rows {
		if r.Program == program.Lightproof {
			most, ok = max(most, float64(r.Peak)/(1<<20)), true
		}
	}
	return most, ok
}

func share(rows []Row) (float64, bool) {
	a := find(rows, "d", Edits, program.Lightproof)
	if a == nil || a.Edited == 0 {
		return 0, false
	}
	return 100 * float64(a.Stored) / float64(a.Edited), true
}

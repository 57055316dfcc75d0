// Package table turns the samples of a benchmark into medians, ratios and a comparison with what must be reached. Nothing here fails: a
// figure that falls short is shown, and it is for people to judge.
package table

import (
	"cmp"
	"slices"
	"time"

	"lightproof/backup/bench/measure"
	"lightproof/backup/bench/program"
)

// Step is one thing that is measured.
type Step string

// The steps in the order in which they are shown.
const (
	First        Step = "first backup"
	FirstProven  Step = "first backup, read back"
	Unchanged    Step = "unchanged backup"
	Restore      Step = "restore"
	RestorePlain Step = "restore, no re-read"
	Verify       Step = "full verify"
	Edits        Step = "backup of edits"      // of EXIF ratings and RAW heads
	Reorganised  Step = "backup of new, moved" // new files, renamed ones, sidecars written anew
)

// Steps are all of them.
var Steps = []Step{First, FirstProven, Unchanged, Restore, RestorePlain, Verify, Edits, Reorganised}

// Sample is one measured run of one step.
type Sample struct {
	Case    string `json:"case"`
	Step    Step   `json:"step"`
	Program string `json:"program"`
	Run     int    `json:"run"`
	measure.Cost
	// Stored is what stands in the repository after a first backup, and what was added to it by a later one; in bytes.
	Stored int64 `json:"stored_bytes,omitempty"`
	// Edited is the size of the files that the edits touched, in bytes.
	Edited int64 `json:"edited_bytes,omitempty"`
}

// Row is the medians of one program at one step of one case.
type Row struct {
	Case    string        `json:"case"`
	Step    Step          `json:"step"`
	Program string        `json:"program"`
	Runs    int           `json:"runs"`
	Wall    time.Duration `json:"wall_ns"`
	Fastest time.Duration `json:"fastest_ns"`
	Slowest time.Duration `json:"slowest_ns"`
	CPU     time.Duration `json:"cpu_ns"`
	Peak    int64         `json:"peak_bytes"` // the most of all runs, not their median
	Stored  int64         `json:"stored_bytes,omitempty"`
	Edited  int64         `json:"edited_bytes,omitempty"`
	// ToFloor and ToPeer are the wall time in terms of the floor's and of the better peer's for the same step; 0: nothing to compare with.
	ToFloor float64 `json:"to_floor,omitempty"`
	ToPeer  float64 `json:"to_better_peer,omitempty"`
	// Better is the name of the better peer.
	Better string `json:"better_peer,omitempty"`
}

// Median is the middle value, of an even number the mean of the two in the middle; 0 of none.
func Median[T ~int64](values []T) T {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

type place struct {
	in      string
	step    Step
	program string
}

// Rows gives the medians with their ratios, ordered by case, step and the order in which the programs first appear.
func Rows(samples []Sample) []Row {
	groups, order := map[place][]Sample{}, []string(nil)
	var places []place
	for _, s := range samples {
		at := place{s.Case, s.Step, s.Program}
		if groups[at] == nil {
			places = append(places, at)
		}
		if !slices.Contains(order, s.Program) {
			order = append(order, s.Program)
		}
		groups[at] = append(groups[at], s)
	}
	slices.SortStableFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.in, b.in), cmp.Compare(slices.Index(Steps, a.step), slices.Index(Steps, b.step)),
			cmp.Compare(slices.Index(order, a.program), slices.Index(order, b.program)))
	})
	var rows []Row
	for _, at := range places {
		rows = append(rows, row(at, groups[at]))
	}
	for i := range rows {
		compare(&rows[i], rows)
	}
	return rows
}

func row(at place, samples []Sample) Row {
	var wall, cpu []time.Duration
	var stored, edited []int64
	r := Row{Case: at.in, Step: at.step, Program: at.program, Runs: len(samples)}
	for _, s := range samples {
		wall, cpu, stored, edited = append(wall, s.Wall), append(cpu, s.CPU), append(stored, s.Stored), append(edited, s.Edited)
		r.Peak = max(r.Peak, s.Peak)
	}
	r.Wall, r.Fastest, r.Slowest, r.CPU = Median(wall), slices.Min(wall), slices.Max(wall), Median(cpu)
	r.Stored, r.Edited = Median(stored), Median(edited)
	return r
}

// compare fills in the ratios of a row. A restore without the re-read is compared with the peers' plain restore, a backup with the read-back
// with their plain one.
func compare(r *Row, rows []Row) {
	step := r.Step
	switch step {
	case RestorePlain:
		step = Restore
	case FirstProven:
		step = First
	}
	if f := find(rows, r.Case, step, program.Floor); f != nil && r.Program != program.Floor {
		r.ToFloor = ratio(r.Wall, f.Wall)
	}
	if slices.Contains(program.Peers, r.Program) {
		return
	}
	var better *Row
	for _, name := range program.Peers {
		if p := find(rows, r.Case, step, name); p != nil && (better == nil || p.Wall < better.Wall) {
			better = p
		}
	}
	if better != nil {
		r.ToPeer, r.Better = ratio(r.Wall, better.Wall), better.Program
	}
}

func find(rows []Row, in string, step Step, name string) *Row {
	for i := range rows {
		if r := &rows[i]; r.Case == in && r.Step == step && r.Program == name {
			return r
		}
	}
	return nil
}

// ratio is a / b, 0 where b is nothing.
func ratio[T ~int64](a, b T) float64 {
	if b <= 0 {
		return 0
	}
	return float64(a) / float64(b)
}

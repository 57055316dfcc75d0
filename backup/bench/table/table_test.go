package table

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"lightproof/backup/bench/measure"
	"lightproof/backup/bench/program"
)

func TestMedianIsTheMiddle(t *testing.T) {
	for _, c := range []struct {
		values []int64
		want   int64
	}{{nil, 0}, {[]int64{5}, 5}, {[]int64{9, 1, 5}, 5}, {[]int64{1, 9, 5, 7}, 6}, {[]int64{4, 4, 100}, 4}} {
		before := append([]int64(nil), c.values...)
		if got := Median(c.values); got != c.want {
			t.Errorf("median of %v is %d, not %d", c.values, got, c.want)
		}
		for i := range before {
			if c.values[i] != before[i] {
				t.Errorf("%v was reordered", before)
			}
		}
	}
}

// sample is a run of the given tenths of a second.
func sample(in string, step Step, name string, tenths int) Sample {
	d := time.Duration(tenths) * 100 * time.Millisecond
	return Sample{Case: in, Step: step, Program: name, Cost: measure.Cost{Wall: d, CPU: 2 * d, Peak: int64(tenths) << 20}}
}

var measured = []Sample{
	sample("a", First, program.Lightproof, 12), sample("a", First, program.Lightproof, 11), sample("a", First, program.Lightproof, 99),
	sample("a", First, program.Floor, 10), sample("a", First, program.Restic, 48), sample("a", First, program.Borg, 24),
	sample("a", Restore, program.Borg, 30), sample("a", Restore, program.Restic, 20), sample("a", Restore, program.Lightproof, 20),
	sample("a", RestorePlain, program.Lightproof, 15),
	sample("a", Unchanged, program.Lightproof, 3),
	{Case: "d", Step: Edits, Program: program.Lightproof, Cost: measure.Cost{Wall: time.Second, Peak: 130 << 20}, Stored: 300, Edited: 10000},
}

func TestRatiosAreOfTheMedians(t *testing.T) {
	rows := Rows(measured)
	for _, c := range []struct {
		step          Step
		name          string
		wall          time.Duration
		floor, peer   float64
		better        string
		fastest, slow time.Duration
	}{
		{First, program.Lightproof, 1200 * time.Millisecond, 1.2, 0.5, program.Borg, 1100 * time.Millisecond, 9900 * time.Millisecond},
		{First, program.Restic, 4800 * time.Millisecond, 4.8, 0, "", 4800 * time.Millisecond, 4800 * time.Millisecond},
		{First, program.Floor, time.Second, 0, 1 / 2.4, program.Borg, time.Second, time.Second},
		{Restore, program.Lightproof, 2 * time.Second, 0, 1, program.Restic, 2 * time.Second, 2 * time.Second},
		{RestorePlain, program.Lightproof, 1500 * time.Millisecond, 0, 0.75, program.Restic, 1500 * time.Millisecond, 1500 * time.Millisecond},
		{Unchanged, program.Lightproof, 300 * time.Millisecond, 0, 0, "", 300 * time.Millisecond, 300 * time.Millisecond},
	} {
		r := find(rows, "a", c.step, c.name)
		if r == nil {
			t.Errorf("no row for %s of %s", c.step, c.name)
			continue
		}
		near := func(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
		if r.Wall != c.wall || !near(r.ToFloor, c.floor) || !near(r.ToPeer, c.peer) || r.Better != c.better || r.Fastest != c.fastest || r.Slowest != c.slow {
			t.Errorf("%s of %s: %+v", c.step, c.name, *r)
		}
	}
	if rows[0].Program != program.Lightproof || rows[len(rows)-1].Case != "d" {
		t.Error("the rows stand in another order")
	}
}

func TestTargetsAreComparedWithTheirLimits(t *testing.T) {
	got := map[string]Verdict{}
	for _, v := range Targets(Rows(measured)) {
		got[v.What] = v
	}
	for what, want := range map[string]string{
		"first backup (a), wall / floor":                            NotReached, // 1.2
		"first backup (a), wall / restic":                           Reached,    // 0.25
		"first backup (a), wall / Kopia":                            NotRun,
		"unchanged backup (a), wall":                                Reached, // 0.3, the limit itself
		"restore with re-read (a), wall / better peer's plain":      Reached, // 1.0
		"restore without re-read (a), wall / better peer's":         NotReached,
		"peak memory, the most of all cases and steps":              NotReached, // 130 MiB
		"new bytes after edits of metadata (d), share of the files": Reached,    // 3 %
		"first backup (b), wall / better peer":                      NotRun,
	} {
		if v, ok := got[what]; !ok || v.State != want {
			t.Errorf("%s: %+v, want %s", what, v, want)
		}
	}
}

func TestReportIsReadableBothWays(t *testing.T) {
	r := &Report{Scale: 0.05, Runs: 3, Programs: []About{{Name: "restic", Version: "0.14.0"}}, Samples: measured,
		KDF: measure.Cost{Wall: time.Second}, Machine: Machine{System: "linux", Cores: 2}}
	r.Fill()
	var text, object bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"(a) first backup", "0.50 borg", "NOT REACHED", "(3.0 %)", "restic  0.14.0", "1.10–9.90"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %q in\n%s", part, text.String())
		}
	}
	if err := r.JSON(&object); err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(object.Bytes(), &back); err != nil || len(back.Rows) != len(r.Rows) || len(back.Targets) != len(targets) || back.Rows[0].Wall != r.Rows[0].Wall {
		t.Errorf("%v\n%s", err, object.String())
	}
}

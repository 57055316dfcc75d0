package table

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"lightproof/backup/bench/measure"
)

// Report is everything that one session found.
type Report struct {
	Machine  Machine      `json:"machine"`
	Scale    float64      `json:"scale"`
	Runs     int          `json:"runs"`
	Cold     bool         `json:"cold,omitempty"` // the page cache was emptied before each step
	Programs []About      `json:"programs"`
	KDF      measure.Cost `json:"passphrase_derivation"`
	Rows     []Row        `json:"rows"`
	Targets  []Verdict    `json:"targets"`
	Samples  []Sample     `json:"samples"`
}

// Machine is what the figures were measured on.
type Machine struct {
	System string    `json:"system"`
	Cores  int       `json:"cores"`
	When   time.Time `json:"when"`
}

// About names a program.
type About struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Note    string `json:"note,omitempty"`
}

// Fill computes the rows and the verdicts from the samples.
func (r *Report) Fill() {
	r.Rows = Rows(r.Samples)
	r.Targets = Targets(r.Rows)
}

// JSON writes the report as one object.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Text writes the report for people.
func (r *Report) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s, %d cores, %s. Scale %g, medians of %d runs, the programs taking turns.\n", r.Machine.System, r.Machine.Cores,
		r.Machine.When.Format("2006-01-02 15:04"), r.Scale, r.Runs)
	if r.Cold {
		fmt.Fprintln(w, "Cold cache: before each timed step everything was written to the disk, and the page cache was emptied.")
	} else {
		fmt.Fprintln(w, "Warm cache: before each timed step everything was written to the disk, and what the step reads was read once.")
	}
	fmt.Fprintln(w, "Peak is the most resident memory of all runs; stored is the repository after a first backup, what was added after a later one.")
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, p := range r.Programs {
		fmt.Fprintf(t, "%s\t%s\t%s\n", p.Name, p.Version, p.Note)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if r.KDF.Wall > 0 {
		fmt.Fprintf(w, "\nDerivation of a key from the passphrase, in none of the steps: %s s wall, %s s CPU, %s MiB.\n", seconds(r.KDF.Wall), seconds(r.KDF.CPU), mib(r.KDF.Peak))
	}
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	in, step := "", Step("")
	for _, row := range r.Rows {
		if row.Case != in || row.Step != step {
			in, step = row.Case, row.Step
			if err := t.Flush(); err != nil {
				return err
			}
			fmt.Fprintf(w, "\n(%s) %s\n", in, step)
			fmt.Fprintln(t, "program\twall s\tfrom–to s\tCPU s\tpeak MiB\tstored MB\t/ floor\t/ better peer\t")
		}
		fmt.Fprintf(t, "%s\t%s\t%s–%s\t%s\t%s\t%s\t%s\t%s\t\n", row.Program, seconds(row.Wall), seconds(row.Fastest), seconds(row.Slowest), seconds(row.CPU),
			mib(row.Peak), megabytes(row), times(row.ToFloor), peer(row))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w, "\nWhat must be reached in full size, on two cores and a local SSD:")
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, v := range r.Targets {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\n", v.What, v.Most, v.Is, v.State)
	}
	return t.Flush()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }

func mib(n int64) string { return fmt.Sprintf("%.0f", float64(n)/(1<<20)) }

func megabytes(r Row) string {
	switch {
	case r.Stored == 0:
		return ""
	case r.Edited > 0:
		return fmt.Sprintf("%.1f (%.1f %%)", float64(r.Stored)/1e6, 100*float64(r.Stored)/float64(r.Edited))
	}
	return fmt.Sprintf("%.1f", float64(r.Stored)/1e6)
}

func times(v float64) string {
	if v == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", v)
}

func peer(r Row) string {
	if r.Better == "" {
		return ""
	}
	return times(r.ToPeer) + " " + r.Better
}

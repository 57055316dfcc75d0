// Command bench measures Lightproof's terminal beside the programs that people would use instead, and beside the least work that the format
// allows, on libraries that it makes itself:
//
//	go run ./backup/bench -scale 0.05 -runs 3 -dir DIR       every case, a twentieth of its size
//	go run ./backup/bench -case a,c -size full -dir DIR      two cases in full size (up to 28 GB at a time)
//	go run ./backup/bench generate -case a -scale 0.05 -dir NEW
//
// Cases: a 600 JPEGs of 2–6 MB and 50 RAWs of 25–35 MB with sidecars (3.7 GB), b 100,000 files of 2–16 KB, c one video of 8 GB, d changes
// to a tenth of a. Every restore is compared with the library byte by byte, and every time to the nanosecond; a difference ends the
// benchmark. No figure does.
//
// The programs take turns, in another order each run. They find a warm cache: before each timed step what is in memory only is written to the
// disks, and what the step reads is read once.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"lightproof/backup/bench/floor"
	"lightproof/backup/bench/library"
	"lightproof/backup/bench/measure"
	"lightproof/backup/bench/program"
	"lightproof/backup/bench/table"
	"lightproof/backup/vault"
)

func main() {
	if err := choose(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// kdfName is the first argument that makes this binary derive one key from a passphrase, and nothing else.
const kdfName = "kdf"

func choose(args []string) error {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	if name == measure.HelperName { // before anything else: it runs beside what is timed, and takes no signals of its own
		return measure.Helper(args[1:])
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch name {
	case program.FloorName:
		return runFloor(ctx, args[1:])
	case kdfName:
		_, err := vault.DefaultKDF.Stretch([]byte("larch violet harbour sixteen meadow kettle"), [16]byte{1})
		return err
	case "generate":
		return generate(ctx, args[1:])
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	r, err := bench(ctx, o)
	if err != nil {
		return err
	}
	if o.json {
		return r.JSON(os.Stdout)
	}
	return r.Text(os.Stdout)
}

// runFloor is the floor program as a process of its own.
func runFloor(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("floor", flag.ExitOnError)
	var o floor.Options
	flags.StringVar(&o.From, "from", "", "folder to read")
	flags.StringVar(&o.To, "to", "", "new folder for the pieces")
	flags.IntVar(&o.Workers, "workers", runtime.NumCPU(), "workers")
	verify := flags.Bool("verify", false, "read and check what an earlier one wrote to -to")
	mode := flags.String("write", string(floor.Best), fmt.Sprintf("way to write: %v", floor.Modes))
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if o.Write, err = floor.ParseMode(*mode); err != nil {
		return err
	}
	if *verify {
		r, err := floor.Verify(ctx, o.To, o.Workers)
		if err != nil {
			return err
		}
		fmt.Printf("%d pieces, %d bytes read and checked\n", r.Pieces, r.Stored)
		return nil
	}
	r, err := floor.Run(ctx, o)
	if err != nil {
		return err
	}
	fmt.Printf("%d files, %d bytes read; %d pieces, %d bytes written\n", r.Files, r.Bytes, r.Pieces, r.Stored)
	return nil
}

// generate makes one library and leaves it there.
func generate(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("generate", flag.ExitOnError)
	name := flags.String("case", "a", "a, b or c")
	scale := flags.Float64("scale", 1, "share of the full size, above 0 and at most 1")
	number := flags.Uint64("seed", 1, "what the content follows from")
	dir := flags.String("dir", "", "new folder for the library")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *dir == "" {
		return fmt.Errorf("name a new folder with -dir")
	}
	s, err := library.For(*name, *number, *scale)
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := library.Make(ctx, s, *dir); err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Printf("%d files, %.2f GB in %.1f s (%.0f MB/s)\n", len(s.Files()), float64(s.Bytes())/1e9, took.Seconds(), float64(s.Bytes())/1e6/took.Seconds())
	return nil
}

// bench runs the chosen cases and gives the report.
func bench(ctx context.Context, o options) (*table.Report, error) {
	s, end, err := prepare(ctx, o)
	if err != nil {
		return nil, err
	}
	defer end()
	r := &table.Report{Machine: table.Machine{System: system(), Cores: runtime.NumCPU(), When: time.Now()}, Scale: o.scale, Runs: o.runs, Cold: o.cold}
	for _, p := range s.programs {
		r.Programs = append(r.Programs, table.About{Name: p.Name, Version: p.Version, Note: p.Note})
	}
	if r.KDF, _, err = s.meter.Run(ctx, measure.Command{Program: s.meter.Self, Args: []string{kdfName}}); err != nil {
		return nil, err
	}
	for _, name := range o.cases {
		if err := s.measure(ctx, name); err != nil {
			return nil, fmt.Errorf("case %s: %w", name, err)
		}
	}
	r.Samples = s.samples
	r.Fill()
	return r, nil
}

// system names the machine as far as a reader of figures needs it.
func system() string { return runtime.GOOS + "/" + runtime.GOARCH + ", " + runtime.Version() }

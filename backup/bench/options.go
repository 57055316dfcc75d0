package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"lightproof/backup/bench/floor"
)

// options are the choices of one session.
type options struct {
	cases   []string
	scale   float64
	runs    int
	peers   []string
	dir     string // everything is made in a new folder in it
	program string // Lightproof's terminal
	number  uint64
	mode    floor.Mode
	workers int
	cold    bool
	keep    bool
	json    bool
}

// sizes are what -size means as a scale.
var sizes = map[string]float64{"small": 0.05, "full": 1}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	cases := flags.String("case", "a,b,c,d", "cases, separated by commas")
	size := flags.String("size", "small", "small (a twentieth) or full")
	flags.Float64Var(&o.scale, "scale", 0, "share of the full size, above 0 and at most 1, instead of -size")
	flags.IntVar(&o.runs, "runs", 3, "runs of each step")
	peers := flags.String("peers", "auto", "kopia, restic, borg, separated by commas; auto: those on PATH; none")
	flags.StringVar(&o.dir, "dir", os.TempDir(), "where to work; on the kind of disk that is to be measured")
	flags.StringVar(&o.program, "lightproof", filepath.Join("build", "lightproof-cli"), "Lightproof's terminal, as make cli builds it")
	flags.Uint64Var(&o.number, "seed", 1, "what the content of the libraries follows from")
	mode := flags.String("write", string(floor.Best), fmt.Sprintf("how the floor writes: %v", floor.Modes))
	flags.IntVar(&o.workers, "workers", runtime.NumCPU(), "workers of the floor")
	flags.BoolVar(&o.cold, "cold", false, "empty the page cache before each timed step, instead of filling it (Linux, root)")
	flags.BoolVar(&o.keep, "keep", false, "leave everything where it was made")
	flags.BoolVar(&o.json, "json", false, "print one JSON object instead of text")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("%q is no flag", flags.Arg(0))
	}
	o.cases, o.peers = strings.Split(*cases, ","), strings.Split(*peers, ",")
	if i := slices.IndexFunc(o.cases, func(c string) bool { return len(c) != 1 || !strings.Contains("abcd", c) }); i >= 0 {
		return o, fmt.Errorf("no case %q; there are a, b, c and d", o.cases[i])
	}
	if o.scale == 0 {
		o.scale = sizes[*size]
	}
	if o.scale == 0 {
		return o, fmt.Errorf("no size %q; there are small and full", *size)
	}
	if o.runs < 1 || o.workers < 1 {
		return o, errors.New("at least one run and one worker")
	}
	var err error
	if o.mode, err = floor.ParseMode(*mode); err != nil {
		return o, err
	}
	for _, path := range []*string{&o.dir, &o.program} {
		if *path, err = filepath.Abs(*path); err != nil {
			return o, err
		}
	}
	return o, nil
}

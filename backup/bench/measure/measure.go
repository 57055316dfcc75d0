// Package measure runs a program and says what it cost: time, processor time, peak memory.
//
// A program is not started by the benchmark itself but by a second, small process of the same binary (Helper). Linux carries the peak
// memory of the process that forks over into what it reports of the child, so a benchmark that has just made or compared a library would
// show its own memory as that of a small program.
package measure

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Cost is what one run of a program took.
type Cost struct {
	Wall time.Duration `json:"wall_ns"`
	CPU  time.Duration `json:"cpu_ns"` // user and system, of the program and the children that it waited for
	Peak int64         `json:"peak_bytes"`
}

// Command is a program to run.
type Command struct {
	Program string
	Args    []string
	Env     []string // added to this process's own
	Dir     string
	Accept  []int // exit codes besides 0 that are no failure
}

// HelperName is the first argument that makes the benchmark's binary call Helper.
const HelperName = "timed"

// grace is how long a program that was told to end may take.
const grace = 10 * time.Second

// ErrFailed means that a program ended with another code than those accepted.
var ErrFailed = errors.New("the program failed")

// outcome is what the helper reports.
type outcome struct {
	Cost
	Code int    `json:"code"`
	Err  string `json:"error,omitempty"`
}

// Meter runs programs through the binary at Self. Scratch is a folder for its notes.
type Meter struct{ Self, Scratch string }

// Run runs a program and returns its cost and its standard output. Error: ErrFailed with the last lines that it said.
func (m Meter) Run(ctx context.Context, c Command) (Cost, []byte, error) {
	report := filepath.Join(m.Scratch, "cost.json")
	cmd := exec.CommandContext(ctx, m.Self, slices.Concat([]string{HelperName, report, c.Program}, c.Args)...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Dir = c.Dir
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = grace
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return Cost{}, nil, fmt.Errorf("%s: %w: %s", c.Program, err, lastLines(errs.String()))
	}
	data, err := os.ReadFile(report)
	if err != nil {
		return Cost{}, nil, err
	}
	var o outcome
	if err := json.Unmarshal(data, &o); err != nil {
		return Cost{}, nil, fmt.Errorf("what %s cost: %w", c.Program, err)
	}
	if err := os.Remove(report); err != nil {
		return Cost{}, nil, err
	}
	if o.Err != "" {
		return o.Cost, nil, fmt.Errorf("%s: %s", c.Program, o.Err)
	}
	if o.Code != 0 && !slices.Contains(c.Accept, o.Code) {
		return o.Cost, nil, fmt.Errorf("%s %s: code %d: %w\n%s", c.Program, strings.Join(c.Args, " "), o.Code, ErrFailed,
			lastLines(errs.String()+out.String()))
	}
	return o.Cost, out.Bytes(), nil
}

// lastLines is the end of what a program said.
func lastLines(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(len(lines)-12, 0):], "\n")
}

// Helper runs the program of args[1:], with its arguments, and writes what it cost to the file args[0].
func Helper(args []string) error {
	if len(args) < 2 {
		return errors.New("name a file for the cost, and a program")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	cmd := exec.CommandContext(ctx, args[1], args[2:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	var o outcome
	began := time.Now()
	err := cmd.Run()
	o.Wall = time.Since(began)
	if s := cmd.ProcessState; s != nil {
		o.CPU, o.Peak, o.Code = s.UserTime()+s.SystemTime(), peak(s), s.ExitCode()
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		o.Err = err.Error()
	}
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return os.WriteFile(args[0], data, 0o600)
}

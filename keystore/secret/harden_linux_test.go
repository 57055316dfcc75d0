package secret

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

const childTask = "LIGHTPROOF_TEST_CHILD"

func TestMain(m *testing.M) {
	switch os.Getenv(childTask) {
	case "crash":
		if HardenProcess() == nil {
			_ = unix.Kill(os.Getpid(), unix.SIGABRT)
			select {}
		}
		os.Exit(9)
	case "deny":
		if err := errors.Join(HardenProcess(), DenyInspection()); err != nil {
			os.Exit(9)
		}
		if d, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || d != 0 {
			os.Exit(8)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(t *testing.T, task string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), childTask+"="+task, "GOTRACEBACK=crash")
	return cmd
}

func TestHardenedProcessLeavesNoCore(t *testing.T) {
	cmd := child(t, "crash")
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("the child did not crash: %v", err)
	}
	status := exit.Sys().(syscall.WaitStatus)
	if !status.Signaled() || status.CoreDump() {
		t.Errorf("status %v, core dumped %v", status, status.CoreDump())
	}
	if cores, _ := filepath.Glob(filepath.Join(cmd.Dir, "*core*")); len(cores) != 0 {
		t.Errorf("left %v", cores)
	}
}

func TestHardenProcessSetsLimitAndFilter(t *testing.T) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &before); err != nil {
		t.Fatal(err)
	}
	if err := HardenProcess(); err != nil {
		t.Fatal(err)
	}
	var after unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &after); err != nil || after.Cur != 0 || after.Max != 0 {
		t.Errorf("limit %+v (was %+v), %v", after, before, err)
	}
	filter, err := os.ReadFile("/proc/self/coredump_filter")
	if err == nil && strings.Trim(strings.TrimSpace(string(filter)), "0") != "" {
		t.Errorf("filter %s", filter)
	}
}

func TestDenyInspectionMakesTheProcessUndumpable(t *testing.T) {
	if err := child(t, "deny").Run(); err != nil {
		t.Error(err)
	}
}

func TestKeepInMemoryLocksThePage(t *testing.T) {
	s := Random(32)
	if err := s.KeepInMemory(); err != nil {
		if errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EPERM) {
			t.Logf("this user may lock no memory: %v", err)
			return
		}
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(status), "\n") {
		if strings.HasPrefix(line, "VmLck:") && strings.Fields(line)[1] == "0" {
			t.Errorf("nothing is locked: %s", line)
		}
	}
}

package keeper

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

const (
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run` // the user's choice in Task Manager
	runValue    = "Lightproof"
)

func (a Autostart) line() string {
	return windows.ComposeCommandLine(append([]string{a.Program}, a.Args...))
}

// Enable writes the value, and takes back a choice against it.
func (a Autostart) Enable() error {
	k, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	if err := k.SetStringValue(runValue, a.line()); err != nil {
		return err
	}
	return deleteValue(approvedKey)
}

// Disable removes the value; a missing one is no error.
func (a Autostart) Disable() error { return deleteValue(runKey) }

func deleteValue(key string) error {
	k, err := registry.OpenKey(registry.CURRENT_USER, key, registry.SET_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer k.Close()
	if err := k.DeleteValue(runValue); err != nil && !errors.Is(err, registry.ErrNotExist) {
		return err
	}
	return nil
}

// Status reads the value back, and whether the user switched it off.
func (a Autostart) Status() (Status, error) {
	k, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return Status{}, nil
	}
	if err != nil {
		return Status{}, err
	}
	defer k.Close()
	line, _, err := k.GetStringValue(runValue)
	if errors.Is(err, registry.ErrNotExist) {
		return Status{}, nil
	}
	if err != nil {
		return Status{}, err
	}
	if approved, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.QUERY_VALUE); err == nil {
		defer approved.Close()
		if b, _, err := approved.GetBinaryValue(runValue); err == nil && len(b) > 0 && b[0]&1 == 1 {
			return Status{}, nil
		}
	}
	if _, err := os.Stat(a.Program); err != nil || line != a.line() {
		return Status{Moved: true}, nil
	}
	return Status{On: true}, nil
}

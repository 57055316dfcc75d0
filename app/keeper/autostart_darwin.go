package keeper

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// agentLabel names the LaunchAgent.
const agentLabel = "io.github.lightproof.Lightproof.background"

func agentPath() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "Library", "LaunchAgents", agentLabel+".plist"), nil
}

// Enable writes the agent. It starts at login and again after a crash, not after an end that was meant.
func (a Autostart) Enable() error {
	path, err := agentPath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, a.agent(), 0o644)
}

// Disable removes the agent; a missing one is no error.
func (a Autostart) Disable() error {
	path, err := agentPath()
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Status reads the agent back.
func (a Autostart) Status() (Status, error) {
	path, err := agentPath()
	if err != nil {
		return Status{}, err
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Status{}, nil
	}
	if err != nil {
		return Status{}, err
	}
	if _, err := os.Stat(a.Program); err != nil || !bytes.Equal(b, a.agent()) {
		return Status{Moved: true}, nil
	}
	return Status{On: true}, nil
}

func (a Autostart) agent() []byte {
	var b bytes.Buffer
	b.WriteString(xml.Header + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` +
		"\n<plist version=\"1.0\">\n<dict>\n<key>Label</key>\n<string>" + agentLabel + "</string>\n<key>ProgramArguments</key>\n<array>\n")
	for _, arg := range append([]string{a.Program}, a.Args...) {
		b.WriteString("<string>")
		xml.EscapeText(&b, []byte(arg))
		b.WriteString("</string>\n")
	}
	b.WriteString("</array>\n<key>RunAtLoad</key>\n<true/>\n<key>KeepAlive</key>\n<dict>\n<key>SuccessfulExit</key>\n<false/>\n</dict>\n" +
		"<key>ProcessType</key>\n<string>Background</string>\n</dict>\n</plist>\n")
	return b.Bytes()
}

package keeper

import (
	"bytes"
	"encoding/xml"
	"os"
	"path/filepath"
)

// agentLabel names the LaunchAgent.
const agentLabel = "io.github.lightproof.Lightproof.background"

func entryPath() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, "Library", "LaunchAgents", agentLabel+".plist"), nil
}

// reads tells what the agent says.
func (a Autostart) reads(entry []byte) Status {
	same := bytes.Equal(entry, a.entry())
	return Status{On: same, Moved: !same}
}

// entry is the agent: it starts at login and again after a crash, not after an end that was meant.
func (a Autostart) entry() []byte {
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

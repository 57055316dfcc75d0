// Package remember keeps the window's own small file: size, last screen, theme. It holds no name of a file, folder or place, and is
// written whole or not at all.
package remember

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// FileName is the file's name in Lightproof's folder.
const FileName = "window.json"

// limit bounds what is read; the file is a few hundred bytes.
const limit = 64 << 10

// Window is what is kept. Sizes are device-independent pixels, TextSize per cent.
type Window struct {
	Width    float32 `json:"width,omitempty"`
	Height   float32 `json:"height,omitempty"`
	Screen   string  `json:"screen,omitempty"`
	Theme    string  `json:"theme,omitempty"`     // "system", "light", "dark"
	TextSize int     `json:"text_size,omitempty"` // 100, 125, 150, 200
	Closed   bool    `json:"closed,omitempty"`    // closing was explained once
}

// Load reads the file in dir. A missing, damaged or foreign one gives the defaults: nothing in it is worth an error.
func Load(dir string) Window {
	w := Window{Width: 1120, Height: 740, Theme: "system", TextSize: 100}
	f, err := os.Open(filepath.Join(dir, FileName))
	if err != nil {
		return w
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || info.Size() > limit {
		return w
	}
	var read Window
	if json.NewDecoder(f).Decode(&read) != nil {
		return w
	}
	if read.Width >= 400 && read.Width <= 10000 && read.Height >= 300 && read.Height <= 10000 {
		w.Width, w.Height = read.Width, read.Height
	}
	if read.TextSize >= 50 && read.TextSize <= 400 {
		w.TextSize = read.TextSize
	}
	if read.Theme == "light" || read.Theme == "dark" {
		w.Theme = read.Theme
	}
	w.Screen, w.Closed = read.Screen, read.Closed
	return w
}

// Save writes the file for its owner alone: into a temporary file, flushed, then renamed over the old one, so that a crash leaves
// the old or the new one.
func Save(dir string, w Window) (err error) {
	data, err := json.MarshalIndent(w, "", "\t")
	if err != nil {
		return fmt.Errorf("write %s: %w", FileName, err)
	}
	f, err := os.CreateTemp(dir, FileName+".*") // 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", FileName, err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", FileName, errors.Join(err, f.Close(), os.Remove(f.Name())))
		}
	}()
	if _, err = f.Write(data); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), filepath.Join(dir, FileName)); err != nil {
		return err
	}
	if d, openErr := os.Open(dir); openErr == nil {
		_ = d.Sync() // not every system can; the rename itself is done
		d.Close()
	}
	return nil
}

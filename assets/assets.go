// Package assets holds what the app shows besides words: icons and the tray's pictures, all made by this project and
// embedded. It knows no toolkit, so that the keeper and the window share it.
package assets

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"

	"lightproof/assets/icons/draw"
	"lightproof/assets/icons/pixels"
)

//go:embed icons/*.svg icons/tray/*.png icons/app/*.png icons/app/*.svg
var files embed.FS

// ErrUnknown says that no icon or picture of that name exists.
var ErrUnknown = errors.New("no such icon")

// outlines keeps each icon's outline once it was made, by name.
var outlines sync.Map

// Icon gives the icon called name ("home", "restore", ...) as an SVG of filled black paths on a 24 × 24 grid. Strokes are
// outlined already, so that a toolkit that tints by replacing the fill colours all of it.
func Icon(name string) ([]byte, error) {
	if made, ok := outlines.Load(name); ok {
		return made.([]byte), nil
	}
	source, err := files.ReadFile("icons/" + name + ".svg")
	if err != nil {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
	}
	icon, err := draw.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("icon %s: %w", name, err)
	}
	made := icon.Outline()
	outlines.Store(name, made)
	return made, nil
}

// Icons lists the names that Icon knows, in ascending order.
func Icons() []string {
	matches, _ := fs.Glob(files, "icons/*.svg") // the pattern is well formed
	for i, m := range matches {
		matches[i] = strings.TrimSuffix(path.Base(m), ".svg")
	}
	slices.Sort(matches)
	return matches
}

// State is what the tray's shape says.
type State string

// The tray's five shapes, distinct without colour at 16 pixels.
const (
	TraySafe       State = "safe"       // ✓
	TrayCopying    State = "copying"    // ↑ safe, copying new originals
	TrayNotYet     State = "notyet"     // ‖ not yet, or paused
	TrayNeedsYou   State = "needsyou"   // !
	TrayCannotTell State = "cannottell" // ?
)

// Variant is how a tray picture is coloured.
type Variant string

// Light and Dark are coloured for a panel of that kind; Black and White are templates of one colour.
const (
	Light Variant = "light"
	Dark  Variant = "dark"
	Black Variant = "black"
	White Variant = "white"
)

// TrayPNG gives a tray picture of 16, 22, 32 or 64 pixels.
func TrayPNG(state State, variant Variant, px int) ([]byte, error) {
	data, err := files.ReadFile("icons/" + pixels.TrayName(string(state), string(variant), px))
	if err != nil {
		return nil, fmt.Errorf("%w: tray %s, %s, %d px", ErrUnknown, state, variant, px)
	}
	return data, nil
}

// AppPNG gives the app's own icon at 64 or 256 pixels.
func AppPNG(px int) ([]byte, error) {
	data, err := files.ReadFile("icons/" + pixels.AppName(px))
	if err != nil {
		return nil, fmt.Errorf("%w: app, %d px", ErrUnknown, px)
	}
	return data, nil
}

// Package pixels says which pictures are rendered from the icons' SVG files, and in which colours.
package pixels

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"io/fs"

	"lightproof/assets/icons/draw"
)

// States are the tray's shapes, by file name.
func States() []string { return []string{"safe", "copying", "notyet", "needsyou", "cannottell"} }

// Sizes are the edges of the tray's pictures in pixels.
func Sizes() []int { return []int{16, 22, 32, 64} }

// Variants are the kinds of tray pictures: coloured for a light and for a dark panel, and templates in black and in white
// alone, with the inner shape cut out.
func Variants() []string { return []string{"light", "dark", "black", "white"} }

// AppSizes are the edges of the app's icon in pixels.
func AppSizes() []int { return []int{64, 256} }

// verdictColours are the theme's verdict colours, for a light and for a dark panel. Copying is a kind of safe.
var verdictColours = map[string]map[string]color.NRGBA{
	"light": {
		"safe": rgb(0x1B7A3D), "copying": rgb(0x1B7A3D), "notyet": rgb(0x8A5A00), "needsyou": rgb(0xB3261E), "cannottell": rgb(0x5A6068),
	},
	"dark": {
		"safe": rgb(0x5BD18A), "copying": rgb(0x5BD18A), "notyet": rgb(0xF2B84B), "needsyou": rgb(0xFF8A80), "cannottell": rgb(0xB0B6BD),
	},
}

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// paint gives the colours of one state in one variant.
func paint(state, variant string) draw.Paint {
	none := color.NRGBA{}
	switch variant {
	case "light":
		return draw.Paint{Ink: verdictColours[variant][state]}
	case "dark":
		under := rgb(0x15171A)
		return draw.Paint{Ink: verdictColours[variant][state], Cut: &under}
	case "white":
		return draw.Paint{Ink: rgb(0xFFFFFF), Cut: &none}
	}
	return draw.Paint{Ink: rgb(0), Cut: &none}
}

// TrayName is the file of one tray picture below the icons' folder.
func TrayName(state, variant string, px int) string {
	return fmt.Sprintf("tray/%s-%s-%d.png", state, variant, px)
}

// AppName is the file of the app's icon at one size.
func AppName(px int) string { return fmt.Sprintf("app/lightproof-%d.png", px) }

// All renders every picture from the SVG files in icons, by file name.
func All(icons fs.FS) (map[string][]byte, error) {
	pictures := map[string][]byte{}
	render := func(svg, name string, px int, p draw.Paint) error {
		data, err := fs.ReadFile(icons, svg)
		if err != nil {
			return err
		}
		icon, err := draw.Parse(data)
		if err != nil {
			return fmt.Errorf("%s: %w", svg, err)
		}
		picture, err := icon.Render(px, p)
		if err != nil {
			return fmt.Errorf("%s: %w", svg, err)
		}
		var out bytes.Buffer
		encoder := png.Encoder{CompressionLevel: png.BestCompression}
		if err := encoder.Encode(&out, picture); err != nil {
			return err
		}
		pictures[name] = out.Bytes()
		return nil
	}
	for _, state := range States() {
		for _, variant := range Variants() {
			for _, px := range Sizes() {
				if err := render("tray/"+state+".svg", TrayName(state, variant, px), px, paint(state, variant)); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, px := range AppSizes() {
		if err := render("app/lightproof.svg", AppName(px), px, draw.Paint{}); err != nil {
			return nil, err
		}
	}
	return pictures, nil
}

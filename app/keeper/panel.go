package keeper

import (
	"encoding/binary"
	"os"
	"runtime"
	"strings"

	"lightproof/assets"
)

// panelVariant guesses whether the panel under the icon is dark. Asking the desktop would start services of it; a wrong guess costs
// contrast, not meaning: the shapes differ without colour.
func panelVariant() assets.Variant {
	if runtime.GOOS == "windows" {
		return assets.Dark // the taskbar is dark unless chosen otherwise
	}
	for _, name := range strings.Split(strings.ToLower(os.Getenv("XDG_CURRENT_DESKTOP")), ":") {
		switch name {
		case "gnome", "ubuntu", "unity", "x-cinnamon", "cinnamon", "pantheon", "hyprland", "sway":
			return assets.Dark
		}
	}
	return assets.Light
}

// icon wraps a PNG as a Windows icon file of one picture (Windows Vista and later read PNG inside).
func icon(png []byte, px int) []byte {
	const header = 6 + 16
	b := make([]byte, header, header+len(png))
	binary.LittleEndian.PutUint16(b[2:], 1) // an icon
	binary.LittleEndian.PutUint16(b[4:], 1) // one picture
	b[6], b[7] = byte(px), byte(px)         // 256 would be 0
	binary.LittleEndian.PutUint16(b[10:], 1)
	binary.LittleEndian.PutUint16(b[12:], 32) // bits a pixel
	binary.LittleEndian.PutUint32(b[14:], uint32(len(png)))
	binary.LittleEndian.PutUint32(b[18:], header)
	return append(b, png...)
}

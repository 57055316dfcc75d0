// Package theme names every colour and size of the window. No other package writes a colour down.
package theme

import (
	"image/color"
	"sync/atomic"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
)

// Roles are colour names of our own; widgets ask for a role and never for a colour.
const (
	Safe       fyne.ThemeColorName = "lp-safe"
	NotYet     fyne.ThemeColorName = "lp-not-yet"
	NeedsYou   fyne.ThemeColorName = "lp-needs-you"
	CannotTell fyne.ThemeColorName = "lp-cannot-tell"
	Accent     fyne.ThemeColorName = "lp-accent"
	OnAccent   fyne.ThemeColorName = "lp-on-accent"
	Text       fyne.ThemeColorName = "lp-text"
	Muted      fyne.ThemeColorName = "lp-muted"
	Page       fyne.ThemeColorName = "lp-page"
	Card       fyne.ThemeColorName = "lp-card"
	Raised     fyne.ThemeColorName = "lp-raised"
	Line       fyne.ThemeColorName = "lp-line"
	// Field outlines what can be filled in: entries, boxes to tick.
	Field fyne.ThemeColorName = "lp-field"
	// OnMark is what is drawn on a filled verdict colour.
	OnMark fyne.ThemeColorName = "lp-on-mark"
	// BadgeBack and BadgeText are for badges over photos, whatever the theme.
	BadgeBack fyne.ThemeColorName = "lp-badge-back"
	BadgeText fyne.ThemeColorName = "lp-badge-text"
	// RingOuter and RingInner are the two colours of the focus ring over a photo: one of them shows on any picture.
	RingOuter fyne.ThemeColorName = "lp-ring-outer"
	RingInner fyne.ThemeColorName = "lp-ring-inner"
	// Veil dims what lies behind a question.
	Veil fyne.ThemeColorName = "lp-veil"
	// Hover and Pressed lie over what is under them.
	Hover   fyne.ThemeColorName = "lp-hover"
	Pressed fyne.ThemeColorName = "lp-pressed"
	Clear   fyne.ThemeColorName = "lp-clear"
)

// Sizes in device-independent pixels.
const (
	Unit         float32 = 8
	Half         float32 = 4
	Margin       float32 = 24
	Radius       float32 = 8
	PageWidth    float32 = 1120 // widest text page
	RailWidth    float32 = 184
	CaptionSize  float32 = 12
	BodySize     float32 = 14
	StrongSize   float32 = 16
	SectionSize  float32 = 20
	VerdictSize  float32 = 28
	IconSize     float32 = 20
	FocusStroke  float32 = 2
	ControlWidth float32 = 280
)

// Choice fixes light or dark, or follows the system.
type Choice string

// The choices of the setting.
const (
	AsSystem Choice = "system"
	Light    Choice = "light"
	Dark     Choice = "dark"
)

// Theme is the window's fyne.Theme.
type Theme struct{ choice Choice }

// New makes a theme for the choice; an unknown one follows the system.
func New(c Choice) *Theme { return &Theme{choice: c} }

type pair struct{ light, dark color.NRGBA }

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

func rgba(v uint32, a uint8) color.NRGBA {
	c := rgb(v)
	c.A = a
	return c
}

var roles = map[fyne.ThemeColorName]pair{
	Safe:       {rgb(0x1B7A3D), rgb(0x5BD18A)},
	NotYet:     {rgb(0x8A5A00), rgb(0xF2B84B)},
	NeedsYou:   {rgb(0xB3261E), rgb(0xFF8A80)},
	CannotTell: {rgb(0x5A6068), rgb(0xB0B6BD)},
	Accent:     {rgb(0x1F5FBF), rgb(0x8AB4F8)},
	OnAccent:   {rgb(0xFFFFFF), rgb(0x15171A)},
	Text:       {rgb(0x1B1D20), rgb(0xE8EAED)},
	Muted:      {rgb(0x5A6068), rgb(0xA6ADB5)},
	Page:       {rgb(0xFAFAF8), rgb(0x15171A)},
	Card:       {rgb(0xFFFFFF), rgb(0x1E2125)},
	Raised:     {rgb(0xF0F0EC), rgb(0x2A2E33)},
	Line:       {rgb(0xDFDFDA), rgb(0x363B41)},
	Field:      {rgb(0x878D93), rgb(0x7C838B)},
	OnMark:     {rgb(0xFFFFFF), rgb(0x15171A)},
	BadgeBack:  {rgba(0x000000, 179), rgba(0x000000, 179)},
	BadgeText:  {rgb(0xFFFFFF), rgb(0xFFFFFF)},
	RingOuter:  {rgb(0x1F5FBF), rgb(0x8AB4F8)},
	RingInner:  {rgb(0xFFFFFF), rgb(0x15171A)},
	Veil:       {rgba(0x15171A, 120), rgba(0x000000, 150)},
	Hover:      {rgba(0x1B1D20, 15), rgba(0xE8EAED, 18)},
	Pressed:    {rgba(0x1B1D20, 30), rgba(0xE8EAED, 36)},
	Clear:      {rgba(0, 0), rgba(0, 0)},
}

// standard maps the toolkit's own names to our roles.
var standard = map[fyne.ThemeColorName]fyne.ThemeColorName{
	base.ColorNameBackground:          Page,
	base.ColorNameButton:              Raised,
	base.ColorNameDisabledButton:      Raised,
	base.ColorNameDisabled:            Muted,
	base.ColorNameError:               NeedsYou,
	base.ColorNameForeground:          Text,
	base.ColorNameForegroundOnError:   OnMark,
	base.ColorNameForegroundOnPrimary: OnAccent,
	base.ColorNameForegroundOnSuccess: OnMark,
	base.ColorNameForegroundOnWarning: OnMark,
	base.ColorNameHeaderBackground:    Page,
	base.ColorNameHover:               Hover,
	base.ColorNameHyperlink:           Accent,
	base.ColorNameInputBackground:     Card,
	base.ColorNameInputBorder:         Field,
	base.ColorNameMenuBackground:      Card,
	base.ColorNameOverlayBackground:   Card,
	base.ColorNamePlaceHolder:         Muted,
	base.ColorNamePressed:             Pressed,
	base.ColorNamePrimary:             Accent,
	base.ColorNameScrollBarBackground: Clear,
	base.ColorNameSeparator:           Line,
	base.ColorNameSuccess:             Safe,
	base.ColorNameWarning:             NotYet,
}

// Color resolves a role or one of the toolkit's names.
func (t *Theme) Color(name fyne.ThemeColorName, variant fyne.ThemeVariant) color.Color {
	switch t.choice {
	case Light:
		variant = base.VariantLight
	case Dark:
		variant = base.VariantDark
	}
	role := name
	if to, ok := standard[name]; ok {
		role = to
	}
	dark := variant == base.VariantDark
	if p, ok := roles[role]; ok {
		return p.of(dark)
	}
	accent, muted := roles[Accent].of(dark), roles[Muted].of(dark)
	switch name {
	case base.ColorNameFocus:
		accent.A = 90
		return accent
	case base.ColorNameSelection:
		accent.A = 64
		return accent
	case base.ColorNameScrollBar:
		muted.A = 140
		return muted
	case base.ColorNameShadow:
		return rgba(0, 40)
	}
	return base.DefaultTheme().Color(name, variant)
}

func (p pair) of(dark bool) color.NRGBA {
	if dark {
		return p.dark
	}
	return p.light
}

// Font is the toolkit's own family, in two weights.
func (t *Theme) Font(s fyne.TextStyle) fyne.Resource { return base.DefaultTheme().Font(s) }

// Icon is the toolkit's own, for its own controls.
func (t *Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return base.DefaultTheme().Icon(n) }

// Size follows the 8-pixel grid, 4 inside controls.
func (t *Theme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case base.SizeNameText:
		return BodySize
	case base.SizeNameCaptionText:
		return CaptionSize
	case base.SizeNameSubHeadingText:
		return SectionSize
	case base.SizeNameHeadingText:
		return VerdictSize
	case base.SizeNamePadding:
		return Half
	case base.SizeNameInnerPadding:
		return Unit
	case base.SizeNameButtonRadius, base.SizeNameInputRadius:
		return 6
	case base.SizeNameCardRadius, base.SizeNameDialogRadius, base.SizeNamePopupRadius, base.SizeNameMenuRadius:
		return Radius
	case base.SizeNameModalBlurRadius:
		return 0
	}
	return base.DefaultTheme().Size(n)
}

// variant is what the running application shows; kept here so that drawing code asks one place.
var fixed atomic.Pointer[Theme]

// Use makes t the theme of the running application.
func Use(a fyne.App, t *Theme) {
	fixed.Store(t)
	a.Settings().SetTheme(t)
}

// Colour resolves a role for the running application.
func Colour(role fyne.ThemeColorName) color.Color {
	a := fyne.CurrentApp()
	if t := fixed.Load(); t != nil && t.choice != AsSystem {
		return t.Color(role, base.VariantLight)
	}
	if a == nil {
		return New(Light).Color(role, base.VariantLight)
	}
	return New(AsSystem).Color(role, a.Settings().ThemeVariant())
}

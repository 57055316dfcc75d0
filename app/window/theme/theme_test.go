package theme

import (
	"image/color"
	"math"
	"testing"

	"fyne.io/fyne/v2"
	base "fyne.io/fyne/v2/theme"
)

// contrast is the ratio of WCAG 2.1, section 1.4.3, between two opaque colours.
func contrast(a, b color.NRGBA) float64 {
	l := func(c color.NRGBA) float64 {
		f := func(v uint8) float64 {
			s := float64(v) / 255
			if s <= 0.04045 {
				return s / 12.92
			}
			return math.Pow((s+0.055)/1.055, 2.4)
		}
		return 0.2126*f(c.R) + 0.7152*f(c.G) + 0.0722*f(c.B)
	}
	x, y := l(a), l(b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

func TestEveryTextRoleCanBeReadOnEverySurface(t *testing.T) {
	text := []fyne.ThemeColorName{Safe, NotYet, NeedsYou, CannotTell, Accent, Text, Muted}
	for _, dark := range []bool{false, true} {
		for _, surface := range []fyne.ThemeColorName{Page, Card, Raised} {
			for _, role := range text {
				if c := contrast(roles[role].of(dark), roles[surface].of(dark)); c < 4.5 {
					t.Errorf("%s on %s, dark %v: contrast %.2f, want at least 4.5", role, surface, dark, c)
				}
			}
		}
		for _, role := range []fyne.ThemeColorName{Safe, NotYet, NeedsYou, CannotTell} {
			if c := contrast(roles[OnMark].of(dark), roles[role].of(dark)); c < 4.5 {
				t.Errorf("mark on %s, dark %v: contrast %.2f", role, dark, c)
			}
		}
		for _, surface := range []fyne.ThemeColorName{Page, Card} {
			if c := contrast(roles[Field].of(dark), roles[surface].of(dark)); c < 3 {
				t.Errorf("outline of a field on %s, dark %v: contrast %.2f, want at least 3 (WCAG 2.1, 1.4.11)", surface, dark, c)
			}
		}
		if c := contrast(roles[OnAccent].of(dark), roles[Accent].of(dark)); c < 4.5 {
			t.Errorf("text on the accent, dark %v: contrast %.2f", dark, c)
		}
		if c := contrast(roles[RingOuter].of(dark), roles[RingInner].of(dark)); c < 4.5 {
			t.Errorf("the two colours of the ring, dark %v: contrast %.2f; on some photo both would vanish", dark, c)
		}
	}
}

func TestVerdictsStayApartInGreyOnlyByShape(t *testing.T) {
	// The colours alone do not tell verdicts apart in grey; this pins the reason why shape and word always stand beside them.
	if c := contrast(roles[Safe].of(false), roles[NeedsYou].of(false)); c > 3 {
		t.Errorf("contrast %.2f: the note about shapes no longer holds", c)
	}
}

func TestAFixedChoiceOutranksTheSystem(t *testing.T) {
	if got := New(Dark).Color(Page, base.VariantLight); got != roles[Page].dark {
		t.Errorf("dark was chosen, got %v", got)
	}
	if got := New(AsSystem).Color(Page, base.VariantDark); got != roles[Page].dark {
		t.Errorf("the system is dark, got %v", got)
	}
	if got := New(Light).Color(base.ColorNameBackground, base.VariantDark); got != roles[Page].light {
		t.Errorf("the toolkit's background is not our page: %v", got)
	}
}

package draw

import (
	"errors"
	"image/color"
	"testing"
)

const head = `<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2">`

func TestStrokeCoversItsWidthAndNoMore(t *testing.T) {
	icon, err := Parse([]byte(head + `<path d="M4 12H20"/></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := icon.Render(24, Paint{Ink: color.NRGBA{A: 255}})
	if err != nil {
		t.Fatal(err)
	}
	for y := range 24 {
		want := uint8(0)
		if y == 11 || y == 12 {
			want = 255
		}
		if got := picture.NRGBAAt(12, y).A; got != want {
			t.Errorf("row %d has alpha %d, want %d", y, got, want)
		}
	}
}

// Overlapping parts of one stroke add up to their union: the middle of a cross is no lighter and no hole.
func TestCrossingStrokesHaveNoHole(t *testing.T) {
	for _, d := range []string{"M4 4L20 20M20 4L4 20", "M20 20L4 4M4 20L20 4", "M4 20L20 4M4 4L20 20"} {
		icon, err := Parse([]byte(head + `<path d="` + d + `"/></svg>`))
		if err != nil {
			t.Fatal(err)
		}
		picture, err := icon.Render(48, Paint{Ink: color.NRGBA{A: 255}})
		if err != nil {
			t.Fatal(err)
		}
		if got := picture.NRGBAAt(24, 24).A; got < 250 {
			t.Errorf("%s: the crossing has alpha %d", d, got)
		}
	}
}

func TestWhiteIsCutOutOfTemplates(t *testing.T) {
	icon, err := Parse([]byte(`<svg viewBox="0 0 24 24" fill="none" stroke="none"><rect x="0" y="0" width="24" height="24" fill="currentColor"/>` +
		`<circle cx="12" cy="12" r="6" fill="#ffffff"/></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	picture, err := icon.Render(24, Paint{Ink: color.NRGBA{A: 255}, Cut: &color.NRGBA{}})
	if err != nil {
		t.Fatal(err)
	}
	if picture.NRGBAAt(12, 12).A != 0 || picture.NRGBAAt(1, 1).A != 255 {
		t.Errorf("middle %v, edge %v", picture.NRGBAAt(12, 12), picture.NRGBAAt(1, 1))
	}
}

func TestOtherSVGIsRefused(t *testing.T) {
	for _, svg := range []string{
		``, `<svg viewBox="0 0 24 24"></svg>`, `<svg viewBox="0 0 24 12"><circle r="1"/></svg>`,
		head + `<text>a</text></svg>`, head + `<path d="l1 1"/></svg>`, head + `<path d="M1"/></svg>`, head + `<path d="L1 1"/></svg>`,
		head + `<path d="M1 1" transform="scale(2)"/></svg>`, head + `<path d="M1 1A1 1 0 0 0 2 2"/></svg>`,
		head + `<circle cx="1" cy="1" r="one"/></svg>`, head + `<path d="M1 1" stroke-linecap="butt"/></svg>`,
	} {
		if _, err := Parse([]byte(svg)); !errors.Is(err, ErrSVG) {
			t.Errorf("%s gave %v", svg, err)
		}
	}
}

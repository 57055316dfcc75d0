package assets

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"lightproof/assets/icons/draw"
	"lightproof/assets/icons/pixels"
)

func TestEveryIconIsOutlinedAndVisible(t *testing.T) {
	names := Icons()
	for _, wanted := range []string{"safe", "copying", "notyet", "needsyou", "cannottell", "home", "timeline", "problems", "folders",
		"destinations", "networks", "devices", "family", "activity", "settings", "restore", "lock", "pause", "photo", "video", "raw",
		"sidecar", "search", "close", "back"} {
		if _, err := Icon(wanted); err != nil {
			t.Error(err)
		}
	}
	for _, name := range names {
		outline, err := Icon(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if s := string(outline); strings.Contains(s, "stroke") || strings.Contains(s, "NaN") || strings.Contains(s, "currentColor") {
			t.Errorf("%s is not a plain outline", name)
		}
		// The outline must look like its source: same pixels, but for rounding.
		source, err := files.ReadFile("icons/" + name + ".svg")
		if err != nil {
			t.Fatal(err)
		}
		if a, b := at48(t, source), at48(t, bytes.ReplaceAll(outline, []byte(` width="24" height="24"`), nil)); differ(a, b, 8) {
			t.Errorf("%s looks different as an outline", name)
		}
	}
	if _, err := Icon("../assets"); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown icon gave %v", err)
	}
}

func at48(t *testing.T, svg []byte) *image.NRGBA {
	t.Helper()
	icon, err := draw.Parse(svg)
	if err != nil {
		t.Fatal(err)
	}
	ink := draw.Paint{}
	ink.Ink.A = 255
	picture, err := icon.Render(48, ink)
	if err != nil {
		t.Fatal(err)
	}
	drawn := 0
	for i := 3; i < len(picture.Pix); i += 4 {
		if picture.Pix[i] > 128 {
			drawn++
		}
	}
	if drawn < 48 {
		t.Errorf("only %d pixels are drawn", drawn)
	}
	return picture
}

// differ tells whether any channel of any pixel is further apart than slack.
func differ(a, b *image.NRGBA, slack int) bool {
	if a.Bounds() != b.Bounds() {
		return true
	}
	for i := range a.Pix {
		if d := int(a.Pix[i]) - int(b.Pix[i]); d > slack || d < -slack {
			return true
		}
	}
	return false
}

func decode(t *testing.T, data []byte) *image.NRGBA {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	out := image.NewNRGBA(picture.Bounds())
	for y := range out.Bounds().Dy() {
		for x := range out.Bounds().Dx() {
			out.Set(x, y, picture.At(x, y))
		}
	}
	return out
}

// The committed pictures are those that the SVG files give now. One step of a channel may differ between processors.
func TestPicturesAreFresh(t *testing.T) {
	fresh, err := pixels.All(os.DirFS("icons"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range fresh {
		have, err := files.ReadFile("icons/" + name)
		if err != nil {
			t.Errorf("%v; run go run ./assets/icons/render", err)
			continue
		}
		if differ(decode(t, have), decode(t, want), 1) {
			t.Errorf("%s is out of date; run go run ./assets/icons/render", name)
		}
	}
	for _, dir := range []string{"icons/tray", "icons/app"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			name := strings.TrimPrefix(dir, "icons/") + "/" + e.Name()
			if _, known := fresh[name]; strings.HasSuffix(name, ".png") && !known {
				t.Errorf("%s is no longer made by anything", name)
			}
		}
	}
}

// Without colour, at the smallest size, no shape may be mistaken for another: at least a sixth of all pixels differ clearly.
func TestTrayShapesAreDistinctInBlackAndWhite(t *testing.T) {
	states := []State{TraySafe, TrayCopying, TrayNotYet, TrayNeedsYou, TrayCannotTell}
	if len(states) != len(pixels.States()) {
		t.Fatal("a state is missing")
	}
	for i, a := range states {
		for _, b := range states[i+1:] {
			one, err := TrayPNG(a, Black, 16)
			if err != nil {
				t.Fatal(err)
			}
			two, err := TrayPNG(b, Black, 16)
			if err != nil {
				t.Fatal(err)
			}
			p, q, apart := decode(t, one), decode(t, two), 0
			for k := 3; k < len(p.Pix); k += 4 {
				if d := int(p.Pix[k]) - int(q.Pix[k]); d > 96 || d < -96 {
					apart++
				}
			}
			if apart < 16*16/6 {
				t.Errorf("%s and %s differ in %d of 256 pixels only", a, b, apart)
			}
		}
	}
}

// A template may hold one colour alone: the system replaces it.
func TestTemplatesHaveOneColour(t *testing.T) {
	for variant, want := range map[Variant]uint8{Black: 0, White: 255} {
		for _, state := range pixels.States() {
			for _, px := range pixels.Sizes() {
				data, err := TrayPNG(State(state), variant, px)
				if err != nil {
					t.Fatal(err)
				}
				picture := decode(t, data)
				if picture.Bounds().Dx() != px || picture.Bounds().Dy() != px {
					t.Errorf("%s %s %d is %v", state, variant, px, picture.Bounds())
				}
				for i := 0; i < len(picture.Pix); i += 4 {
					if p := picture.Pix[i : i+4]; p[3] > 8 && (p[0] != want || p[1] != want || p[2] != want) {
						t.Errorf("%s %s %d holds colour %v", state, variant, px, p)
						break
					}
				}
			}
		}
	}
}

func TestAppIconExists(t *testing.T) {
	for _, px := range pixels.AppSizes() {
		if _, err := AppPNG(px); err != nil {
			t.Error(err)
		}
	}
	if _, err := AppPNG(63); !errors.Is(err, ErrUnknown) {
		t.Error("a size that is not made was given")
	}
}

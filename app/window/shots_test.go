package window

import (
	"fmt"
	"html"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/theme"
	"lightproof/app/window/windowtest"
	"lightproof/backup"
)

// shot is one screen in one state.
type shot struct {
	name string
	make func(t *testing.T) *fixture
}

func at(state func() backup.State, r page.Route) func(t *testing.T) *fixture {
	return func(t *testing.T) *fixture {
		f := unlocked(t, state())
		f.goTo(r)
		return f
	}
}

func shots() []shot {
	wizard := func(step string) func(t *testing.T) *fixture {
		return func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.restoreTo(step)
			return f
		}
	}
	first := func(step string) func(t *testing.T) *fixture {
		return func(t *testing.T) *fixture {
			f := open(t, windowtest.Fresh())
			f.firstRunTo(step)
			return f
		}
	}
	return []shot{
		{"home-safe", at(windowtest.Safe, page.Route{Name: page.Home})},
		{"home-needs-you", at(windowtest.NeedsYou, page.Route{Name: page.Home})},
		{"home-one-place", at(windowtest.OnePlace, page.Route{Name: page.Home})},
		{"home-huge", at(windowtest.Huge, page.Route{Name: page.Home})},
		{"home-gone", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.die()
			return f
		}},
		{"timeline", at(windowtest.NeedsYou, page.Route{Name: page.Timeline})},
		{"timeline-details", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.goTo(page.Route{Name: page.Timeline})
			f.press(fyne.KeyRight)
			f.press(fyne.KeyReturn)
			return f
		}},
		{"timeline-selected", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.goTo(page.Route{Name: page.Timeline})
			f.press(fyne.KeySpace)
			f.press(fyne.KeyRight)
			f.press(fyne.KeySpace)
			return f
		}},
		{"timeline-empty", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.library.Groups = nil
			f.goTo(page.Route{Name: page.Timeline})
			return f
		}},
		{"problems", at(windowtest.NeedsYou, page.Route{Name: page.Problems})},
		{"problems-huge", at(windowtest.Huge, page.Route{Name: page.Problems})},
		{"problems-empty", at(windowtest.Safe, page.Route{Name: page.Problems})},
		{"files", at(windowtest.NeedsYou, page.Route{Name: page.List, Filter: "problems/read-error", Title: "The disk cannot read 10 originals."})},
		{"folders", at(windowtest.NeedsYou, page.Route{Name: page.Folders})},
		{"folders-huge", at(windowtest.Huge, page.Route{Name: page.Folders})},
		{"destinations", at(windowtest.NeedsYou, page.Route{Name: page.Destinations})},
		{"destinations-add", at(windowtest.OnePlace, page.Route{Name: page.Destinations, Filter: "add"})},
		{"activity", at(windowtest.Safe, page.Route{Name: page.Activity})},
		{"settings", at(windowtest.Safe, page.Route{Name: page.Settings})},
		{"help", at(windowtest.Safe, page.Route{Name: page.Help})},
		{"lock", func(t *testing.T) *fixture { return open(t, windowtest.NeedsYou()) }},
		{"lock-wrong", func(t *testing.T) *fixture {
			f := open(t, windowtest.Safe())
			f.typed("wrong")
			f.press(fyne.KeyReturn)
			return f
		}},
		{"kit-check", at(windowtest.OnePlace, page.Route{Name: page.KitCheck})},
		{"kit-check-all", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.setup.OtherKit = true
			f.goTo(page.Route{Name: page.KitCheck})
			return f
		}},
		{"settings-convenient", at(convenient, page.Route{Name: page.Settings})},
		{"new-kit", at(windowtest.Safe, page.Route{Name: page.NewKit})},
		{"new-kit-own", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.newKitTo("ask")
			f.typed(windowtest.Passphrase)
			f.window.Canvas().FocusNext()
			f.press(fyne.KeySpace)
			f.window.Canvas().FocusNext()
			f.typed("a short one")
			f.press(fyne.KeyReturn)
			f.typed("another")
			return f
		}},
		{"new-kit-convenient", at(convenient, page.Route{Name: page.NewKit})},
		{"new-kit-words", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.newKitTo("words")
			return f
		}},
		{"new-kit-checked", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			replaced(f)
			f.newKitTo("checked")
			return f
		}},
		{"passphrase", at(windowtest.Safe, page.Route{Name: page.Passphrase})},
		{"passphrase-at-start", func(t *testing.T) *fixture {
			s := windowtest.Safe()
			s.Safety.Mode = backup.ModePassphraseAtStart
			f := unlocked(t, s)
			f.change(windowtest.Passphrase, nextPass, "differs")
			return f
		}},
		{"passphrase-wrong", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.change("wrong", nextPass, nextPass)
			return f
		}},
		{"passphrase-changed", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.change(windowtest.Passphrase, nextPass, nextPass)
			return f
		}},
		{"question", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe(), func(_ *fixture, o *Options) { o.TrayHost = func() bool { return false } })
			f.shell.close()
			return f
		}},
		{"first-1-what", first("what")}, {"first-2-where", first("where")}, {"first-3-keys", first("keys")}, {"first-3-kit", first("kit")},
		{"first-3-check", first("kit-check")}, {"first-4-start", first("start")}, {"first-recover", first("recover")},
		{"first-recover-wrong", func(t *testing.T) *fixture {
			f := open(t, windowtest.Fresh())
			f.firstRunTo("recover")
			for _, s := range []string{"/media/anna/Backup A", strings.Join(windowtest.Words, " "), "wrong"} {
				f.typed(s)
				f.press(fyne.KeyReturn)
			}
			return f
		}},
		{"restore-1-reason", wizard("reason")}, {"restore-2-when", wizard("when")}, {"restore-3-which", wizard("which")}, {"restore-4-to", wizard("to")},
		{"restore-5-conflicts", wizard("conflicts")}, {"restore-6-dry", wizard("dry")}, {"restore-7-run", wizard("run")}, {"restore-8-proof", wizard("proof")},
		{"restore-proof-missing", func(t *testing.T) *fixture {
			f := unlocked(t, windowtest.Safe())
			f.library.Report = func(p face.Plan) face.Report {
				return face.Report{Selected: p.Files, Identical: 812, Already: 390, NotRestored: []face.Trouble{{Path: "Pictures/2019/08/IMG_2231.CR3", Why: "no good copy is left"}, {Path: "Pictures/" + windowtest.Long + ".JPG", Why: "the target was full"}}, HTML: "/r.html"}
			}
			f.restoreTo("proof")
			return f
		}},
	}
}

// die stops the engine and waits until the window says so.
func (f *fixture) die() {
	f.service.Die()
	for f.shell.feed.snapshot().Live { // the end of the stream is another goroutine's news: the clock stands until it has come
		runtime.Gosched()
	}
	for f.shell.latest.Live {
		f.wait(pace)
	}
	f.settle()
}

// sizes are width × height in device-independent pixels and the scale.
var sizes = []struct {
	w, h, scale float32
	name        string
}{{1100, 720, 1, "1100"}, {1600, 900, 1, "1600"}, {1100, 720, 2, "1100@200"}, {820, 620, 1, "820"}}

// TestShots draws every screen. With LIGHTPROOF_SHOTS=dir it writes each in light and dark, at two scales and three widths, with a
// contact sheet; without, it draws a sample. In both cases a picture with fewer than a handful of colours is a failure.
func TestShots(t *testing.T) {
	dir := os.Getenv("LIGHTPROOF_SHOTS")
	only := os.Getenv("LIGHTPROOF_SHOT")
	var made []string
	for i, s := range shots() {
		if only != "" && !strings.Contains(s.name, only) {
			continue
		}
		if dir == "" && i%6 != 0 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			f := s.make(t)
			for _, look := range []theme.Choice{theme.Light, theme.Dark} {
				theme.Use(fyne.CurrentApp(), theme.New(look))
				for _, size := range sizes {
					if (dir == "" || os.Getenv("LIGHTPROOF_SHOT_FEW") != "") && size.name != "1100" {
						continue
					}
					img := f.capture(size.w, size.h, size.scale)
					if n := colours(img); n < 12 {
						t.Errorf("%s %s: %d colours; the picture is blank", look, size.name, n)
					}
					if dir == "" {
						continue
					}
					name := fmt.Sprintf("%s-%s-%s.png", s.name, look, size.name)
					if err := write(filepath.Join(dir, name), img); err != nil {
						t.Fatal(err)
					}
					made = append(made, name)
				}
			}
		})
	}
	if dir != "" {
		if err := sheet(dir, made); err != nil {
			t.Fatal(err)
		}
	}
}

func (f *fixture) capture(w, h, scale float32) image.Image {
	f.window.Canvas().(test.WindowlessCanvas).SetScale(scale)
	f.window.Resize(fyne.NewSize(w, h))
	f.settle()
	f.window.Content().Refresh()
	if f.shell.question != nil {
		f.shell.question.box.Resize(f.window.Canvas().Size())
	}
	f.shell.show(f.shell.latest)
	f.settle()
	return f.window.Canvas().Capture()
}

func colours(img image.Image) int {
	seen := map[[3]uint32]bool{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y += 3 {
		for x := b.Min.X; x < b.Max.X; x += 3 {
			r, g, bl, _ := img.At(x, y).RGBA()
			seen[[3]uint32{r, g, bl}] = true
		}
	}
	return len(seen)
}

func write(path string, img image.Image) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(file, img); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// sheet writes the contact sheet.
func sheet(dir string, names []string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "<!doctype html><meta charset=utf-8><title>Lightproof screens</title><style>body{font:14px sans-serif;background:#888}figure{display:inline-block;margin:8px}img{width:480px;display:block}</style><p>%s\n", time.Now().Format(time.DateTime))
	for _, n := range names {
		n = html.EscapeString(n)
		fmt.Fprintf(&b, "<figure><a href=%q><img loading=lazy src=%q></a><figcaption>%s</figcaption></figure>\n", n, n, n)
	}
	return os.WriteFile(filepath.Join(dir, "index.html"), []byte(b.String()), 0o600)
}

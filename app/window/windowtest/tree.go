package windowtest

import (
	"fmt"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"lightproof/app/window/widgets"
)

// Tree writes what an object shows, as indented words: texts, buttons, entries, marks, one line each, nested like the page. It holds no
// position and no colour, so it pins what a person reads and not how it is drawn.
func Tree(o fyne.CanvasObject) string {
	var out strings.Builder
	walk(&out, o, 0)
	return out.String()
}

func walk(out *strings.Builder, o fyne.CanvasObject, depth int) {
	if o == nil || !o.Visible() {
		return
	}
	line := func(format string, args ...any) {
		out.WriteString(strings.Repeat("  ", depth) + fmt.Sprintf(format, args...) + "\n")
	}
	switch v := o.(type) {
	case *widgets.Text:
		if v.Value() != "" {
			line("%s", v.Value())
		}
		return
	case *widgets.Mark:
		line("(%s)", v.Verdict())
		return
	case *widgets.Button:
		state := ""
		if v.Disabled() {
			state = " off"
		}
		if v.Importance == widget.HighImportance {
			state += " main"
		}
		line("[%s]%s", v.Text, state)
		return
	case *widgets.Check:
		tick := " "
		if v.Checked {
			tick = "x"
		}
		line("[%s] %s", tick, v.Text)
		return
	case *widgets.Entry:
		text := v.Text
		if v.Password {
			text = strings.Repeat("*", len(text))
		}
		line("<%s|%s>", v.PlaceHolder, text)
		return
	case *widgets.Chooser:
		line("<%s v>", v.Selected)
		return
	case *widgets.Bar:
		line("====")
		return
	case *canvas.Text:
		if v.Text != "" {
			line("%s", v.Text)
		}
		return
	case *fyne.Container:
		for _, c := range v.Objects {
			walk(out, c, depth)
		}
		return
	case *widgets.Pressable:
		line("-")
		walk(out, v.Content, depth+1)
		return
	case fyne.Widget:
		for _, c := range test.WidgetRenderer(v).Objects() {
			walk(out, c, depth)
		}
	}
}

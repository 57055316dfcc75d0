package widgets

import (
	"fyne.io/fyne/v2"

	"lightproof/app/window/theme"
	"lightproof/backup"
)

// noteMark is the side of the shape before a refusal, in pixels: as high as a line of the text.
const noteMark = 18

// Note is the line below what a person filled in: what goes on now, or what was refused. A refusal stands out by shape, colour and words.
type Note struct {
	*fyne.Container
	mark *Mark
	text *Text
}

// NewNote makes an empty note, which is not seen.
func NewNote() *Note {
	n := &Note{mark: NewMark(backup.NeedsYou, noteMark), text: NewText("", Para)}
	n.Container = TopRow(theme.Unit, 1, n.mark, n.text)
	n.Say("")
	return n
}

// Say shows what goes on; empty, the note goes.
func (n *Note) Say(s string) { n.set(s, theme.Text, false) }

// Warn shows what was refused; empty, the note goes.
func (n *Note) Warn(s string) { n.set(s, theme.NeedsYou, true) }

func (n *Note) set(s string, role fyne.ThemeColorName, marked bool) {
	n.text.Set(s)
	n.text.SetRole(role)
	setVisible(n.mark, marked)
	setVisible(n.Container, s != "")
	n.Container.Refresh()
}

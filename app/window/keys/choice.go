// Package keys holds the screens about passphrase and recovery kit, and the parts that the first run shares with them: the choice of a
// passphrase, the words of a kit, the check of a kit.
package keys

import (
	"fyne.io/fyne/v2"

	"lightproof/app/window/face"
	"lightproof/app/window/page"
	"lightproof/app/window/present"
	"lightproof/app/window/texts"
	"lightproof/app/window/theme"
	"lightproof/app/window/widgets"
)

// Choice is the choice of a passphrase: typed twice, graded while it is typed, six words on request.
type Choice struct {
	// Fields are the two lines with the grade and what is wrong, Suggest the button for six words, Suggestion where they appear.
	Fields     []fyne.CanvasObject
	Suggest    *widgets.Button
	Suggestion *widgets.Text

	env    *page.Env
	first  *widgets.Entry
	again  *widgets.Entry
	bar    *widgets.Bar
	grade  *widgets.Text
	wrong  *widgets.Note
	judged func(first, again string, s face.Strength) (wrong string)
}

// NewChoice makes the two lines under their names. judged is called after each change and by Judge; it answers what is wrong, "" for
// nothing yet. enter is Enter in the second line.
func NewChoice(env *page.Env, name, again string, judged func(first, again string, s face.Strength) string, enter func()) *Choice {
	c := &Choice{env: env, first: widgets.NewSecret(name), again: widgets.NewSecret(again), bar: widgets.NewBar(4), grade: widgets.NewText("", widgets.Caption),
		wrong: widgets.NewNote(), judged: judged}
	c.Suggestion = widgets.NewText("", widgets.Style{Size: theme.StrongSize, Bold: true, Role: theme.Text, Wrap: true})
	widgets.SetVisible(c.Suggestion, false)
	c.Suggest = widgets.NewButton(texts.Suggest, c.suggest)
	c.first.OnChanged, c.again.OnChanged = func(string) { c.Judge() }, func(string) { c.Judge() }
	c.first.OnEnter, c.again.OnEnter = func() { widgets.Focus(c.again) }, enter
	c.Fields = []fyne.CanvasObject{widgets.Column(theme.Half, widgets.Field(name, c.first), c.bar, c.grade), widgets.Field(again, c.again), c.wrong.Container}
	return c
}

// Set fills both lines in, as they were left.
func (c *Choice) Set(first, again string) {
	c.first.SetText(first)
	c.again.SetText(again)
}

// Text is what the first line holds.
func (c *Choice) Text() string { return c.first.Text }

// Clear empties both lines and takes a suggestion away.
func (c *Choice) Clear() {
	c.Set("", "")
	c.Suggestion.Set("")
	widgets.SetVisible(c.Suggestion, false)
}

// Focus gives the first line the keyboard.
func (c *Choice) Focus() { widgets.Focus(c.first) }

// Judge grades what is typed.
func (c *Choice) Judge() {
	s := c.env.Setup.Strength([]byte(c.first.Text))
	word, verdict, fraction := present.StrengthLine(s)
	if c.first.Text == "" {
		word, fraction = "", 0
	}
	c.grade.Set(word)
	c.bar.Set(fraction)
	c.bar.SetRole(widgets.RoleOf(verdict))
	c.wrong.Warn(c.judged(c.first.Text, c.again.Text, s))
}

func (c *Choice) suggest() {
	six, err := c.env.Setup.Suggest()
	if err != nil {
		c.env.Toast(texts.SetupFailed)
		return
	}
	c.Suggestion.Set(six)
	widgets.SetVisible(c.Suggestion, true)
	c.Set(six, "")
	widgets.Focus(c.again)
	c.Judge()
}

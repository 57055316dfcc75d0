package widgets

import (
	"fyne.io/fyne/v2"

	"lightproof/app/window/present"
	"lightproof/app/window/theme"
	"lightproof/backup"
)

// Banner is the verdict: shape, sentence, second line, ages, one action. Its sentence is the biggest thing of the window.
type Banner struct {
	*fyne.Container
	mark     *Mark
	headline *Text
	second   *Text
	ages     *Text
	button   *Button
	do       func(present.Action)
	action   present.Action
}

// NewBanner makes a banner; do carries its action out.
func NewBanner(do func(present.Action)) *Banner {
	b := &Banner{mark: NewMark(backup.CannotTell, 40), headline: NewText("", Verdict), second: NewText("", Style{Size: theme.StrongSize, Role: theme.Text, Wrap: true}),
		ages: NewText("", MutedP), do: do}
	b.button = NewPrimary("", func() { b.do(b.action) })
	b.Container = Column(theme.Unit+4,
		TopRow(2*theme.Unit, 1, b.mark, Column(theme.Half, b.headline, b.second, b.ages)),
		Row(0, -1, Gap(56, 1), b.button))
	return b
}

// Show sets the view model.
func (b *Banner) Show(vm present.Banner) {
	b.mark.Set(vm.Verdict)
	b.headline.Set(vm.Headline)
	b.headline.SetRole(RoleOf(vm.Verdict))
	b.second.Set(vm.Second)
	setVisible(b.second, vm.Second != "")
	b.ages.Set(vm.Ages)
	setVisible(b.ages, vm.Ages != "")
	b.action = vm.Action
	b.button.SetText(vm.Action.Text)
	setVisible(b.button, vm.Action.Text != "")
}

// Button is the one action, for focus.
func (b *Banner) Button() *Button { return b.button }

func setVisible(o fyne.CanvasObject, on bool) {
	if o.Visible() == on {
		return
	}
	if on {
		o.Show()
	} else {
		o.Hide()
	}
}

// SetVisible shows or hides an object; nothing happens where it is so already.
func SetVisible(o fyne.CanvasObject, on bool) { setVisible(o, on) }

// Action is the action that the button would carry out.
func (b *Banner) Action() present.Action { return b.action }

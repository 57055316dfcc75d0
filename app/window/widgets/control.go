package widgets

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/widget"
)

// Unused hands a key that a focused control does not use to the window, which knows Esc, Enter and the function keys.
func Unused(o fyne.CanvasObject, ev *fyne.KeyEvent) {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if c != nil && c.OnTypedKey() != nil {
		c.OnTypedKey()(ev)
	}
}

// passOn hands a shortcut that an entry does not use to the window.
func passOn(o fyne.CanvasObject, s fyne.Shortcut) {
	c := fyne.CurrentApp().Driver().CanvasForObject(o)
	if t, ok := c.(fyne.Shortcutable); ok {
		t.TypedShortcut(s)
	}
}

// Button is a push button. Space and Enter press it.
type Button struct{ widget.Button }

// NewButton makes a quiet button.
func NewButton(text string, tapped func()) *Button {
	b := &Button{}
	b.Text, b.OnTapped = text, tapped
	b.ExtendBaseWidget(b)
	return b
}

// NewPrimary makes the one main button of a page.
func NewPrimary(text string, tapped func()) *Button {
	b := NewButton(text, tapped)
	b.Importance = widget.HighImportance
	return b
}

// TypedKey presses on Enter and passes on what a button does not use.
func (b *Button) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeySpace, fyne.KeyReturn, fyne.KeyEnter:
		if !b.Disabled() && b.OnTapped != nil {
			b.OnTapped()
		}
	default:
		Unused(b, ev)
	}
}

// Entry is a line of text.
type Entry struct {
	widget.Entry
	OnEnter func()
}

// NewEntry makes a line of text with a hint.
func NewEntry(hint string) *Entry {
	e := &Entry{}
	e.PlaceHolder = hint
	e.ExtendBaseWidget(e)
	return e
}

// NewSecret makes a line that hides what is typed.
func NewSecret(hint string) *Entry {
	e := NewEntry(hint)
	e.Password = true
	return e
}

// TypedKey passes on Esc, the function keys and Enter.
func (e *Entry) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF5:
		Unused(e, ev)
	case fyne.KeyReturn, fyne.KeyEnter:
		if e.MultiLine {
			e.Entry.TypedKey(ev)
		} else if e.OnEnter != nil {
			e.OnEnter()
		} else {
			Unused(e, ev)
		}
	default:
		e.Entry.TypedKey(ev)
	}
}

// TypedShortcut passes on the window's own shortcuts.
func (e *Entry) TypedShortcut(s fyne.Shortcut) {
	if c, ok := s.(*desktop.CustomShortcut); ok && c.KeyName != fyne.KeyLeft && c.KeyName != fyne.KeyRight && c.KeyName != fyne.KeyBackspace && c.KeyName != fyne.KeyDelete {
		passOn(e, s)
		return
	}
	e.Entry.TypedShortcut(s)
}

// Check is a box to tick.
type Check struct{ widget.Check }

// NewCheck makes a box to tick.
func NewCheck(text string, changed func(bool)) *Check {
	c := &Check{}
	c.Text, c.OnChanged = text, changed
	c.ExtendBaseWidget(c)
	return c
}

// TypedKey ticks on Space and passes on the rest.
func (c *Check) TypedKey(ev *fyne.KeyEvent) {
	if ev.Name == fyne.KeySpace {
		if !c.Disabled() {
			c.SetChecked(!c.Checked)
		}
		return
	}
	Unused(c, ev)
}

// TypedRune does nothing: Space came as a key already.
func (c *Check) TypedRune(rune) {}

// Radio is a vertical list of choices, one of which is chosen; each is a box of its own, so Tab and Space reach all.
type Radio struct {
	*fyne.Container
	Chosen  string
	boxes   []*option
	changed func(string)
}

// NewRadio makes the choices; keys and labels have the same order.
func NewRadio(keys, labels []string, chosen string, changed func(string)) *Radio {
	r := &Radio{Chosen: chosen, changed: changed}
	objects := make([]fyne.CanvasObject, len(keys))
	for i, key := range keys {
		o := newOption(labels[i], key == chosen)
		o.pick = func() { r.Set(key) }
		o.key = key
		o.step = func(by int) { r.move(i + by) }
		r.boxes = append(r.boxes, o)
		objects[i] = o
	}
	r.Container = Column(4, objects...)
	return r
}

// Set chooses.
func (r *Radio) Set(key string) {
	if r.Chosen == key {
		return
	}
	r.Chosen = key
	for _, b := range r.boxes {
		b.set(b.key == key)
	}
	if r.changed != nil {
		r.changed(key)
	}
}

func (r *Radio) move(to int) {
	if to < 0 || to >= len(r.boxes) {
		return
	}
	r.boxes[to].pick()
	if c := fyne.CurrentApp().Driver().CanvasForObject(r.boxes[to]); c != nil {
		c.Focus(r.boxes[to])
	}
}

// Chooser is a drop-down list.
type Chooser struct{ widget.Select }

// NewChooser makes a drop-down list.
func NewChooser(options []string, changed func(string)) *Chooser {
	s := &Chooser{}
	s.Options, s.OnChanged = options, changed
	s.ExtendBaseWidget(s)
	return s
}

// TypedKey opens the list on Space and arrows and passes on the rest.
func (s *Chooser) TypedKey(ev *fyne.KeyEvent) {
	switch ev.Name {
	case fyne.KeyEscape, fyne.KeyF1, fyne.KeyF5, fyne.KeyReturn, fyne.KeyEnter:
		Unused(s, ev)
	default:
		s.Select.TypedKey(ev)
	}
}

// Focus gives the keyboard to a control, if it is on screen. The driver knows an object's window only once it was drawn; one that was
// just put there belongs to our only window.
func Focus(o fyne.Focusable) {
	obj, ok := o.(fyne.CanvasObject)
	if !ok {
		return
	}
	d := fyne.CurrentApp().Driver()
	c := d.CanvasForObject(obj)
	if all := d.AllWindows(); c == nil && len(all) > 0 {
		c = all[0].Canvas()
	}
	if c != nil {
		c.Focus(o)
	}
}

// First is the chosen option, or the first one, for focus.
func (r *Radio) First() fyne.Focusable {
	for _, b := range r.boxes {
		if b.chosen {
			return b
		}
	}
	return r.boxes[0]
}

// Field is a control with its name above it, which stays when something is filled in.
func Field(name string, o fyne.CanvasObject) *fyne.Container {
	return Column(2, NewText(name, Caption), o)
}

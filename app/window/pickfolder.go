package window

import (
	"errors"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"

	"lightproof/app/window/texts"
)

// errNoDialog says that a way of asking for a folder does not exist here; another is tried.
var errNoDialog = errors.New("no folder dialog")

// pickFolder asks for a folder with the system's own dialog, off the screen's thread, and with the toolkit's where there is none.
// done gets "" when the dialog was cancelled, always on the screen's thread.
func pickFolder(w fyne.Window, done func(string)) {
	go func() {
		path, err := systemFolder(texts.ChooseFolders)
		if err == nil {
			fyne.Do(func() { done(path) })
			return
		}
		fyne.Do(func() {
			dialog.ShowFolderOpen(func(u fyne.ListableURI, err error) {
				if err != nil || u == nil {
					done("")
					return
				}
				done(u.Path())
			}, w)
		})
	}()
}

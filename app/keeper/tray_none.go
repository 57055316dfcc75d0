//go:build darwin && !cgo

package keeper

// Tray on macOS needs cgo; without it there is none.
type Tray struct{ done chan struct{} }

// NewTray prepares nothing.
func NewTray(View, func(Intent)) *Tray { return &Tray{done: make(chan struct{})} }

// Run waits for Close.
func (t *Tray) Run() { <-t.done }

// Close ends Run.
func (t *Tray) Close() { close(t.done) }

// Show shows nothing.
func (t *Tray) Show(View) {}

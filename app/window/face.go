package window

import "lightproof/app/window/face"

// What the window needs from the unlocked side, under the names that callers of Run use; face documents each.
type (
	// Library is the unlocked side.
	Library = face.Library
	// Setup makes or recovers a vault.
	Setup = face.Setup
	// Unlocker opens the unlocked side.
	Unlocker = face.Unlocker
)

package keeper

// Autostart makes the background part start at login, for this user and without administrator's rights.
type Autostart struct {
	Program string   // absolute path
	Args    []string // "keeper", and "--home" where it is not the usual one
}

// Status reads back what Enable wrote. On is false where nothing is set, where the user or the system switched it off, and where
// the entry starts another program: one that was moved is off, with Moved.
type Status struct {
	On    bool
	Moved bool
}

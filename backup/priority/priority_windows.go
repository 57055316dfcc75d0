package priority

import "golang.org/x/sys/windows"

// step begins or ends the background mode of the process.
func step(back bool) {
	class := uint32(windows.PROCESS_MODE_BACKGROUND_END)
	if back {
		class = windows.PROCESS_MODE_BACKGROUND_BEGIN
	}
	_ = windows.SetPriorityClass(windows.CurrentProcess(), class)
}

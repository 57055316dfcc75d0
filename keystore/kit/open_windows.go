package kit

import (
	"fmt"
	"os"
)

func viewerCommand(path string) (string, []string) {
	return "rundll32.exe", []string{"url.dll,FileProtocolHandler", path}
}

// oursAlone: the folder for temporary files is inside the user's profile, closed to others.
func oursAlone(dir string) error {
	info, err := os.Lstat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%w: %s", ErrFolder, dir)
	}
	return err
}

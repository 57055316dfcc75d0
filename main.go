// Lightproof backs up photos, encrypted on this computer, to places that you choose, and proves that every original is intact.
//
// Without a command it opens the window; with one it works at the terminal. Both use the same engine.
package main

import (
	"context"
	"os"

	"lightproof/app/terminal"
)

// version is set by the build.
var version = "dev"

func main() { os.Exit(run()) }

func run() int {
	ctx := context.Background() // window and terminal each listen for signals in their own way
	args := os.Args[1:]
	if home, rest, ok := wantsWindow(args); ok {
		return openWindow(ctx, home, rest)
	}
	return terminal.Run(ctx, args, terminal.Options{Streams: streams(), Version: version, Act: openFromTray})
}

func streams() terminal.Streams {
	return terminal.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}
}

// wantsWindow tells whether the arguments name no command: then the window opens. Desktops pass nothing; --home DIR may stand alone.
func wantsWindow(args []string) (home string, rest []string, ok bool) {
	for i := 0; i < len(args); i++ {
		switch a := args[i]; {
		case a == "--home" && i+1 < len(args):
			i++
			home = args[i]
		case len(a) > 7 && a[:7] == "--home=":
			home = a[7:]
		case a == "--problems" || a == "--restore" || a == "--lock" || a == "--close":
			rest = append(rest, a)
		default:
			return "", nil, false
		}
	}
	return home, rest, true
}

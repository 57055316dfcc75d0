// Command render draws the pictures that have to be pixels: the five tray shapes at four sizes in four variants, and the
// app's icon. Run it after changing an SVG, and commit what it writes:
//
//	go run ./assets/icons/render
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"lightproof/assets/icons/pixels"
)

func main() {
	dir := flag.String("dir", "assets/icons", "folder with the SVG files, and to write to")
	flag.Parse()
	pictures, err := pixels.All(os.DirFS(*dir))
	if err == nil {
		for name, data := range pictures {
			if err = os.WriteFile(filepath.Join(*dir, filepath.FromSlash(name)), data, 0o644); err != nil {
				break
			}
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
	fmt.Printf("%d pictures written\n", len(pictures))
}

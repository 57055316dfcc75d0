// Command make writes the sample library into a folder, or edits one of its photos:
//
//	go run ./assets/samples/make DIR
//	go run ./assets/samples/make -edit DIR/2019/08/harbour.jpg
package main

import (
	"flag"
	"fmt"
	"os"

	"lightproof/assets/samples"
)

func main() {
	edit := flag.String("edit", "", "photo of the library to develop again, brighter")
	flag.Parse()
	if err := run(*edit, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "samples:", err)
		os.Exit(1)
	}
}

func run(edit string, args []string) error {
	if edit != "" {
		return samples.Edit(edit)
	}
	if len(args) != 1 {
		return fmt.Errorf("name one folder to write to")
	}
	n, err := samples.Write(args[0])
	if err != nil {
		return err
	}
	fmt.Printf("%d files written\n", n)
	return nil
}

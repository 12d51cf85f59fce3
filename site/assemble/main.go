// Command assemble puts the page together in a folder that any static server
// can serve: the HTML, the modules, the engine compiled to js/wasm, the samples,
// the weights, and a manifest that tells the page about them.
//
//	go run ./site/assemble [--out build/site] [--weights FILE] [--compress]
//
// It runs in the root folder of the repository. Without --weights it takes the
// weights that assets/manifest.json names.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"bignas/core/fault"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("assemble", flag.ContinueOnError)
	flags.SetOutput(stderr)
	b := builder{log: stdout}
	flags.StringVar(&b.out, "out", "build/site", "folder to write")
	flags.StringVar(&b.root, "root", ".", "root folder of the repository")
	flags.StringVar(&b.weights, "weights", "", "weights file (default: the one that assets/manifest.json names)")
	flags.BoolVar(&b.compress, "compress", false, "also write each file compressed (.br, .gz), for servers that send these")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "assemble: unknown argument %q\n", flags.Arg(0))
		return 2
	}
	if err := b.build(); err != nil {
		f := fault.Of(err)
		fmt.Fprintf(stderr, "assemble: %s\n", f.Message)
		if f.Hint != "" {
			fmt.Fprintf(stderr, "  hint: %s\n", f.Hint)
		}
		return 1
	}
	return 0
}

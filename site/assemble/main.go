// Command assemble puts the page together in a folder that any static server
// can serve: the HTML, the modules, the engine compiled to js/wasm, the samples,
// the weights, and a manifest that tells the page about them.
//
//	go run ./site/assemble [--out build/site] [--weights FILE | --offer ID,...] [--view now|later|only]
//
// It runs in the root folder of the repository. Without --weights it takes the
// weights of assets/weights.json, all of them or those that --offer names, and the page
// opens with the first. The network view takes longest to build
// and nobody needs it at first: with --view later the page is complete but for it,
// and a second run with --view only adds it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"bignas/core/fault"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("assemble", flag.ContinueOnError)
	flags.SetOutput(stderr)
	b := builder{log: stdout, later: [][3]any{}}
	flags.StringVar(&b.out, "out", "build/site", "folder to write")
	flags.StringVar(&b.root, "root", ".", "root folder of the repository")
	flags.StringVar(&b.weights, "weights", "", "weights file (default: those of assets/weights.json)")
	flags.StringVar(&b.offer, "offer", "", "weights of assets/weights.json to offer, ids with commas between them (default: all)")
	flags.StringVar(&b.when, "view", now, "when to build the network view: now, later (leave it out) or only (build what later left out)")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "assemble: unknown argument %q\n", flags.Arg(0))
		return 2
	}
	if !slices.Contains([]string{now, later, only}, b.when) {
		fmt.Fprintf(stderr, "assemble: --view is %q; it is now, later or only\n", b.when)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b.ctx = ctx
	if err := b.build(); err != nil {
		if ctx.Err() != nil { // whoever stopped it knows
			return 1
		}
		f := fault.Of(err)
		fmt.Fprintf(stderr, "assemble: %s\n", f.Message)
		if f.Hint != "" {
			fmt.Fprintf(stderr, "  hint: %s\n", f.Hint)
		}
		return 1
	}
	return 0
}

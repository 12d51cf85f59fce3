// Command view opens the network view of the page in a window: the biggest
// network, the child's slice in it, and what it makes of an image.
//
//	go run -tags view ./cmd/view [--arch S] [photo.jpg]
//
// The window needs a C compiler and the headers of X on Linux (Debian:
// libgl1-mesa-dev and xorg-dev). Nothing else of the repository does, so that it
// is built only with the tag "view"; without it the program says so.
package main

import (
	"io"
	"os"

	"bignas/cmd/internal/cli"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Show the network layer by layer. Drag a block: up is depth, sideways is width; wheel and drag to zoom and pan."

type flags struct {
	Weights string `default:"${weights}" placeholder:"FILE" help:"Weights file written by train (default: ${weights})."`
	Arch    string `default:"" placeholder:"CHILD" help:"${child}, to begin with (default: the middle)."`
	Dark    bool   `help:"Dark colours."`
	Photo   string `arg:"" optional:"" default:"assets/samples/parachute.jpg" help:"Image to look at (default: a sample)."`
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var f flags
	if code, goOn := cli.Parse("view", about, &f, args, stdout, stderr); !goOn {
		return code
	}
	weights, err := cli.ReadWeights(f.Weights)
	if err != nil {
		return cli.Fail(stderr, "view", err)
	}
	photo, err := cli.ReadFile(f.Photo, stdin)
	if err != nil {
		return cli.Fail(stderr, "view", err)
	}
	d, err := newDesk(weights, photo, f.Arch)
	if err != nil {
		return cli.Fail(stderr, "view", err)
	}
	d.scene.SetDark(f.Dark)
	if err := show(d); err != nil {
		return cli.Fail(stderr, "view", err)
	}
	return cli.OK
}

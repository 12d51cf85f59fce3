// Command view opens the network view of the page in a window: the biggest network, the child's slice in it, and its
// activations for an image.
//
//	go run -tags view ./cmd/view [--arch S] [photo.jpg]
//
// The window needs a C compiler and, on Linux, the headers of X (Debian: libgl1-mesa-dev and xorg-dev). Because nothing
// else does, it is built only with the tag "view"; without the tag the program says so.
package main

import (
	"io"
	"os"

	"bignas/cmd/internal/cli"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Show the network layer by layer. Drag a block: up is depth, sideways is width; wheel and drag to zoom and pan."

type flags struct {
	Weights string `default:"${weights}" placeholder:"FILE" help:"Weights file written by train (default: ${weights})."`
	Arch    string `default:"" placeholder:"CHILD" help:"${child}, to begin with (default: the middle)."`
	Dark    bool   `help:"Dark colours."`
	Photo   string `arg:"" optional:"" default:"assets/samples/parachute.jpg" help:"Image to look at (default: a sample)."`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Main(&cli.Program{Name: "view", Stdin: stdin, Stdout: stdout, Stderr: stderr}, about, &flags{}, nil, args)
}

// Run shows the window until it is closed.
func (f *flags) Run(p *cli.Program) error {
	weights, err := cli.ReadWeights(f.Weights)
	if err != nil {
		return err
	}
	photo, err := cli.ReadFile(f.Photo, p.Stdin)
	if err != nil {
		return err
	}
	d, err := newDesk(weights, photo, f.Arch)
	if err != nil {
		return err
	}
	d.scene.SetDark(f.Dark)
	return show(d)
}

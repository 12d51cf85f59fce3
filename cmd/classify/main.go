// Command classify names what is on images, with any child of the supernet:
//
//	classify --weights F --arch S photo.jpg...
package main

import (
	"fmt"
	"io"
	"os"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Name what is on images with a child of the supernet, sliced out of the shared weights."

type flags struct {
	Weights   string   `default:"${weights}" placeholder:"FILE" help:"Weights file written by train (default: ${weights})."`
	Arch      string   `default:"max" placeholder:"CHILD" help:"${child} (default: max)."`
	Top       int      `default:"5" help:"How many classes to show (default: 5)." placeholder:"N"`
	Inherited bool     `help:"Use the BN statistics of the biggest child instead of right ones, to see what that costs."`
	JSON      bool     `name:"json" help:"One JSON object a line for each image."`
	Photos    []string `arg:"" name:"photo" help:"Image files: JPEG, PNG, WebP, GIF, BMP or TIFF; - is standard input."`
}

// answer is the line that --json prints.
type answer struct {
	File   string           `json:"file"`
	Arch   string           `json:"arch"`
	Top    []classify.Score `json:"top"`
	MS     float64          `json:"ms"` // all of timing
	Timing classify.Timing  `json:"timing"`
	MACs   int64            `json:"macs"`
	// Confidence is absent where the weights say nothing of it.
	Confidence *classify.Confidence `json:"confidence,omitempty"`
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var f flags
	if code, goOn := cli.Parse("classify", about, &f, args, stdout, stderr); !goOn {
		return code
	}
	if f.Top < 1 {
		return cli.FailUsage(stderr, "classify", fmt.Errorf("--top is %d, allowed is 1 or more", f.Top))
	}
	engine, a, err := open(f, stderr)
	if err != nil {
		return cli.Fail(stderr, "classify", err)
	}
	code := cli.OK
	for _, photo := range f.Photos { // one bad image does not keep the others from their answer
		r, err := one(engine, a, photo, stdin, f)
		if err == nil {
			err = show(stdout, photo, r, f.JSON)
		}
		if err != nil {
			code = cli.Fail(stderr, "classify: "+photo, err)
		}
	}
	return code
}

func open(f flags, stderr io.Writer) (*classify.Engine, arch.Arch, error) {
	engine, err := cli.OpenWeights(f.Weights, stderr)
	if err != nil {
		return nil, arch.Arch{}, err
	}
	a, err := engine.Parse(f.Arch)
	return engine, a, err
}

func one(engine *classify.Engine, a arch.Arch, photo string, stdin io.Reader, f flags) (*classify.Result, error) {
	data, err := cli.ReadFile(photo, stdin)
	if err != nil {
		return nil, err
	}
	img, err := engine.OpenImage(data)
	if err != nil {
		return nil, err
	}
	return engine.Classify(img, a, classify.Options{Top: f.Top, Inherited: f.Inherited})
}

func show(w io.Writer, photo string, r *classify.Result, asJSON bool) error {
	if asJSON {
		return cli.Line(w, answer{photo, r.Text, r.Top, r.Timing.Total(), r.Timing, r.MACs, r.Confidence})
	}
	if _, err := fmt.Fprintf(w, "%s\n  child %s, %.1f million MACs, %.1f ms\n", photo, r.Text, float64(r.MACs)/1e6, r.Timing.Total()); err != nil {
		return err
	}
	if c := r.Confidence; c != nil && !c.Known {
		if _, err := fmt.Fprintf(w, "  probably none of its classes; if it is one of them:\n"); err != nil {
			return err
		}
	}
	for _, s := range r.Top {
		if _, err := fmt.Fprintf(w, "  %5.1f %%  %s\n", 100*s.P, s.Label); err != nil {
			return err
		}
	}
	return nil
}

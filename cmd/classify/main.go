// Command classify classifies images with any child of the supernet:
//
//	classify --weights F --arch S photo.jpg...
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Classify images with a child of the supernet, sliced out of the shared weights."

type flags struct {
	Weights   string   `default:"${weights}" placeholder:"FILE" help:"Weights file written by train (default: ${weights})."`
	Arch      string   `default:"max" placeholder:"CHILD" help:"${child} (default: max)."`
	Top       int      `default:"5" help:"How many classes to show (default: 5)." placeholder:"N"`
	Inherited bool     `help:"Use the BN statistics of the biggest child instead of the child's own, to see what that costs."`
	JSON      bool     `name:"json" help:"A line with a JSON object for each image."`
	Photos    []string `arg:"" name:"photo" help:"Image files: JPEG, PNG, WebP, GIF, BMP or TIFF; - is standard input."`
}

// noteworthy is an error of predicted BN statistics, in top-1, that people are told of.
const noteworthy = 0.02

// answer is the line that --json prints.
type answer struct {
	File   string           `json:"file"`
	Arch   string           `json:"arch"`
	Top    []classify.Score `json:"top"`
	MS     float64          `json:"ms"` // all of timing
	Timing classify.Timing  `json:"timing"`
	MACs   int64            `json:"macs"`
	// Confidence is absent where the weights have no model of it.
	Confidence *classify.Confidence `json:"confidence,omitempty"`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Main(&cli.Program{Name: "classify", Stdin: stdin, Stdout: stdout, Stderr: stderr}, about, &flags{}, nil, args)
}

// Run classifies the images. A bad one does not keep the others from their answer.
func (f *flags) Run(p *cli.Program) error {
	if f.Top < 1 {
		return cli.Usage("--top is %d, allowed is 1 or more", f.Top)
	}
	engine, err := cli.OpenWeights(f.Weights, p.Stderr)
	if err != nil {
		return err
	}
	a, err := engine.Parse(f.Arch)
	if err != nil {
		return err
	}
	if d, ok := engine.Doubt(a); ok && !f.Inherited && d.Mean > noteworthy {
		fmt.Fprintf(p.Stderr, "classify: the BN statistics of this child are predicted, and those of %d others were off by %.1f points of top-1 in the mean, %.1f at worst\n", d.Children, 100*d.Mean, 100*d.Worst)
	}
	var failed error
	for _, photo := range f.Photos {
		r, err := f.classify(engine, a, photo, p.Stdin)
		if err == nil {
			err = cli.Show(p.Stdout, f.JSON, answer{photo, r.Text, r.Top, r.Timing.Total(), r.Timing, r.MACs, r.Confidence}, text(photo, r))
		}
		if err != nil {
			cli.Fail(p.Stderr, p.Name+": "+photo, err)
			failed = cli.ErrReported
		}
	}
	return failed
}

func (f *flags) classify(engine *classify.Engine, a arch.Arch, photo string, stdin io.Reader) (*classify.Result, error) {
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

// text is the answer for people.
func text(photo string, r *classify.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n  child %s, %.1f million MACs, %.1f ms\n", photo, r.Text, float64(r.MACs)/1e6, r.Timing.Total())
	if c := r.Confidence; c != nil && !c.Known {
		b.WriteString("  probably none of its classes; if it is one of them:\n")
	}
	for _, s := range r.Top {
		fmt.Fprintf(&b, "  %5.1f %%  %s\n", 100*s.P, s.Label)
	}
	return b.String()
}

// Command inspect counts what an architecture costs, without any weights:
//
//	inspect --space bignas --arch min [--resolution 192] [--layers] [--dot FILE] [--svg FILE]
//
// and what is in a file of torch.save:
//
//	inspect --torch FILE
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Count the multiply-accumulates, parameters, bytes and activations of a child, without any weights."

type flags struct {
	Space      string `default:"nette" placeholder:"NAME" help:"Search space: ${spaces} (default: nette)."`
	Arch       string `default:"max" placeholder:"CHILD" help:"${child} (default: max)."`
	Weights    string `default:"${weights}" placeholder:"FILE" help:"Weights file that a name of a family is looked up in; which is its only use (default: ${weights})."`
	Resolution *int   `placeholder:"PIXELS" help:"Input resolution, one of the space's (default: the child's own)."`
	Classes    int    `default:"1000" placeholder:"N" help:"Classes of the last layer (default: 1000, as in published counts)."`
	Layers     bool   `help:"Also list the layers."`
	Dot        string `placeholder:"FILE" writes:"" help:"Write the layers as a graph for Graphviz; - is standard output."`
	SVG        string `name:"svg" placeholder:"FILE" writes:"" help:"Draw the layers and their costs; - is standard output."`
	Torch      string `placeholder:"FILE" help:"Instead, list the tensors of the state dict in a file of torch.save (.pth, .pt)."`
	JSON       bool   `name:"json" help:"One JSON object on one line."`
}

// counts is what --json prints: the report, with the layers for --layers.
type counts struct {
	Space      string `json:"space"`
	Resolution int    `json:"resolution"`
	cost.Report
	Layers []cost.Layer `json:"layers,omitempty"`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Main(&cli.Program{Name: "inspect", Stdin: stdin, Stdout: stdout, Stderr: stderr}, about, &flags{}, nil, args)
}

// Run counts the child and draws it.
func (f *flags) Run(p *cli.Program) error {
	if f.Torch != "" {
		return listTorch(p.Stdout, f.Torch, f.JSON)
	}
	if err := cli.CheckClasses(f.Classes); err != nil {
		return err
	}
	a, err := f.child(p.Stderr)
	if err != nil {
		return err
	}
	for _, d := range []struct {
		file string
		draw func(arch.Arch, cost.Report) string
	}{{f.Dot, dot}, {f.SVG, svg}} {
		if d.file == "" {
			continue
		}
		if err := writeDrawing(d.file, d.draw(a, cost.ForClasses(a, f.Classes)), p.Stdout); err != nil {
			return err
		}
		if d.file == "-" { // the drawing alone, so that it can be piped
			return nil
		}
	}
	c := counts{Space: f.Space, Resolution: a.Resolution, Report: cost.ForClasses(a, f.Classes)}
	if f.Layers {
		c.Layers = c.Report.Layers
	}
	if f.JSON {
		return cli.Line(p.Stdout, c)
	}
	return show(p.Stdout, a, c)
}

// child returns the architecture of the flags.
func (f *flags) child(stderr io.Writer) (arch.Arch, error) {
	space, err := arch.Lookup(f.Space)
	if err != nil {
		return arch.Arch{}, fault.New("bad_space", "choose one of them with --space", "%v", err)
	}
	a, err := f.named(space, stderr)
	if err != nil {
		return arch.Arch{}, err
	}
	return cli.WithResolution(a, f.Resolution)
}

// named reads --arch. Only a name, which has no hyphen, needs a weights file.
func (f *flags) named(space *arch.Space, stderr io.Writer) (arch.Arch, error) {
	a, err := space.Parse(f.Arch)
	if err == nil {
		return a, nil
	}
	if strings.ContainsAny(f.Arch, "-:") {
		return a, fault.New("bad_arch", "use min, max, random:SEED or a text like "+space.Min().String(), "%v", err)
	}
	e, err := cli.OpenWeights(f.Weights, stderr)
	if err != nil {
		inner := fault.Of(err)
		return a, fault.New("bad_arch", "use min, max or a text like "+space.Min().String()+", or give --weights a file that names it", "%q is a name, which a weights file says: %s", f.Arch, inner.Message)
	}
	if e.Info().Space != space {
		return a, fault.New("bad_arch", "give --space "+e.Info().SpaceName+", or weights of this space", "%q is a name, and the children named in %s are of the space %s, not %s", f.Arch, f.Weights, e.Info().SpaceName, space.Name)
	}
	return e.Parse(f.Arch)
}

func show(w io.Writer, a arch.Arch, c counts) error {
	biggest := cost.ForClasses(a.Space.Max(), c.Classes)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "space\t%s\n", c.Space)
	fmt.Fprintf(t, "child\t%s\n", c.Arch)
	fmt.Fprintf(t, "input\t%d x %d pixels, %d classes\n", c.Resolution, c.Resolution, c.Classes)
	fmt.Fprintf(t, "MACs\t%.2f million (%.1f %% of the biggest child)\n", float64(c.MACs)/1e6, 100*float64(c.MACs)/float64(biggest.MACs))
	fmt.Fprintf(t, "parameters\t%.3f million (%.1f %%)\n", float64(c.Params)/1e6, 100*float64(c.Params)/float64(biggest.Params))
	fmt.Fprintf(t, "bytes\t%.2f MB in float16, %.2f MB in float32\n", float64(c.Bytes)/1e6, float64(c.Bytes32)/1e6)
	fmt.Fprintf(t, "activations\t%.2f million written, at most %.2f million alive\n", float64(c.Activations)/1e6, float64(c.PeakActivations)/1e6)
	if err := t.Flush(); err != nil || len(c.Layers) == 0 {
		return err
	}
	t = tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\nlayer\tkind\tin\tout\tkernel\tpixels\tMACs\tparameters\t\n")
	for _, l := range c.Layers {
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%d\t%d to %d\t%d\t%d\t\n", l.Name, l.Kind, l.In, l.Out, l.Kernel, l.Size, l.OutSize, l.MACs, l.Params)
	}
	return t.Flush()
}

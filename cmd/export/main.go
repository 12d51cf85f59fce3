// Command export writes one child of the supernet to a file for other programs, and checks that they compute the same:
//
//	export --arch S --format onnx -o child.onnx [--half] [--preprocess] [--verify]
//	export --arch S --format safetensors -o child/child.safetensors
//	export --arch S --format npy -o child
//	export --weights imported.safetensors --format torch -o supernet.pth
//	export check --arch min --arch max [--data D]
package main

import (
	"cmp"
	"fmt"
	"io"
	"os"

	"bignas/cmd/internal/cli"
	"bignas/cmd/internal/source"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/train/dataset"
	"bignas/train/export"
	"bignas/train/measure"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Write one child of the supernet as a file of its own: an ONNX graph (opset 17, batch normalisation folded in), safetensors with a config.json beside it, or a folder of numpy files. Or, of a published space, the whole supernet as a PyTorch state dict."

type flags struct {
	Write writeFlags `cmd:"" default:"withargs" help:"Write a child (the default)."`
	Check checkFlags `cmd:"" help:"Compare children in other runtimes with the slices, on drawn images or on a split of a data set (after make peers)."`
}

// childFlags are the flags for weights and statistics.
type childFlags struct {
	Weights    string `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
	Resolution *int   `placeholder:"PIXELS" help:"Input resolution, one of the space's (default: the child's own)."`
	Data       string `placeholder:"DATA" help:"Calibrate the BN statistics on training images of this data set (default: those that the weights file predicts)."`
	Names      string `name:"class-names" placeholder:"FILE" help:"With --data: names of the classes, to match them with those of the weights: a class, a tab and its name on each line."`
	Images     int    `placeholder:"N" help:"With --data: number of images (default: as in training)."`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &cli.Program{Name: "export", Stdin: stdin, Stdout: stdout, Stderr: stderr}
	return cli.Main(p, about, &flags{}, map[string]string{"peers": "build/peers"}, args)
}

// shared is what children are cut out of, and where their statistics come from.
type shared struct {
	engine     *classify.Engine
	train, val dataset.Subset // of --data; empty without
	data       string
	images     int
}

// open opens the weights and the data. Data may lack classes of the weights if
// partly is true: enough to compare on, not to calibrate what is written.
func (f *childFlags) open(p *cli.Program, partly bool) (*shared, error) {
	if f.Images < 0 {
		return nil, fault.New("bad_flag", "", "--images is %d, allowed is 1 or more", f.Images)
	}
	e, err := cli.OpenWeights(f.Weights, p.Stderr)
	if err != nil {
		return nil, err
	}
	s := &shared{engine: e, data: f.Data}
	if f.Data == "" {
		if e.Statistics() == nil {
			return nil, fault.New(classify.CodeNoStatistics, "give --data the images that the weights were trained on", "%s predicts no BN statistics", f.Weights)
		}
		return s, nil
	}
	data, err := source.Open(e, f.Weights, f.Data, f.Names, partly, p.Stderr)
	if err != nil {
		return nil, err
	}
	s.train, s.val = data.Train, data.Val
	s.images = min(cmp.Or(f.Images, data.Config.CalibrationImages), s.train.Len())
	return s, nil
}

// child parses the flags that name a child.
func (s *shared) child(text string, resolution *int) (arch.Arch, error) {
	a, err := s.engine.Parse(text)
	if err != nil {
		return a, err
	}
	return cli.WithResolution(a, resolution)
}

// cut copies a child out, with BN statistics of its own. slice is the same child inside
// the shared weights.
func (s *shared) cut(a arch.Arch) (out *export.Child, slice *supernet.Child, err error) {
	var st *supernet.Statistics
	from := export.Statistics{Kind: "predicted"}
	if s.data != "" {
		from = export.Statistics{Kind: "calibrated", Images: s.images, Data: name(s.data)}
		st, err = measure.Calibrate(s.engine.Weights(), a, s.train, s.engine.Info().Preprocessing, s.images)
	} else {
		st, err = s.engine.Statistics().Predict(a)
	}
	if err != nil {
		return nil, nil, err
	}
	if out, err = export.Cut(s.engine, a, st, from); err != nil {
		return nil, nil, err
	}
	slice, err = s.engine.Weights().Child(a, st)
	return out, slice, err
}

// title is the child for people.
func title(c export.Config) string {
	if c.Name != "" {
		return fmt.Sprintf("%s (%s)", c.Name, c.Arch)
	}
	return c.Arch
}

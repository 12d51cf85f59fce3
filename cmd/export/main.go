// Command export takes one child out of the supernet, in a file that other
// programs load, and says whether they compute what the child does:
//
//	export --arch S --format onnx -o child.onnx [--half] [--preprocess] [--verify]
//	export --arch S --format safetensors -o child/child.safetensors
//	export --arch S --format npy -o child
//	export check --arch min --arch max [--data D]
package main

import (
	"fmt"
	"io"
	"os"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/export"
	"bignas/train/run"
)

func main() { os.Exit(main1(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Write one child of the supernet as a file of its own: an ONNX graph (opset 17, batch normalisation folded in), safetensors with a config.json beside it, or a folder of numpy files."

type flags struct {
	Write writeFlags `cmd:"" default:"withargs" help:"Write a child (the default)."`
	Check checkFlags `cmd:"" help:"Run children in onnxruntime beside the slices, on drawn images or over a whole split (after make peers)."`
}

// childFlags say which weights and which statistics.
type childFlags struct {
	Weights    string `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
	Resolution *int   `placeholder:"PIXELS" help:"Another input resolution than the child's own, of those of the space."`
	Data       string `placeholder:"DATA" help:"Calibrate the BN statistics on training images of this data set (default: those that the weights file predicts)."`
	Names      string `name:"class-names" placeholder:"FILE" help:"With --data: names of the classes, by which those of the weights are found: a class, a tab and its name on each line."`
	Images     int    `placeholder:"N" help:"With --data: so many images (default: as in training)."`
}

// program is one call of the command.
type program struct{ stdout, stderr io.Writer }

func main1(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var f flags
	if code, goOn := cli.ParseWith("export", about, &f, map[string]string{"peers": "build/peers"}, args, stdout, stderr); !goOn {
		return code
	}
	p := program{stdout, stderr}
	if len(args) > 0 && args[0] == "check" {
		if err := p.check(f.Check); err != nil {
			return cli.Fail(stderr, "export check", err)
		}
		return cli.OK
	}
	if err := f.Write.usage(); err != nil {
		return cli.FailUsage(stderr, "export", err)
	}
	if err := p.write(f.Write); err != nil {
		return cli.Fail(stderr, "export", err)
	}
	return cli.OK
}

// source is where children are cut out of, and how their statistics are known.
type source struct {
	engine     *classify.Engine
	train, val dataset.Subset // of --data; empty without
	data       string
	images     int
}

// open opens the weights and the data. Data may lack classes of the weights if
// partly is true: enough to compare on, not to calibrate what is written.
func (p program) open(f childFlags, partly bool) (*source, error) {
	if f.Images < 0 {
		return nil, fault.New("bad_flag", "", "--images is %d, allowed is 1 or more", f.Images)
	}
	e, err := cli.OpenWeights(f.Weights, p.stderr)
	if err != nil {
		return nil, err
	}
	s := &source{engine: e, data: f.Data}
	if f.Data == "" {
		if e.Statistics() == nil {
			return nil, fault.New(classify.CodeNoStatistics, "give --data the images that the weights were trained on", "%s predicts no BN statistics", f.Weights)
		}
		return s, nil
	}
	c, err := config.Parse(e.Info().Metadata["training"], "the training configuration in "+f.Weights)
	if err != nil {
		return nil, err
	}
	known, err := run.Classes(e, f.Weights)
	if err != nil {
		return nil, err
	}
	data, err := run.OpenDataFor(f.Data, c, known, partly, p.stderr, run.Named(f.Names))
	if err != nil {
		return nil, err
	}
	s.train, _, s.val = run.Split(c, data)
	if s.images = c.CalibrationImages; f.Images > 0 {
		s.images = f.Images
	}
	s.images = min(s.images, s.train.Len())
	return s, nil
}

// child reads the flags that name a child.
func (s *source) child(text string, resolution *int) (arch.Arch, error) {
	a, err := s.engine.Parse(text)
	if err != nil {
		return a, err
	}
	return cli.WithResolution(a, resolution)
}

// cut takes the child out and gives it statistics of its own. slice is the same
// child as it runs inside the shared weights.
func (s *source) cut(a arch.Arch) (out *export.Child, slice *supernet.Child, err error) {
	var st *supernet.Statistics
	from := export.Statistics{Kind: "predicted"}
	if s.data != "" {
		from = export.Statistics{Kind: "calibrated", Images: s.images, Data: name(s.data)}
		st, err = run.Calibrate(s.engine.Weights(), a, s.train, s.engine.Info().Preprocessing, s.images)
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

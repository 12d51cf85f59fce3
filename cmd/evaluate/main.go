// Command evaluate measures children of a weights file on pictures:
//
//	evaluate --data DIR|ARCHIVE|shapes [--weights F] [--split val] --arch min [--limit N] [--json]
package main

import (
	"fmt"
	"io"
	"os"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/report"
	"bignas/train/run"
)

func main() { os.Exit(evaluate(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Measure the accuracy of children as they are sliced: no weight is changed, only BN statistics are calibrated."

type flags struct {
	Data       string   `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes'."`
	Weights    string   `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
	Arch       []string `default:"max" placeholder:"CHILD" help:"${child}; may be repeated (default: max)."`
	Split      string   `enum:"val,train" default:"val" help:"Half of the data to measure on: val or train (default: val)."`
	Limit      int      `placeholder:"N" help:"At most N pictures, spread over the classes."`
	Statistics string   `enum:"calibrated,predicted" default:"calibrated" help:"BN statistics: calibrated on training pictures, or predicted from the architecture as the page does (default: calibrated)."`
	Images     int      `placeholder:"N" help:"Training pictures to calibrate on (default: as in training)."`
	JSON       bool     `name:"json" help:"One JSON object a line."`
}

// result is what --json prints for a child.
type result struct {
	Arch       string `json:"arch"`
	Resolution int    `json:"resolution"`
	MACs       int64  `json:"macs"`
	Params     int64  `json:"params"`
	run.Accuracy
	Split      string `json:"split"`
	Statistics string `json:"statistics"`
}

func evaluate(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var f flags
	if code, goOn := cli.Parse("evaluate", about, &f, args, stdout, stderr); !goOn {
		return code
	}
	if f.Limit < 0 || f.Images < 0 {
		return cli.FailUsage(stderr, "evaluate", fmt.Errorf("--limit is %d and --images %d, allowed are 1 or more", f.Limit, f.Images))
	}
	if err := measure(f, stdout, stderr); err != nil {
		return cli.Fail(stderr, "evaluate", err)
	}
	return cli.OK
}

func measure(f flags, stdout, stderr io.Writer) error {
	e, err := cli.OpenWeights(f.Weights)
	if err != nil {
		return err
	}
	var archs []arch.Arch
	for _, text := range f.Arch {
		a, err := cli.Child(e, text)
		if err != nil {
			return err
		}
		archs = append(archs, a)
	}
	info := e.Info()
	c, err := config.Parse(info.Metadata["training"], "the training configuration in "+f.Weights)
	if err != nil {
		return err
	}
	data, err := run.OpenData(f.Data, c, stderr)
	if err != nil {
		return err
	}
	if len(data.Classes) != len(info.Labels) {
		return fault.New("classes", "use the data that the weights were trained on, or weights of your own", "%s has %d classes, the weights know %d", f.Data, len(data.Classes), len(info.Labels))
	}
	train, _, val := run.Split(c, data)
	on := val
	if f.Split == "train" {
		on = train
	}
	on = on.Limit(f.Limit)
	images := c.CalibrationImages
	if f.Images > 0 {
		images = f.Images
	}
	for _, a := range archs {
		st, err := statistics(e, a, f, train, images)
		if err != nil {
			return err
		}
		ch, err := e.Weights().Child(a, st)
		if err != nil {
			return err
		}
		bar := report.NewProgress(stderr, "evaluating", on.Len())
		acc, err := run.Evaluate(ch, on, info.Preprocessing, func(done int) { bar.Set(done, "") })
		bar.Finish()
		if err != nil {
			return err
		}
		costs := cost.ForClasses(a, len(info.Labels))
		r := result{a.String(), a.Resolution, costs.MACs, costs.Params, acc, f.Split, f.Statistics}
		if err := show(stdout, r, f.JSON); err != nil {
			return err
		}
	}
	return nil
}

// statistics are the child's own: a child without any is never evaluated.
func statistics(e *classify.Engine, a arch.Arch, f flags, train dataset.Subset, images int) (*supernet.Statistics, error) {
	if f.Statistics == "calibrated" {
		return run.Calibrate(e.Weights(), a, train, e.Info().Preprocessing, images)
	}
	m := e.Statistics()
	if m == nil {
		return nil, fault.New("no_statistics", "use --statistics calibrated", "the weights file holds no model of BN statistics")
	}
	return m.Predict(a)
}

func show(w io.Writer, r result, asJSON bool) error {
	if asJSON {
		return cli.Line(w, r)
	}
	_, err := fmt.Fprintf(w, "%s\n  %.1f MMACs, %.3f million parameters, %s BN statistics: top-1 %.2f %%, top-5 %.2f %% of %d %s pictures\n",
		r.Arch, float64(r.MACs)/1e6, float64(r.Params)/1e6, r.Statistics, 100*r.Top1, 100*r.Top5, r.N, r.Split)
	return err
}

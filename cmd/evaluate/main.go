// Command evaluate measures children of a weights file, or of a run, on images:
//
//	evaluate --data DIR|ARCHIVE|shapes [--weights F|--run DIR] [--crop 0.875] [--split val] --arch min [--limit N] [--json]
//	evaluate --data DIR|ARCHIVE --unknown DIR|ARCHIVE [--weights F] --arch min
package main

import (
	"fmt"
	"io"
	"os"

	"bignas/cmd/internal/cli"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/train/measure"
	"bignas/train/report"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Measure the accuracy of children as they are sliced: no weight is changed, only BN statistics are calibrated."

type flags struct {
	Data       string   `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes'."`
	Names      string   `name:"class-names" placeholder:"FILE" help:"Names of the classes, to match them with those of the weights: a class, a tab and its name on each line."`
	Weights    string   `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
	FromRun    string   `name:"run" placeholder:"DIR" help:"Folder of a run, whose last checkpoint is measured instead of a weights file."`
	Crop       *float64 `placeholder:"SHARE" help:"Share of an image's short side that children see (default: the weights file's; 1 for a run)."`
	Arch       []string `default:"max" placeholder:"CHILD" help:"${child}; may be repeated (default: max)."`
	Split      string   `enum:"val,train" default:"val" help:"Half of the data to measure on: val or train (default: val)."`
	Limit      int      `placeholder:"N" help:"At most N images, spread over the classes."`
	Statistics string   `enum:",calibrated,predicted,inherited" default:"" placeholder:"KIND" help:"BN statistics: calibrated on training images, predicted from the architecture as the page does, or inherited from the biggest child, with which a child answers nonsense (default: calibrated, or predicted where the data has no training images and for what train teach has written)."`
	Images     int      `placeholder:"N" help:"Training images to calibrate on (default: as in training)."`
	Unknown    string   `placeholder:"DATA" help:"Images of other classes than those of the weights: measure how many of them the child flags as unlike anything it was trained on, and how well its probabilities are calibrated."`
	JSON       bool     `name:"json" help:"A JSON object on each line."`
}

// result is what --json prints for a child.
type result struct {
	Arch       string `json:"arch"`
	Resolution int    `json:"resolution"`
	MACs       int64  `json:"macs"`
	Params     int64  `json:"params"`
	measure.Accuracy
	Split      string `json:"split"`
	Statistics string `json:"statistics"`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return cli.Main(&cli.Program{Name: "evaluate", Stdin: stdin, Stdout: stdout, Stderr: stderr}, about, &flags{}, nil, args)
}

// Run measures the children.
func (f *flags) Run(p *cli.Program) error {
	switch {
	case f.Limit < 0 || f.Images < 0:
		return cli.Usage("--limit is %d and --images %d, allowed are 1 or more", f.Limit, f.Images)
	case f.FromRun != "" && f.Weights != cli.DefaultWeights:
		return cli.Usage("--weights and --run can't be used together")
	case f.FromRun != "" && f.Unknown != "":
		return cli.Usage("--unknown needs a weights file: --run can't be used with it")
	}
	if f.Crop != nil && !(*f.Crop > 0 && *f.Crop <= 1) {
		return fault.New("bad_flag", "0.875 is usual", "--crop is %v, allowed is above 0 to 1", *f.Crop)
	}
	open := openFile
	if f.FromRun != "" {
		open = openRun
	}
	s, err := open(f, p.Stderr)
	if err != nil {
		return err
	}
	if f.Unknown != "" {
		return measureUnknown(s, f, p)
	}
	if f.Statistics, err = s.kind(f, p.Stderr); err != nil {
		return err
	}
	if f.Crop != nil {
		if *f.Crop != s.spec.Crop && f.Statistics != "calibrated" {
			return fault.New("bad_flag", "use --statistics calibrated, or train release --weights with that crop", "the statistics that %s predicts are of a crop of %v, not of %v", f.Weights, s.spec.Crop, *f.Crop)
		}
		s.spec.Crop = *f.Crop
	}
	on := s.val
	if f.Split == "train" {
		on = s.train
	}
	if on.Len() == 0 {
		return fault.New("no_images", "give --split the other half, or more images", "%s has no %s images", f.Data, f.Split)
	}
	on = on.Limit(f.Limit)
	for _, a := range s.archs {
		st, err := s.statisticsOf(a, f)
		if err != nil {
			return err
		}
		ch, err := s.weights.Child(a, st)
		if err != nil {
			return err
		}
		bar := report.NewProgress(p.Stderr, "evaluating", on.Len())
		acc, err := measure.Evaluate(ch, on, s.spec, func(done int) { bar.Set(done, "") })
		bar.Finish()
		if err != nil {
			return err
		}
		costs := cost.ForClasses(a, s.weights.Classes)
		r := result{a.String(), a.Resolution, costs.MACs, costs.Params, acc, f.Split, f.Statistics}
		if err := cli.Show(p.Stdout, f.JSON, r, r.text()); err != nil {
			return err
		}
	}
	return nil
}

func (r result) text() string {
	return fmt.Sprintf("%s\n  %.1f MMACs, %.3f million parameters, %s BN statistics: top-1 %.2f %%, top-5 %.2f %% of %d %s images\n",
		r.Arch, float64(r.MACs)/1e6, float64(r.Params)/1e6, r.Statistics, 100*r.Top1, 100*r.Top5, r.N, r.Split)
}

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
	"bignas/train/report"
	"bignas/train/run"
)

func main() { os.Exit(evaluate(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Measure the accuracy of children as they are sliced: no weight is changed, only BN statistics are calibrated."

type flags struct {
	Data       string   `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes'."`
	Names      string   `name:"class-names" placeholder:"FILE" help:"Names of the classes, by which those of the weights are found: a class, a tab and its name on each line."`
	Weights    string   `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
	Run        string   `placeholder:"DIR" help:"Folder of a run, whose last checkpoint is measured instead of a weights file."`
	Crop       *float64 `placeholder:"SHARE" help:"Share of an image's short side that children see (default: the weights file's; 1 for a run)."`
	Arch       []string `default:"max" placeholder:"CHILD" help:"${child}; may be repeated (default: max)."`
	Split      string   `enum:"val,train" default:"val" help:"Half of the data to measure on: val or train (default: val)."`
	Limit      int      `placeholder:"N" help:"At most N images, spread over the classes."`
	Statistics string   `enum:",calibrated,predicted" default:"" placeholder:"KIND" help:"BN statistics: calibrated on training images, or predicted from the architecture as the page does (default: calibrated, or predicted where the data has no training images)."`
	Images     int      `placeholder:"N" help:"Training images to calibrate on (default: as in training)."`
	Unknown    string   `placeholder:"DATA" help:"Images of other classes than those of the weights: measure instead how many the child flags as unlike anything it was trained on, and how well its probabilities are calibrated."`
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
	if f.Run != "" && f.Weights != cli.DefaultWeights {
		return cli.FailUsage(stderr, "evaluate", fmt.Errorf("--weights and --run can't be used together"))
	}
	if f.Run != "" && f.Unknown != "" {
		return cli.FailUsage(stderr, "evaluate", fmt.Errorf("--unknown needs a weights file: --run can't be used with it"))
	}
	if err := measure(f, stdout, stderr); err != nil {
		return cli.Fail(stderr, "evaluate", err)
	}
	return cli.OK
}

func measure(f flags, stdout, stderr io.Writer) error {
	if f.Crop != nil && !(*f.Crop > 0 && *f.Crop <= 1) {
		return fault.New("bad_flag", "0.875 is usual", "--crop is %v, allowed is above 0 to 1", *f.Crop)
	}
	open := openFile
	if f.Run != "" {
		open = openRun
	}
	s, err := open(f, stderr)
	if err != nil {
		return err
	}
	if f.Unknown != "" {
		return measureUnknown(s, f, stdout, stderr)
	}
	train, _, val := run.Split(s.config, s.data)
	if f.Statistics, err = s.kind(f, train, stderr); err != nil {
		return err
	}
	if f.Crop != nil {
		if *f.Crop != s.spec.Crop && f.Statistics == "predicted" {
			return fault.New("bad_flag", "use --statistics calibrated, or train release --weights with that crop", "the statistics that %s predicts are of a crop of %v, not of %v", f.Weights, s.spec.Crop, *f.Crop)
		}
		s.spec.Crop = *f.Crop
	}
	on := val
	if f.Split == "train" {
		on = train
	}
	if on.Len() == 0 {
		return fault.New("no_images", "give --split the other half, or more images", "%s has no %s images", f.Data, f.Split)
	}
	on = on.Limit(f.Limit)
	for _, a := range s.archs {
		st, err := s.statisticsOf(a, f, train)
		if err != nil {
			return err
		}
		ch, err := s.weights.Child(a, st)
		if err != nil {
			return err
		}
		bar := report.NewProgress(stderr, "evaluating", on.Len())
		acc, err := run.Evaluate(ch, on, s.spec, func(done int) { bar.Set(done, "") })
		bar.Finish()
		if err != nil {
			return err
		}
		costs := cost.ForClasses(a, len(s.data.Classes))
		r := result{a.String(), a.Resolution, costs.MACs, costs.Params, acc, f.Split, f.Statistics}
		if err := show(stdout, r, f.JSON); err != nil {
			return err
		}
	}
	return nil
}

func show(w io.Writer, r result, asJSON bool) error {
	if asJSON {
		return cli.Line(w, r)
	}
	_, err := fmt.Fprintf(w, "%s\n  %.1f MMACs, %.3f million parameters, %s BN statistics: top-1 %.2f %%, top-5 %.2f %% of %d %s images\n",
		r.Arch, float64(r.MACs)/1e6, float64(r.Params)/1e6, r.Statistics, 100*r.Top1, 100*r.Top5, r.N, r.Split)
	return err
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/weights"
	"bignas/train/dataset"
	"bignas/train/files"
	"bignas/train/measure"
	"bignas/train/teach"
	"bignas/train/unknown"
)

type teachFlags struct {
	outputFlags
	Weights string   `default:"${weights}" placeholder:"FILE" help:"Weights file to begin with (default: ${weights})."`
	Fashion string   `default:"/usr/share/datasets/fashion-mnist" placeholder:"DIR" help:"Folder of Fashion-MNIST (default: that of Debian's package dataset-fashion-mnist)."`
	Sets    []string `default:"drawn,fashion" enum:"drawn,fashion" help:"Sets to teach (default: drawn,fashion)."`
	Seeds   int      `default:"3" placeholder:"N" help:"Seeds, from 1 on: other images, other children (default: 3)."`
	Full    bool     `help:"Fine-tune all weights, too."`
	Folder  string   `required:"" placeholder:"DIR" help:"Folder for the images and the runs; what is done in it already is not done again."`
}

// teachLine is what --json prints for one training.
type teachLine struct {
	Bench    string     `json:"bench"` // "teach"
	Set      string     `json:"set"`
	Seed     uint64     `json:"seed"`
	What     string     `json:"what"`     // "classifier" or "all weights"
	Children []string   `json:"children"` // smallest, middle, biggest
	Top1     [3]float64 `json:"top1"`     // of those, on the other images, 0 to 1; with the statistics that the file predicts
	// Calibrated is the same with statistics calibrated on the images that were trained on.
	Calibrated [3]float64 `json:"calibrated"`
	// ECE is the expected calibration error of the first, and Sure the mean of its largest probabilities.
	ECE     [3]float64 `json:"ece"`
	Sure    [3]float64 `json:"sure"`
	N       int        `json:"n"`
	Images  int        `json:"images"` // trained on
	HeldOut int        `json:"heldOut"`
	LookMS  float64    `json:"lookMs"`
	TrainMS float64    `json:"trainMs"`
}

func (l teachLine) text() string {
	return fmt.Sprintf("%s, seed %d, %s: %.1f %% smallest, %.1f %% middle, %.1f %% biggest (calibrated %.1f, %.1f, %.1f) of %d other images, mean probability %.1f, %.1f, %.1f, calibration error %.1f, %.1f, %.1f; %d trained on, %d held out; children %.0f ms, training %.0f ms",
		l.Set, l.Seed, l.What, 100*l.Top1[0], 100*l.Top1[1], 100*l.Top1[2], 100*l.Calibrated[0], 100*l.Calibrated[1], 100*l.Calibrated[2], l.N, 100*l.Sure[0], 100*l.Sure[1], 100*l.Sure[2], 100*l.ECE[0], 100*l.ECE[1], 100*l.ECE[2], l.Images, l.HeldOut, l.LookMS, l.TrainMS)
}

// Run teaches every set with every seed.
func (f *teachFlags) Run(p *cli.Program) error {
	if f.Seeds < 1 {
		return fault.New("bad_flag", "3 are usual", "--seeds is %d, allowed is 1 or more", f.Seeds)
	}
	file, err := files.Read(f.Weights)
	if err != nil {
		return err
	}
	for seed := uint64(1); seed <= uint64(f.Seeds); seed++ {
		for _, set := range f.Sets {
			folder := filepath.Join(f.Folder, fmt.Sprintf("%s-%d", set, seed))
			if err := f.images(set, folder, seed); err != nil {
				return err
			}
			if err := f.teach(p, file, set, folder, seed); err != nil {
				return err
			}
		}
	}
	return nil
}

// images makes a set where it is not there.
func (f *teachFlags) images(set, folder string, seed uint64) error {
	if _, err := os.Stat(filepath.Join(folder, "train")); err == nil {
		return nil
	}
	if set == "drawn" {
		return drawnSet(folder, seed)
	}
	return fashionSet(folder, f.Fashion, seed)
}

func (f *teachFlags) teach(p *cli.Program, file []byte, set, folder string, seed uint64) error {
	base, err := teach.Open(file, f.Weights, seed)
	if err != nil {
		return err
	}
	data, err := dataset.Open(filepath.Join(folder, "train"), dataset.Options{Side: base.Config.Side})
	if err != nil {
		return err
	}
	others, err := dataset.Open(filepath.Join(folder, "others"), dataset.Options{Side: base.Config.Side})
	if err != nil {
		return err
	}
	head, err := base.Head(p.Context(), data, teach.Options{})
	if err != nil {
		return err
	}
	if err := f.report(p, head, teachLine{Set: set, Seed: seed, What: "classifier"}, data, others); err != nil || !f.Full {
		return err
	}
	full, err := base.Full(p.Context(), head, data, teach.FullOptions{Folder: filepath.Join(folder, "run")})
	if err != nil {
		return err
	}
	return f.report(p, full, teachLine{Set: set, Seed: seed, What: "all weights"}, data, others)
}

// report measures what was taught on the other images.
func (f *teachFlags) report(p *cli.Program, r *teach.Result, l teachLine, data, others *dataset.Dataset) error {
	b, err := weights.Unmarshal(r.File)
	if err != nil {
		return err
	}
	space, on := b.Net.Space, others.All()
	for i, a := range []arch.Arch{space.Min(), space.At(0.5), space.Max()} {
		predicted, err := b.Statistics.Predict(a)
		if err != nil {
			return err
		}
		own, err := measure.Calibrate(b.Net, a, data.All(), b.Spec, data.Len())
		if err != nil {
			return err
		}
		c, err := b.Net.Child(a, predicted)
		if err != nil {
			return err
		}
		acc, err := measure.Evaluate(c, on, b.Spec, nil)
		if err != nil {
			return err
		}
		l.Top1[i] = acc.Top1
		seen, err := unknown.Run(c, b.Spec, unknown.Of("", on))
		if err != nil {
			return err
		}
		l.ECE[i], l.Sure[i] = unknown.ECE(seen, 1), seen.Sure()
		if c, err = b.Net.Child(a, own); err != nil {
			return err
		}
		if acc, err = measure.Evaluate(c, on, b.Spec, nil); err != nil {
			return err
		}
		l.Calibrated[i] = acc.Top1
		l.Children = append(l.Children, a.String())
	}
	l.Bench, l.N, l.Images, l.HeldOut = "teach", on.Len(), r.Images, r.HeldOut
	l.LookMS, l.TrainMS = float64(r.Looking)/float64(time.Millisecond), float64(r.Training)/float64(time.Millisecond)
	return f.line(p, l, l.text())
}

package main

import (
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/cmd/internal/source"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/weights"
	"bignas/train/dataset"
	"bignas/train/release"
	"bignas/train/report"
	"bignas/train/unknown"
)

type calibrateFlags struct {
	Weights  string `arg:"" help:"Weights file written by train release."`
	Data     string `required:"" placeholder:"DATA" help:"The data that the weights were trained on; its images held out for searching are fitted on."`
	Names    string `name:"class-names" placeholder:"FILE" help:"Names of the classes of --data, as for training."`
	Unknown  string `required:"" placeholder:"DATA" help:"Images of other classes: every second class is fitted on as unknown, the others are for evaluate --unknown."`
	Output   string `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write, with the same tensors. A manifest beside it (*manifest.json) that names the file is updated."`
	Children int    `default:"30" help:"Children to fit the model on (default: 30)."`
	Images   int    `default:"400" help:"Held-out, known and unknown images for each (default: 400)."`
}

// Run fits the confidence of a weights file. No tensor changes.
func (f *calibrateFlags) Run(p *cli.Program) error {
	text, size, err := f.fit(p)
	if err != nil {
		return err
	}
	if err := release.UpdateManifests(f.Output, size); err != nil {
		return err
	}
	_, err = fmt.Fprint(p.Stdout, text)
	return err
}

// fit writes the file. It returns what there is to say about it, and its size in bytes.
func (f *calibrateFlags) fit(p *cli.Program) (text string, size int, err error) {
	if f.Images < 20 {
		return "", 0, fault.New("bad_flag", "400 is usual", "--images is %d, allowed is 20 or more", f.Images)
	}
	data, err := readWeights(f.Weights)
	if err != nil {
		return "", 0, err
	}
	e, err := classify.New(data)
	if err != nil {
		return "", 0, err
	}
	images, err := source.Open(e, f.Weights, f.Data, f.Names, false, p.Stderr)
	if err != nil {
		return "", 0, err
	}
	defer images.Close()
	heldOut := images.Search
	if heldOut.Len() < 20 || images.Train.Len() == 0 {
		return "", 0, fault.New("no_images", "train with search_fraction above 0, and give the same data", "%s has %d images that the training held out for searching, at least 20 are needed to fit on", f.Data, heldOut.Len())
	}
	others, err := dataset.Open(f.Unknown, dataset.Options{})
	if err != nil {
		return "", 0, err
	}
	defer others.Close()
	other, err := unknown.Others(others, images.Known, false)
	if err != nil {
		return "", 0, err
	}
	bar := report.NewProgress(p.Stderr, "children", f.Children)
	model, err := unknown.Calibrate(p.Context(), e, heldOut, images.Train, other, unknown.Options{Children: f.Children, Images: f.Images, Seed: images.Config.Seed, Progress: func(done int) { bar.Set(done, "") }})
	bar.Finish()
	if err != nil {
		return "", 0, err
	}
	out, err := rewriteFile(f.Output, data, func(b *weights.Bundle) { b.Confidence = model })
	if err != nil {
		return "", 0, err
	}
	return fmt.Sprintf("fitted on %d children, %d held-out images and %d of other classes; wrote %s, %d bytes, %d more\n",
		f.Children, heldOut.Len(), other.Len(), f.Output, len(out), len(out)-len(data)), len(out), nil
}

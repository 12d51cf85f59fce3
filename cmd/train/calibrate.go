package main

import (
	"context"
	"fmt"

	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/report"
	"bignas/train/run"
	"bignas/train/unknown"
)

type calibrateFlags struct {
	Weights  string `arg:"" help:"Weights file written by train release."`
	Data     string `required:"" placeholder:"DATA" help:"The images that the weights were trained on, with those that were held out for searching, on which is fitted."`
	Names    string `name:"class-names" placeholder:"FILE" help:"Names of the classes of --data, as for training."`
	Unknown  string `required:"" placeholder:"DATA" help:"Images of other classes: every other class is learnt as unknown; those between are left for evaluate --unknown."`
	Output   string `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write; its tensors are those of the first."`
	Children int    `default:"30" help:"Children that the model is fitted on (default: 30)."`
	Images   int    `default:"400" help:"Held-out, known and unknown images that each sees (default: 400)."`
}

// calibrate adds to a weights file what it says of its confidence. No tensor changes.
func (p program) calibrate(ctx context.Context, f calibrateFlags) error {
	data, err := readWeights(f.Weights)
	if err != nil {
		return err
	}
	if f.Images < 20 {
		return fault.New("bad_flag", "400 is usual", "--images is %d, allowed is 20 or more", f.Images)
	}
	e, err := classify.New(data)
	if err != nil {
		return err
	}
	known, err := run.Classes(e, f.Weights)
	if err != nil {
		return err
	}
	c, err := config.Parse(e.Info().Metadata["training"], "the training configuration in "+f.Weights)
	if err != nil {
		return err
	}
	images, err := run.OpenDataFor(f.Data, c, known, false, p.stderr, run.Named(f.Names))
	if err != nil {
		return err
	}
	defer images.Close()
	train, heldOut, _ := run.Split(c, images)
	if heldOut.Len() < 20 || train.Len() == 0 {
		return fault.New("no_images", "train with search_fraction above 0, and give the same data", "%s has %d images that the training left for searching, 20 are the least to fit on", f.Data, heldOut.Len())
	}
	others, err := dataset.Open(f.Unknown, dataset.Options{})
	if err != nil {
		return err
	}
	defer others.Close()
	other, err := unknown.Others(others, known, false)
	if err != nil {
		return err
	}
	bar := report.NewProgress(p.stderr, "children", f.Children)
	model, err := unknown.Calibrate(ctx, e, heldOut, train, other, unknown.Options{Children: f.Children, Images: f.Images, Seed: c.Seed, Progress: func(done int) { bar.Set(done, "") }})
	bar.Finish()
	if err != nil {
		return err
	}
	out, err := rewriteFile(f.Output, data, func(b *weights.Bundle) { b.Confidence = model })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "fitted on %d children, %d held-out images and %d of other classes; wrote %s, %d bytes, %d more\n",
		f.Children, heldOut.Len(), other.Len(), f.Output, len(out), len(out)-len(data))
	return err
}

package main

import (
	"bytes"
	"fmt"
	"image/png"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/train/atomicfile"
	"bignas/train/augment"
	"bignas/train/config"
	"bignas/train/preview"
	"bignas/train/run"
)

type previewFlags struct {
	Data       string `required:"" placeholder:"DATA" help:"As for training."`
	Config     string `placeholder:"FILE" help:"Configuration, as for training."`
	Output     string `short:"o" required:"" placeholder:"FILE" writes:"" help:"PNG file to write."`
	Resolution int    `placeholder:"PIXELS" help:"Resolution of the images (default: the space's biggest)."`
	Epoch      int    `default:"1" help:"Epoch to show, from 1 (default: 1)."`
	Images     int    `default:"64" help:"Images to show, whole batches (default: 64)."`
	Columns    int    `default:"8" help:"Images in a row (default: 8)."`
}

// Run draws the first batches of an epoch as training would see them.
func (f *previewFlags) Run(p *cli.Program) error {
	c, err := loadConfig(f.Config, f.Data)
	if err != nil {
		return err
	}
	if f.Epoch < 1 || f.Images < 1 || f.Images > 4096 || f.Columns < 1 || f.Resolution < 0 || f.Resolution > 1024 {
		return fault.New("bad_flag", "", "--epoch and --columns start at 1, --images is 1 to 4096, --resolution at most 1024")
	}
	side := f.Resolution
	if side == 0 {
		space, err := arch.Lookup(c.Space)
		if err != nil {
			return err
		}
		side = space.Resolutions[len(space.Resolutions)-1]
	}
	if err := atomicfile.CanWrite(f.Output); err != nil {
		return err
	}
	data, err := run.OpenData(f.Data, "", c, p.Stderr)
	if err != nil {
		return err
	}
	defer data.Close()
	train, _, _ := run.Split(run.WithSplit(c, data, "", false), data)
	if train.Len() < c.Batch {
		c.Batch = max(1, train.Len())
	}
	loader := augment.NewLoader(train, c.Augment, config.Spec, c.Seed, c.Batch, 0)
	defer loader.Close()
	var batches []*augment.Batch
	shown := 0
	for b := range loader.Epoch(p.Context(), f.Epoch-1, side, 0) {
		b.N = min(b.N, f.Images-shown)
		batches = append(batches, b)
		if shown += b.N; shown >= f.Images {
			break
		}
	}
	if shown == 0 {
		return fault.New("no_images", "", "there are no training images in %s", f.Data)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, preview.Sheet(batches, data.Labels, config.Spec, f.Columns)); err != nil {
		return err
	}
	if err := atomicfile.Write(f.Output, file.Bytes()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "wrote %s: %d images of epoch %d at %d px\n", f.Output, shown, f.Epoch, side)
	return err
}

// loadConfig is the configuration that training would take.
func loadConfig(name, data string) (config.Config, error) {
	if name == "" {
		name = config.For(data)
	}
	return config.Load(name)
}

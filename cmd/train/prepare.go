package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/train/augment"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/lock"
	"bignas/train/report"
	"bignas/train/run"
	"bignas/train/turbojpeg"
)

type prepareFlags struct {
	Data       string  `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one; ImageNet's tars or Kaggle's layout; WebDataset tars."`
	Names      string  `name:"class-names" placeholder:"FILE" help:"Names of the classes for people: a class, a tab and its name on each line."`
	Out        string  `placeholder:"DIR" writes:"" help:"Folder to write, for --data of training. An interrupted preparation is resumed."`
	Side       int     `default:"224" help:"Pixels on a side of the stored images; 'side' of the configuration must agree (default: 224)."`
	Workers    int     `placeholder:"N" help:"Decoding goroutines (default: one for each CPU)."`
	ShardMB    int     `name:"shard-mb" default:"1024" help:"Largest size of a file in megabytes (default: 1024)."`
	Decoder    string  `enum:"auto,go,turbo" default:"auto" help:"Decoder of JPEG files: go, turbo (libturbojpeg), or auto, which is turbo where it is installed (default: auto)."`
	MaxCorrupt float64 `default:"0.01" help:"Share of images that may be unreadable (default: 0.01)."`
	SkipEmpty  bool    `name:"skip-empty" help:"Leave out classes without a readable image instead of refusing to prepare."`
	Verify     bool    `help:"Only check the checksums of the prepared folder --data."`
	Bench      bool    `help:"Only measure how many augmented images per second are made of --data."`
	Config     string  `placeholder:"FILE" help:"With --bench: the configuration whose augmentation is measured, as for training."`
	Resolution int     `default:"128" help:"With --bench: pixels of the augmented images (default: 128)."`
	JSON       bool    `name:"json" help:"One JSON object on standard output."`
}

// Run prepares a data set, or checks or times one.
func (f *prepareFlags) Run(p *cli.Program) error {
	switch {
	case f.Bench:
		return f.bench(p)
	case f.Verify:
		return f.verify(p.Stdout)
	case f.Out == "":
		return fault.New("bad_flag", "give --out a folder", "--out is missing")
	case f.ShardMB < 1:
		return fault.New("bad_flag", "", "--shard-mb is %d, allowed is 1 or more", f.ShardMB)
	}
	taken, err := lock.Folder(f.Out)
	if err != nil {
		return err
	}
	defer taken.Release()
	o := dataset.PrepareOptions{ShardBytes: int64(f.ShardMB) << 20, MaxCorrupt: f.MaxCorrupt, SkipEmpty: f.SkipEmpty}
	o.Side, o.Workers, o.Names = f.Side, f.Workers, f.Names
	if o.Decoder, err = decoder(f.Decoder, p.Stderr); err != nil {
		return err
	}
	bar, began, first := report.NewProgress(p.Stderr, "images", 0), time.Now(), -1
	o.Progress = func(done, total int) {
		if first < 0 {
			first = done
		}
		bar.Total(total)
		bar.Set(done, fmt.Sprintf("%.0f/s", float64(done-first)/time.Since(began).Seconds()))
	}
	done, err := dataset.Prepare(p.Context(), f.Data, f.Out, o)
	bar.Finish()
	if errors.Is(err, context.Canceled) {
		return fault.New("interrupted", "run the same command again: it goes on behind the last whole file", "interrupted")
	}
	if err != nil {
		return err
	}
	rate := float64(done.Seen-done.Resumed) / time.Since(began).Seconds()
	if f.JSON {
		return cli.Line(p.Stdout, map[string]any{"out": f.Out, "count": done.Count, "skipped": len(done.Skipped), "resumed": done.Resumed,
			"shards": done.Shards, "bytes": done.Bytes, "images_per_second": rate, "data": done.Table})
	}
	for i, s := range done.Skipped {
		if i == 20 {
			fmt.Fprintf(p.Stderr, "and %d more, all in prepared.json\n", len(done.Skipped)-i)
			break
		}
		fmt.Fprintln(p.Stderr, fault.Line(fmt.Sprintf("skipped %s: %v", s.Name, s.Err)))
	}
	if err := done.Table.Write(p.Stdout); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "wrote %s: %d images at %d x %d in %d files, %.1f MB, %d skipped (limit of unreadable ones %g %%), %.0f images/s\n",
		f.Out, done.Count, f.Side, f.Side, done.Shards, float64(done.Bytes)/1e6, len(done.Skipped), 100*f.MaxCorrupt, rate)
	return err
}

// decoder finds the decoder of the name.
func decoder(name string, stderr io.Writer) (dataset.Decoder, error) {
	if name == "go" {
		return dataset.Decoder{}, nil
	}
	l, err := turbojpeg.Load()
	if err != nil {
		if name == "turbo" {
			return dataset.Decoder{}, fault.New("no_library", "install libturbojpeg, name its file in BIGNAS_TURBOJPEG, or take --decoder go", "%v", err)
		}
		fmt.Fprintln(stderr, "decoding with Go: libturbojpeg, which is faster, is not on this machine")
		return dataset.Decoder{}, nil
	}
	fmt.Fprintf(stderr, "decoding JPEG with %s\n", l.Name())
	return dataset.Decoder{Name: "libturbojpeg, Go for the rest", New: l.New}, nil
}

func (f *prepareFlags) verify(stdout io.Writer) error {
	data, err := dataset.Open(f.Data, dataset.Options{})
	if err != nil {
		return err
	}
	defer data.Close()
	if err := data.Verify(); err != nil {
		return fault.New(dataset.CodePrepared, "delete the folder and prepare it again", "%v", err)
	}
	_, err = fmt.Fprintln(stdout, data.Describe()+": whole")
	return err
}

// bench measures the input pipeline as training uses it, on one thread and on
// all, for two seconds each.
func (f *prepareFlags) bench(p *cli.Program) error {
	c, err := loadConfig(f.Config, f.Data)
	if err != nil {
		return err
	}
	o := dataset.Options{Workers: f.Workers}
	data, err := dataset.Open(f.Data, o)
	if err != nil {
		return err
	}
	defer data.Close()
	train, _, _ := run.Split(c, data)
	c.Batch = min(c.Batch, max(1, train.Len()))
	all := kernel.Threads()
	defer kernel.SetThreads(all)
	for _, threads := range []int{1, all} {
		kernel.SetThreads(threads)
		rate, n := throughput(p.Context(), train, c, f.Resolution)
		if n == 0 {
			return fault.New("no_images", "", "there are no training images in %s", f.Data)
		}
		line := map[string]any{"threads": threads, "from": data.Side, "resolution": f.Resolution, "images": n, "images_per_second": rate}
		text := fmt.Sprintf("%d thread(s): %.0f images/s from %d px to %d px (%d images)\n", threads, rate, data.Side, f.Resolution, n)
		if err := cli.Show(p.Stdout, f.JSON, line, text); err != nil {
			return err
		}
	}
	return nil
}

// throughput runs epochs for two seconds after a warm-up of one batch.
func throughput(ctx context.Context, train dataset.Subset, c config.Config, resolution int) (rate float64, n int) {
	loader := augment.NewLoader(train, c.Augment, config.Spec, c.Seed, c.Batch, 0)
	defer loader.Close()
	var began time.Time
	for epoch := 0; loader.Steps() > 0; epoch++ {
		for b := range loader.Epoch(ctx, epoch, resolution, 0) {
			if began.IsZero() {
				began = time.Now()
			} else {
				n += b.N
			}
			loader.Recycle(b)
			if n > 0 && time.Since(began) > 2*time.Second {
				return float64(n) / time.Since(began).Seconds(), n
			}
		}
		if ctx.Err() != nil {
			break
		}
	}
	return 0, 0
}

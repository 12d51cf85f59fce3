// Command train trains a supernet, and turns a finished run into a weights
// file:
//
//	train --config nette --data DIR|ARCHIVE|shapes --out runs/a [--resume]
//	train release --data DIR|ARCHIVE|shapes --out runs/a -o weights.safetensors
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/train/config"
	"bignas/train/report"
	"bignas/train/run"
)

func main() { os.Exit(main1(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Train one set of weights whose slices are children of every size (BigNAS, arXiv 2003.11142)."

type flags struct {
	Run     runFlags     `cmd:"" default:"withargs" help:"Train (the default)."`
	Release releaseFlags `cmd:"" help:"Turn a finished run into a weights file."`
}

type dataFlags struct {
	Data string `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes', which the program draws."`
	Out  string `required:"" placeholder:"DIR" help:"Folder of the run: checkpoint, metrics, curves."`
	JSON bool   `name:"json" help:"One JSON object a line on standard output."`
}

type runFlags struct {
	dataFlags
	Config string `placeholder:"FILE" help:"Configuration: a TOML file or one of ${configs} (default: shapes for the drawn set, otherwise nette)."`
	Resume bool   `help:"Continue the run in --out after its last whole epoch."`
	Init   string `placeholder:"FILE" help:"Start from these weights instead of the configuration's: a released file, a checkpoint, or the folder of a run."`
	Epochs int    `placeholder:"N" help:"Another number of epochs than the configuration's."`
}

type releaseFlags struct {
	dataFlags
	Output   string   `short:"o" required:"" placeholder:"FILE" help:"Weights file to write (float16 safetensors)."`
	Children int      `default:"240" help:"Children calibrated to fit the BN statistics of all others (default: 240)."`
	Images   int      `default:"512" help:"Training pictures for each (default: 512)."`
	Check    int      `default:"50" help:"Other children to measure the fit on (default: 50)."`
	Measure  []string `placeholder:"CHILD" help:"Children to measure and state besides min and max; may be repeated."`
	Manifest string   `placeholder:"FILE" help:"Also write the page's manifest: the file's name, its size and what was measured."`
}

func main1(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var f flags
	vars := map[string]string{"configs": strings.Join(config.Names(), ", ")}
	if code, goOn := cli.ParseWith("train", about, &f, vars, args, stdout, stderr); !goOn {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := program{stdout, stderr}
	var err error
	if len(args) > 0 && args[0] == "release" {
		err = p.release(f.Release)
	} else {
		err = p.train(ctx, f.Run)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "train: interrupted; the last whole epoch is in %s, go on with --resume\n", f.Run.Out)
		return 130
	case err != nil:
		return cli.Fail(stderr, "train", err)
	}
	return cli.OK
}

type program struct{ stdout, stderr io.Writer }

// open reads the data and builds the session.
func (p program) open(d dataFlags, c config.Config, resume bool) (*run.Session, error) {
	data, err := run.OpenData(d.Data, c, p.stderr)
	if err != nil {
		return nil, err
	}
	return run.New(c, data, d.Out, resume)
}

func (p program) train(ctx context.Context, f runFlags) error {
	name := f.Config
	if name == "" {
		name = config.For(f.Data)
	}
	c, err := config.Load(name)
	if err != nil {
		return err
	}
	if f.Init != "" {
		c.Init = f.Init
	}
	if f.Epochs != 0 {
		c.Epochs = f.Epochs
		if err := c.Check(); err != nil {
			return err
		}
	}
	s, err := p.open(f.dataFlags, c, f.Resume)
	if err != nil {
		return err
	}
	metrics, err := report.OpenMetrics[run.Row](filepath.Join(f.Out, "metrics.csv"), float64(s.Done()))
	if err != nil {
		return err
	}
	defer metrics.Close()
	fmt.Fprintf(p.stderr, "training %s: %d pictures to train on, %d to validate on, kernels %s, %d threads, from epoch %d of %d\n",
		c.Space, s.Train.Len(), s.Val.Len(), kernel.Active(), kernel.Threads(), s.Done()+1, c.Epochs)
	var bar *report.Progress
	s.Step = func(epoch, step, steps int, rate, loss float64) {
		if bar == nil {
			bar = report.NewProgress(p.stderr, fmt.Sprintf("epoch %d/%d", epoch+1, c.Epochs), steps)
		}
		bar.Set(step, fmt.Sprintf("%.0f images/s, loss %.3f", rate, loss))
	}
	var rowErr error
	s.Epoch = func(r run.Row) {
		if bar != nil {
			bar.Finish()
			bar = nil
		}
		rowErr = errors.Join(rowErr, metrics.Append(r), p.row(r, f.JSON))
	}
	if err := s.Run(ctx); err != nil {
		return err
	}
	if rowErr != nil {
		return rowErr
	}
	return report.Plot(filepath.Join(f.Out, "metrics.csv"), filepath.Join(f.Out, "curves.svg"))
}

// row shows one epoch.
func (p program) row(r run.Row, asJSON bool) error {
	if asJSON {
		return cli.Line(p.stdout, r)
	}
	text := fmt.Sprintf("epoch %d at %d px: loss %.3f biggest, %.3f smallest; training pictures right %.1f %% / %.1f %%; %.0f images/s",
		r.Epoch, r.Resolution, r.LossBiggest, r.LossSmallest, 100*r.TrainBiggest, 100*r.TrainSmallest, r.ImagesPerSecond)
	if r.ValBiggest >= 0 {
		text += fmt.Sprintf("; validation %.1f %% smallest, %.1f %% middle, %.1f %% biggest", 100*r.ValSmallest, 100*r.ValMiddle, 100*r.ValBiggest)
	}
	_, err := fmt.Fprintln(p.stdout, text)
	return err
}

func (p program) release(f releaseFlags) error {
	text, err := run.ConfigOf(f.Out)
	if err != nil {
		return err
	}
	c, err := config.Parse(text, filepath.Join(f.Out, "checkpoint"))
	if err != nil {
		return err
	}
	if f.Children < 50 {
		return fault.New("bad_flag", "take 200 or more", "--children is %d, allowed is 50 or more", f.Children)
	}
	s, err := p.open(f.dataFlags, c, true)
	if err != nil {
		return err
	}
	space := s.Trainer.Weights.Space
	measure := []arch.Arch{space.Min()}
	for _, text := range f.Measure {
		a, err := space.Parse(text)
		if err != nil {
			return err
		}
		measure = append(measure, a)
	}
	measure = append(measure, space.Max())
	bar := report.NewProgress(p.stderr, "children", 0)
	r, err := s.Release(run.ReleaseOptions{Children: f.Children, Images: f.Images, Check: f.Check, Measure: measure, Progress: func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
	}})
	bar.Finish()
	if err != nil {
		return err
	}
	if err := run.WriteFile(f.Output, r.File); err != nil {
		return err
	}
	if f.Manifest != "" {
		if err := writeManifest(f.Manifest, filepath.Base(f.Output), r); err != nil {
			return err
		}
	}
	return p.released(f, r)
}

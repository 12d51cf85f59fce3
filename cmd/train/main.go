// Command train trains a supernet, and turns a finished run into a weights
// file:
//
//	train --config nette --data DIR|ARCHIVE|shapes --out runs/a [--resume]
//	train --config bignas --images 1281167 --classes 1000 --dry-run
//	train prepare --data DIR|ARCHIVE --out DIR [--side 224]
//	train preview --data DIR|ARCHIVE|shapes -o sheet.png
//	train plot --out runs/a
//	train experiments --data DIR|ARCHIVE|shapes --out runs/e --csv experiments.csv
//	train release --data DIR|ARCHIVE|shapes --out runs/a|--weights FILE -o weights.safetensors [--crop 0.875]
//	train calibrate weights.safetensors --data DATA --unknown DATA -o new.safetensors
//	train rewrite weights.safetensors -o new.safetensors
//	train import supernet.pth --space attentivenas -o weights.safetensors
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
	"bignas/core/fault"
	"bignas/train/atomicfile"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/published"
	"bignas/train/report"
	"bignas/train/run"
)

func main() { os.Exit(main1(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Train one set of weights whose slices are children of every size (BigNAS, arXiv 2003.11142)."

type flags struct {
	Run     runFlags     `cmd:"" default:"withargs" help:"Train (the default)."`
	Release releaseFlags `cmd:"" help:"Turn a finished run into a weights file."`
	Rewrite rewriteFlags `cmd:"" help:"Write a weights file anew in the present layout; no value changes."`
	Import  importFlags  `cmd:"" help:"Make a weights file of a published supernet's checkpoint."`
	Prepare prepareFlags `cmd:"" help:"Decode a data set once, into files that are mapped into memory."`
	Preview previewFlags `cmd:"" help:"Draw a sheet of augmented images with their labels."`
	Plot    plotFlags    `cmd:"" help:"Draw the curves of a run as SVG and PNG."`

	Calibrate   calibrateFlags  `cmd:"" help:"Fit what a weights file says of its confidence: temperatures, and which images it does not know."`
	Experiments experimentFlags `cmd:"" help:"The paper's experiments: inherited weights against trained alone and fine-tuned, and the ablations."`
}

type runFlags struct {
	Data    string `placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes', which the program draws."`
	Names   string `name:"class-names" placeholder:"FILE" help:"Names of the classes for people: a class, a tab and its name on each line."`
	Skip    bool   `name:"skip-empty" help:"Leave out classes whose folder has no image that can be read, rather than refusing to train."`
	Out     string `placeholder:"DIR" writes:"" help:"Folder of the run: checkpoints, metrics, curves."`
	JSON    bool   `name:"json" help:"One JSON object a line on standard output."`
	Config  string `placeholder:"FILE" help:"Configuration: a TOML file or one of ${configs} (default: shapes for the drawn set, otherwise nette)."`
	Resume  bool   `help:"Continue the run in --out after its last whole epoch."`
	Init    string `placeholder:"FILE" help:"Start from these weights instead of the configuration's: a released file, a checkpoint, or the folder of a run."`
	Epochs  *int   `placeholder:"N" help:"Another number of epochs than the configuration's."`
	DryRun  bool   `help:"Only print the plan: steps, learning rates, memory, time per step as measured here, and the time that follows."`
	Images  int    `placeholder:"N" help:"With --dry-run: plan for so many images instead of reading --data."`
	Classes int    `default:"1000" help:"With --images: of so many classes (default: 1000)."`
}

type releaseFlags struct {
	Data     string   `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes', which the program draws."`
	Names    string   `name:"class-names" placeholder:"FILE" help:"Names of the classes for people, as for training."`
	Out      string   `xor:"source" required:"" placeholder:"DIR" help:"Folder of the run."`
	Weights  string   `xor:"source" required:"" placeholder:"FILE" help:"A released file instead of a run, to be released anew: with another crop, or statistics fitted again."`
	JSON     bool     `name:"json" help:"One JSON object a line on standard output."`
	Crop     float64  `default:"1" placeholder:"SHARE" help:"Share of an image's short side that children see, stored in the file (default: 1)."`
	Output   string   `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write (float16 safetensors)."`
	Children int      `default:"1280" help:"Children calibrated to fit the BN statistics of all others (default: 1280)."`
	Images   int      `default:"256" help:"Training images for each, others for every child (default: 256)."`
	Check    int      `default:"50" help:"Other children to measure the fit on (default: 50)."`
	Against  int      `name:"check-images" default:"4096" help:"Training images that each of those is calibrated on (default: 4096)."`
	Measure  []string `placeholder:"CHILD" help:"Children to measure and state besides min and max: names of --family or texts; may be repeated."`
	Family   string   `placeholder:"FILE" help:"Weights file whose named children (search family) the new file names too; all of them are measured."`
	From     string   `enum:"last,best" default:"last" help:"Checkpoint: the last, or the best by mean validation top-1 of smallest, middle and biggest. What is then measured on the same images was selected on them (default: last)."`
	Manifest string   `placeholder:"FILE" writes:"" help:"Also write the page's manifest: the file's name, its size and what was measured."`
}

func main1(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var f flags
	vars := map[string]string{"configs": strings.Join(config.Names(), ", "), "imported": strings.Join(published.Spaces(), ", ")}
	if code, goOn := cli.ParseWith("train", about, &f, vars, args, stdout, stderr); !goOn {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := program{stdout, stderr}
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	var err error
	switch command {
	case "release":
		err = p.release(ctx, f.Release)
	case "rewrite":
		err = p.rewrite(f.Rewrite)
	case "calibrate":
		err = p.calibrate(ctx, f.Calibrate)
	case "import":
		err = p.imports(f.Import)
	case "prepare":
		err = p.prepare(ctx, f.Prepare)
	case "preview":
		err = p.preview(ctx, f.Preview)
	case "plot":
		err = p.plot(f.Plot)
	case "experiments":
		err = p.experiments(ctx, f.Experiments)
	default:
		if missing := f.Run.missing(); missing != "" {
			return cli.FailUsage(stderr, "train", fmt.Errorf("missing flags: %s", missing))
		}
		if err := cli.CheckClasses(f.Run.Classes); err != nil {
			return cli.FailUsage(stderr, "train", err)
		}
		err = p.train(ctx, f.Run)
	}
	switch {
	case errors.Is(err, context.Canceled) && command == "experiments":
		fmt.Fprintln(stderr, "train: interrupted; the same command goes on")
		return 130
	case errors.Is(err, context.Canceled) && f.Run.Out == "":
		fmt.Fprintln(stderr, "train: interrupted")
		return 130
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "train: interrupted; the last whole epoch is in %s, go on with --resume\n", f.Run.Out)
		return 130
	case err != nil:
		return cli.Fail(stderr, "train", err)
	}
	return cli.OK
}

// missing names the flags that training or planning needs and that were not given.
func (f runFlags) missing() string {
	switch {
	case f.DryRun && f.Data == "" && f.Images == 0:
		return "--data=DATA or --images=N"
	case f.DryRun:
		return ""
	case f.Data == "":
		return "--data=DATA"
	case f.Out == "":
		return "--out=DIR"
	}
	return ""
}

type program struct{ stdout, stderr io.Writer }

// ended opens what is to be released.
func (p program) ended(f releaseFlags) (*run.Session, error) {
	open := func(c config.Config, known dataset.Names) (*dataset.Dataset, error) {
		return run.OpenDataFor(f.Data, c, known, false, p.stderr, run.Named(f.Names))
	}
	if f.Weights != "" {
		return run.Released(f.Weights, open)
	}
	return run.Open(f.Out, open)
}

// outputs refuses to write over the run's own weights.
func (f releaseFlags) outputs() error {
	var inputs []cli.File
	if f.Out != "" {
		for _, path := range run.CheckpointFiles(f.Out) {
			inputs = append(inputs, cli.File{Flag: "--out", Path: path})
		}
	}
	return cli.Outputs([]cli.File{{Flag: "--output", Path: f.Output}, {Flag: "--manifest", Path: f.Manifest}}, inputs)
}

func (p program) release(ctx context.Context, f releaseFlags) error {
	if f.Children < 50 {
		return fault.New("bad_flag", "take 200 or more", "--children is %d, allowed is 50 or more", f.Children)
	}
	if !(f.Crop > 0 && f.Crop <= 1) {
		return fault.New("bad_flag", "0.875 is usual", "--crop is %v, allowed is above 0 to 1", f.Crop)
	}
	if f.Weights != "" && f.From == "best" {
		return fault.New("bad_flag", "leave --from out", "--from best is a checkpoint of a run, and --weights names a file")
	}
	if err := f.outputs(); err != nil {
		return err
	}
	if err := atomicfile.CanWrite(f.Output, f.Manifest); err != nil {
		return err
	}
	s, err := p.ended(f)
	if err != nil {
		return err
	}
	if f.From == "best" {
		epoch, err := s.UseBest()
		if err != nil {
			return err
		}
		fmt.Fprintf(p.stderr, "the best checkpoint is that after epoch %d\n", epoch)
	}
	family, measure, err := f.measured(s.Trainer.Weights.Space, p.stderr)
	if err != nil {
		return err
	}
	bar := report.NewProgress(p.stderr, "children", 0)
	r, err := s.Release(ctx, run.ReleaseOptions{Crop: f.Crop, Children: f.Children, Images: f.Images, Check: f.Check, CheckImages: f.Against, Measure: measure, Family: family, Progress: func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
	}})
	bar.Finish()
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.Output, r.File); err != nil {
		return err
	}
	if f.Manifest != "" {
		m := run.Manifest{Weights: filepath.Base(f.Output), Bytes: len(r.File)}
		m.State(r.Children...)
		if err := m.Write(f.Manifest); err != nil {
			return err
		}
	}
	return p.released(f, r)
}

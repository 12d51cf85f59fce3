// Command search finds the best child for a budget, and makes what it needs to
// do so in a second:
//
//	search --max-macs 50M [--predictor F] [--data D] [--out pareto.json] [--plot front.svg]
//	search measure --data D --children 400 --out children.csv
//	search fit --children children.csv --out predictor.json
//	search compare --max-macs 25M,50M,100M,150M --out compare.csv
//	search family --pareto pareto.json --member S=25M,M=50M [--data D]
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/core/search"
	"bignas/train/config"
	"bignas/train/measure"
	"bignas/train/run"
)

func main() { os.Exit(main1(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Find the most accurate child within a budget, as it is sliced. Accuracy is predicted, measured, or proposed by the one and checked by the other; the validation images have no part in it."

type flags struct {
	Run     runFlags     `cmd:"" default:"withargs" help:"Search (the default)."`
	Measure measureFlags `cmd:"" help:"Measure random children, to fit a predictor on; continues a file that exists."`
	Fit     fitFlags     `cmd:"" help:"Fit a predictor to measured children and test it on others."`
	Compare compareFlags `cmd:"" help:"Compare the methods at equal evaluations."`
	Family  familyFlags  `cmd:"" help:"Name children that a search found (S, M, L, XL) in the weights file: every --arch then takes the names."`
}

// weightsFlag names the supernet.
type weightsFlag struct {
	Weights string `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
}

// dataFlags say what children are measured on.
type dataFlags struct {
	Fraction float64 `placeholder:"SHARE" help:"Share of the training images to choose on, cut off by the hash of their names (default: what training left out, search_fraction of its configuration, or 0.1)."`
	Names    string  `name:"class-names" placeholder:"FILE" help:"Names of the classes, by which those of the weights are found: a class, a tab and its name on each line."`
	Limit    int     `placeholder:"N" help:"At most N of those images."`
	Images   int     `placeholder:"N" help:"Training images for the BN statistics of each child (default: as in training)."`
}

// program is one call of the command.
type program struct {
	ctx            context.Context
	stdout, stderr io.Writer
	json           bool
}

func main1(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var f flags
	vars := map[string]string{"methods": strings.Join(search.Methods, ","), "spaces": strings.Join(arch.Spaces(), ", ")}
	if code, goOn := cli.ParseWith("search", about, &f, vars, args, stdout, stderr); !goOn {
		return code
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := program{ctx: ctx, stdout: stdout, stderr: stderr}
	var err error
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	goOn := "run the same command again to go on"
	switch verb {
	case "measure":
		err = p.measure(f.Measure)
	case "fit":
		p.json = f.Fit.JSON
		err = p.fit(f.Fit)
	case "compare":
		err = p.compare(f.Compare)
	case "family":
		p.json = f.Family.JSON
		err = p.family(f.Family)
	default:
		p.json = f.Run.JSON
		goOn = "go on with --resume"
		err = p.search(f.Run)
	}
	switch {
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(stderr, "search: interrupted; %s\n", goOn)
		return 130
	case err != nil:
		return cli.Fail(stderr, "search", err)
	}
	return cli.OK
}

// engine opens the weights file.
func (p program) engine(f weightsFlag) (*classify.Engine, error) {
	return cli.OpenWeights(f.Weights, p.stderr)
}

// bench opens the data to measure children on.
func (p program) bench(e *classify.Engine, weights, data string, f dataFlags) (*measure.Bench, error) {
	c, err := config.Parse(e.Info().Metadata["training"], "the training configuration of the weights")
	if err != nil {
		return nil, err
	}
	known, err := run.Classes(e, weights)
	if err != nil {
		return nil, err
	}
	set, err := run.OpenDataFor(data, c, known, false, p.stderr, run.Named(f.Names))
	if err != nil {
		return nil, err
	}
	b, err := measure.New(e, set, c, measure.Options{Fraction: f.Fraction, Limit: f.Limit, Images: f.Images})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(p.stderr, "measuring on %d training images, BN statistics from %d others\n", b.Search.Len(), b.Source().Images)
	return b, nil
}

// predictor reads a predictor for the weights.
func predictor(e *classify.Engine, path string) (*predict.Predictor, error) {
	data, err := cli.ReadFile(path, nil)
	if err != nil {
		return nil, err
	}
	pr, err := predict.Read(data, e.Info().Digest)
	if err != nil {
		f := fault.Of(err)
		return nil, fault.New(f.Code, f.Hint, "%s: %s", path, f.Message)
	}
	if pr.Space != e.Info().Space || pr.Source.Classes != len(e.Info().Labels) {
		return nil, fault.New(predict.CodeFile, "fit it again", "%s is of the space %s with %d classes, the weights are not", path, pr.Space.Name, pr.Source.Classes)
	}
	return pr, nil
}

// judge lets a search ask for predicted accuracies.
func judge(pr *predict.Predictor) search.Judge {
	f := pr.Function()
	return search.Judge{Kind: search.Predicted, Error: pr.Unseen.MeanError, Of: func(a arch.Arch, c search.Costs) (float64, error) {
		return f(a, c.MACs, c.Params), nil
	}}
}

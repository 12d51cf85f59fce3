// Command search finds the best child for a budget, and fits the predictor with which that takes a second:
//
//	search --max-macs 50M [--predictor F] [--data D] [--out pareto.json] [--plot front.svg]
//	search measure --data D --children 400 --out children.csv
//	search fit --children children.csv --out predictor.json
//	search compare --max-macs 25M,50M,100M,150M --out compare.csv
//	search family --pareto pareto.json --member S=25M,M=50M [--data D]
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/cmd/internal/source"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/core/search"
	"bignas/train/measure"
)

func main() { os.Exit(command(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const about = "Find the most accurate child within a budget, as it is sliced. Accuracy is predicted, measured, or proposed by the one and checked by the other; the validation images have no part in it."

type flags struct {
	Run     runFlags     `cmd:"" default:"withargs" help:"Search (the default)."`
	Measure measureFlags `cmd:"" help:"Measure random children to fit a predictor on; continues an existing file."`
	Fit     fitFlags     `cmd:"" help:"Fit a predictor to measured children and test it on others."`
	Compare compareFlags `cmd:"" help:"Compare the methods at equal numbers of evaluations."`
	Family  familyFlags  `cmd:"" help:"Name children that a search has found (S, M, L, XL) in the weights file, for --arch."`
}

// weightsFlag is the flag for the weights.
type weightsFlag struct {
	Weights string `default:"${weights}" placeholder:"FILE" help:"Weights file (default: ${weights})."`
}

// dataFlags are the flags for the images to measure on.
type dataFlags struct {
	Fraction float64 `placeholder:"SHARE" help:"Share of the training images to choose on, held out by the hash of their names (default: those that training held out, search_fraction of its configuration, or 0.1)."`
	Names    string  `name:"class-names" placeholder:"FILE" help:"Names of the classes, to match them with those of the weights: a class, a tab and its name on each line."`
	Limit    int     `placeholder:"N" help:"At most N of those images."`
	Images   int     `placeholder:"N" help:"Training images for the BN statistics of each child (default: as in training)."`
}

func command(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	vars := map[string]string{"methods": strings.Join(search.Methods, ",")}
	p := &cli.Program{Name: "search", Stdin: stdin, Stdout: stdout, Stderr: stderr, Resume: "run the same command again to go on"}
	return cli.Main(p, about, &flags{}, vars, args)
}

// open opens the weights file.
func (f weightsFlag) open(p *cli.Program) (*classify.Engine, error) {
	return cli.OpenWeights(f.Weights, p.Stderr)
}

// bench opens the data to measure children on.
func (f dataFlags) bench(p *cli.Program, e *classify.Engine, weights, data string) (*measure.Bench, error) {
	images, err := source.Open(e, weights, data, f.Names, false, p.Stderr)
	if err != nil {
		return nil, err
	}
	b, err := measure.New(e, images.Dataset, images.Config, measure.Options{Fraction: f.Fraction, Limit: f.Limit, Images: f.Images})
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(p.Stderr, "measuring on %d training images, BN statistics from %d others\n", b.Search.Len(), b.Source().Images)
	return b, nil
}

// predictor reads a predictor of the weights of e.
func predictor(e *classify.Engine, path string) (*predict.Predictor, error) {
	data, err := cli.ReadFile(path, nil)
	if err != nil {
		return nil, err
	}
	pr, err := predict.Read(data, e.Info().Digest)
	if err != nil {
		return nil, fault.In(path, err)
	}
	if pr.Space != e.Info().Space || pr.Source.Classes != len(e.Info().Labels) {
		return nil, fault.New(predict.CodeFile, "fit it again", "%s is of the space %s with %d classes, the weights are not", path, pr.Space.Name, pr.Source.Classes)
	}
	return pr, nil
}

// judge predicts accuracies for a search.
func judge(pr *predict.Predictor) search.Judge {
	f := pr.Function()
	return search.Judge{Kind: search.Predicted, Error: pr.Unseen.MeanError, Of: func(a arch.Arch, c search.Costs) (float64, error) {
		return f(a, c.MACs, c.Params), nil
	}}
}

package main

import (
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/search"
	"bignas/core/search/landscape"
	"bignas/train/atomicfile"
	"bignas/train/report"
)

type compareFlags struct {
	weightsFlag
	dataFlags
	MaxMACs     []string `name:"max-macs" required:"" placeholder:"25M,50M" help:"Budgets of multiply-accumulates to compare at."`
	Predictor   string   `placeholder:"FILE" help:"Predictor of search fit."`
	Landscape   *uint64  `placeholder:"SEED" help:"Compare on made-up accuracies instead of a predictor, without weights."`
	Space       string   `default:"nette" placeholder:"NAME" help:"Space of the made-up accuracy: ${spaces} (default: nette)."`
	Data        string   `placeholder:"DATA" help:"Measure all children on these images, which takes long."`
	Seeds       int      `default:"3" help:"Seeds for each method and budget (default: 3)."`
	Evaluations int      `default:"300" help:"Children that each search may judge (default: 300)."`
	Out         string   `required:"" placeholder:"FILE" writes:"" help:"Table to write (CSV)."`
	Plot        string   `placeholder:"FILE" writes:"" help:"Image of the table: .svg or .png."`
}

// Run runs every method at every budget.
func (f *compareFlags) Run(p *cli.Program) error {
	if f.Seeds < 1 {
		return fault.New("bad_flag", "", "--seeds is %d, allowed is 1 or more", f.Seeds)
	}
	if err := canPlot(f.Plot); err != nil {
		return err
	}
	if err := atomicfile.CanWrite(f.Out, f.Plot); err != nil {
		return err
	}
	var budgets []search.Limits
	for _, text := range f.MaxMACs {
		v, err := search.ParseAmount(search.MACs, text)
		if err != nil {
			return err
		}
		budgets = append(budgets, search.Limits{search.MACs: v})
	}
	problem, err := f.problem(p)
	if err != nil {
		return err
	}
	bar := report.NewProgress(p.Stderr, "searches", 0)
	trials, err := search.Compare(p.Context(), *problem, budgets, f.Seeds, f.Evaluations, func(done, total int) {
		bar.Total(total)
		bar.Set(done, "")
	})
	bar.Finish()
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.Out, []byte(trials.CSV())); err != nil {
		return err
	}
	if f.Plot != "" {
		if err := plotTrials(f.Plot, trials); err != nil {
			return err
		}
	}
	for i := 0; i < len(trials); i += len(search.Methods) * f.Seeds {
		fmt.Fprintf(p.Stdout, "%s:", trials[i].Limits)
		for _, m := range search.Methods {
			fmt.Fprintf(p.Stdout, " %s %.2f %%", m, 100*trials.Mean(trials[i], m))
		}
		fmt.Fprintf(p.Stdout, " (%s, mean of %d seeds)\n", trials[i].Best.Kind, f.Seeds)
	}
	return nil
}

// problem returns the problem without limits.
func (f *compareFlags) problem(p *cli.Program) (*search.Problem, error) {
	if f.Landscape != nil {
		space, err := arch.Lookup(f.Space)
		if err != nil {
			return nil, fault.New("bad_space", "choose one of them with --space", "%v", err)
		}
		l := landscape.New(space, *f.Landscape)
		return &search.Problem{Space: space, Classes: 10, Digest: "made-up", Judge: search.Judge{Kind: search.MadeUp,
			Of: func(a arch.Arch, _ search.Costs) (float64, error) { return l.Accuracy(a), nil }}}, nil
	}
	e, err := f.open(p)
	if err != nil {
		return nil, err
	}
	problem := &search.Problem{Space: e.Info().Space, Classes: len(e.Info().Labels), Digest: e.Info().Digest}
	run := runFlags{weightsFlag: f.weightsFlag, dataFlags: f.dataFlags, Predictor: f.Predictor, Data: f.Data, Out: f.Out, Plot: f.Plot}
	check, err := run.judges(p, e, problem)
	if err != nil {
		return nil, err
	}
	if check != nil && f.Predictor == "" { // --data, where there is also a predictor beside the weights
		problem.Judge = *check
	}
	return problem, nil
}

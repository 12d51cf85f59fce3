package main

import (
	"encoding/json"
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/train/atomicfile"
	"bignas/train/measure"
	"bignas/train/report"
)

type measureFlags struct {
	weightsFlag
	dataFlags
	Data     string `required:"" placeholder:"DATA" help:"Folder of class folders, a tar, tgz or zip of one, or 'shapes'."`
	Children int    `default:"400" placeholder:"N" help:"Children in the table, the smallest and the biggest first (default: 400)."`
	Seed     uint64 `default:"1" help:"Seed of the random children (default: 1)."`
	Out      string `required:"" placeholder:"FILE" writes:"" help:"Table to write or to continue (CSV)."`
}

// Run fills a table of measured children.
func (f *measureFlags) Run(p *cli.Program) error {
	if f.Children < 1 {
		return fault.New("bad_flag", "", "--children is %d, allowed is 1 or more", f.Children)
	}
	if err := atomicfile.CanWrite(f.Out); err != nil {
		return err
	}
	e, err := f.open(p)
	if err != nil {
		return err
	}
	b, err := f.bench(p, e, f.Weights, f.Data)
	if err != nil {
		return err
	}
	table, err := measure.OpenTable(f.Out, measure.Head{Space: e.Info().Space, Seed: f.Seed, Source: b.Source()})
	if err != nil {
		return err
	}
	defer table.Close()
	if table.Done > 0 {
		fmt.Fprintf(p.Stderr, "%s holds %d children already\n", f.Out, table.Done)
	}
	bar := report.NewProgress(p.Stderr, "children", f.Children)
	defer bar.Finish()
	for table.Done < f.Children {
		if err := p.Context().Err(); err != nil {
			return err
		}
		acc, err := b.Accuracy(table.Head.Child(table.Done))
		if err != nil {
			return err
		}
		if err := table.Append(acc.Top1); err != nil {
			return err
		}
		bar.Set(table.Done, fmt.Sprintf("(last %.2f %%)", 100*acc.Top1))
	}
	return table.Close()
}

type fitFlags struct {
	Children string `required:"" placeholder:"FILE" help:"Table of search measure."`
	Unseen   int    `default:"100" placeholder:"N" help:"The number of children at the end of the table to test on (default: 100)."`
	Out      string `required:"" placeholder:"FILE" writes:"" help:"Predictor to write (JSON)."`
	JSON     bool   `name:"json" help:"One JSON object on one line."`
}

// Run fits a predictor to a table.
func (f *fitFlags) Run(p *cli.Program) error {
	data, err := cli.ReadFile(f.Children, nil)
	if err != nil {
		return err
	}
	h, samples, _, err := measure.ReadTable(data)
	if err != nil {
		return err
	}
	pr, err := predict.Fit(h.Space, h.Source, samples, f.Unseen)
	if err != nil {
		return err
	}
	text, err := json.Marshal(pr)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.Out, append(text, '\n')); err != nil {
		return err
	}
	if f.JSON {
		return cli.Line(p.Stdout, map[string]any{"file": f.Out, "fitted": len(pr.Fitted), "unseen": pr.Unseen, "crossValidated": pr.CrossValidated})
	}
	_, err = fmt.Fprintf(p.Stdout, "%s\nmeasured on %d images each; cross-validated on the fitted ones: rank correlation %.3f, mean error %.2f points\nwrote %s, %d bytes\n",
		pr, h.Source.N, pr.CrossValidated.Spearman, 100*pr.CrossValidated.MeanError, f.Out, len(text)+1)
	return err
}

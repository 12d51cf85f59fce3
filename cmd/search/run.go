package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/search"
	"bignas/train/atomicfile"
	"bignas/train/measure"
	"bignas/train/report"
)

type runFlags struct {
	weightsFlag
	dataFlags
	MaxMACs     string `name:"max-macs" placeholder:"50M" help:"Largest number of multiply-accumulates."`
	MaxParams   string `name:"max-params" placeholder:"1.5M" help:"Largest number of parameters."`
	MaxBytes    string `name:"max-bytes" placeholder:"2MB" help:"Largest number of bytes of weights, in half precision."`
	MaxMemory   string `name:"max-memory" placeholder:"3MB" help:"Largest number of bytes of float32 activations in memory at once."`
	MaxLatency  string `name:"max-latency" placeholder:"5ms" help:"Largest latency of one image, as predicted from --latency-table."`
	Table       string `name:"latency-table" placeholder:"FILE" help:"Table of bench latency-table, measured on the machine that children are for."`
	Predictor   string `placeholder:"FILE" help:"Predictor of search fit (default: the .predictor.json beside the weights, where there is one)."`
	Data        string `placeholder:"DATA" help:"Measure on these images the children that the predictor proposes or, without one, all."`
	Measure     int    `default:"8" placeholder:"N" help:"Proposed children to measure (default: 8)."`
	Method      string `enum:"${methods}" default:"coarse-to-fine" help:"Method: ${methods} (default: coarse-to-fine)."`
	Seed        uint64 `default:"1" help:"Seed (default: 1)."`
	Evaluations int    `placeholder:"N" help:"Children to judge (default: 2000 predicted, 200 measured)."`
	Out         string `placeholder:"FILE" writes:"" help:"Pareto file to write; the state of an interrupted search is in FILE.state."`
	Plot        string `placeholder:"FILE" writes:"" help:"Image of the front: .svg or .png."`
	Resume      bool   `help:"Resume the search in the file beside --out."`
	JSON        bool   `name:"json" help:"A JSON object on each line: the front, then the pick."`
}

// limits parses the budgets.
func (f *runFlags) limits() (search.Limits, error) {
	l := search.Limits{}
	for _, b := range []struct {
		m          search.Metric
		flag, text string
	}{{search.MACs, "--max-macs", f.MaxMACs}, {search.Params, "--max-params", f.MaxParams}, {search.Bytes, "--max-bytes", f.MaxBytes}, {search.Memory, "--max-memory", f.MaxMemory}, {search.Latency, "--max-latency", f.MaxLatency}} {
		if b.text == "" {
			continue
		}
		v, err := search.ParseAmount(b.m, b.text)
		if err != nil {
			return nil, fault.In(b.flag, err)
		}
		l[b.m] = v
	}
	return l, nil
}

// Run searches.
func (f *runFlags) Run(p *cli.Program) error {
	p.Resume = "go on with --resume"
	if f.Resume && f.Out == "" {
		return fault.New("bad_flag", "name the file of the interrupted search", "--resume needs --out")
	}
	if f.MaxLatency != "" && f.Table == "" {
		return fault.New("bad_flag", "measure one with go run ./cmd/bench latency-table --out table.json", "--max-latency needs a --latency-table of the machine that children are for")
	}
	limits, err := f.limits()
	if err != nil {
		return err
	}
	if err := canPlot(f.Plot); err != nil {
		return err
	}
	if err := atomicfile.CanWrite(f.Out, f.Plot); err != nil {
		return err
	}
	e, err := f.open(p)
	if err != nil {
		return err
	}
	info := e.Info()
	problem := search.Problem{Space: info.Space, Classes: len(info.Labels), Digest: info.Digest, Limits: limits}
	if problem.Latency, err = latencyOf(p, info, f.Table); err != nil {
		return err
	}
	// Budgets are checked before anything else is read, which takes a while.
	if _, err := search.New(problem, search.Options{Method: f.Method, Evaluations: 1}); err != nil {
		return err
	}
	check, err := f.judges(p, e, &problem)
	if err != nil {
		return err
	}
	if f.Evaluations == 0 {
		f.Evaluations = 2000
		if problem.Judge.Kind == search.Measured {
			f.Evaluations = 200
		}
	}
	s, err := f.start(p, problem)
	if err != nil {
		return err
	}
	if err := f.steps(p, s, problem.Judge.Kind == search.Measured); err != nil {
		return err
	}
	result, err := f.result(p, e, problem, s, check)
	if err != nil {
		return err
	}
	return f.write(p, s, result)
}

// latencyOf reads a latency table. It returns nil where path is empty.
func latencyOf(p *cli.Program, info classify.Info, path string) (func(arch.Arch) float64, error) {
	if path == "" {
		return nil, nil
	}
	data, err := cli.ReadFile(path, nil)
	if err != nil {
		return nil, err
	}
	table, err := measure.ReadLatency(data, info.Space, len(info.Labels))
	if err != nil {
		return nil, fault.In(path, err)
	}
	fmt.Fprintf(p.Stderr, "latency table %s: %s; %.1f %% off in the mean on %d unseen children\n", path, table.Device, 100*table.Error, len(table.Unseen))
	return table.Model.Child, nil
}

// judges sets the judge of the problem, and returns the one that checks the proposals, or nil.
func (f *runFlags) judges(p *cli.Program, e *classify.Engine, problem *search.Problem) (check *search.Judge, err error) {
	path := f.Predictor
	if beside := strings.TrimSuffix(f.Weights, ".safetensors") + ".predictor.json"; path == "" {
		if _, err := os.Stat(beside); err == nil {
			path = beside
		}
	}
	written := []cli.File{{Flag: "--out", Path: f.Out}, {Flag: "--plot", Path: f.Plot}}
	if f.Out != "" {
		written = append(written, cli.File{Flag: "what is kept of --out", Path: f.Out + ".state"})
	}
	read := []cli.File{{Flag: "the predictor", Path: path}, {Flag: "--weights", Path: f.Weights}, {Flag: "--latency-table", Path: f.Table}}
	if err := cli.Outputs(written, read); err != nil {
		return nil, err
	}
	if path == "" && f.Data == "" {
		return nil, fault.New("no_accuracy", "make a predictor with search measure and search fit, or give --data to measure every child", "nothing says how accurate a child is: there is no predictor beside %s", f.Weights)
	}
	if path != "" {
		pr, err := predictor(e, path)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(p.Stderr, "predictor %s: %s\n", path, pr)
		problem.Judge = judge(pr)
	}
	if f.Data == "" {
		return nil, nil
	}
	b, err := f.bench(p, e, f.Weights, f.Data)
	if err != nil {
		return nil, err
	}
	measured := b.Judge()
	if path == "" {
		problem.Judge = measured
		return nil, nil
	}
	return &measured, nil
}

// start returns a new search or the stored one.
func (f *runFlags) start(p *cli.Program, problem search.Problem) (*search.Search, error) {
	o := search.Options{Method: f.Method, Seed: f.Seed, Evaluations: f.Evaluations}
	if !f.Resume {
		return search.New(problem, o)
	}
	data, err := cli.ReadFile(f.Out+".state", nil)
	if err != nil {
		return nil, err
	}
	s, err := search.Resume(problem, o, data)
	if err != nil {
		return nil, fault.In(f.Out+".state", err)
	}
	fmt.Fprintf(p.Stderr, "continuing after %d evaluations\n", len(s.Points()))
	return s, nil
}

// steps runs the search. Measured children are stored at once, predicted ones when the search is interrupted.
func (f *runFlags) steps(p *cli.Program, s *search.Search, measured bool) error {
	keep := func() error {
		if f.Out == "" {
			return nil
		}
		return atomicfile.Write(f.Out+".state", s.State())
	}
	bar := report.NewProgress(p.Stderr, "children", f.Evaluations)
	err := s.Run(p.Context(), func(pr search.Progress) error {
		bar.Set(pr.Done, fmt.Sprintf("(%s, best %.2f %%)", pr.Phase, 100*pr.Best.Accuracy))
		if measured {
			return keep()
		}
		return nil
	})
	bar.Finish()
	if err != nil && p.Context().Err() != nil {
		if e := keep(); e != nil {
			return e
		}
	}
	return err
}

// result returns the front of the search or, where there is a check, its most accurate members as checked. The smallest,
// the biggest and the named children are judged in the same way.
func (f *runFlags) result(p *cli.Program, e *classify.Engine, problem search.Problem, s *search.Search, check *search.Judge) (*search.Pareto, error) {
	out := s.Pareto()
	if check != nil {
		problem.Judge = *check
	}
	info := e.Info()
	marks := map[string]arch.Arch{"smallest": info.Space.Min(), "biggest": info.Space.Max()}
	names := []string{"smallest", "biggest"}
	for name := range info.Family {
		a, err := e.Parse(name)
		if err != nil {
			return nil, err
		}
		marks[name] = a
		names = append(names, name)
	}
	slices.Sort(names[2:])
	var proposed []search.Point
	if check != nil {
		proposed = proposals(out, max(1, f.Measure))
	}
	bar := report.NewProgress(p.Stderr, "checking", len(proposed)+len(names))
	defer bar.Finish()
	if check != nil {
		front := search.NewFront(out.Against...)
		for i, q := range proposed {
			pt, err := point(p, problem, q.Arch)
			if err != nil {
				return nil, err
			}
			front.Insert(pt)
			bar.Set(i+1, "")
		}
		out.Proposed, out.Front, out.Kind = out.Front, front.Points(), search.Measured
		best, _ := front.Best(out.Limits)
		out.Pick = slices.IndexFunc(out.Front, func(q search.Point) bool { return q.Arch.Equal(best.Arch) })
	}
	for i, name := range names {
		pt, err := point(p, problem, marks[name])
		if err != nil {
			return nil, err
		}
		out.Marks = append(out.Marks, search.Mark{Name: name, Point: pt})
		bar.Set(len(proposed)+i+1, "")
	}
	return out, nil
}

// proposals returns the n most accurate members of the front that differ by more than 2 % in its first cost. Children that
// differ less are nearly the same.
func proposals(r *search.Pareto, n int) []search.Point {
	front := slices.Clone(r.Front)
	slices.SortStableFunc(front, func(a, b search.Point) int { return cmp.Compare(b.Accuracy, a.Accuracy) })
	var out []search.Point
	for _, q := range front {
		c := q.Costs.Of(r.Against[0])
		near := func(o search.Point) bool { return math.Abs(o.Costs.Of(r.Against[0])-c) < 0.02*c }
		if len(out) < n && !slices.ContainsFunc(out, near) {
			out = append(out, q)
		}
	}
	return out
}

// point judges one child, unless the user has interrupted the program.
func point(p *cli.Program, problem search.Problem, a arch.Arch) (search.Point, error) {
	if err := p.Context().Err(); err != nil {
		return search.Point{}, err
	}
	return problem.Point(a)
}

// write writes and shows the result.
func (f *runFlags) write(p *cli.Program, s *search.Search, result *search.Pareto) error {
	if f.Out != "" {
		text, err := json.MarshalIndent(result, "", " ")
		if err != nil {
			return err
		}
		if err := atomicfile.Write(f.Out, append(text, '\n')); err != nil {
			return err
		}
		_ = os.Remove(f.Out + ".state") // only there after an interruption
	}
	if f.Plot != "" {
		if err := plotFront(f.Plot, result, s.Points()); err != nil {
			return err
		}
	}
	return f.show(p.Stdout, result)
}

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/kernel"
)

type operatorFlags struct {
	outputFlags
	familyFlags
	Threads  int           `default:"1" placeholder:"N" help:"Threads (default: 1)."`
	Batch    int           `default:"1" placeholder:"N" help:"Images at a time (default: 1)."`
	Training bool          `help:"Time the operators of a training step instead of those of inference."`
	Rounds   int           `default:"5" placeholder:"N" help:"Turns of each side (default: 5)."`
	Turn     time.Duration `default:"10ms" placeholder:"TIME" help:"Length of a turn (default: 10ms)."`
}

// operatorLine is what --json prints for an operator at one shape.
type operatorLine struct {
	Bench   string  `json:"bench"` // "operator"
	Kind    string  `json:"kind"`
	Shape   string  `json:"shape"`
	Kernels string  `json:"kernels"`
	Threads int     `json:"threads"`
	Count   int     `json:"count"` // in the child
	MS      spread  `json:"ms"`
	GFLOPS  float64 `json:"gflops,omitempty"`
	GBS     float64 `json:"gbs"`
	// Limit is the bound: "arithmetic" or "memory".
	Limit string `json:"limit"`
	// OfCeiling is the least possible time over the measured time.
	OfCeiling spread `json:"ofCeiling"`
}

// kindLine is what --json prints for all operators of a kind together.
type kindLine struct {
	Bench string  `json:"bench"` // "kind"
	Arch  string  `json:"arch"`
	Kind  string  `json:"kind"`
	MS    float64 `json:"ms"`    // of all of them in one pass
	Share float64 `json:"share"` // of the sum of all kinds
	// Rates of all of them together, and the sum of the least possible times over the measured time.
	GFLOPS    float64 `json:"gflops,omitempty"`
	GBS       float64 `json:"gbs"`
	OfCeiling float64 `json:"meanOfCeiling"`
}

func (f *operatorFlags) Run(p *cli.Program) error {
	turns := rounds{Rounds: f.Rounds, Turn: f.Turn}
	if err := turns.check(); err != nil {
		return err
	}
	if err := checkThreads([]int{f.Threads}); err != nil {
		return err
	}
	if f.Batch < 1 || f.Batch > 256 {
		return fault.New("bad_flag", "take 1 for inference, 32 for training", "--batch is %d, allowed is 1 to 256", f.Batch)
	}
	warnIfBusy(p.Stderr)
	fam, archs, err := f.open()
	if err != nil {
		return err
	}
	kernel.SetThreads(f.Threads)
	defer kernel.SetThreads(0)
	for _, a := range archs {
		list := inference(a, f.Batch, fam.weights.Classes)
		if f.Training {
			list = training(a, f.Batch)
		}
		lines, err := measureOperators(turns, list, f.Threads)
		if err != nil {
			return err
		}
		if err := f.show(p, a, lines); err != nil {
			return err
		}
	}
	return nil
}

// measureOperators runs each operation alternately with an addition of as many bytes and with the fastest product, which
// are the ceilings of this machine at that moment.
func measureOperators(turns rounds, list []*operation, threads int) ([]operatorLine, error) {
	peak := peakProduct()
	var lines []operatorLine
	for _, o := range list {
		add := addition(o.Bytes)
		ms, err := turns.inTurn(timed(o.run), timed(add.run), timed(peak.run))
		if err != nil {
			return nil, err
		}
		l := operatorLine{Bench: "operator", Kind: o.Kind, Shape: o.Shape, Kernels: kernel.Active(), Threads: threads, Count: o.Count, MS: spreadOf(ms[0])}
		l.GFLOPS, l.GBS = o.FLOPs/l.MS.Median/1e6, o.Bytes/l.MS.Median/1e6
		memory, arithmetic := make([]float64, turns.Rounds), make([]float64, turns.Rounds)
		for i := range memory {
			memory[i] = ms[1][i] * o.Bytes / add.Bytes
			arithmetic[i] = ms[2][i] * o.FLOPs / peak.FLOPs
		}
		l.Limit, l.OfCeiling = "memory", ratios(memory, ms[0])
		if spreadOf(arithmetic).Median > spreadOf(memory).Median {
			l.Limit, l.OfCeiling = "arithmetic", ratios(arithmetic, ms[0])
		}
		lines = append(lines, l)
	}
	return lines, nil
}

// peakProduct returns the fastest of some products that stay in the cache, the peak of this machine with these kernels.
func peakProduct() *operation {
	var best *operation
	rate := 0.0
	for _, s := range [][3]int{{576, 192, 48}, {576, 192, 64}, {576, 192, 96}, {576, 256, 192}, {504, 128, 128}} {
		v := &inventory{seen: map[string]*operation{}}
		v.product("peak", s[0], s[1], s[2], kernel.None, false)
		o := v.list[0]
		ms, _ := timed(o.run)(20)
		if r := o.FLOPs / spreadOf(ms).Min; r > rate {
			best, rate = o, r
		}
	}
	return best
}

// addition returns an operation y += x of about as many bytes, so that it stays in the same cache, or in none.
func addition(bytes float64) *operation {
	n := max(16, int(bytes/12))
	x, y := filled(n), filled(n)
	clear(x) // y must not grow
	return &operation{Bytes: 12 * float64(n), run: func() { kernel.Add(y, x) }}
}

func (o outputFlags) show(p *cli.Program, a arch.Arch, lines []operatorLine) error {
	for _, l := range lines {
		if err := o.emit(p, l); err != nil {
			return err
		}
	}
	kinds := kindsOf(a, lines)
	for _, k := range kinds {
		if err := o.emit(p, k); err != nil {
			return err
		}
	}
	if o.JSON {
		return nil
	}
	return operatorTable(p.Stdout, a, lines, kinds)
}

// kindsOf sums the lines by kind, in order of appearance.
func kindsOf(a arch.Arch, lines []operatorLine) []kindLine {
	var kinds []kindLine
	at, total := map[string]int{}, 0.0
	for _, l := range lines {
		i, ok := at[l.Kind]
		if !ok {
			i = len(kinds)
			at[l.Kind] = i
			kinds = append(kinds, kindLine{Bench: "kind", Arch: a.String(), Kind: l.Kind})
		}
		ms := float64(l.Count) * l.MS.Median
		kinds[i].MS += ms
		kinds[i].GFLOPS += ms * l.GFLOPS
		kinds[i].GBS += ms * l.GBS
		kinds[i].OfCeiling += ms * l.OfCeiling.Median
		total += ms
	}
	for i := range kinds {
		k := &kinds[i]
		k.GFLOPS, k.GBS, k.OfCeiling = k.GFLOPS/k.MS, k.GBS/k.MS, k.OfCeiling/k.MS
		k.Share = k.MS / total
	}
	return kinds
}

func operatorTable(w io.Writer, a arch.Arch, lines []operatorLine, kinds []kindLine) error {
	fmt.Fprintf(w, "%s: operators alone, %s kernels, %d threads\n\n", title(a), lines[0].Kernels, lines[0].Threads)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "operator\tshape\ttimes\tmicroseconds\tGFLOP/s\tGB/s\tlimit\tof the ceiling, %")
	for _, l := range lines {
		arithmetic := "-"
		if l.GFLOPS > 0 {
			arithmetic = fmt.Sprintf("%.1f", l.GFLOPS)
		}
		c := l.OfCeiling
		fmt.Fprintf(t, "%s\t%s\t%d\t%.1f\t%s\t%.1f\t%s\t%s\n", l.Kind, l.Shape, l.Count, 1e3*l.MS.Median, arithmetic, l.GBS, l.Limit, spread{100 * c.Median, 100 * c.Min, 100 * c.Max}.text(0))
	}
	sum := 0.0
	fmt.Fprint(t, "\nkind\tms in one pass\tshare, %\tGFLOP/s\tGB/s\tof the ceiling, %\n")
	for _, k := range kinds {
		sum += k.MS
		fmt.Fprintf(t, "%s\t%.3f\t%.1f\t%.1f\t%.1f\t%.0f\n", k.Kind, k.MS, 100*k.Share, k.GFLOPS, k.GBS, 100*k.OfCeiling)
	}
	fmt.Fprintf(t, "together\t%.3f\t\t\t\t\n", sum)
	return t.Flush()
}

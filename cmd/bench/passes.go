package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/kernel"
	"bignas/train/config"
)

// passLine is what --json prints for a kind of pass over memory in sandwich steps.
type passLine struct {
	Bench   string  `json:"bench"` // "pass"
	Space   string  `json:"space"`
	Kernels string  `json:"kernels"`
	Threads int     `json:"threads"`
	Size    int     `json:"resolution"` // of the biggest child
	Batch   int     `json:"batch"`
	Short   bool    `json:"bfloat16"` // activations in bfloat16
	Pass    string  `json:"pass"`
	Read    float64 `json:"readBytes"` // a step, of activations and their gradients
	Written float64 `json:"writtenBytes"`
	MS      float64 `json:"ms"`      // a step
	Share   float64 `json:"share"`   // of the step
	GBS     float64 `json:"gbs"`     // read and written
	OfTriad float64 `json:"ofTriad"` // GBS over that of the triad, measured in turns with the steps
}

// others is the name of what is no pass over memory: the losses, the update, the moving average.
const others = "losses, update"

// passes shows where the time and the bytes of sandwich steps go.
func (f trainingFlags) passes(p *cli.Program, fam *family, size, batch int) error {
	t, _, err := f.trainer(fam, f.Short)
	if err != nil {
		return err
	}
	b, err := noisy(fam, size, batch)
	if err != nil {
		return err
	}
	t.Step(b, rate, dice(0)) // allocates all buffers
	var names []string
	of := map[string]*passLine{}
	var last time.Time
	add := func(pass string, read, written int) {
		l := of[pass]
		if l == nil {
			l = &passLine{Pass: pass}
			of[pass], names = l, append(names, pass)
		}
		now := time.Now()
		l.MS += now.Sub(last).Seconds() * 1e3
		l.Read, l.Written = l.Read+float64(read), l.Written+float64(written)
		last = now
	}
	t.Arena.Passed = add
	var triads []float64
	triad := triad()
	for i := range f.Rounds {
		triads = append(triads, triad())
		last = time.Now()
		t.Step(b, rate, dice(i))
		add(others, 0, 0)
	}
	return f.showPasses(p, fam, size, batch, names, of, spreadOf(triads))
}

// triad returns a measurement of the memory in GB/s: y = x*scale + shift + z over arrays that fit into no cache, of
// which two are read and one is written.
func triad() func() float64 {
	const rows, columns = 1 << 19, 32
	x, y, z := filled(rows*columns), filled(rows*columns), filled(rows*columns)
	scale, shift := filled(columns), filled(columns)
	return func() float64 {
		start := time.Now()
		kernel.ScaleShiftAct(y, x, rows, columns, scale, shift, kernel.None, z)
		return 3 * 4 * rows * columns / 1e9 / time.Since(start).Seconds()
	}
}

func (f trainingFlags) showPasses(p *cli.Program, fam *family, size, batch int, names []string, of map[string]*passLine, triad spread) error {
	steps := float64(f.Rounds)
	sum := passLine{Pass: "together"}
	for _, name := range names {
		l := of[name]
		sum.MS, sum.Read, sum.Written = sum.MS+l.MS, sum.Read+l.Read, sum.Written+l.Written
	}
	total := sum.MS
	t := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	if !f.JSON {
		activations := config.Float32
		if f.Short {
			activations = config.BFloat16
		}
		fmt.Fprintf(t, "sandwich steps of %s up to %d px, batch %d, activations in %s, %d threads, %s; triad %s GB/s\n\n",
			fam.space.Name, size, batch, activations, f.Threads, kernel.Active(), triad.text(1))
		fmt.Fprintln(t, "pass\tMB read\tMB written\tms\tshare, %\tGB/s\tof the triad, %")
	}
	for _, name := range append(names, sum.Pass) {
		l := of[name]
		if l == nil {
			l = &sum
		}
		l.Bench, l.Space, l.Kernels, l.Threads, l.Size, l.Batch, l.Short = "pass", fam.space.Name, kernel.Active(), f.Threads, size, batch, f.Short
		l.Share, l.GBS = l.MS/total, (l.Read+l.Written)/l.MS/1e6
		l.OfTriad = l.GBS / triad.Median
		l.MS, l.Read, l.Written = l.MS/steps, l.Read/steps, l.Written/steps
		if err := f.emit(p, l); err != nil {
			return err
		}
		if !f.JSON {
			fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\n", l.Pass, l.Read/1e6, l.Written/1e6, l.MS, 100*l.Share, l.GBS, 100*l.OfTriad)
		}
	}
	return t.Flush()
}

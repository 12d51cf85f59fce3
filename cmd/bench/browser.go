package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/weights"
	"bignas/train/files"
)

type browserFlags struct {
	outputFlags
	familyFlags
	rounds
	Kernels  string  `enum:",relaxed,simd,off" default:"" placeholder:"KIND" help:"Our kernels: relaxed, simd or off (default: the best that the browser supports)."`
	Children int     `default:"24" placeholder:"N" help:"New architectures to slice, of the weights file; 0 for none (default: 24)."`
	Seed     int64   `default:"1" placeholder:"N" help:"Seed of the architectures (default: 1)."`
	Folder   string  `default:"${peers}" placeholder:"DIR" help:"Folder in which make peers has installed them (default: ${peers})."`
	Within   float64 `default:"1e-4" placeholder:"X" help:"The logits must agree within X of the largest (default: 1e-4)."`
}

// image is the image that children in the browser classify.
const img = "assets/samples/church-small.jpg"

// Run compares children with onnxruntime-web in one Chromium: batch 1, a
// worker and a thread for each side, in turn.
func (f *browserFlags) Run(p *cli.Program) error {
	if err := f.check(); err != nil {
		return err
	}
	if _, err := f.family(); err != nil { // mistakes in the flags are reported before missing programs
		return err
	}
	if err := findPage(f.Folder); err != nil {
		return err
	}
	warnIfBusy(p.Stderr)
	contests, err := peerFlags{familyFlags: f.familyFlags, Folder: f.Folder}.contests()
	if err != nil {
		return err
	}
	c, err := startChromium(f.Folder)
	if err != nil {
		return err
	}
	defer c.stop()
	var about struct{ Version string }
	if err := c.ask("theirs", map[string]any{"op": "about"}, &about); err != nil {
		return err
	}
	lines, err := f.runAll(p, c, contests, fmt.Sprintf("onnxruntime-web %s in %s", about.Version, c.version))
	if !f.JSON && len(lines) > 0 {
		if err := table(p.Stdout, lines); err != nil {
			return err
		}
	}
	if err != nil || f.Children < 1 || !contests[0].fam.predicts {
		return err
	}
	l, err := f.slices(c, contests[0].fam)
	if err != nil {
		return err
	}
	return f.line(p, l, "\n"+l.text())
}

// runAll runs the contests. Where one fails, the lines before it are returned as well.
func (f *browserFlags) runAll(p *cli.Program, c *chromium, list []contest, peer string) (lines []peerLine, err error) {
	var opened *family
	kernels := ""
	for _, t := range list {
		if t.fam != opened {
			if kernels, err = f.openWeights(c, t.fam); err != nil {
				return lines, err
			}
			opened = t.fam
		}
		l, err := f.contest(c, t)
		if err != nil {
			return lines, err
		}
		l.Kernels, l.Peer = kernels, peer
		lines = append(lines, l)
		if err := f.emit(p, l); err != nil {
			return lines, err
		}
	}
	return lines, nil
}

// openWeights gives our side the shared weights, and returns the name of its kernels.
func (f browserFlags) openWeights(c *chromium, fam *family) (kernels string, err error) {
	if fam.predicts {
		c.files["weights"], err = files.Read(fam.from)
	} else {
		b := weights.Bundle{Net: fam.weights, Labels: make([]string, fam.weights.Classes), Spec: preprocess.Spec{Std: [3]float32{1, 1, 1}, Crop: 1, Filter: preprocess.CatmullRom}}
		c.files["weights"], err = weights.Marshal(&b, weights.Float32)
	}
	if err != nil {
		return "", err
	}
	var r struct{ Kernels string }
	err = c.ask("ours", map[string]any{"op": "open", "kernels": f.Kernels, "files": map[string]string{"weights": "/files/weights"}}, &r)
	return r.Kernels, err
}

// contest runs a child on both sides in turn and compares the results.
func (f *browserFlags) contest(c *chromium, t contest) (l peerLine, err error) {
	st, err := t.fam.statistics(t.arch)
	if err != nil {
		return l, err
	}
	c.files["input"], c.files["statistics"] = littleEndian(t.x), nil
	for i := range st.Mean {
		c.files["statistics"] = append(c.files["statistics"], littleEndian(slices.Concat(st.Mean[i], st.Variance[i]))...)
	}
	served := map[string]string{"input": "/files/input", "statistics": "/files/statistics"}
	var none struct{}
	if err := c.ask("ours", map[string]any{"op": "load", "arch": t.arch.String(), "files": served}, &none); err != nil {
		return l, err
	}
	r := t.arch.Resolution
	theirs := map[string]any{"op": "load", "model": "/children/" + filepath.Base(t.model), "input": "/children/" + filepath.Base(t.input), "dims": []int{1, 3, r, r}}
	if err := c.ask("theirs", theirs, &none); err != nil {
		return l, err
	}
	sides := []string{"ours", "theirs"}
	var runners []runner
	var logits [2]struct{ Logits []float32 }
	for i, side := range sides {
		runners = append(runners, c.runner(side))
		if err := warm(runners[i], time.Second); err != nil {
			return l, err
		}
		if err := c.ask(side, map[string]any{"op": "logits"}, &logits[i]); err != nil {
			return l, err
		}
	}
	l = peerLine{Bench: "browser", Space: t.fam.space.Name, Arch: t.arch.String(), From: t.fam.from, Threads: 1,
		MACs: cost.ForClasses(t.arch, t.fam.weights.Classes).MACs, title: title(t.arch)}
	l.MaxAbsolute, l.MaxRelative = difference(logits[0].Logits, logits[1].Logits)
	if !(l.MaxRelative <= f.Within) {
		return l, fault.New("disagree", "look at core/onnx and at the kernels before at any time", "the logits of %s differ by %.2g of the largest, allowed is %.2g", t.arch, l.MaxRelative, f.Within)
	}
	ms, err := f.inTurn(runners...)
	if err != nil {
		return l, err
	}
	l.OursMS, l.TheirsMS, l.Ratio = spreadOf(ms[0]), spreadOf(ms[1]), ratios(ms[0], ms[1])
	return l, nil
}

// runner runs the child that a side has loaded.
func (c *chromium) runner(side string) runner {
	return func(n int) ([]float64, error) {
		var r struct{ MS []float64 }
		err := c.ask(side, map[string]any{"op": "run", "runs": n}, &r)
		return r.MS, err
	}
}

// warm runs until the browser has compiled the hot functions.
func warm(run runner, time time.Duration) error {
	for total := 0.0; total < time.Seconds()*1e3; {
		ms, err := run(3)
		if err != nil {
			return err
		}
		for _, v := range ms {
			total += v
		}
	}
	return nil
}

// slices times new children of fam, which is open in the browser, as on the page.
func (f browserFlags) slices(c *chromium, fam *family) (l sliceLine, err error) {
	data, err := files.Read(img)
	if err != nil {
		return l, err
	}
	c.files["image"] = data
	r := rand.New(rand.NewPCG(uint64(f.Seed), 3))
	var archs []string
	for range 4 + f.Children { // the first ones are compiled meanwhile
		archs = append(archs, fam.space.Sample(r).String())
	}
	kernels, err := f.openWeights(c, fam)
	if err != nil {
		return l, err
	}
	var reply struct {
		Sliced []struct {
			Slice, First float64
			Forward      []float64
		}
	}
	if err := c.ask("ours", map[string]any{"op": "slice", "archs": archs, "files": map[string]string{"image": "/files/image"}}, &reply); err != nil {
		return l, err
	}
	var slice, first, forward, ratio []float64
	for _, s := range reply.Sliced[4:] {
		again := spreadOf(s.Forward).Median
		slice, first, forward = append(slice, s.Slice), append(first, s.Slice+s.First), append(forward, again)
		ratio = append(ratio, (s.Slice+s.First)/again)
	}
	return sliceLine{Bench: "browser-slice", Space: fam.space.Name, From: fam.from, Kernels: kernels, Threads: 1, Children: f.Children, Predicted: true,
		SliceMS: spreadOf(slice), FirstMS: spreadOf(first), ForwardMS: spreadOf(forward), Ratio: spreadOf(ratio)}, nil
}

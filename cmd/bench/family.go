package main

import (
	"fmt"
	"io"
	"math/rand/v2"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/trainer"
)

// b0 is the shape of EfficientNet-B0 (arXiv 1905.11946, Table 1) in the space
// bignas, which adds the 1x1 convolutions on the shortcuts of transitions.
const b0 = "r224-c32-16x1k3-24x2k3-40x2k5-80x3k3-112x3k5-192x4k5-320x1k3-h1280"

// familyFlags are the flags for weights and children.
type familyFlags struct {
	Weights string   `default:"${weights}" placeholder:"FILE" help:"Weights file written by train (default: ${weights})."`
	Space   string   `placeholder:"NAME" help:"Take random weights of this space instead, which are as fast as others: ${spaces}."`
	Classes int      `default:"1000" placeholder:"N" help:"Classes of the random weights (default: 1000)."`
	Arch    []string `placeholder:"CHILD" help:"Child: min, max, a name of the file's family, middle, b0 (EfficientNet-B0's shape, of bignas) or the text of an architecture; may be repeated (default: max)."`

	Resolution *int `placeholder:"PIXELS" help:"Input resolution, one of the space's (default: the children's own)."`
}

// family is shared weights and the source of the BN statistics of children.
type family struct {
	space      *arch.Space
	from       string // description of the weights
	weights    *supernet.Weights
	statistics statistics
	// engine has the named children; nil for random weights.
	engine *classify.Engine
	// predicts says whether statistics are predicted by the weights file, which takes microseconds.
	predicts bool
}

// statistics returns the BN statistics of a child.
type statistics func(a arch.Arch) (*supernet.Statistics, error)

// fixed returns the same statistics for all children.
func fixed(st *supernet.Statistics) statistics {
	return func(arch.Arch) (*supernet.Statistics, error) { return st, nil }
}

// open returns the family and the children of the flags.
func (f familyFlags) open() (*family, []arch.Arch, error) {
	fam, err := f.family()
	if err != nil {
		return nil, nil, err
	}
	if len(f.Arch) == 0 {
		f.Arch = []string{"max"}
	}
	var archs []arch.Arch
	for _, text := range f.Arch {
		a, err := fam.parse(text)
		if err != nil {
			return nil, nil, err
		}
		if f.Resolution != nil {
			a.Resolution = *f.Resolution
			if err := fam.space.Validate(a); err != nil {
				return nil, nil, fault.New(classify.CodeBadArch, "choose one of them with --resolution", "%v", err)
			}
		}
		archs = append(archs, a)
	}
	return fam, archs, nil
}

func (f familyFlags) family() (*family, error) {
	if f.Space != "" {
		if err := cli.CheckClasses(f.Classes); err != nil {
			return nil, err
		}
		return randomFamily(f.Space, f.Classes)
	}
	return readFamily(f.Weights)
}

func readFamily(file string) (*family, error) {
	e, err := cli.OpenWeights(file, io.Discard) // digests make no difference to speed
	if err != nil {
		return nil, err
	}
	if e.Statistics() == nil {
		return nil, fault.New(classify.CodeNoStatistics, "export the weights with statistics, or give --space for random weights", "%s has no BN statistics", file)
	}
	return &family{e.Info().Space, file, e.Weights(), e.Statistics().Predict, e, true}, nil
}

// randomFamily draws weights, and calibrates each child on two images of noise, so that activations have the usual
// size.
func randomFamily(name string, classes int) (*family, error) {
	space, err := arch.Lookup(name)
	if err != nil {
		return nil, fault.New("bad_space", "choose one of them with --space", "%v", err)
	}
	w, err := supernet.NewWeights(space, classes)
	if err != nil {
		return nil, err
	}
	w.Init(rand.New(rand.NewPCG(1, 1)), false)
	calibrate := func(a arch.Arch) (*supernet.Statistics, error) {
		return trainer.Calibrate(w, a, func(yield func([]float32, int) bool) { yield(noise(2, a.Resolution), 2) })
	}
	return &family{space, "random weights", w, calibrate, nil, false}, nil
}

func (f *family) parse(text string) (arch.Arch, error) {
	switch {
	case text == "b0" && f.space.Name == "bignas":
		text = b0
	case text == "middle":
		text = f.space.At(0.5).String()
	}
	if f.engine != nil {
		return f.engine.Parse(text)
	}
	a, err := f.space.Parse(text)
	if err != nil {
		return arch.Arch{}, fault.New(classify.CodeBadArch, "use min, max or a text like "+f.space.Min().String(), "%v", err)
	}
	return a, nil
}

// child returns the child a.
func (f *family) child(a arch.Arch) (*supernet.Child, error) {
	st, err := f.statistics(a)
	if err != nil {
		return nil, err
	}
	return f.weights.Child(a, st)
}

// forward returns a runner of c on one image, and the logits of the last run.
func forward(c *supernet.Child, x []float32) (run runner, logits func() []float32) {
	var last []float32
	return timed(func() { last, _ = c.Forward(x, 1, nil) }), func() []float32 { return last }
}

// noise returns n images [n, r, r, 3] of Gaussian noise, always the same.
func noise(n, r int) []float32 {
	g := rand.New(rand.NewPCG(4, uint64(r)))
	x := make([]float32, n*r*r*3)
	for i := range x {
		x[i] = float32(g.NormFloat64())
	}
	return x
}

// title describes a child by its name for --arch, or by its text.
func title(a arch.Arch) string {
	named := map[string]string{a.Space.Min().String(): "smallest", a.Space.Max().String(): "biggest", a.Space.At(0.5).String(): "middle", b0: "EfficientNet-B0 shape"}
	if name, ok := named[a.String()]; ok {
		return fmt.Sprintf("%s %s, %d px", a.Space.Name, name, a.Resolution)
	}
	return a.Space.Name + " " + a.String()
}

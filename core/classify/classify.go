package classify

import (
	"math"
	"sort"
	"time"

	"bignas/core/arch"
	"bignas/core/confidence"
	"bignas/core/fault"
	"bignas/core/preprocess"
)

// Image is an image file, reduced to what the resolutions of the space need, and the inputs
// made of it so far. It belongs to the Engine that opened it.
type Image struct {
	squares *preprocess.Squares
	inputs  map[int][]float32 // by resolution; guarded by Engine.mu
}

// Size returns the size of the upright image, in pixels.
func (p *Image) Size() (w, h int) { return p.squares.W, p.squares.H }

// OpenImage decodes an image file of at most preprocess.DefaultMaxPixels. The error is a
// *fault.Error of package preprocess.
func (e *Engine) OpenImage(data []byte) (*Image, error) { return e.WatchImage(data, nil) }

// WatchImage is OpenImage that calls watch with its progress. An error of watch ends it and
// is returned unchanged. Other methods may run at the same time.
func (e *Engine) WatchImage(data []byte, watch preprocess.Watch) (*Image, error) {
	q, err := e.info.Preprocessing.Open(data, preprocess.DefaultMaxPixels, e.info.Space.Resolutions, watch)
	if err != nil {
		return nil, err
	}
	return &Image{squares: q, inputs: map[int][]float32{}}, nil
}

// Crop returns the image as a child of that resolution of the space sees it, cropped and
// resized but not normalised: HWC, 0 to 1, except where the filter overshoots.
func (e *Engine) Crop(p *Image, resolution int) []float32 {
	spec := e.info.Preprocessing
	spec.Mean, spec.Std = [3]float32{}, [3]float32{1, 1, 1}
	x := make([]float32, 3*resolution*resolution)
	spec.ApplySquares(x, p.squares, resolution)
	return x
}

// Options of Classify; the zero value is right for most.
type Options struct {
	// Between, where not nil, is called after each block of the network. Its error ends
	// the computation and is returned unchanged.
	Between func() error
	// Inherited uses the BN statistics of the biggest child instead of the child's own,
	// to show what that costs.
	Inherited bool
	// Hook, where not nil, is called with the outputs of the layers
	// (supernet.Child.ForwardWithHook).
	Hook func(layer int, out []float32, side, channels int)
	// Top is the length of Result.Top; 0 means 5.
	Top int
}

// Score is the probability of one class.
type Score struct {
	Label string  `json:"label"`
	Index int     `json:"index"` // of the class
	P     float64 `json:"p"`     // probability, 0 to 1
}

// Timing is in milliseconds. What is cached takes 0.
type Timing struct {
	Slice   float64 `json:"slice"`   // slice the child, fold its BN statistics, pack its weights
	Resize  float64 `json:"resize"`  // crop, shrink and normalise the image
	Forward float64 `json:"forward"` // the network
}

// Total returns the sum of the parts, in milliseconds.
func (t Timing) Total() float64 { return t.Slice + t.Resize + t.Forward }

// Result is the answer of one child for one image.
type Result struct {
	Arch          arch.Arch `json:"-"`
	Text          string    `json:"arch"` // Arch as text
	Top           []Score   `json:"top"`  // best first, equals by index
	Probabilities []float64 `json:"probabilities"`
	Logits        []float32 `json:"logits"` // before the temperature
	Timing        Timing    `json:"timing"`
	MACs          int64     `json:"macs"`
	Params        int64     `json:"params"`
	Inherited     bool      `json:"inherited"`
	// Confidence is nil where the weights file has no model of it, and for a child with
	// inherited statistics, to which the model does not apply.
	Confidence *Confidence `json:"confidence,omitempty"`
}

// Confidence is how far a Result can be trusted.
type Confidence struct {
	// Familiarity is the share of held-out images of the known classes that the
	// child finds less familiar than this one, 0 to 1.
	Familiarity float64 `json:"familiarity"`
	// Known is false for an image unlike anything that the child was trained on, where
	// Familiarity is below 1 - confidence.Kept.
	Known bool `json:"known"`
	// Temperature is what the logits are divided by for Result.Probabilities.
	Temperature float64 `json:"temperature"`
}

// Classify classifies the image with the child a. It keeps the child and the input of the
// image, so that the next call repeats only what has changed. The error is a *fault.Error,
// or that of Options.Between.
func (e *Engine) Classify(p *Image, a arch.Arch, o Options) (*Result, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &Result{Inherited: o.Inherited}
	start := time.Now()
	lap := func() float64 {
		now := time.Now()
		ms := now.Sub(start).Seconds() * 1000
		start = now
		return ms
	}
	before := e.child
	child, err := e.slice(a, o.Inherited)
	if err != nil {
		return nil, err
	}
	if ms := lap(); child != before {
		r.Timing.Slice = ms
	}
	x, fresh := e.input(p, a.Resolution)
	if ms := lap(); fresh {
		r.Timing.Resize = ms
	}
	r.Logits, err = child.ForwardWithHook(x, 1, o.Between, o.Hook)
	if err != nil {
		return nil, err
	}
	r.Timing.Forward = lap()
	scale, calibrated := confidence.Scale{Temperature: 1}, e.bundle.Confidence != nil && !o.Inherited
	if calibrated {
		scale = e.bundle.Confidence.Of(child.Arch)
	}
	if r.Probabilities, err = softmax(r.Logits, scale.Temperature); err != nil {
		return nil, err
	}
	if calibrated {
		f := scale.Familiarity(scale.Score(r.Logits, child.Pooled()))
		r.Confidence = &Confidence{f, confidence.Known(f), scale.Temperature}
	}
	report := e.Cost(a)
	r.Arch, r.Text, r.MACs, r.Params = child.Arch, report.Arch, report.MACs, report.Params
	r.Top = e.top(r.Probabilities, o.Top)
	return r, nil
}

// input returns the input of a child of that resolution, and whether it was computed now.
// The caller holds e.mu.
func (e *Engine) input(p *Image, resolution int) (x []float32, fresh bool) {
	x, ok := p.inputs[resolution]
	if !ok {
		x = make([]float32, 3*resolution*resolution)
		e.info.Preprocessing.ApplySquares(x, p.squares, resolution)
		p.inputs[resolution] = x
	}
	return x, !ok
}

// softmax returns the softmax of the logits divided by the temperature, computed in float64
// after subtracting the largest logit.
func softmax(logits []float32, temperature float64) ([]float64, error) {
	largest := math.Inf(-1)
	for i, v := range logits {
		if v := float64(v); math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fault.New(CodeNotFinite, "the weights or their BN statistics are broken: export them again", "the child computed %v for class %d", v, i)
		}
		largest = max(largest, float64(v))
	}
	p, sum := make([]float64, len(logits)), 0.0
	for i, v := range logits {
		p[i] = math.Exp((float64(v) - largest) / temperature)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p, nil
}

func (e *Engine) top(p []float64, n int) []Score {
	if n <= 0 {
		n = 5
	}
	scores := make([]Score, len(p))
	for i, v := range p {
		scores[i] = Score{e.info.Labels[i], i, v}
	}
	sort.Slice(scores, func(i, j int) bool {
		a, b := scores[i], scores[j]
		return a.P > b.P || a.P == b.P && a.Index < b.Index
	})
	return scores[:min(n, len(scores))]
}

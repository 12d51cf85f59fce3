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

// Image is what there is of an image file for every resolution of the space,
// and the inputs made of it so far. It belongs to the Engine that opened it.
type Image struct {
	squares *preprocess.Squares
	inputs  map[int][]float32 // by resolution; guarded by Engine.mu
}

// Size is that of the upright image, in pixels.
func (p *Image) Size() (w, h int) { return p.squares.W, p.squares.H }

// OpenImage decodes the bytes of an image file of at most
// preprocess.DefaultMaxPixels. Every error is a *fault.Error of package preprocess.
func (e *Engine) OpenImage(data []byte) (*Image, error) { return e.WatchImage(data, nil) }

// WatchImage is OpenImage that tells watch how far it is, and that watch can
// end: its error is returned as it is. It may run while other methods do.
func (e *Engine) WatchImage(data []byte, watch preprocess.Watch) (*Image, error) {
	q, err := e.info.Preprocessing.Open(data, preprocess.DefaultMaxPixels, e.info.Space.Resolutions, watch)
	if err != nil {
		return nil, err
	}
	return &Image{squares: q, inputs: map[int][]float32{}}, nil
}

// Seen is the image as a child of that resolution of the space sees it: crop and
// filter without the normalisation, HWC, 0 to 1 but for the filter's overshoot.
func (e *Engine) Seen(p *Image, resolution int) []float32 {
	spec := e.info.Preprocessing
	spec.Mean, spec.Std = [3]float32{}, [3]float32{1, 1, 1}
	x := make([]float32, 3*resolution*resolution)
	spec.ApplySquares(x, p.squares, resolution)
	return x
}

// Options of Classify; the zero value is right for most.
type Options struct {
	// Between, where not nil, is called after every block of the network; its
	// error ends the computation and is returned as it is.
	Between func() error
	// Inherited takes the BN statistics of the biggest child instead of those of
	// the child itself, to show what that costs.
	Inherited bool
	// Tap, where not nil, is shown what the layers write, as by
	// supernet.Child.ForwardTapped.
	Tap func(layer int, out []float32, side, channels int)
	// Top is the length of Result.Top; 0 means 5.
	Top int
}

// Score is one class of an answer.
type Score struct {
	Label string  `json:"label"`
	Index int     `json:"index"` // of the class
	P     float64 `json:"p"`     // probability, 0 to 1
}

// Timing is in milliseconds; what came from a cache took 0.
type Timing struct {
	Slice   float64 `json:"slice"`   // cut the child out, fold its BN statistics, pack its weights
	Resize  float64 `json:"resize"`  // crop, shrink and normalise the image
	Forward float64 `json:"forward"` // the network
}

// Total is the sum of the parts, in milliseconds.
func (t Timing) Total() float64 { return t.Slice + t.Resize + t.Forward }

// Result is the answer of one child to one image.
type Result struct {
	Arch          arch.Arch `json:"-"`
	Text          string    `json:"arch"` // Arch as text
	Top           []Score   `json:"top"`  // best first, equals by index
	Probabilities []float64 `json:"probabilities"`
	Logits        []float32 `json:"logits"` // of the child, divided by no temperature
	Timing        Timing    `json:"timing"`
	MACs          int64     `json:"macs"`
	Params        int64     `json:"params"`
	Inherited     bool      `json:"inherited"`
	// Confidence is nil where the weights file has no model of it, and of a child
	// with inherited statistics, for which it does not hold.
	Confidence *Confidence `json:"confidence,omitempty"`
}

// Confidence is how far a Result can be trusted.
type Confidence struct {
	// Familiarity is the share of held-out images of the known classes that the
	// child finds less familiar than this one, 0 to 1.
	Familiarity float64 `json:"familiarity"`
	// Known is false for an image unlike anything that the child was trained on:
	// Familiarity is below 1 - confidence.Kept.
	Known bool `json:"known"`
	// Temperature is what the logits were divided by for Result.Probabilities.
	Temperature float64 `json:"temperature"`
}

// Classify asks the child a about the image. It keeps the child and the input
// of the image, so that the next call redoes only what has changed. The errors
// are of type *fault.Error, but for that of Options.Between.
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
	r.Logits, err = child.ForwardTapped(x, 1, o.Between, o.Tap)
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

// input is the image as a child of that resolution gets it, and whether it was
// made now. The caller holds e.mu.
func (e *Engine) input(p *Image, resolution int) (x []float32, fresh bool) {
	x, ok := p.inputs[resolution]
	if !ok {
		x = make([]float32, 3*resolution*resolution)
		e.info.Preprocessing.ApplySquares(x, p.squares, resolution)
		p.inputs[resolution] = x
	}
	return x, !ok
}

// softmax is that of the logits over the temperature. It is computed in float64,
// with the largest logit taken off first.
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

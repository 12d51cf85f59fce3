package trainer

import (
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// stepper returns a trainer of the space whose arena says bfloat16 or not, and a step of it over
// n images.
func stepper(t *testing.T, space *arch.Space, bfloat16 bool, n int) (tr *Trainer[float32], step func() StepResult) {
	t.Helper()
	w, err := supernet.NewWeights(space, 4)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 1))
	w.Init(r, false)
	o, err := NewOptimiser("sgd", 0.9, 0, 0, w)
	if err != nil {
		t.Fatal(err)
	}
	tr = New(Config{RandomChildren: 1, Distill: true, Dropout: 0.2, DropConnect: 0.3, RegulariseAll: true}, w, o)
	tr.Arena.BFloat16 = bfloat16
	labels := make([]int, n)
	for i := range labels {
		labels[i] = i % 4
	}
	x := map[int][]float32{}
	at := func(side int) []float32 {
		if x[side] == nil {
			for _, v := range images(rand.New(rand.NewPCG(3, uint64(side))), n, side) {
				x[side] = append(x[side], float32(v))
			}
		}
		return x[side]
	}
	return tr, func() StepResult {
		return tr.Gradients(Batch[float32]{Labels: labels, At: at, MaxResolution: space.Resolutions[0]}, rand.New(rand.NewPCG(2, 2)))
	}
}

// flat returns the gradients of all tensors.
func flat(w *supernet.Weights) (all []float32) {
	for _, p := range w.Params {
		all = append(all, p.Data...)
	}
	return all
}

// size returns the norm of a vector.
func size(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// TestBFloat16: with activations in bfloat16 the gradients of a step are those with float32 to
// within the rounding of a network of this depth, on every implementation and through every
// operator that there is, and the same bits when it is done again. A wrong place, scale or sign
// anywhere shows as a difference of the size of the gradients.
func TestBFloat16(t *testing.T) {
	nette, _ := arch.Lookup("nette")
	for _, name := range kernel.Implementations() {
		undo, err := kernel.Use(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, space := range []*arch.Space{tiny(), attentive(), once(), nette} {
			if space == nette && name != kernel.Implementations()[0] {
				continue // slow
			}
			wide, step := stepper(t, space, false, 16)
			short, again := stepper(t, space, true, 16)
			full, res := step(), again()
			got := flat(short.Gradient())
			again()
			for i, v := range flat(short.Gradient()) {
				if math.Float32bits(v) != math.Float32bits(got[i]) {
					t.Fatalf("%s, %s: gradient %d is %v, then %v", name, space.Name, i, got[i], v)
				}
			}
			whole := size(flat(wide.Gradient()))
			for i, p := range wide.Gradient().Params {
				d := make([]float32, len(p.Data))
				for j, v := range short.Gradient().Params[i].Data {
					d[j] = v - p.Data[j]
				}
				// Some gradients are 0 but for rounding: of a scale or a shift that the next normalisation undoes.
				if off, of := size(d), size(p.Data); off > 0.2*of+3e-3*whole {
					t.Errorf("%s, %s: the gradient of %s is off by %.2g of its norm %.2g", name, space.Name, p.Name, off/of, of)
				}
			}
			for i, c := range res.Children {
				if d := math.Abs(c.Loss - full.Children[i].Loss); !(d < 0.02*full.Children[i].Loss) || d == 0 {
					t.Errorf("%s, %s: the loss of %s is %v, in float32 %v", name, space.Name, c.Arch, c.Loss, full.Children[i].Loss)
				}
			}
		}
		undo()
	}
}

package trainer

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// tiny is a space with every operator: expansion 1 and more, kernels 3 and 5,
// strides 1 and 2, identity and projected shortcuts, squeeze-and-excitation.
func tiny() *arch.Space {
	st := func(name string, stride, lo, hi int, e int) arch.Stage {
		return arch.Stage{Name: name, Widths: []int{lo, hi}, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expansions: []int{e}, Stride: stride, SE: true}
	}
	return &arch.Space{
		Name: "tiny", Resolutions: []int{16, 32}, Stem: []int{3, 5},
		Stages:         []arch.Stage{st("S1", 1, 3, 4, 1), st("S2", 2, 4, 6, 2)},
		Head:           []int{5, 7},
		KernelPerLayer: true, Squeeze: arch.SqueezeInput, Shortcuts: arch.ShortcutTransition,
	}
}

// attentive is a space with the operators that tiny has not: an expanded head, hard
// gates, squeeze widths of the expanded channels, a stage without squeeze-and-excitation,
// elastic expansions, and pooled shortcuts with and without a convolution.
func attentive() *arch.Space {
	return &arch.Space{
		Name: "attentive", Resolutions: []int{16, 32}, Stem: []int{3, 4},
		Stages: []arch.Stage{
			{Name: "S1", Widths: []int{3, 4}, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expansions: []int{1}, Stride: 1},
			{Name: "S2", Widths: []int{4}, Depths: []int{1, 2}, Kernels: []int{3, 5}, Expansions: []int{2, 4}, Stride: 2, SE: true},
			{Name: "S3", Widths: []int{4, 5}, Depths: []int{1}, Kernels: []int{3}, Expansions: []int{2, 3}, Stride: 2, SE: true},
		},
		Head: []int{5, 7}, HeadExpansion: 2, HardGate: true, Squeeze: arch.SqueezeExpanded, Shortcuts: arch.ShortcutDiffering,
	}
}

// once is a space with what Once-for-All has and the others have not: kernels through
// transforms, expansions of single layers, ReLU and hard swish, blocks without a shortcut.
func once() *arch.Space {
	return &arch.Space{
		Name: "once", Resolutions: []int{16, 32}, Stem: []int{4},
		Stages: []arch.Stage{
			{Name: "S1", Widths: []int{4}, Depths: []int{1, 2}, Kernels: []int{3, 5, 7}, Expansions: []int{2, 3}, Stride: 1, ReLU: true},
			{Name: "S2", Widths: []int{5}, Depths: []int{1, 3}, Kernels: []int{3, 5, 7}, Expansions: []int{2, 4}, Stride: 2, SE: true},
		},
		Head: []int{6}, HeadExpansion: 2, KernelPerLayer: true, ExpansionPerLayer: true, KernelTransforms: true,
		HardGate: true, HardSwish: true, Squeeze: arch.SqueezeExpanded, Shortcuts: arch.ShortcutPlain,
	}
}

func images(r *rand.Rand, n, side int) []float64 {
	x := make([]float64, n*side*side*3)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// TestSandwichGradient checks the summed gradient of a whole sandwich step, in
// float64, against central differences of the sum of the children's losses with
// the teacher held fixed. Every parameter tensor is sampled.
func TestSandwichGradient(t *testing.T) {
	t.Run("tiny", func(t *testing.T) { sandwichGradient(t, tiny(), 6) })
	t.Run("attentive", func(t *testing.T) { sandwichGradient(t, attentive(), 2) })
	t.Run("once", func(t *testing.T) { sandwichGradient(t, once(), 1) })
}

// sandwichGradient checks so many parameters of every tensor.
func sandwichGradient(t *testing.T, space *arch.Space, probes int) {
	const n, classes = 6, 4
	r := rand.New(rand.NewPCG(7, 1))
	w, err := supernet.NewWeightsOf[float64](space, classes)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(r, false)
	for _, p := range w.Params { // away from zero, so that every path carries a gradient
		for i := range p.Data {
			p.Data[i] += 0.05 * r.NormFloat64()
		}
	}
	x := map[int][]float64{16: images(r, n, 16), 32: images(r, n, 32)}
	labels := []int{0, 1, 2, 3, 1, 2}
	cfg := Config{RandomChildren: 2, Distill: true, LabelSmoothing: 0.1}
	tr := New(cfg, w, nil)
	batch := Batch[float64]{Labels: labels, At: func(res int) []float64 { return x[res] }}
	res := tr.Gradients(batch, rand.New(rand.NewPCG(3, 3)))

	hard := make([]float64, n*classes)
	LabelTargets(hard, labels, classes, cfg.LabelSmoothing)
	var ar Arena[float64]
	scratch := make([]float64, n*classes)
	forward := func(a arch.Arch) []float64 {
		ar.Release(Mark{})
		return Forward(&ar, w, a, x[a.Resolution], n, BatchOptions{}).Logits
	}
	teacher := make([]float64, n*classes)
	Softmax(teacher, forward(res.Children[0].Arch), n, classes)
	total := func() float64 {
		sum := 0.0
		for i, c := range res.Children {
			target := teacher
			if i == 0 {
				target = hard
			}
			sum += SoftCrossEntropy(scratch, forward(c.Arch), target, n, classes, 1)
		}
		return sum
	}
	want := 0.0
	for _, c := range res.Children {
		want += c.Loss
	}
	if got := total(); math.Abs(got-want) > 1e-12*want {
		t.Fatalf("loss %g, the step reported %g", got, want)
	}
	worst := 0.0
	if runtime.GOOS == "js" {
		probes = 2 // the same loops, without assembly and slowly
	}
	for k, p := range w.Params {
		for range probes {
			i := r.IntN(len(p.Data))
			exact := tr.Gradient().Params[k].Data[i]
			diff, numeric := apart(&p.Data[i], exact, total)
			worst = max(worst, diff)
			if diff > 1e-5 {
				t.Errorf("%s[%d]: gradient %.9g, central difference %.9g", p.Name, i, exact, numeric)
			}
		}
	}
	t.Logf("%d tensors, worst relative difference %.1e", len(w.Params), worst)
}

// apart returns the central difference of f along x, and its relative difference from the
// gradient. A difference across the corner of an activation is off, so that smaller steps are
// tried where the two differ; a wrong gradient is wrong at all of them.
func apart(x *float64, gradient float64, f func() float64) (diff, numeric float64) {
	old := *x
	diff = math.Inf(1)
	for h := 1e-5; h > 1e-8 && diff > 1e-5; h /= 10 {
		*x = old + h
		up := f()
		*x = old - h
		down := f()
		*x = old
		n := (up - down) / (2 * h)
		if d := math.Abs(n-gradient) / (1e-3 + math.Abs(n) + math.Abs(gradient)); d < diff {
			diff, numeric = d, n
		}
	}
	return diff, numeric
}

// TestRegularisedGradient checks dropout and drop-connect: with the same random
// numbers in every pass, the biggest child's gradient matches differences.
func TestRegularisedGradient(t *testing.T) {
	for _, space := range []*arch.Space{tiny(), attentive(), once()} {
		t.Run(space.Name, func(t *testing.T) { regularisedGradient(t, space) })
	}
}

func regularisedGradient(t *testing.T, space *arch.Space) {
	const n, classes = 6, 3
	r := rand.New(rand.NewPCG(9, 2))
	w, _ := supernet.NewWeightsOf[float64](space, classes)
	w.Init(r, false)
	x := images(r, n, 32)
	labels := []int{0, 1, 2, 0, 1, 2}
	a := w.Space.Max()
	target := make([]float64, n*classes)
	LabelTargets(target, labels, classes, 0)
	var ar Arena[float64]
	d := make([]float64, n*classes)
	run := func(backward *supernet.WeightsOf[float64]) float64 {
		ar.Release(Mark{})
		o := BatchOptions{Dropout: 0.3, DropConnect: 0.5, Rand: rand.New(rand.NewPCG(5, 5))}
		tape := Forward(&ar, w, a, x, n, o)
		loss := SoftCrossEntropy(d, tape.Logits, target, n, classes, 1)
		if backward != nil {
			Backward(&ar, w, backward, tape, d)
		}
		return loss
	}
	grad := w.Like()
	run(grad)
	dropped := false
	for k, p := range w.Params {
		i := r.IntN(len(p.Data))
		exact := grad.Params[k].Data[i]
		if diff, numeric := apart(&p.Data[i], exact, func() float64 { return run(nil) }); diff > 1e-5 {
			t.Errorf("%s[%d]: gradient %.9g, central difference %.9g", p.Name, i, exact, numeric)
		}
		dropped = dropped || exact != 0
	}
	if !dropped {
		t.Error("every gradient was zero")
	}
}

// TestDistillationReduction pins the reduction: summed over classes, averaged
// over images. Doubling the images leaves the loss, and the loss of a uniform
// child against a uniform teacher is log(classes), not log(classes)/classes.
func TestDistillationReduction(t *testing.T) {
	for _, classes := range []int{10, 1000} {
		for _, n := range []int{1, 8} {
			logits, target, d := make([]float64, n*classes), make([]float64, n*classes), make([]float64, n*classes)
			for i := range target {
				target[i] = 1 / float64(classes)
			}
			got := SoftCrossEntropy(d, logits, target, n, classes, 1)
			if math.Abs(got-math.Log(float64(classes))) > 1e-9 {
				t.Errorf("n %d, classes %d: loss %g, want log(classes) = %g", n, classes, got, math.Log(float64(classes)))
			}
		}
	}
}

package teach

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
)

func nette(t testing.TB) *arch.Space {
	t.Helper()
	s, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// clouds are images of classes that differ in a few channels, as children read them:
// every child moves all images by something of its own.
func clouds(children []arch.Arch, perClass []int, seed uint64) *Set {
	s := &Set{}
	r := rand.New(rand.NewPCG(seed, 2))
	var images [][]float64
	for class, n := range perClass {
		for range n {
			x := make([]float64, 640)
			for j := range x {
				x[j] = 1 + 0.3*r.NormFloat64()
				if j%10 == class {
					x[j] += 0.25
				}
			}
			images, s.Labels = append(images, x), append(s.Labels, class)
		}
	}
	for k, a := range children {
		own := rand.New(rand.NewPCG(3, uint64(k)))
		shift := make([]float64, a.Head)
		for j := range shift {
			shift[j] = 0.3 * own.NormFloat64()
		}
		var rows []float32
		for _, x := range images {
			for j, v := range x[:a.Head] {
				rows = append(rows, float32(v+shift[j]))
			}
		}
		s.Pooled = append(s.Pooled, rows)
	}
	return s
}

// TestGradient checks the gradient of the whole loss in float64 against central
// differences, with children of several widths and classes of several sizes.
func TestGradient(t *testing.T) {
	space := nette(t)
	children := Children(space, 2, 1)
	single := newProblem(children, 3, clouds(children, []int{4, 1, 2}, 1))
	single.penalise(func() {})
	p := &problem[float64]{heads: single.heads, widest: single.widest, classes: 3, labels: single.labels}
	wide := func(v []float32) (out []float64) {
		for _, x := range v {
			out = append(out, float64(x))
		}
		return out
	}
	p.weight, p.penalty = wide(single.weight), wide(single.penalty)
	for _, v := range single.pooled {
		p.pooled = append(p.pooled, wide(v))
	}
	n := p.widest + 1
	r := rand.New(rand.NewPCG(4, 4))
	w, grad := make([]float64, n*3), make([]float64, n*3)
	for i := range w {
		w[i] = 0.1 * r.NormFloat64()
	}
	total := func() float64 {
		loss, _ := p.loss(nil, w)
		for i := range n {
			for j := range n {
				for c := range 3 {
					loss += w[i*3+c] * p.penalty[i*n+j] * w[j*3+c] / 2
				}
			}
		}
		return loss
	}
	p.loss(grad, w)
	at := []int{(n - 1) * 3, n*3 - 1, 0, 319*3 + 1, 320 * 3, 639*3 + 2}
	for range 20 {
		at = append(at, r.IntN(len(w)))
	}
	for _, i := range at {
		const h = 1e-5
		old := w[i]
		w[i] = old + h
		up := total()
		w[i] = old - h
		down := total()
		w[i] = old
		numeric := (up - down) / (2 * h)
		if math.Abs(numeric-grad[i]) > 1e-6*(1e-2+math.Abs(numeric)) {
			t.Errorf("value %d: gradient %.9g, central difference %.9g", i, grad[i], numeric)
		}
	}
}

// TestTrain: one classifier serves the children that it was trained on and others,
// the loss falls in every step until hardly any gradient is left, and the same
// arguments give the same bits.
func TestTrain(t *testing.T) {
	children := Children(nette(t), 3, 1)
	train, held := clouds(children, []int{20, 20, 20}, 1), clouds(children, []int{10, 10, 10}, 2)
	var losses []float64
	run := func() *Classifier {
		losses = nil
		return Train(children, 3, train, held, Options{Progress: func(s Step) bool {
			losses = append(losses, s.Loss)
			if s.Done != len(losses) || s.HeldOut < 0 || s.HeldOut > 1 {
				t.Errorf("step %+v is number %d", s, len(losses))
			}
			return true
		}})
	}
	c := run()
	if losses[0] < math.Log(3)-1e-5 || losses[len(losses)-1] > losses[0]/4 {
		t.Errorf("losses %v", losses)
	}
	for k, share := range c.HeldOut {
		if share < 0.9 {
			t.Errorf("child %s classifies %v of the held-out images correctly", children[k], share)
		}
	}
	if !reflect.DeepEqual(c, run()) {
		t.Error("twice the same, two classifiers")
	}
	other := nette(t).Sample(rand.New(rand.NewPCG(9, 9)))
	unseen := clouds([]arch.Arch{other}, []int{30, 30, 30}, 5)
	p := newProblem([]arch.Arch{other}, 3, unseen)
	if _, correct := p.loss(nil, append(c.Matrix[:len(c.Matrix):len(c.Matrix)], c.Bias...)); correct[0] < 0.9 {
		t.Errorf("a child that the training has not seen classifies %v correctly", correct[0])
	}
}

// TestMinimum: thirty steps come to the minimum, where the gradient vanishes.
func TestMinimum(t *testing.T) {
	children := Children(nette(t), 2, 1)
	train := clouds(children, []int{15, 5, 30, 2}, 1)
	c := Train(children, 4, train, &Set{}, Options{})
	p := newProblem(children, 4, train)
	p.penalise(func() {})
	length := func(w []float32) float64 {
		grad, sum := make([]float32, len(w)), 0.0
		p.loss(grad, w)
		for _, g := range grad {
			sum += float64(g) * float64(g)
		}
		return math.Sqrt(sum)
	}
	first, last := length(make([]float32, len(c.Matrix)+4)), length(append(c.Matrix[:len(c.Matrix):len(c.Matrix)], c.Bias...))
	if last > first/50 || c.Steps != steps || c.HeldOut != nil {
		t.Errorf("gradient of length %g at first, %g after %d steps", first, last, c.Steps)
	}
}

// TestStop: a training that is ended keeps what it had.
func TestStop(t *testing.T) {
	children := Children(nette(t), 0, 1)
	train := clouds(children, []int{5, 5}, 1)
	for _, held := range []*Set{{}, clouds(children, []int{2, 2}, 2)} {
		c := Train(children, 2, train, held, Options{Progress: func(s Step) bool { return s.Done < 3 }})
		want := Train(children, 2, train, held, Options{Steps: 3})
		if !reflect.DeepEqual(c, want) || c.Steps != 3 {
			t.Errorf("ended after 3 steps: %d steps", c.Steps)
		}
	}
}

// TestOddSets: one image a class, all images alike, one image of one class beside
// many of another: numbers come out, and a rare class is not forgotten.
func TestOddSets(t *testing.T) {
	children := Children(nette(t), 1, 1)
	alike := clouds(children, []int{1, 0}, 1)
	for k := range alike.Pooled {
		alike.Pooled[k] = append(alike.Pooled[k], alike.Pooled[k]...)
	}
	alike.Labels = []int{0, 1}
	dead := clouds(children, []int{2, 2}, 1)
	for k := range dead.Pooled {
		clear(dead.Pooled[k])
	}
	for name, s := range map[string]*Set{"one image each": clouds(children, []int{1, 1}, 1), "alike": alike, "nothing but zeros": dead, "rare": clouds(children, []int{200, 1}, 1)} {
		c := Train(children, 2, s, &Set{}, Options{})
		for _, v := range append(c.Matrix, c.Bias...) {
			if v-v != 0 {
				t.Fatalf("%s: a weight is %v", name, v)
			}
		}
		if name == "rare" {
			p := newProblem(children, 2, s)
			loss, correct := p.loss(nil, append(c.Matrix[:len(c.Matrix):len(c.Matrix)], c.Bias...))
			if correct[0] < 1 {
				t.Errorf("%s: %v correct, loss %v", name, correct[0], loss)
			}
		}
	}
}

// TestHoldOut: about the share, of every class with two images at least one on each
// side, and no image changes sides when others come.
func TestHoldOut(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var ranks []uint64
	var labels []int
	for class, n := range []int{1000, 2, 1, 0, 30} {
		for range n {
			ranks, labels = append(ranks, r.Uint64()), append(labels, class)
		}
	}
	out := HoldOut(ranks, labels, 5, 0.2)
	held := make([]int, 5)
	for i, o := range out {
		if o {
			held[labels[i]]++
		}
	}
	if held[0] < 160 || held[0] > 240 || held[1] != 1 || held[2] != 0 || held[4] < 1 || held[4] > 12 {
		t.Errorf("held out %v", held)
	}
	for _, few := range [][]uint64{{1, 2, 3}, {1 << 63, 1<<63 + 1, 1<<64 - 1}, {7, 7, 7}} {
		out := HoldOut(few, []int{0, 0, 0}, 1, 0.2)
		if n := fmt.Sprint(out); n != "[true true false]" && n != "[true false false]" && n != "[false true true]" {
			t.Errorf("%v: %v", few, out)
		}
	}
	for i, o := range HoldOut(ranks[:500], labels[:500], 1, 0.2) {
		if o != out[i] {
			t.Errorf("image %d changed sides", i)
		}
	}
	if out := HoldOut([]uint64{0, 1}, []int{0, 0}, 1, 0); out[0] || out[1] {
		t.Error("a share of 0 holds out")
	}
}

// TestChildren: the random children have all resolutions, the same ones for the same seed, and
// are cheaper than random architectures of those resolutions are in the mean.
func TestChildren(t *testing.T) {
	space := nette(t)
	all := Children(space, Random, 1)
	if len(all) != 2+Random || !all[0].Equal(space.Max()) || !all[1].Equal(space.Min()) || !reflect.DeepEqual(all, Children(space, Random, 1)) {
		t.Fatalf("the children are %v", all)
	}
	r := rand.New(rand.NewPCG(3, 3))
	for i, a := range all[2:] {
		if err := space.Validate(a); err != nil || a.Resolution != space.Resolutions[i%len(space.Resolutions)] || a.Equal(Children(space, Random, 2)[2+i]) {
			t.Errorf("child %d is %s (%v)", i, a, err)
		}
		mean := 0.0
		for range 50 {
			other := space.Sample(r)
			other.Resolution = a.Resolution
			mean += float64(cost.Totals(other, 1).MACs) / 50
		}
		if macs := float64(cost.Totals(a, 1).MACs); macs >= mean {
			t.Errorf("%s has %.0f MACs, random ones of its resolution %.0f in the mean", a, macs, mean)
		}
	}
}

// TestCalibrate: the classifier that Train returns has another scale than the step that it is of, and a lower loss on
// the images that were held out; the answers are the same. Few images move it less than many, none do not.
func TestCalibrate(t *testing.T) {
	children := Children(nette(t), 1, 1)
	train := clouds(children, []int{20, 20, 20}, 1)
	scale := func(perClass int) float64 {
		held := clouds(children, []int{perClass, perClass, perClass}, 2)
		a := Begin(children, 3, train, held, 6, func() {})
		for more := true; more; {
			_, more = a.Step()
		}
		before, accuracy := append(append([]float32(nil), a.Best.Matrix...), a.Best.Bias...), append([]float64(nil), a.Best.HeldOut...)
		was, _ := a.check.loss(nil, before)
		a.Calibrate()
		after := append(append([]float32(nil), a.Best.Matrix...), a.Best.Bias...)
		is, now := a.check.loss(nil, after)
		if !(is < was) || !reflect.DeepEqual(now, accuracy) {
			t.Errorf("%d images a class: the loss is %v, was %v; correct %v, were %v", perClass, is, was, now, accuracy)
		}
		for i, v := range after {
			if r := float64(after[0] / before[0]); math.Abs(float64(v)-r*float64(before[i])) > 1e-6 {
				t.Fatalf("weight %d is %v, was %v, and the first was multiplied by %v", i, v, before[i], r)
			}
		}
		if c := Train(children, 3, train, held, Options{Steps: 6}); !reflect.DeepEqual(c.Matrix, a.Best.Matrix) {
			t.Error("Train does not calibrate")
		}
		return math.Log(float64(after[0] / before[0]))
	}
	few, many := scale(2), scale(40)
	if !(few > 0 && many > few) {
		t.Errorf("six held-out images multiply by exp(%v), 120 by exp(%v)", few, many)
	}
	a := Begin(children, 3, train, &Set{}, 6, func() {})
	a.Step()
	before := append([]float32(nil), a.Best.Matrix...)
	if a.Calibrate(); !reflect.DeepEqual(a.Best.Matrix, before) {
		t.Error("without held-out images it is scaled")
	}
}

package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// inferenceChecks are the operators of inference as checks: float32 through
// Pack and DepthwiseAct, float64 from the operators they stand for.
func inferenceChecks(m, k, n, extra int, s DepthwiseShape) (single []check[float32], double []check[float64]) {
	ws := n + extra
	wn := (k-1)*ws + n
	oh, ow := s.Out()
	x, rows := s.N*s.H*s.W*s.C, s.N*oh*ow
	ones := func(c int) []float64 {
		o := make([]float64, c)
		for i := range o {
			o[i] = 1
		}
		return o
	}
	add := func(name string, in []int, out int, f func(in, out [][]float32), d func(in, out [][]float64)) {
		single = append(single, check[float32]{name, in, []int{out}, f})
		double = append(double, check[float64]{name, in, []int{out}, d})
	}
	for _, a := range activations {
		add(fmt.Sprintf("Apply act %d %v", a, []int{m, k, n, extra}), []int{m * k, wn, n, n}, m*n,
			func(in, out [][]float32) { Pack(in[1], k, n, ws, in[3], in[2]).Apply(out[0], in[0], m, a, nil) },
			func(in, out [][]float64) {
				Pointwise(out[0], in[0], m, k, n, in[1], ws)
				ScaleShiftAct(out[0], out[0], m, n, in[3], in[2], a, nil)
			})
		add(fmt.Sprintf("Apply without bias, residual, act %d %v", a, []int{m, k, n, extra}), []int{m * k, wn, m * n}, m*n,
			func(in, out [][]float32) { Pack(in[1], k, n, ws, nil, nil).Apply(out[0], in[0], m, a, in[2]) },
			func(in, out [][]float64) {
				Pointwise(out[0], in[0], m, k, n, in[1], ws)
				ScaleShiftAct(out[0], out[0], m, n, ones(n), make([]float64, n), a, in[2])
			})
		add(fmt.Sprintf("DepthwiseAct act %d %v", a, s), []int{x, s.K * s.K * s.C, s.C}, rows*s.C,
			func(in, out [][]float32) { DepthwiseAct(out[0], in[0], s, in[1], in[2], a) },
			func(in, out [][]float64) {
				Depthwise(out[0], in[0], s, in[1], s.K, s.C)
				ScaleShiftAct(out[0], out[0], rows, s.C, ones(s.C), in[2], a, nil)
			})
	}
	return single, double
}

func TestInferenceConformance(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for round := range 25 {
		m, k, n, extra := 1+r.IntN(90), 1+r.IntN(70), 1+r.IntN(110), r.IntN(4)
		s := DepthwiseShape{1 + r.IntN(2), 1 + r.IntN(11), 1 + r.IntN(11), 1 + r.IntN(70), 3 + 2*r.IntN(2), 1 + r.IntN(2)}
		if round < 2 {
			m, n = 1, 10 // the classifier on one image
		}
		single, double := inferenceChecks(m, k, n, extra, s)
		for _, name := range Implementations() {
			for i, c := range single {
				setThreads(t, 1+round%3)
				undo, err := Use(name)
				if err != nil {
					t.Fatal(err)
				}
				got := c.outcome(t, uint64(i))[0]
				undo()
				near(t, name+": "+c.name, got, double[i].outcome(t, uint64(i))[0])
				if name == "portable" {
					undo, _ := Use("generic")
					equalBits(t, c.name, got, c.outcome(t, uint64(i))[0])
					undo()
				}
			}
		}
	}
}

// TestPackCopies checks that weights may change after Pack.
func TestPackCopies(t *testing.T) {
	for _, name := range Implementations() {
		use(t, name)
		w, bias, x, y := []float32{2, 3}, []float32{1, 1}, []float32{5}, make([]float32, 2)
		p := Pack(w, 1, 2, 2, nil, bias)
		clear(w)
		clear(bias)
		if p.Apply(y, x, 1, None, nil); y[0] != 11 || y[1] != 16 {
			t.Errorf("%s: got %v, want [11 16]", name, y)
		}
	}
}

// TestLogistic checks the accuracy of the float32 activations, and what they do
// at the ends of the number line.
func TestLogistic(t *testing.T) {
	worst := 0.0
	for x := float32(-86); x < 100; x += 0.00371 {
		for _, a := range []Act{Sigmoid, Swish} {
			want := 1 / (1 + math.Exp(-float64(x)))
			if a == Swish {
				want *= float64(x)
			}
			got := activation(x, a)
			ulp := float64(math.Nextafter32(float32(math.Abs(want)), math.MaxFloat32)) - math.Abs(float64(float32(math.Abs(want))))
			worst = max(worst, math.Abs(float64(got)-want)/ulp)
		}
	}
	if worst > 0.55 {
		t.Errorf("off by up to %.3f units in the last place, want at most 0.55", worst)
	}
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		x, sigmoid, swish float32
	}{{0, 0.5, 0}, {inf, 1, inf}, {-inf, 0, 0}, {1e30, 1, 1e30}, {-1e30, 0, 0}, {250, 1, 250}, {-250, 0, 0}, {200, 1, 200}} {
		y := make([]float32, 1)
		for _, name := range []string{"generic", "portable"} {
			use(t, name)
			if Activate(y, []float32{c.x}, Sigmoid); y[0] != c.sigmoid {
				t.Errorf("%s: sigmoid(%v) is %v, want %v", name, c.x, y[0], c.sigmoid)
			}
			if Activate(y, []float32{c.x}, Swish); y[0] != c.swish {
				t.Errorf("%s: swish(%v) is %v, want %v", name, c.x, y[0], c.swish)
			}
			if Activate(y, []float32{float32(math.NaN())}, Swish); y[0] == y[0] {
				t.Errorf("%s: swish of not a number is %v", name, y[0])
			}
		}
	}
}

// TestBatchStatsLong has a million rows far from zero: sums in float32 alone
// would lose the variance.
func TestBatchStatsLong(t *testing.T) {
	const m, c = 1 << 20, 3
	r := rand.New(rand.NewPCG(2, 2))
	x := make([]float32, m*c)
	for i := range x {
		x[i] = 30*float32(i%c) + r.Float32()
	}
	for _, name := range Implementations() {
		use(t, name)
		mean, variance := make([]float32, c), make([]float32, c)
		BatchStats(mean, variance, x, m, c)
		for j := range c {
			s, q := 0.0, 0.0
			for i := j; i < len(x); i += c {
				s += float64(x[i])
			}
			s /= m
			for i := j; i < len(x); i += c {
				q += (float64(x[i]) - s) * (float64(x[i]) - s)
			}
			q /= m
			if math.Abs(float64(mean[j])-s) > 1e-6*(1+math.Abs(s)) || math.Abs(float64(variance[j])-q) > 2e-6*q {
				t.Errorf("%s: column %d has mean %v and variance %v, want %v and %v", name, j, mean[j], variance[j], s, q)
			}
		}
	}
}

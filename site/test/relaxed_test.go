package test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/kernel"
	"bignas/wasm/kernels"
)

// callKernels runs calls of the module, each on a fresh piece of memory, and
// returns what they leave in their outputs.
const callKernels = `(async calls => {
	const mem = new WebAssembly.Memory({ initial: 64 });
	const bytes = await (async () => {
		const { asset } = await import(new URL('shared/page.js', document.querySelector('script[type=module]').src));
		const { engine } = await (await fetch(asset('manifest.json'))).json();
		return (await fetch(new URL('relaxed.wasm', asset(engine)))).arrayBuffer();
	})();
	const { instance } = await WebAssembly.instantiate(bytes, { env: { mem } });
	return calls.map(({ name, args }) => {
		let top = 1024, out;
		instance.exports[name](...args.map(a => {
			if (typeof a === 'number') return a;
			const at = new Float32Array(mem.buffer, top, a.out ?? a.in.length);
			top += at.byteLength + 1024;
			if (a.in) at.set(a.in); else out = at;
			return at.byteOffset;
		}));
		return [...out];
	});
})(%s)`

type kernelCall struct {
	Name string `json:"name"`
	Args []any  `json:"args"`
}

func in(v []float32) any { return map[string]any{"in": v} }
func out(n int) any      { return map[string]any{"out": n} }

func normal(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

// double and magnitude are s in double precision and without its signs.
func double(s []float32) []float64 {
	d := make([]float64, len(s))
	for i, v := range s {
		d[i] = float64(v)
	}
	return d
}

func magnitude(s []float32) []float64 {
	d := double(s)
	for i := range d {
		d[i] = math.Abs(d[i])
	}
	return d
}

// TestRelaxedKernels holds the module with relaxed multiply-add, which nothing
// outside a browser runs here, against double precision: sums within half a unit
// in the last place a term, swish and sigmoid within 5 units (4 in the plain module).
func TestRelaxedKernels(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{full: true})
	p.answered()
	r := rand.New(rand.NewPCG(11, 12))
	const m, k, n = 27, 45, 21
	x, w, scale, bias := normal(r, m*k), normal(r, k*n), normal(r, n), normal(r, n)
	s := kernel.DepthwiseShape{N: 1, H: 9, W: 14, C: 24, K: 5, Stride: 1}
	image, taps, add := normal(r, 9*14*24), normal(r, 25*24), normal(r, 24)
	wide := s
	wide.K = 7
	wideTaps := normal(r, 49*24)
	line := make([]float32, 0, 4000)
	for v := float32(-86); v < 100; v += 0.0471 {
		line = append(line, v)
	}
	text, err := json.Marshal([]kernelCall{
		{"product", []any{in(x), in(kernels.Pack(w, k, n, n)), in(kernels.Pad(scale, n, 1)), in(kernels.Pad(bias, n, 0)), out(m * n), 0, m, k, n, kernel.None, k}},
		{"depthwise5x1", []any{in(image), in(taps), in(add), out(len(image)), 1, s.H, s.W, s.C, kernel.None}},
		{"finish", []any{out(len(line)), in(line), 0, len(line), kernel.Swish}},
		{"finish", []any{out(len(line)), in(line), 0, len(line), kernel.Sigmoid}},
		{"depthwise7x1", []any{in(image), in(wideTaps), in(add), out(len(image)), 1, s.H, s.W, s.C, kernel.None}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got := eval[[][]float32](p, fmt.Sprintf(callKernels, text))

	sums := func(what string, got []float32, terms int, f func(y []float64, of func([]float32) []float64)) {
		want, size := make([]float64, len(got)), make([]float64, len(got))
		f(want, double)
		f(size, magnitude)
		for i, v := range got {
			if d := math.Abs(float64(v) - want[i]); !(d <= float64(terms)*0x1p-24*size[i]) {
				t.Fatalf("%s: element %d is %v, want %v", what, i, v, want[i])
			}
		}
	}
	sums("product", got[0], k+2, func(y []float64, of func([]float32) []float64) {
		kernel.Pointwise(y, of(x), m, k, n, of(w), n)
		kernel.ScaleShiftAct(y, y, m, n, of(scale), of(bias), kernel.None, nil)
	})
	depthwise := func(got []float32, s kernel.DepthwiseShape, taps []float32) {
		sums(fmt.Sprint("depthwise ", s), got, s.K*s.K+1, func(y []float64, of func([]float32) []float64) {
			kernel.Depthwise(y, of(image), s, of(taps), s.K, s.C)
			kernel.AddBias(y, s.H*s.W, s.C, of(add))
		})
	}
	depthwise(got[1], s, taps)
	depthwise(got[4], wide, wideTaps)
	for i, act := range []kernel.Act{kernel.Swish, kernel.Sigmoid} {
		want, worst := make([]float64, len(line)), 0.0
		kernel.Activate(want, double(line), act)
		for j, v := range want {
			a := float32(math.Abs(v))
			unit := float64(math.Nextafter32(a, math.MaxFloat32) - a)
			worst = max(worst, math.Abs(float64(got[2+i][j])-v)/unit)
		}
		t.Logf("activation %d is off by up to %.2f units", act, worst)
		if !(worst <= 5) {
			t.Errorf("activation %d is off by %.2f units in the last place, allowed are 5", act, worst)
		}
	}
}

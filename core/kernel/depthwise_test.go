package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestDepthwiseStrips compares shapes that need several strips of rows, few
// images for the threads, borders on every side and channel tails with the
// generic loops.
func TestDepthwiseStrips(t *testing.T) {
	defer SetThreads(0)
	r := rand.New(rand.NewPCG(6, 6))
	for _, s := range []DepthwiseShape{
		{2, 40, 41, 150, 5, 1}, {1, 61, 38, 100, 3, 2}, {3, 50, 51, 90, 5, 2}, {1, 53, 40, 130, 3, 1},
		{5, 1, 1, 33, 5, 1}, {5, 1, 1, 33, 3, 2}, {4, 2, 3, 816, 5, 2}, {3, 3, 3, 17, 5, 1}, {1, 14, 15, 16, 5, 2}, {1, 2, 300, 64, 5, 2},
	} {
		oh, ow := s.Out()
		const pitch = 5
		ws := s.C + 3
		in, out := s.N*s.H*s.W*s.C, s.N*oh*ow*s.C
		x, dy, w, bias := guarded(r, in), guarded(r, out), guarded(r, pitch*pitch*ws), guarded(r, s.C)
		for _, op := range []struct {
			name string
			used int
			f    func(o []float32)
		}{
			{"forward", out, func(o []float32) { Depthwise(o, x, s, w, pitch, ws) }},
			{"act", out, func(o []float32) { DepthwiseAct(o, x, s, w, bias, ReLU) }},
			{"input", in, func(o []float32) { DepthwiseGradInput(o, dy, s, w, pitch, ws) }},
			{"weight", len(w) - 64, func(o []float32) { DepthwiseGradWeight(o, pitch, ws, x, dy, s) }},
		} {
			before := guarded(r, op.used)
			want := clone(before)
			undo, err := Use("generic")
			if err != nil {
				t.Fatal(err)
			}
			op.f(want)
			undo()
			for threads := 1; threads <= 4; threads++ {
				SetThreads(threads)
				got, again := clone(before), clone(before)
				op.f(got)
				op.f(again)
				same(t, fmt.Sprint(op.name, s, threads), got, want, op.used, 1e-5) // sums of thousands of terms, in another order
				same(t, fmt.Sprint(op.name, s, threads, " again"), again, got, op.used, 0)
			}
			SetThreads(0)
		}
	}
}

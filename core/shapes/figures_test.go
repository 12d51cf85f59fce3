package shapes

import (
	"math"
	"testing"
)

// TestFiguresDiffer: every figure has an inside and an outside within its
// square, and no two cover nearly the same part of it, even turned.
func TestFiguresDiffer(t *testing.T) {
	const n = 60
	ink := func(f figure, turn float64) []bool {
		sin, cos := math.Sincos(turn)
		var on []bool
		for i := range n * n {
			x, y := (float64(i%n)+0.5)/n*2-1, (float64(i/n)+0.5)/n*2-1
			u, v := x*cos+y*sin, y*cos-x*sin
			in := f.inside(u, v) < 0
			if in && f.second != nil {
				in = f.second(u, v) >= 0
			}
			on = append(on, in)
		}
		return on
	}
	for i, f := range figures {
		a, area := ink(f, 0), 0
		for _, v := range a {
			if v {
				area++
			}
		}
		if share := float64(area) / (n * n); share < 0.15 || share > 0.7 {
			t.Errorf("%s covers %.2f of its square", f.name, share)
		}
		for _, g := range figures[i+1:] {
			for turn := 0.0; turn < 2*math.Pi; turn += math.Pi / 12 {
				differ := 0
				for k, v := range ink(g, turn) {
					if v != a[k] {
						differ++
					}
				}
				if float64(differ)/(n*n) < 0.06 {
					t.Errorf("%s and %s, turned by %.1f, differ in %d of %d points only", f.name, g.name, turn, differ, n*n)
				}
			}
		}
	}
}

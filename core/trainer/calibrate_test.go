package trainer

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// TestCalibrateForgets: calibration, which keeps no more than a block of a forward pass, gives
// the statistics that CalibrateActivations, which keeps all of it, gives.
func TestCalibrateForgets(t *testing.T) {
	for _, space := range []*arch.Space{tiny(), attentive(), once()} {
		w, err := supernet.NewWeights(space, 4)
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(7, 1))
		w.Init(r, false)
		for _, a := range []arch.Arch{space.Max(), space.Min(), space.Sample(r)} {
			var batches [][]float32
			for n := 3; n < 5; n++ {
				x := make([]float32, n*a.Resolution*a.Resolution*3)
				for i := range x {
					x[i] = float32(r.NormFloat64())
				}
				batches = append(batches, x)
			}
			each := func(yield func([]float32, int) bool) {
				for i, x := range batches {
					if !yield(x, i+3) {
						return
					}
				}
			}
			got, err := Calibrate(w, a, each)
			if err != nil {
				t.Fatal(err)
			}
			want, err := CalibrateActivations(w, a, each)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want.Statistics) {
				t.Errorf("%s: the statistics differ", a)
			}
		}
	}
}

package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"bignas/core/preprocess"
	"bignas/core/trainer"
	"bignas/train/estimate"
)

// Speed is how long updates on random images take on this machine, in seconds: PerPass
// for each pass, PerImage for each of its images, which are MACs multiply-accumulates
// (forward) each, and PerUpdate for the update itself.
type Speed struct {
	Images    [2]int     `json:"images"` // of the passes that were timed
	Passes    [2]float64 `json:"passes"` // medians
	Spread    [2]float64 `json:"spread"` // fastest and slowest of the bigger passes, over their median
	Rounds    int        `json:"rounds"`
	PerPass   float64    `json:"per_pass"`
	PerImage  float64    `json:"per_image"`
	PerUpdate float64    `json:"per_update"`
	MACs      float64    `json:"macs"`
}

// Passes of timedImages and of half as many are timed, each timedRounds times.
const (
	timedImages = 8
	timedRounds = 5
)

// timeUpdates times passes of two sizes in turn, with the same children each time, and
// the update.
func timeUpdates(t *trainer.Trainer[float32], work *estimate.Work, resolution int, progress func(string)) Speed {
	sizes := [2]int{timedImages / 2, timedImages}
	r := rand.New(rand.NewPCG(1, 0x5eed))
	x := make([]float32, timedImages*resolution*resolution*3)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	var updates []float64
	var macs float64
	pass := func(n int) float64 {
		began := time.Now()
		res := t.Gradients(trainer.Batch[float32]{
			Labels: make([]int, n), MaxResolution: resolution,
			At: func(side int) []float32 {
				if side == resolution {
					return x[:n*side*side*3]
				}
				y := make([]float32, n*side*side*3)
				preprocess.NewResampler(resolution, side).Resize(y, x[:n*resolution*resolution*3], n, 3)
				return y
			},
		}, rand.New(rand.NewPCG(1, 7)))
		took := time.Since(began).Seconds()
		began = time.Now()
		t.Update(0)
		updates = append(updates, time.Since(began).Seconds())
		macs = 0
		for _, c := range res.Children {
			macs += work.MACs(c.Arch)
		}
		return took
	}
	if progress != nil {
		progress(fmt.Sprintf("timing passes of %d and %d random images at %d px", sizes[0], sizes[1], resolution))
	}
	pass(sizes[1]) // to allocate and warm up
	var times [2][]float64
	for range timedRounds {
		for i, n := range sizes {
			times[i] = append(times[i], pass(n))
		}
	}
	v := Speed{Images: sizes, Passes: [2]float64{median(times[0]), median(times[1])}, Rounds: timedRounds, PerUpdate: median(updates), MACs: macs}
	v.Spread = [2]float64{slices.Min(times[1]) / v.Passes[1], slices.Max(times[1]) / v.Passes[1]}
	v.PerImage = (v.Passes[1] - v.Passes[0]) / float64(sizes[1]-sizes[0])
	// With noise, more images may seem to take no longer, or a pass of none to take less than nothing.
	if most := v.Passes[1] / float64(sizes[1]); v.PerImage <= most/2 || v.PerImage > most {
		v.PerImage = most
	}
	v.PerPass = max(0, v.Passes[0]-float64(sizes[0])*v.PerImage)
	return v
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

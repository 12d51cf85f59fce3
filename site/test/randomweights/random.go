package main

import (
	"fmt"
	"math/rand/v2"

	"bignas/core/arch"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// Labels are the ten classes of the shipped weights, in their order.
var Labels = []string{"tench", "English springer", "cassette player", "chain saw", "church",
	"French horn", "garbage truck", "gas pump", "golf ball", "parachute"}

// calibrationImages is how many noise images each child is calibrated on: enough
// for statistics that keep the signal alive through all layers.
const calibrationImages = 4

// Random returns the bytes of a weights file of that space: initialised weights,
// and BN statistics fitted to children calibrated on smooth noise.
func Random(name string, r *rand.Rand) ([]byte, error) {
	space, err := arch.Lookup(name)
	if err != nil {
		return nil, err
	}
	net, err := supernet.NewWeights(space, len(Labels))
	if err != nil {
		return nil, err
	}
	net.Init(r, false)
	// A fresh classifier starts near zero and would answer ten times 10 %.
	for i := range net.Classifier.Data {
		net.Classifier.Data[i] = float32(0.02 * r.NormFloat64())
	}
	children := []arch.Arch{space.Min(), space.Max()}
	for range 4 {
		children = append(children, space.Sample(r))
	}
	var fit []supernet.Calibrated
	for _, a := range children {
		batch := noise(a.Resolution, calibrationImages, r)
		st, err := net.Calibrate(a, func(yield func([]float32, int) bool) { yield(batch, calibrationImages) })
		if err != nil {
			return nil, err
		}
		fit = append(fit, supernet.Calibrated{Arch: a, Statistics: st})
	}
	model, err := supernet.FitStatistics(space, fit)
	if err != nil {
		return nil, fmt.Errorf("statistics: %w", err)
	}
	return weights.Marshal(&weights.Bundle{
		Net: net, Statistics: model, Labels: Labels,
		Spec:     preprocess.Spec{Mean: [3]float32{0.46, 0.46, 0.45}, Std: [3]float32{0.28, 0.28, 0.29}, Crop: 0.875, Filter: preprocess.CatmullRom},
		Metadata: map[string]string{"training": "none: seeded random numbers, for tests only"},
	}, weights.Float16)
}

// noise returns n images [n, side, side, 3] of big soft blobs, like pictures more
// than white noise is.
func noise(side, n int, r *rand.Rand) []float32 {
	const cell = 8
	x := make([]float32, n*side*side*3)
	for i := range n {
		grid := make([]float32, (side/cell+1)*(side/cell+1)*3)
		for j := range grid {
			grid[j] = float32(1.2 * r.NormFloat64())
		}
		for y := range side {
			for c := range side {
				from := ((y/cell)*(side/cell+1) + c/cell) * 3
				copy(x[((i*side+y)*side+c)*3:][:3], grid[from:])
			}
		}
	}
	return x
}

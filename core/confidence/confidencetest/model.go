// Package confidencetest makes confidence models for tests.
package confidencetest

import (
	"testing"

	"bignas/core/arch"
	"bignas/core/confidence"
)

// Model returns a model of the space whose children all have the temperature exp(0.75) and
// the given quantile of scores at each index of confidence.Levels.
func Model(t testing.TB, space *arch.Space, quantile func(level int) float64) *confidence.Model {
	t.Helper()
	n := len(confidence.Features(space.Min()))
	c := make([]float64, (1+len(confidence.Levels))*n)
	c[0] = 0.75
	for i := range confidence.Levels {
		c[(1+i)*n] = quantile(i)
	}
	row := make([]float64, space.Head[len(space.Head)-1])
	for i := range row {
		row[i] = float64(i%5) - 2
	}
	m, err := confidence.New(space, row, 1, c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// Ascending are quantiles about those of images.
func Ascending(level int) float64 { return 20*float64(level) - 100 }

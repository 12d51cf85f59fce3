package classify

import (
	"math/rand/v2"
	"os"
	"testing"

	"bignas/core/supernet"
	"bignas/core/weights"
)

// BenchmarkSlice makes random children of the shipped weights ready to run:
// statistics, folding, packing.
func BenchmarkSlice(b *testing.B) {
	data, err := os.ReadFile("../../assets/bignas-nette.safetensors")
	if err != nil {
		b.Skip(err)
	}
	bundle, err := weights.Unmarshal(data)
	if err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	bundle.Net.Freeze()
	var last *supernet.Child
	for b.Loop() {
		a := bundle.Net.Space.Sample(r)
		st, err := bundle.Statistics.Predict(a)
		if err != nil {
			b.Fatal(err)
		}
		c, err := bundle.Net.Child(a, st)
		if err != nil {
			b.Fatal(err)
		}
		c.Recycle(last)
		last = c
	}
}

package search

import (
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/predict"
	"bignas/core/search/landscape"
)

// BenchmarkBudget is a search for a MAC budget on predicted accuracy, as the page
// asks for it: a second in a browser at most.
func BenchmarkBudget(b *testing.B) {
	s := lookup(b, "nette")
	land, r := landscape.New(s, 1), rand.New(rand.NewPCG(1, 1))
	var samples []predict.Sample
	for range 70 {
		a := s.Sample(r)
		samples = append(samples, predict.Sample{Arch: a, Accuracy: land.Accuracy(a)})
	}
	p, err := predict.Fit(s, predict.Source{Classes: 10}, samples, 20)
	if err != nil {
		b.Fatal(err)
	}
	f := p.Function()
	problem := Problem{Space: s, Classes: 10, Limits: Limits{MACs: 60e6}, Judge: Judge{Kind: Predicted, Error: 0.01,
		Of: func(a arch.Arch, c Costs) (float64, error) { return f(a, c.MACs, c.Params), nil }}}
	for _, method := range Methods {
		b.Run(method, func(b *testing.B) {
			for b.Loop() {
				finish(b, start(b, problem, Options{method, 1, 2000}))
			}
		})
	}
}

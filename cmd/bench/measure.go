package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"bignas/core/fault"
	"bignas/core/kernel"
)

// spread is a summary of repeated measurements.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

func spreadOf(v []float64) spread {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	return spread{(s[(n-1)/2] + s[n/2]) / 2, s[0], s[n-1]}
}

// text formats median (min to max), with digits decimals.
func (s spread) text(digits int) string {
	return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, s.Median, digits, s.Min, digits, s.Max)
}

// runner does its work n times and returns the milliseconds of each.
type runner func(n int) ([]float64, error)

// timed returns the runner of a function.
func timed(work func()) runner {
	return func(n int) ([]float64, error) {
		ms := make([]float64, n)
		for i := range ms {
			start := time.Now()
			work()
			ms[i] = time.Since(start).Seconds() * 1e3
		}
		return ms, nil
	}
}

// onThreads returns r with that many threads.
func onThreads(threads int, r runner) runner {
	return func(n int) ([]float64, error) {
		kernel.SetThreads(threads)
		defer kernel.SetThreads(0)
		return r(n)
	}
}

// rounds is the length of a comparison.
type rounds struct {
	Rounds int           `default:"9" placeholder:"N" help:"Turns of each side (default: 9)."`
	Turn   time.Duration `default:"150ms" placeholder:"TIME" help:"Length of a turn (default: 150ms)."`

	// rest is the pause before each turn.
	rest time.Duration
}

func (r rounds) check() error {
	if r.Rounds < 1 || r.Turn <= 0 {
		return fault.New("bad_flag", "leave them out, or take 3 and 50ms for a short look", "--rounds is %d and --turn %v, allowed is what is above 0", r.Rounds, r.Turn)
	}
	return nil
}

// inTurn runs the sides alternately, A B A B, and returns the median milliseconds of each side in each round,
// [side][round]. A turn begins with a rest, until threads of the other side have stopped spinning, and with runs that do
// not count, to fill the caches.
func (r rounds) inTurn(sides ...runner) ([][]float64, error) {
	medians := make([][]float64, len(sides))
	counts := make([]int, len(sides))
	for i, run := range sides {
		first, err := run(3)
		if err != nil {
			return nil, err
		}
		counts[i] = max(1, int(r.Turn.Seconds()*1e3/max(slices.Min(first), 1e-4)))
	}
	for range r.Rounds {
		for i, run := range sides {
			time.Sleep(r.rest)
			if _, err := run(min(2, counts[i]) + counts[i]/8); err != nil {
				return nil, err
			}
			ms, err := run(counts[i])
			if err != nil {
				return nil, err
			}
			medians[i] = append(medians[i], spreadOf(ms).Median)
		}
	}
	return medians, nil
}

// ratios returns a over b in each round.
func ratios(a, b []float64) spread {
	q := make([]float64, len(a))
	for i := range q {
		q[i] = a[i] / b[i]
	}
	return spreadOf(q)
}

// difference returns the largest absolute difference of logits, and that over the largest absolute logit of want.
func difference(got, want []float32) (absolute, relative float64) {
	largest := 0.0
	if len(got) != len(want) {
		return math.Inf(1), math.Inf(1)
	}
	for i, w := range want {
		d := math.Abs(float64(got[i]) - float64(w))
		if math.IsNaN(d) {
			return d, d
		}
		absolute, largest = max(absolute, d), max(largest, math.Abs(float64(w)))
	}
	return absolute, absolute / largest
}

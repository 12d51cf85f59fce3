package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"bignas/core/fault"
	"bignas/core/kernel"
)

// spread is what is said about repeated measurements.
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

// text shows median (min to max), with digits after the point.
func (s spread) text(digits int) string {
	return fmt.Sprintf("%.*f (%.*f to %.*f)", digits, s.Median, digits, s.Min, digits, s.Max)
}

// runner does its work n times and returns the milliseconds of each time.
type runner func(n int) ([]float64, error)

// timed is the runner of a function.
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

// onThreads is r with the kernels set to that many threads.
func onThreads(threads int, r runner) runner {
	return func(n int) ([]float64, error) {
		kernel.SetThreads(threads)
		defer kernel.SetThreads(0)
		return r(n)
	}
}

// rounds is how long a comparison takes.
type rounds struct {
	Rounds int           `default:"9" placeholder:"N" help:"How often each side gets its turn (default: 9)."`
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

// inTurn lets the sides run one after the other, A B A B, and returns the median
// milliseconds of each side in each round, [side][round]. A turn starts with a
// rest, for threads of the other side that still spin, and with runs that do not
// count, for the caches.
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

// ratios is a over b in each round.
func ratios(a, b []float64) spread {
	q := make([]float64, len(a))
	for i := range q {
		q[i] = a[i] / b[i]
	}
	return spreadOf(q)
}

// difference is how far the logits got are from want: the biggest absolute
// difference, and that over the largest absolute logit of want.
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

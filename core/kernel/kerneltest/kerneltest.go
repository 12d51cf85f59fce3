// Package kerneltest has the tests that every implementation of the operators in core/kernel
// must pass. It finds an implementation by the name under which it is registered, so that one
// from outside the package, such as the browser's, is held to the same contract.
package kerneltest

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"bignas/core/kernel"
)

// Subject is an implementation and how its requirements differ from the contract.
type Subject struct {
	Name string
	// SameBits requires the bits of the reference loops, not only their results to within rounding.
	SameBits bool
	// Floor is an absolute error that sigmoid and swish may have besides their relative one;
	// results this small are not checked.
	Floor float64
	// Units is the error that sigmoid and swish may have, in units in the last place; 0 stands
	// for 4.
	Units float64
}

// Run compares an implementation with the reference loops and with float64.
func Run(t *testing.T, s Subject) {
	t.Run("shapes", func(t *testing.T) { shapes(t, s) })
	t.Run("activations", func(t *testing.T) { activationRange(t, s) })
	t.Run("denormals", func(t *testing.T) { denormals(t, s) })
	t.Run("not finite", func(t *testing.T) { notFinite(t, s) })
	t.Run("bfloat16", func(t *testing.T) { bfloat16(t, s) })
}

// Exercise only runs all cases on an implementation, for tests of what they cover.
func Exercise(t *testing.T, name string) {
	undo := use(t, name)
	defer undo()
	for i, c := range Cases[float32]() {
		c.outcome(t, uint64(i), nil)
	}
	bfloat16(t, Subject{Name: name})
}

// Digest returns a hash of the results of the reference loops. It is the same on every platform
// that does not fuse multiplication and addition.
func Digest(t *testing.T) uint64 {
	use(t, "reference")
	threads(t, 1)
	h := fnv.New64a()
	for i, c := range Cases[float32]() {
		for _, out := range c.outcome(t, uint64(i), nil) {
			for _, v := range out {
				b := math.Float32bits(v)
				h.Write([]byte{byte(b), byte(b >> 8), byte(b >> 16), byte(b >> 24)})
			}
		}
	}
	return h.Sum64()
}

// shapes runs all cases on one thread and on three, twice.
func shapes(t *testing.T, s Subject) {
	reference := Cases[float64]()
	counts := []int{1, 3}
	if testing.Short() {
		counts = counts[1:]
	}
	for _, n := range counts {
		t.Run(fmt.Sprint("threads ", n), func(t *testing.T) {
			threads(t, n)
			for i, c := range Cases[float32]() {
				undo := use(t, s.Name)
				got, again := c.outcome(t, uint64(i), nil), c.outcome(t, uint64(i), nil)
				undo()
				undo = use(t, "reference")
				plain := c.outcome(t, uint64(i), nil)
				undo()
				want := reference[i].outcome(t, uint64(i), nil)
				for o := range got {
					near(t, c.Name, got[o], want[o], 0)
					sameBits(t, c.Name+", again", again[o], got[o])
					if s.SameBits {
						sameBits(t, c.Name, got[o], plain[o])
					}
				}
			}
		})
	}
}

// use switches to an implementation, until the end of the test at the latest.
func use(t testing.TB, name string) (undo func()) {
	t.Helper()
	undo, err := kernel.Use(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(undo)
	return undo
}

func threads(t testing.TB, n int) {
	kernel.SetThreads(n)
	t.Cleanup(func() { kernel.SetThreads(0) })
}

const (
	margin = 32 // cells on either side of every array of a case
	fence  = 12345
)

// array returns n random numbers between -1 and 1 with around on either side.
func array[T kernel.Float](r *rand.Rand, n int, around T) []T {
	s := make([]T, n+2*margin)
	for i := range s {
		s[i] = T(2*r.Float32() - 1)
		if i < margin || i >= n+margin {
			s[i] = around
		}
	}
	return s
}

// outcome runs a case on arrays that depend on the seed alone, and on change,
// which may be nil, and returns what it wrote. Cells around inputs are NaN, so that using them
// shows; those around outputs must keep their values.
func (c Case[T]) outcome(t testing.TB, seed uint64, change func(in, out [][]T)) [][]T {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 5))
	var in, whole, out [][]T
	for _, n := range c.In {
		in = append(in, array(r, n, T(math.NaN()))[margin:margin+n])
	}
	for _, n := range c.Out {
		s := array[T](r, n, fence)
		whole, out = append(whole, s), append(out, s[margin:margin+n])
	}
	if change != nil {
		change(in, out)
	}
	c.Run(in, out)
	for _, s := range whole {
		for i := range margin {
			if s[i] != fence || s[len(s)-1-i] != fence {
				t.Fatalf("%s wrote outside its output", c.Name)
			}
		}
	}
	return out
}

// near allows for rounding: sums of up to a few thousand products of numbers up
// to 1, relative to the biggest result, or to 1 where scale is 0.
func near(t *testing.T, name string, got []float32, want []float64, scale float64) {
	t.Helper()
	tiny := 0.0
	if scale == 0 {
		scale = 1
	} else {
		tiny = 256 * math.SmallestNonzeroFloat32 // one rounding error for each of the terms that are subnormal
	}
	for _, v := range want {
		scale = max(scale, math.Abs(v))
	}
	for i, v := range want {
		if d := math.Abs(float64(got[i]) - v); !(d <= 4e-6*scale+tiny) {
			t.Fatalf("%s: element %d of %d is %v, want %v", name, i, len(want), got[i], v)
		}
	}
}

func sameBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d of %d is %x, want %x", name, i, len(want), math.Float32bits(got[i]), math.Float32bits(want[i]))
		}
	}
}

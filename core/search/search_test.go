package search

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/search/landscape"
)

func lookup(t testing.TB, name string) *arch.Space {
	t.Helper()
	s, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// made is a problem whose accuracy is a made-up landscape.
func made(t testing.TB, space string, seed uint64, l Limits) Problem {
	s := lookup(t, space)
	land := landscape.New(s, seed)
	return Problem{Space: s, Classes: 10, Digest: "sha256:made", Limits: l, Judge: Judge{Kind: Predicted, Error: 0.01,
		Of: func(a arch.Arch, _ Costs) (float64, error) { return land.Accuracy(a), nil }}}
}

func finish(t testing.TB, s *Search) *Search {
	t.Helper()
	if err := s.Run(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t testing.TB, p Problem, o Options) *Search {
	t.Helper()
	s, err := New(p, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGenomesAreArchitectures: a genome gives back its architecture, and whatever
// is made of genomes is a valid one.
func TestGenomesAreArchitectures(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, name := range arch.Spaces() {
		s := lookup(t, name)
		g := newGenome(s)
		valid := func(what string, v []int) arch.Arch {
			a := g.arch(v)
			if err := s.Validate(a); err != nil {
				t.Fatalf("%s of %s: %v", what, name, err)
			}
			return a
		}
		for range 300 {
			a, b := s.Sample(r), s.Sample(r)
			va, vb := g.of(a), g.of(b)
			if !g.arch(va).Equal(a) {
				t.Fatalf("%s became %s", a, g.arch(va))
			}
			valid("a mutation", g.mutate(va, r))
			c := valid("a crossover", g.cross(va, vb, r))
			for i, st := range c.Stages { // stages come from one parent whole
				if w := st.Width; w != a.Stages[i].Width && w != b.Stages[i].Width || st.Depth != a.Stages[i].Depth && st.Depth != b.Stages[i].Depth {
					t.Fatalf("%s is no crossover of %s and %s", c, a, b)
				}
			}
			most := Count(a, 10).MACs * 2 / 3
			if least := Count(s.Min(), 10).MACs; most > least {
				small := valid("a shrunken one", g.shrink(va, r, func(v []int) bool { return Count(g.arch(v), 10).MACs <= most }))
				if Count(small, 10).MACs > most {
					t.Fatalf("%s was not made small enough", small)
				}
			}
		}
		grid := g.grid()
		if !grid[0].Equal(s.Min()) || !grid[len(grid)-1].Equal(s.Max()) || len(grid) < 50 || len(grid) > 300 {
			t.Errorf("%s: a grid of %d, %s to %s", name, len(grid), grid[0], grid[len(grid)-1])
		}
		for _, a := range grid {
			valid("a skeleton", g.of(a))
		}
	}
}

// TestWithinLimits: no method judges a child beyond a limit, or one twice; the
// front and the best are those of what was judged.
func TestWithinLimits(t *testing.T) {
	limits := Limits{MACs: 20e6, Params: 0.9e6}
	for _, m := range Methods {
		s := finish(t, start(t, made(t, "nette", 5, limits), Options{m, 3, 120}))
		if len(s.Points()) != 120 {
			t.Errorf("%s judged %d children, want 120", m, len(s.Points()))
		}
		seen := map[string]bool{}
		f := NewFront(MACs, Params)
		best, _ := s.Best()
		for _, p := range s.Points() {
			if text := p.Arch.String(); seen[text] {
				t.Errorf("%s judged %s twice", m, text)
			} else {
				seen[text] = true
			}
			if err := p.Arch.Space.Validate(p.Arch); err != nil || !limits.Allow(p.Costs) || p.Costs != Count(p.Arch, 10) {
				t.Fatalf("%s judged %s: %+v, %v", m, p.Arch, p.Costs, err)
			}
			if f.Insert(p); p.Accuracy > best.Accuracy {
				t.Fatalf("%s: the best is %v, there is %v", m, best.Accuracy, p.Accuracy)
			}
		}
		if len(f.Points()) != len(s.Front().Points()) || s.Progress().Front != len(f.Points()) {
			t.Errorf("%s: a front of %d, want %d", m, len(s.Front().Points()), len(f.Points()))
		}
	}
}

// TestSeedsReproduce: the same seed is the same search, another one is not.
func TestSeedsReproduce(t *testing.T) {
	for _, m := range Methods {
		states := make([][]byte, 3)
		for i, seed := range []uint64{7, 7, 8} {
			states[i] = finish(t, start(t, made(t, "nette", 1, Limits{MACs: 60e6}), Options{m, seed, 90})).State()
		}
		if !bytes.Equal(states[0], states[1]) || bytes.Contains(states[2], states[0][200:len(states[0])-2]) {
			t.Errorf("%s: the same seed must give the same search, another seed another one", m)
		}
	}
}

// TestResume: a search stopped anywhere and continued from its state, without
// judging again, is the uninterrupted one.
func TestResume(t *testing.T) {
	for _, m := range Methods {
		for _, limits := range []Limits{nil, {MACs: 30e6}} {
			p, o := made(t, "nette", 2, limits), Options{m, 4, 100}
			want := finish(t, start(t, p, o)).State()
			for _, stop := range []int{0, 1, 37, 99, 100} {
				ctx, cancel := context.WithCancel(context.Background())
				s := start(t, p, o)
				if stop > 0 {
					err := s.Run(ctx, func(pr Progress) error {
						if pr.Done == stop {
							cancel()
						}
						return nil
					})
					if stop < 100 && !errors.Is(err, context.Canceled) {
						t.Fatalf("%s: stopping after %d gave %v", m, stop, err)
					}
				}
				cancel()
				calls := 0
				q := p
				q.Judge.Of = func(a arch.Arch, c Costs) (float64, error) { calls++; return p.Judge.Of(a, c) }
				again, err := Resume(q, o, s.State())
				if err != nil {
					t.Fatal(err)
				}
				if got := finish(t, again).State(); !bytes.Equal(got, want) || calls != 100-stop {
					t.Errorf("%s stopped after %d judged %d more children; equal to the uninterrupted search: %v", m, stop, calls, bytes.Equal(got, want))
				}
			}
		}
	}
}

// TestRefuses: each mistake is a sentence.
func TestRefuses(t *testing.T) {
	ok := made(t, "nette", 1, Limits{MACs: 30e6})
	stored := finish(t, start(t, ok, Options{"random", 1, 3})).State()
	other := ok
	other.Digest = "sha256:0123456789abcdef0123"
	tight := ok
	tight.Limits = Limits{MACs: 5e6}
	timed := ok
	timed.Limits = Limits{Latency: 5}
	broken := ok
	broken.Judge.Of = func(arch.Arch, Costs) (float64, error) { return 1.5, nil }
	for _, c := range []struct {
		says string
		err  func() error
	}{
		{"no method \"annealing\"", func() error { _, err := New(ok, Options{"annealing", 1, 9}); return err }},
		{"evaluations is 0", func() error { _, err := New(ok, Options{"random", 1, 0}); return err }},
		{"the budget of 5M MACs is impossible: the smallest child has 9.51M", func() error { _, err := New(tight, Options{"random", 1, 9}); return err }},
		{"no latency model", func() error { _, err := New(timed, Options{"random", 1, 9}); return err }},
		{"which is not a share", func() error { _, err := start(t, broken, Options{"random", 1, 9}).Step(); return err }},
		{"belongs to the weights sha256:made, these are sha256:0123456789ab…", func() error { _, err := Resume(other, Options{"random", 1, 3}, stored); return err }},
		{"other options: random with seed 1", func() error { _, err := Resume(ok, Options{"random", 2, 3}, stored); return err }},
		{"cannot be read", func() error { _, err := Resume(ok, Options{"random", 1, 3}, stored[:50]); return err }},
		{"another version", func() error {
			_, err := Resume(ok, Options{"random", 1, 3}, bytes.Replace(stored, []byte(`"arch":"r`), []byte(`"arch":"x`), 1))
			return err
		}},
	} {
		if err := c.err(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("want %q, got %v", c.says, err)
		}
	}
}

// TestAmounts reads what people write, and what it suggests is possible.
func TestAmounts(t *testing.T) {
	for _, c := range []struct {
		m    Metric
		text string
		want float64
	}{
		{MACs, "50M", 50e6}, {MACs, "1.5g", 1.5e9}, {Params, "900k", 900e3}, {Params, "12345", 12345}, {Bytes, "2MB", 2e6}, {Bytes, "800 KB", 800e3},
		{Memory, "3M", 3e6}, {Latency, "12ms", 12}, {Latency, "0.5", 0.5},
		{MACs, "", 0}, {MACs, "M", 0}, {MACs, "-5M", 0}, {MACs, "0", 0}, {MACs, "1e6", 0}, {MACs, "NaN", 0}, {MACs, "50MB", 0}, {MACs, "5.5.5", 0},
		{Latency, "5M", 0}, {Params, "0x10", 0}, {Bytes, "2MiB", 0}, {MACs, "99999999G", 0},
	} {
		got, err := ParseAmount(c.m, c.text)
		if got != c.want || (err != nil) != (c.want == 0) {
			t.Errorf("%s %q is %v, %v; want %v", c.m, c.text, got, err, c.want)
		}
		if err != nil && fault.Of(err).Code != CodeAmount {
			t.Errorf("%q: %v", c.text, err)
		}
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		v := float64(1 + r.IntN(1<<r.IntN(40)))
		if back, err := ParseAmount(Params, amount(Params, v, true)); err != nil || back < v || back > v*1.011 {
			t.Fatalf("%v is shown as %s, which is %v", v, amount(Params, v, true), back)
		}
	}
}

// TestLatency: a latency function passed in is limited and traded like a count.
func TestLatency(t *testing.T) {
	p := made(t, "nette", 1, Limits{Latency: 9})
	p.Latency = func(a arch.Arch) float64 { return float64(Count(a, 10).MACs) / 1e7 }
	s := finish(t, start(t, p, Options{"coarse-to-fine", 1, 80}))
	if best, _ := s.Best(); best.Costs.Latency > 9 || best.Costs.Latency < 6 || s.Front().Against[0] != Latency {
		t.Errorf("the best takes %v ms of 9, against %v", best.Costs.Latency, s.Front().Against)
	}
}

// TestStepsAreShort: where nearly nothing is within the limits, a step looks for
// a while and not for long, and the search still ends with all that there is.
func TestStepsAreShort(t *testing.T) {
	for _, method := range Methods {
		s := start(t, made(t, "nette", 1, Limits{MACs: 9.6e6}), Options{method, 1, 2000})
		steps := 0
		for done := false; !done; steps++ {
			var err error
			if done, err = s.Step(); err != nil {
				t.Fatal(err)
			}
		}
		// The last look alone is 200 tries, 8 a step.
		if found := len(s.Points()); found < 3 || found > 30 || steps < found+tries/patience {
			t.Errorf("%s: %d children in %d steps", method, found, steps)
		}
		if done, err := s.Step(); !done || err != nil {
			t.Errorf("%s goes on after its end: %v", method, err)
		}
	}
}

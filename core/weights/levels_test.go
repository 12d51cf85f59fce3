package weights

import (
	"math/rand/v2"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// TestLevelsHoldTheirChildren: what any child within a level uses lies in that level or
// before it, also the shortcuts that only smaller children have.
func TestLevelsHoldTheirChildren(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	for _, name := range []string{"nette", "attentivenas"} {
		s, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		net, err := supernet.NewWeights(s, 10)
		if err != nil {
			t.Fatal(err)
		}
		ls := levels(s)
		all, err := layout(net, nil, ls)
		if err != nil {
			t.Fatal(err)
		}
		of := map[*supernet.Param]*stored{}
		for _, st := range all {
			of[st.param] = st
		}
		for level, l := range ls {
			for range 50 {
				a := within(s, l.child, r)
				used, err := net.Slices(a)
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range used {
					st := of[v.Param]
					for d := range v.From {
						for _, i := range []int{v.From[d], v.To[d] - 1} {
							if int(st.at[d][i]) > level {
								t.Fatalf("%s, level %d of %d: %s needs %s up to %v, which is in level %d", name, level, len(ls), a, st.name, v.To, st.at[d][i])
							}
						}
					}
				}
			}
		}
	}
}

// within draws a child within b.
func within(s *arch.Space, b arch.Arch, r *rand.Rand) arch.Arch {
	a := s.Sample(r)
	a.Resolution, a.Stem, a.Head = b.Resolution, min(a.Stem, b.Stem), min(a.Head, b.Head)
	for i := range a.Stages {
		c, d := &a.Stages[i], b.Stages[i]
		c.Width, c.Expansion = min(c.Width, d.Width), min(c.Expansion, d.Expansion)
		c.SetDepth(min(c.Depth, d.Depth))
		for j := range c.Expansions {
			c.Expansions[j] = min(c.Expansions[j], d.Expansions[j])
		}
		for j := range c.Kernels {
			c.Kernels[j] = min(c.Kernels[j], d.Kernels[j])
		}
	}
	return a
}

package supernet_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// TestBNLayers: the BN layers of a child are those whose shifts it has, in the same
// order, with the same channels; and ProjectionBN finds those of projections.
func TestBNLayers(t *testing.T) {
	w := nette(t)
	kinds := map[supernet.BNKind]string{supernet.ExpandBN: "expand", supernet.DepthwiseBN: "depthwise", supernet.ProjectBN: "project"}
	for _, a := range []arch.Arch{w.Space.Min(), w.Space.Max(), w.Space.Sample(rand.New(rand.NewPCG(6, 1)))} {
		views, err := w.Slices(a)
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for _, v := range views {
			if name, ok := strings.CutSuffix(v.Param.Name, ".bn.beta"); ok {
				want = append(want, fmt.Sprint(name, " ", v.Len()))
			}
		}
		blocks := a.Network().Blocks
		for i, l := range supernet.BNLayers(a) {
			name := fmt.Sprintf("s%d.%d.%s", l.Stage+1, l.Index, kinds[l.Kind])
			switch {
			case l.Stage < 0:
				name = "stem.conv"
			case l.Stage == len(a.Stages):
				name = "head.conv"
			case blocks[l.Block].Stage != l.Stage || blocks[l.Block].Index != l.Index:
				t.Errorf("%s: BN layer %d is in block %d, which is %+v", a, i, l.Block, blocks[l.Block])
			case l.Kind == supernet.ProjectBN && supernet.ProjectionBN(a, l.Stage, l.Index) != i:
				t.Errorf("%s: ProjectionBN(%d, %d) is %d, want %d", a, l.Stage, l.Index, supernet.ProjectionBN(a, l.Stage, l.Index), i)
			}
			got = append(got, fmt.Sprint(name, " ", l.Channels))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: BN layers are\n%v, want\n%v", a, got, want)
		}
	}
}

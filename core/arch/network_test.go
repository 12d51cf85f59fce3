package arch

import (
	"math/rand/v2"
	"testing"
)

// TestNetworkIsConnected: every layer takes what the layer before it gives, for
// random children of every space.
func TestNetworkIsConnected(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	for _, name := range Spaces() {
		s := lookup(t, name)
		for range 200 {
			a := s.Sample(r)
			n := a.Network()
			channels, size := n.Stem.Out, n.Stem.OutSize
			layers := 0
			for i, b := range n.Blocks {
				if b.In != channels || b.Size != size {
					t.Fatalf("%s block %d takes %d channels at %d, but gets %d at %d", a, i, b.In, b.Size, channels, size)
				}
				c := a.Stages[b.Stage]
				if b.Out != c.Width || b.Kernel != c.Kernels[b.Index] || b.Expand != (c.ExpansionOf(b.Index) > 1) || b.Mid != b.In*c.ExpansionOf(b.Index) || (b.Squeeze > 0) != s.Stages[b.Stage].SE {
					t.Fatalf("%s block %d is %+v, its stage %+v", a, i, b, c)
				}
				if b.Stride != 1 && b.Index != 0 {
					t.Fatalf("%s: block %d of stage %d has stride %d", a, b.Index, b.Stage, b.Stride)
				}
				if b.OutSize != (b.Size+b.Stride-1)/b.Stride {
					t.Fatalf("%s block %d: %d pixels become %d with stride %d", a, i, b.Size, b.OutSize, b.Stride)
				}
				if b.Shortcut == Identity && (b.In != b.Out || b.Stride != 1) && s.Shortcuts != ShortcutDiffering {
					t.Fatalf("%s block %d: identity from %d to %d channels, stride %d", a, i, b.In, b.Out, b.Stride)
				}
				channels, size, layers = b.Out, b.OutSize, layers+1
			}
			depth := 0
			for _, c := range a.Stages {
				depth += c.Depth
			}
			if layers != depth {
				t.Fatalf("%s: %d blocks, want %d", a, layers, depth)
			}
			first := n.Head
			if n.HeadExpand.Out > 0 {
				first = n.HeadExpand
				if n.Head.In != n.HeadExpand.Out {
					t.Fatalf("%s: the head takes %d of %d channels", a, n.Head.In, n.HeadExpand.Out)
				}
			}
			if first.In != channels || first.Size != size {
				t.Fatalf("%s: the head takes %d channels at %d, gets %d at %d", a, first.In, first.Size, channels, size)
			}
		}
	}
}

// TestDivisible pins the rounding of mobile-network code (tensorflow/models
// slim/nets/mobilenet, make_divisible): nearest multiple of 8, at least 90 %.
func TestDivisible(t *testing.T) {
	for v, want := range map[int]int{1: 8, 8: 8, 11: 16, 12: 16, 16: 16, 19: 24, 24: 24, 36: 40, 60: 64, 99: 96, 100: 104, 1344: 1344} {
		if got := divisible(v); got != want {
			t.Errorf("divisible(%d) = %d, want %d", v, got, want)
		}
	}
}

// TestOnceForAll pins what Once-for-All's layers have and those of the other spaces have not.
func TestOnceForAll(t *testing.T) {
	s := lookup(t, "ofa-mbv3")
	a, err := s.Parse("r224-c16-16x1k3-24x2k35e34-40x2k7e6-80x2k3e3-112x3k753e346-160x2k3e3-h1280")
	if err != nil {
		t.Fatal(err)
	}
	n := a.Network()
	sources, acts, shortcuts := "", "", ""
	for _, b := range n.Blocks {
		sources += string(rune('0' + b.Source))
		acts += string("shr"[b.Act])
		shortcuts += string(".=c"[b.Shortcut])
	}
	if sources != "0"+"55"+"00"+"55"+"055"+"55" || acts != "rrrrr"+"hhhhhhh" || shortcuts != "="+".="+".="+".="+".=="+".=" || n.Act != HardSwish {
		t.Errorf("kernels are made of %s, activations %s, shortcuts %s", sources, acts, shortcuts)
	}
	if n.HeadExpand.Out != 960 || n.Blocks[8].Mid != 448 || n.Blocks[8].Squeeze != 112 || !n.Blocks[8].HardGate || n.Blocks[6].Squeeze != 0 {
		t.Errorf("sizes %+v, %+v", n.HeadExpand, n.Blocks[8])
	}
	if wide := lookup(t, "ofa-mbv3-w1.2").Max().Network(); wide.HeadExpand.Out != 1152 {
		t.Errorf("the wide head has %d channels before the pool", wide.HeadExpand.Out)
	}
}

// TestShortcutIsOfTheBlock: with transition shortcuts every child has the same
// operators in the same block, whatever its widths (BigNAS, section 3.2).
func TestShortcutIsOfTheBlock(t *testing.T) {
	r := rand.New(rand.NewPCG(17, 18))
	s := lookup(t, "bignas")
	for range 100 {
		for _, b := range s.Sample(r).Network().Blocks {
			want := Identity
			if b.Index == 0 {
				want = Project
			}
			if b.Shortcut != want {
				t.Fatalf("block %d of stage %d has shortcut %d, want %d", b.Index, b.Stage, b.Shortcut, want)
			}
		}
	}
}

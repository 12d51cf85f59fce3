package arch

// Network is an architecture with the sizes of all layers, which the cost counter, the supernet
// and the drawing use.
type Network struct {
	Arch   Arch
	Stem   Conv
	Blocks []Block
	// HeadExpand is the extra 1x1 convolution before the pool; Out is 0 where
	// the space has none.
	HeadExpand Conv
	// Head is the last 1x1 convolution; its OutSize is 1 where it follows the pool.
	Head Conv
	Act  Activation // of the stem and the head
}

// Conv is a dense convolution. Sizes are in pixels on a side.
type Conv struct{ In, Out, Kernel, Stride, Size, OutSize int }

// Activation is the function after a convolution that is not the last of its block.
type Activation uint8

// The activations.
const (
	Swish     Activation = iota
	HardSwish            // x*relu6(x+3)/6
	ReLU
)

// Shortcut is the shortcut of a block, which is added to its output.
type Shortcut uint8

// The shortcuts of a block.
const (
	NoShortcut Shortcut = iota
	Identity            // its input, 2x2 average pooled where the stride is 2
	Project             // the same through a 1x1 convolution
)

// Block is one inverted-residual block (MBConv) with its sizes.
type Block struct {
	Stage, Index int // stage from 0, layer in the stage from 0
	In, Mid, Out int // channels: input, expanded, output
	Squeeze      int // bottleneck of the SE block, 0 without SE
	Kernel       int
	Source       int `json:",omitempty"` // side of the centre of the biggest kernel that Kernel is made from by transforms, 0 without
	Stride       int
	Size         int  // input pixels on a side
	OutSize      int  // output pixels on a side
	Expand       bool // has the 1x1 expansion (Mid > In, or expansion > 1)
	HardGate     bool // of its SE block, see Space.HardGate
	Shortcut     Shortcut
	Act          Activation `json:",omitempty"`
}

// divisible rounds v to a multiple of 8 as MobileNet code does: to the nearest, but never below
// 90 % of v.
func divisible(v int) int {
	n := max(8, (v+4)/8*8)
	if 10*n < 9*v {
		n += 8
	}
	return n
}

// mid is the expanded width of a block with in active input channels.
func (s *Space) mid(in, expansion int) int {
	if s.Squeeze == SqueezeExpanded && expansion > 1 {
		return divisible(in * expansion)
	}
	return in * expansion
}

// squeeze is the bottleneck width of an SE block.
func (s *Space) squeeze(in, mid int) int {
	if s.Squeeze == SqueezeExpanded {
		return divisible(mid / 4)
	}
	return max(1, in/4)
}

// shortcut returns the shortcut of a block.
func (s *Space) shortcut(b Block) Shortcut {
	same := b.Stride == 1 && b.In == b.Out
	switch s.Shortcuts {
	case ShortcutTransition:
		if b.Index == 0 {
			return Project
		}
		return Identity
	case ShortcutDiffering:
		if b.In == b.Out {
			return Identity
		}
		return Project
	}
	if same {
		return Identity
	}
	return NoShortcut
}

// source returns the side of the centre of a layer's biggest kernel that a kernel of the stage is
// made from: the second biggest, or 0 where there are no transforms or it is the biggest.
func (s *Space) source(st Stage, kernel int) int {
	if of := st.Kernels; s.KernelTransforms && kernel < of[len(of)-1] {
		return of[len(of)-2]
	}
	return 0
}

// act returns the activation outside the blocks, and in those without ReLU.
func (s *Space) act() Activation {
	if s.HardSwish {
		return HardSwish
	}
	return Swish
}

// BeforePool is the convolution whose output is pooled: the last that has a batch
// normalisation.
func (n Network) BeforePool() Conv {
	if n.HeadExpand.Out > 0 {
		return n.HeadExpand
	}
	return n.Head
}

// Network returns the layers of a, which must be valid.
func (a Arch) Network() Network {
	s := a.Space
	n := Network{Arch: a, Act: s.act()}
	size := (a.Resolution + 1) / 2
	n.Stem = Conv{In: 3, Out: a.Stem, Kernel: 3, Stride: 2, Size: a.Resolution, OutSize: size}
	in := a.Stem
	for i, st := range s.Stages {
		c := a.Stages[i]
		for j := range c.Depth {
			b := Block{Stage: i, Index: j, In: in, Out: c.Width, Kernel: c.Kernels[j], Source: s.source(st, c.Kernels[j]),
				Stride: 1, Size: size, Act: n.Act}
			if st.ReLU {
				b.Act = ReLU
			}
			e := c.ExpansionOf(j)
			b.Mid, b.Expand = s.mid(in, e), e > 1
			if j == 0 {
				b.Stride = st.Stride
			}
			if st.SE {
				b.Squeeze, b.HardGate = s.squeeze(in, b.Mid), s.HardGate
			}
			b.OutSize = (size + b.Stride - 1) / b.Stride
			b.Shortcut = s.shortcut(b)
			n.Blocks = append(n.Blocks, b)
			size, in = b.OutSize, c.Width
		}
	}
	headSize := size
	if s.HeadExpansion > 0 {
		n.HeadExpand = Conv{In: in, Out: divisible(in * s.HeadExpansion), Kernel: 1, Stride: 1, Size: size, OutSize: size}
		in, headSize = n.HeadExpand.Out, 1
	}
	n.Head = Conv{In: in, Out: a.Head, Kernel: 1, Stride: 1, Size: headSize, OutSize: headSize}
	return n
}

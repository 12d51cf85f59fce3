package runner

import (
	"fmt"
	"math"
	"slices"

	"bignas/core/weights"
)

// Run computes the output of the graph. Sums are in float64. The output of each operator is
// rounded to the element type of its input, as if nothing were fused.
func (g *Graph) Run(input Tensor) (Tensor, error) {
	in, out := g.Inputs[0], g.Outputs[0]
	if input.Kind != in.Kind || !fits(in.Dims, input.Dims) {
		return Tensor{}, bad("%s is %v of type %d, the image is %v of type %d", in.Name, in.Dims, in.Kind, input.Dims, input.Kind)
	}
	at := map[string]Tensor{in.Name: input}
	for name, x := range g.Tensors {
		at[name] = x
	}
	last := map[string]int{} // index of the last node that reads each tensor
	for i, n := range g.Nodes {
		for _, name := range n.Inputs {
			last[name] = i
		}
	}
	last[out.Name] = len(g.Nodes)
	for i, n := range g.Nodes {
		if err := n.into(at); err != nil {
			return Tensor{}, bad("%s, %s: %v", n.Op, n.Output, err)
		}
		for _, name := range n.Inputs {
			if last[name] == i {
				at[name] = Tensor{} // all tensors of a big batch would take too much memory
			}
		}
	}
	y, ok := at[out.Name]
	if !ok || y.Kind != out.Kind || !fits(out.Dims, y.Dims) {
		return Tensor{}, bad("%s shall be %v of type %d and is %v of type %d", out.Name, out.Dims, out.Kind, y.Dims, y.Kind)
	}
	return y, nil
}

// fits compares dimensions with those of a Value.
func fits(want, have []int) bool {
	return slices.EqualFunc(want, have, func(w, h int) bool { return w == h || w == -1 })
}

// operators is the operators by name, with their least and largest number of inputs.
var operators = map[string]struct {
	least, most int
	of          func(n Node, in []Tensor) (Tensor, error)
}{
	"Conv":              {2, 3, conv},
	"Sigmoid":           {1, 1, sigmoid},
	"Relu":              {1, 1, relu},
	"HardSigmoid":       {1, 1, hardSigmoid},
	"HardSwish":         {1, 1, hardSwish},
	"Mul":               {2, 2, pairwise(func(a, b float32) float32 { return a * b })},
	"Add":               {2, 2, pairwise(func(a, b float32) float32 { return a + b })},
	"Sub":               {2, 2, pairwise(func(a, b float32) float32 { return a - b })},
	"AveragePool":       {1, 1, averagePool},
	"GlobalAveragePool": {1, 1, globalPool},
	"Flatten":           {1, 1, flatten},
	"Gemm":              {3, 3, gemm},
	"Cast":              {1, 1, cast},
	"Transpose":         {1, 1, transpose},
}

// into computes a node.
func (n Node) into(at map[string]Tensor) error {
	o, ok := operators[n.Op]
	if !ok {
		return fmt.Errorf("there is no such operator here")
	}
	if len(n.Inputs) < o.least || len(n.Inputs) > o.most {
		return fmt.Errorf("it has %d inputs", len(n.Inputs))
	}
	var in []Tensor
	for _, name := range n.Inputs {
		x, ok := at[name]
		if !ok {
			return fmt.Errorf("it reads %q, which nothing before it gives", name)
		}
		if len(in) > 0 && x.Kind != in[0].Kind {
			return fmt.Errorf("its inputs are of the types %d and %d", in[0].Kind, x.Kind)
		}
		in = append(in, x)
	}
	if _, twice := at[n.Output]; twice {
		return fmt.Errorf("it is computed twice")
	}
	y, err := o.of(n, in)
	if err != nil {
		return err
	}
	if y.Kind == Float16 {
		for i, v := range y.Data {
			y.Data[i] = weights.Single(weights.Half(v))
		}
	}
	at[n.Output] = y
	return nil
}

// square reads an attribute of two equal numbers.
func (n Node) square(name string) (int, error) {
	v := n.Attributes[name]
	if len(v) != 2 || v[0] != v[1] || v[0] < 1 || v[0] > 1<<12 {
		return 0, fmt.Errorf("%s is %v", name, v)
	}
	return v[0], nil
}

// made allocates the output of an operator.
func made(kind Kind, dims ...int) (Tensor, error) {
	y, ok := NewTensor(kind, dims...)
	if !ok {
		return y, fmt.Errorf("its output would be %v", dims)
	}
	return y, nil
}

func sigmoid(_ Node, in []Tensor) (Tensor, error) {
	y, err := made(in[0].Kind, in[0].Dims...)
	for i := range y.Data {
		y.Data[i] = float32(1 / (1 + math.Exp(-float64(in[0].Data[i]))))
	}
	return y, err
}

func relu(_ Node, in []Tensor) (Tensor, error) {
	y, err := made(in[0].Kind, in[0].Dims...)
	for i := range y.Data {
		y.Data[i] = max(in[0].Data[i], 0)
	}
	return y, err
}

// hardSigmoid knows no attributes.
func hardSigmoid(_ Node, in []Tensor) (Tensor, error) {
	y, err := made(in[0].Kind, in[0].Dims...)
	for i := range y.Data {
		y.Data[i] = min(max(0.2*in[0].Data[i]+0.5, 0), 1)
	}
	return y, err
}

func hardSwish(_ Node, in []Tensor) (Tensor, error) {
	y, err := made(in[0].Kind, in[0].Dims...)
	for i := range y.Data {
		x := in[0].Data[i]
		y.Data[i] = x * min(max(x/6+0.5, 0), 1)
	}
	return y, err
}

// pairwise broadcasts as numpy does: dimensions are compared from the last on, and those of 1 are
// repeated. b may have fewer.
func pairwise(f func(a, b float32) float32) func(Node, []Tensor) (Tensor, error) {
	return func(_ Node, in []Tensor) (Tensor, error) {
		a, b := in[0], in[1]
		lead := len(a.Dims) - len(b.Dims)
		if lead < 0 {
			return Tensor{}, fmt.Errorf("%v and %v do not go together", a.Dims, b.Dims)
		}
		step, size := make([]int, len(a.Dims)), 1 // of b, for each dimension of a
		for i := len(a.Dims) - 1; i >= lead; i-- {
			d := b.Dims[i-lead]
			if d != a.Dims[i] && d != 1 {
				return Tensor{}, fmt.Errorf("%v and %v do not go together", a.Dims, b.Dims)
			}
			if d > 1 {
				step[i] = size
			}
			size *= d
		}
		y, err := made(a.Kind, a.Dims...)
		if err != nil {
			return y, err
		}
		index, at := make([]int, len(a.Dims)), 0
		for i := range y.Data {
			y.Data[i] = f(a.Data[i], b.Data[at])
			for d := len(index) - 1; d >= 0; d-- {
				index[d]++
				at += step[d]
				if index[d] < a.Dims[d] {
					break
				}
				at -= step[d] * index[d]
				index[d] = 0
			}
		}
		return y, nil
	}
}

// flatten flattens all dimensions but the first.
func flatten(_ Node, in []Tensor) (Tensor, error) {
	x := in[0]
	if len(x.Dims) == 0 || x.Dims[0] == 0 {
		return x, fmt.Errorf("it is given %v", x.Dims)
	}
	return Tensor{x.Kind, []int{x.Dims[0], len(x.Data) / x.Dims[0]}, x.Data}, nil
}

func cast(n Node, in []Tensor) (Tensor, error) {
	to := n.Attributes["to"]
	if len(to) != 1 || Kind(to[0]) != Float32 && Kind(to[0]) != Float16 {
		return Tensor{}, fmt.Errorf("to is %v", to)
	}
	return Tensor{Kind(to[0]), in[0].Dims, slices.Clone(in[0].Data)}, nil
}

// transpose permutes four dimensions.
func transpose(n Node, in []Tensor) (Tensor, error) {
	x, perm := in[0], n.Attributes["perm"]
	if sorted := slices.Sorted(slices.Values(perm)); len(x.Dims) != 4 || !slices.Equal(sorted, []int{0, 1, 2, 3}) {
		return x, fmt.Errorf("it is given %v and perm %v", x.Dims, perm)
	}
	var dims, strides [4]int
	for i, p := range perm {
		dims[i], strides[i] = x.Dims[p], 1
		for _, d := range x.Dims[p+1:] {
			strides[i] *= d
		}
	}
	y, err := made(x.Kind, dims[:]...)
	if err != nil {
		return y, err
	}
	i := 0
	for a := range dims[0] {
		for b := range dims[1] {
			for c := range dims[2] {
				for d := range dims[3] {
					y.Data[i] = x.Data[a*strides[0]+b*strides[1]+c*strides[2]+d*strides[3]]
					i++
				}
			}
		}
	}
	return y, nil
}

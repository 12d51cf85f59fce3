package weights

import (
	"slices"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/supernet"
)

const hintOther = "use weights and a program of the same version"

// taker hands out the tensors of a file by name, each once.
type taker struct {
	order []string
	of    map[string]Tensor
}

func newTaker(tensors []Tensor) *taker {
	t := &taker{of: make(map[string]Tensor, len(tensors))}
	for _, x := range tensors {
		t.order = append(t.order, x.Name)
		t.of[x.Name] = x
	}
	return t
}

// take returns the values of the tensor, which must have the given shape.
func (t *taker) take(name string, shape []int) ([]float32, error) {
	x, ok := t.of[name]
	if !ok {
		return nil, fault.New(CodeMismatch, hintOther, "the weights file lacks the tensor %q", name)
	}
	if !slices.Equal(x.Shape, shape) {
		return nil, fault.New(CodeMismatch, hintOther, "the tensor %q of the weights file has the shape %v, needed is %v", name, x.Shape, shape)
	}
	for i, v := range x.Data {
		if !storable(v, Float32) {
			return nil, damaged("value %d of the tensor %q is %v", i, name, v)
		}
	}
	delete(t.of, name)
	return x.Data, nil
}

// left returns the first tensor that nobody took.
func (t *taker) left() (string, bool) {
	for _, name := range t.order {
		if _, ok := t.of[name]; ok {
			return name, true
		}
	}
	return "", false
}

// takeNet fills b.Net. The class count is checked against the file's own
// classifier before anything of its size is allocated.
func (b *Bundle) takeNet(t *taker, space *arch.Space) error {
	classes := len(b.Labels)
	for _, name := range []string{"classifier.bias", "classifier.weight"} {
		x, ok := t.of[name]
		if n := len(x.Shape); !ok || n == 0 || x.Shape[n-1] != classes {
			return fault.New(CodeMismatch, hintOther, "the tensor %q of the weights file has the shape %v, its labels name %d classes", name, x.Shape, classes)
		}
	}
	net, err := supernet.NewWeights(space, classes)
	if err != nil {
		return fault.New(CodeMismatch, hintOther, "the weights file cannot be run: %v", err)
	}
	for _, p := range net.Params {
		if p.Data, err = t.take(p.Name, p.Shape); err != nil {
			return err
		}
	}
	b.Net = net
	return nil
}

// takeStatistics fills b.Statistics where the file has them.
func (b *Bundle) takeStatistics(t *taker, kind string) error {
	switch kind {
	case "none":
		return nil
	case statisticsKind:
	default:
		return fault.New(CodeMismatch, hintOther, "the weights file has BN statistics of the kind %q, known are \"none\" and %q", kind, statisticsKind)
	}
	m := supernet.NewStatisticsModel(b.Net)
	for i := range m.Layers {
		for _, c := range coefficients(i, &m.Layers[i]) {
			var err error
			if *c.data, err = t.take(c.name, c.shape); err != nil {
				return err
			}
		}
	}
	b.Statistics = m
	return nil
}

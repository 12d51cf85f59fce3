// Package published converts the checkpoints of published supernets to weights of the search
// spaces here. The tensors are matched by name and copied into the layout of package supernet.
package published

import (
	"fmt"
	"slices"
	"strings"

	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/train/torchfile"
)

// Codes of the errors.
const (
	CodeSpace   = "no_import"   // nothing published is of that space
	CodeTensors = "bad_tensors" // the file has other tensors than a supernet of the space
)

// Tensor is a tensor of a checkpoint, its output channels first. Read reads its values
// into as many elements.
type Tensor struct {
	Name  string
	Shape []int
	Read  func(to []float32) error
}

func (t Tensor) len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// source is a tensor of a checkpoint and its destination.
type source struct {
	name  string
	shape []int
	to    *supernet.Param // nil where it is known and not needed
}

// format is the checkpoints of the supernets of a space.
type format struct {
	space      string
	tensors    func(w *supernet.Weights) []source
	classifier string                   // the name of its weights
	renamed    func(name string) string // what tensors calls a tensor that newer code calls name; nil for the same
	prefix     string                   // of the names in an export
	tracking   bool                     // whether there are statistics of single widths
	spec       preprocess.Spec
	calibrated int // images that the statistics of a child are measured on
}

var formats = []format{
	{"attentivenas", attentivenas, "classifier.linear.linear.weight", nil, parallel, true, through, 4096},
	{"ofa-mbv3", ofa, "classifier.linear.weight", older, "", false, direct, 2000},
	{"ofa-mbv3-w1.2", ofa, "classifier.linear.weight", older, "", false, direct, 2000},
}

// Spaces returns the names of the spaces that Import supports.
func Spaces() (names []string) {
	for _, f := range formats {
		names = append(names, f.space)
	}
	return names
}

// formatOf returns nil for a space of which nothing is published.
func formatOf(space string) *format {
	for i := range formats {
		if formats[i].space == space {
			return &formats[i]
		}
	}
	return nil
}

// Checkpoint is the state dict of a published supernet, whose tensors are read on demand.
type Checkpoint struct {
	Net  *supernet.Weights // names and shapes, without values
	from map[*supernet.Param]matched
	room []float32
	file *torchfile.File
}

// matched is a tensor and the shape that it must have.
type matched struct {
	Tensor
	shape []int
}

// Match finds the tensors of a supernet of the space in a state dict. It must have exactly the
// tensors of the published code, with their shapes: the error lists the differences. Errors are
// *fault.Error.
func Match(space *arch.Space, all []Tensor) (*Checkpoint, error) {
	f := formatOf(space.Name)
	if f == nil {
		return nil, fault.New(CodeSpace, "give --space "+strings.Join(Spaces(), " or "), "no published checkpoint of the space %s is known", space.Name)
	}
	classes := 0
	if all = slices.Clone(all); f.renamed != nil {
		for i, t := range all {
			all[i].Name = f.renamed(t.Name)
		}
	}
	for _, t := range all {
		if t.Name == f.classifier && len(t.Shape) == 2 {
			classes = t.Shape[0]
		}
	}
	if classes < 2 {
		return nil, fault.New(CodeTensors, "check that the checkpoint is one of "+space.Name, "the file has no %s of two classes or more", f.classifier)
	}
	w, err := supernet.NewLayout(space, classes)
	if err != nil {
		return nil, err
	}
	want := f.tensors(w)
	if err := compare(want, all); err != nil {
		return nil, err
	}
	have := map[string]Tensor{}
	for _, t := range all {
		have[t.Name] = t
	}
	c := &Checkpoint{Net: w, from: map[*supernet.Param]matched{}}
	for _, s := range want {
		if s.to != nil {
			c.from[s.to] = matched{have[s.name], s.shape}
		}
	}
	return c, nil
}

// Open is Match of the state dict in a file of torch.save, of which little is in memory at a
// time. Errors are *fault.Error or of package os.
func Open(space *arch.Space, path string) (*Checkpoint, error) {
	f, err := torchfile.Open(path)
	if err != nil {
		return nil, err
	}
	c, err := match(space, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	c.file = f
	return c, nil
}

func match(space *arch.Space, f *torchfile.File) (*Checkpoint, error) {
	dict, err := f.StateDict()
	if err != nil {
		return nil, err
	}
	const enough = 1 << 20 // values, after which the memory is given back
	all, seen := make([]Tensor, len(dict)), 0
	for i, t := range dict {
		all[i] = Tensor{Name: t.Name, Shape: t.Shape, Read: func(to []float32) error {
			err := t.Floats(to)
			if seen += len(to); seen > enough {
				seen = 0
				f.Release()
			}
			return err
		}}
	}
	return Match(space, all)
}

// Close closes the file of Open.
func (c *Checkpoint) Close() error {
	if c.file == nil {
		return nil
	}
	return c.file.Close()
}

// Read fills to with the values of a tensor of Net.
func (c *Checkpoint) Read(p *supernet.Param, to []float32) error {
	t := c.from[p]
	if c.room == nil {
		biggest := 0
		for _, p := range c.Net.Params {
			biggest = max(biggest, p.Len())
		}
		c.room = make([]float32, biggest)
	}
	values := c.room[:len(to)]
	if err := t.Read(values); err != nil {
		f := fault.Of(err)
		return fault.New(f.Code, f.Hint, "%s: %s", t.Name, f.Message)
	}
	outputsLast(to, values, t.shape)
	return nil
}

// mostListed is the number of tensors of each kind that an error names.
const mostListed = 5

// compare returns an error that lists the tensors which are missing, extra or of another shape.
func compare(want []source, all []Tensor) error {
	have := map[string]Tensor{}
	for _, t := range all {
		have[t.Name] = t
	}
	var missing, misshapen, extra []string
	known := map[string]bool{}
	for _, s := range want {
		known[s.name] = true
		if t, ok := have[s.name]; !ok {
			missing = append(missing, s.name)
		} else if !slices.Equal(t.Shape, s.shape) {
			misshapen = append(misshapen, fmt.Sprintf("%s is %v, want %v", s.name, t.Shape, s.shape))
		}
	}
	for _, t := range all {
		if !known[t.Name] && !strings.Contains(t.Name, tracking) {
			extra = append(extra, t.Name)
		}
	}
	var complaints []string
	for _, c := range []struct {
		kind string
		list []string
	}{{"missing", missing}, {"of another shape", misshapen}, {"unknown", extra}} {
		if n := len(c.list); n > 0 {
			text := fmt.Sprintf("%d %s: %s", n, c.kind, strings.Join(c.list[:min(n, mostListed)], ", "))
			if n > mostListed {
				text += ", ..."
			}
			complaints = append(complaints, text)
		}
	}
	if complaints == nil {
		return nil
	}
	return fault.New(CodeTensors, "inspect --torch FILE lists all that the file has", "the tensors are not those of the published supernet: %s", strings.Join(complaints, "; "))
}

// outputsLast transposes [out, in, height, width] to [height, width, in, out].
func outputsLast(to, from []float32, shape []int) {
	out, in, pixels := sizes(shape)
	const few = 16 // outputs at a time, for the caches
	for first := 0; first < out; first += few {
		last := min(first+few, out)
		for i := range in {
			for p := range pixels {
				row := to[(p*in+i)*out:][:out]
				for o := first; o < last; o++ {
					row[o] = from[(o*in+i)*pixels+p]
				}
			}
		}
	}
}

// sizes are those of a tensor [out], [out, in] or [out, in, height, width].
func sizes(shape []int) (out, in, pixels int) {
	out, in, pixels = shape[0], 1, 1
	if len(shape) > 1 {
		in = shape[1]
	}
	if len(shape) == 4 {
		pixels = shape[2] * shape[3]
	}
	return out, in, pixels
}

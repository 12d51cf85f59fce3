package published

import (
	"io"
	"strings"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/train/torchfile"
)

// The authors' code loads the entry state_dict of a file. In AttentiveNAS's, names begin with
// "module." (as DataParallel has them).
const (
	stateKey = "state_dict"
	parallel = "module."
)

// Export writes weights as a checkpoint that the published code of their space loads: the inverse of
// Import. Running statistics are placeholders, as in the authors' files; BN statistics have to be
// calibrated there, too. Errors are *fault.Error or of w.
func Export(to io.Writer, w *supernet.Weights) error {
	f := formatOf(w.Space.Name)
	if f == nil {
		return fault.New(CodeSpace, "take weights of "+strings.Join(Spaces(), " or "), "no published code for the space %s is known", w.Space.Name)
	}
	var all []torchfile.Saved
	for _, s := range f.tensors(w) {
		all = append(all, saved(s))
		if batches, ok := strings.CutSuffix(s.name, ".bn.num_batches_tracked"); ok && f.tracking { // the last of each layer
			features := all[len(all)-2].Shape
			for _, which := range []string{"0", "1"} { // of the biggest and the smallest child in training
				for _, kind := range []string{"running_mean", "running_var"} {
					all = append(all, placeholder(batches+tracking+which+"."+kind, features))
				}
				all = append(all, placeholder(batches+tracking+which+".num_batches_tracked", nil))
			}
		}
	}
	for i := range all {
		all[i].Name = f.prefix + all[i].Name
	}
	return torchfile.Save(to, stateKey, all)
}

func saved(s source) torchfile.Saved {
	if s.to == nil {
		return placeholder(s.name, s.shape)
	}
	return torchfile.Saved{Name: s.name, Shape: s.shape, Floats: func(to []float32) { outputsFirst(to, s.to.Data, s.shape) }}
}

// placeholder is a running statistic before any batch.
func placeholder(name string, shape []int) torchfile.Saved {
	if len(shape) == 0 {
		return torchfile.Saved{Name: name, Ints: []int64{0}}
	}
	value := float32(0)
	if strings.HasSuffix(name, "running_var") {
		value = 1
	}
	return torchfile.Saved{Name: name, Shape: shape, Floats: func(to []float32) {
		for i := range to {
			to[i] = value
		}
	}}
}

// outputsFirst is the inverse of outputsLast.
func outputsFirst(to, from []float32, shape []int) {
	out, in, pixels := sizes(shape)
	for o := range out {
		for i := range in {
			for p := range pixels {
				to[(o*in+i)*pixels+p] = from[(p*in+i)*out+o]
			}
		}
	}
}

package run

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"slices"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/train/dataset"
	"bignas/train/group"
)

// align makes sure that the ranks train the same run: the same configuration and images, and
// the weights and the optimiser of rank 0.
func (r *Run) align(ctx context.Context) error {
	if r.group.Size() == 1 {
		return nil
	}
	for _, what := range []struct{ name, text string }{
		{"the configuration", r.text},
		{"the state of the run", fmt.Sprintf("%d updates, %+v", r.Trainer.Updates, r.state)},
		{"the data", fmt.Sprintf("%d classes, %s to train on and %s to validate on", len(r.Data.Classes), described(r.Train), described(r.Val))},
	} {
		if err := group.Agree(ctx, r.group, what.name, what.text); err != nil {
			return err
		}
	}
	g := groups(r.Trainer)
	for _, name := range slices.Sorted(maps.Keys(g)) {
		for _, p := range g[name].Params {
			if err := broadcast(ctx, r.group, p.Data); err != nil {
				return err
			}
		}
	}
	return nil
}

// described counts images, with a checksum of their labels and of some of them.
func described(s dataset.Subset) string {
	sum, n := crc32.NewIEEE(), s.Len()
	for i := range n {
		_, _ = sum.Write([]byte(s.Name(i))) // it never fails
		_, _ = sum.Write(binary.LittleEndian.AppendUint64(nil, uint64(s.Label(i))))
		if i%max(1, n/64) == 0 {
			_, _ = sum.Write(s.Image(i))
		}
	}
	return fmt.Sprintf("%d images (checksum %08x)", n, sum.Sum32())
}

// broadcast replaces x by what it is on rank 0.
func broadcast(ctx context.Context, g group.Group, x []float32) error {
	b := make([]byte, 4*len(x))
	for i, v := range x {
		binary.LittleEndian.PutUint32(b[4*i:], math.Float32bits(v))
	}
	if err := g.Broadcast(ctx, b); err != nil {
		return err
	}
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return nil
}

// same returns an error where the ranks' weights have come apart, which must not become a
// checkpoint.
func (r *Run) same(ctx context.Context) error {
	g := groups(r.Trainer)
	same, err := group.Same(ctx, r.group, func(yield func(uint32)) {
		for _, name := range slices.Sorted(maps.Keys(g)) {
			each(g[name], yield)
		}
	})
	if err == nil && !same {
		err = fault.New("ranks_differ", "go on with --resume on machines of one kind, or with another MPI library",
			"after epoch %d the weights are not the same on all %d ranks: a sum of gradients differed, or processors that round differently are mixed", r.state.Epoch+1, r.group.Size())
	}
	return err
}

// each yields the bits of all weights.
func each(w *supernet.Weights, yield func(uint32)) {
	for _, p := range w.Params {
		for _, v := range p.Data {
			yield(math.Float32bits(v))
		}
	}
}

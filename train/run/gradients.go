package run

import (
	"context"

	"bignas/core/supernet"
	"bignas/train/group"
)

// bucket is how many gradients are summed over the ranks at a time, 4 MiB: small enough that
// the first are on their way while the backward pass goes on, and big enough that the network's
// latency does not count.
const bucket = 1 << 20

// BucketBytes is the size of what is summed over the ranks at a time.
const BucketBytes = 4 * bucket

// gradients adds up the gradients of an update: over the passes of this rank, and over the
// ranks. It leaves the mean over all passes in the trainer's Gradient.
type gradients struct {
	group  group.Group
	grad   *supernet.Weights
	sum    *supernet.Weights // of the passes so far, nil where a rank has one
	passes int               // of an update, on all ranks
	starts []int             // of each parameter in flat, and the end
	flat   []float32         // the gradients in one piece, nil where there is one rank

	settled, sent int // parameters and elements from which on that is done
	waits         []func(context.Context) error
}

// newGradients returns the sums of so many passes, own of them on this rank. The tensors of
// grad are moved into one piece where ranks exchange them.
func newGradients(grad *supernet.Weights, g group.Group, passes, own int) *gradients {
	s := &gradients{group: g, grad: grad, passes: passes, starts: []int{0}}
	if own > 1 {
		s.sum = grad.Like()
	}
	for _, p := range grad.Params {
		s.starts = append(s.starts, s.starts[len(s.starts)-1]+len(p.Data))
	}
	if g.Size() > 1 {
		s.flat = make([]float32, s.starts[len(s.starts)-1])
		for i, p := range grad.Params {
			p.Data = s.flat[s.starts[i]:s.starts[i+1]:s.starts[i+1]]
		}
	}
	return s
}

// begin is called before the first pass of an update.
func (s *gradients) begin() {
	s.settled, s.sent, s.waits = len(s.grad.Params), len(s.flat), nil
}

// add adds a pass that is not the rank's last to the sum, which begins with the first.
func (s *gradients) add(first bool) {
	share := 1 / float32(s.passes)
	for i, p := range s.grad.Params {
		sum := s.sum.Params[i].Data
		for j, g := range p.Data {
			if first {
				sum[j] = share * g
			} else {
				sum[j] += share * g
			}
		}
	}
}

// settle is called when the rank's last pass adds nothing more to the parameters from that one
// on, and at last with 0: their mean is written and, bucket by bucket, summed over the ranks.
func (s *gradients) settle(from int) {
	share := 1 / float32(s.passes)
	for i := from; i < s.settled && s.passes > 1; i++ {
		g := s.grad.Params[i].Data
		if s.sum == nil {
			for j := range g {
				g[j] *= share
			}
			continue
		}
		sum := s.sum.Params[i].Data
		for j, v := range g {
			sum[j] += share * v
		}
		copy(g, sum)
	}
	s.settled = min(s.settled, from)
	if s.flat == nil {
		return
	}
	if start := s.starts[from]; start < s.sent && (from == 0 || s.sent-start >= bucket) {
		s.waits = append(s.waits, s.group.StartSum(s.flat[start:s.sent]))
		s.sent = start
	}
}

// wait returns when the sums over the ranks are there.
func (s *gradients) wait(ctx context.Context) error {
	for _, w := range s.waits {
		if err := w(ctx); err != nil {
			return err
		}
	}
	return nil
}

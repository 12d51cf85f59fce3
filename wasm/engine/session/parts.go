package session

import (
	"math"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/supernet"
)

// shared counts the shared parameters by which of two children uses them.
func (s *Session) shared(q request) error {
	a, err := s.child(q, q.A, "child a")
	if err != nil {
		return err
	}
	b, err := s.child(q, q.B, "child b")
	if err != nil {
		return err
	}
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	both, ofA, ofB, err := e.Weights().Shared(a, b)
	if err != nil {
		return err
	}
	s.send(q.ID, "shared", member("both", both), member("onlyA", ofA-both), member("onlyB", ofB-both), member("neither", e.Weights().Count()-ofA-ofB+both))
	return nil
}

// part is a job on a child of the weights that needs no image.
func (s *Session) part(q request, do func(*classify.Engine, arch.Arch) error) error {
	a, err := s.child(q, q.Child, "child")
	if err != nil {
		return err
	}
	e, _ := s.current()
	if e == nil {
		return errNoWeights()
	}
	s.enqueue(&job{id: q.ID, run: func(func() error) (bool, error) { return true, do(e, a) }})
	return nil
}

// statistics posts the BN statistics of one channel of a block's projection: the
// child's own and those that it would inherit.
func (s *Session) statistics(q request) error {
	return s.part(q, func(e *classify.Engine, a arch.Arch) error {
		if q.Stage < 0 || q.Stage >= len(a.Stages) || q.Layer < 0 || q.Layer >= a.Stages[q.Stage].Depth {
			return fault.New(classify.CodeBadLayer, "", "the child has no layer %d in a stage %d", q.Layer, q.Stage)
		}
		own, err := e.StatisticsOf(a, false)
		if err != nil {
			return err
		}
		inherited, err := e.StatisticsOf(a, true)
		if err != nil {
			return err
		}
		at := supernet.ProjectionBN(a, q.Stage, q.Layer)
		c := q.Channel
		if channels := len(own.Mean[at]); c >= channels {
			return fault.New(classify.CodeBadLayer, "", "the channel is %d, the layer has %d", c, channels)
		}
		if c < 0 {
			c = farthest(own, inherited, at)
		}
		bn := e.Weights().Blocks[q.Stage][q.Layer].Project.BN
		s.send(q.ID, "statistics", member("channel", c), member("mean", own.Mean[at][c]), member("variance", own.Variance[at][c]),
			member("inheritedMean", inherited.Mean[at][c]), member("inheritedVariance", inherited.Variance[at][c]),
			member("gamma", bn.Gamma.Data[c]), member("beta", bn.Beta.Data[c]))
		return nil
	})
}

// farthest is the channel whose inherited mean is most of its own standard
// deviations off.
func farthest(own, inherited *supernet.Statistics, layer int) int {
	best, most := 0, -1.0
	for c, m := range own.Mean[layer] {
		off := math.Abs(float64(inherited.Mean[layer][c]-m)) / math.Sqrt(float64(own.Variance[layer][c])+supernet.Epsilon)
		if off > most {
			best, most = c, off
		}
	}
	return best
}

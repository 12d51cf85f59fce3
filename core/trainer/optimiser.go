package trainer

import (
	"fmt"
	"math"

	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Optimiser updates weights from gradients. State is what a checkpoint must
// keep, in a fixed order.
type Optimiser[T kernel.Float] interface {
	Update(w, grad *supernet.WeightsOf[T], lr, decay float64, decayAll bool)
	State() []*supernet.WeightsOf[T]
}

// NewOptimiser returns "sgd" (Nesterov momentum) or "rmsprop" for w.
func NewOptimiser[T kernel.Float](kind string, momentum, rho, epsilon float64, w *supernet.WeightsOf[T]) (Optimiser[T], error) {
	switch kind {
	case "sgd":
		return &sgd[T]{momentum, w.Like()}, nil
	case "rmsprop":
		r := &rmsprop[T]{momentum, rho, epsilon, w.Like(), w.Like()}
		for _, p := range r.square.Params { // as TensorFlow starts it, and so the paper's recipe
			for i := range p.Data {
				p.Data[i] = 1
			}
		}
		return r, nil
	}
	return nil, fmt.Errorf("trainer: optimiser is %q; want sgd or rmsprop", kind)
}

// sgd is stochastic gradient descent with Nesterov momentum.
type sgd[T kernel.Float] struct {
	momentum float64
	velocity *supernet.WeightsOf[T]
}

func (o *sgd[T]) State() []*supernet.WeightsOf[T] { return []*supernet.WeightsOf[T]{o.velocity} }

func (o *sgd[T]) Update(w, grad *supernet.WeightsOf[T], lr, decay float64, decayAll bool) {
	mu, rate := T(o.momentum), T(lr)
	for i, p := range w.Params {
		wd := decayOf[T](p.Decay || decayAll, decay)
		v, g := o.velocity.Params[i].Data, grad.Params[i].Data
		for j, x := range p.Data {
			d := g[j] + wd*x
			v[j] = mu*v[j] + d
			p.Data[j] = x - rate*(d+mu*v[j])
		}
	}
}

// rmsprop is RMSProp with momentum in TensorFlow's form, epsilon inside the root.
type rmsprop[T kernel.Float] struct {
	momentum, rho, epsilon float64
	square, velocity       *supernet.WeightsOf[T]
}

func (o *rmsprop[T]) State() []*supernet.WeightsOf[T] {
	return []*supernet.WeightsOf[T]{o.square, o.velocity}
}

func (o *rmsprop[T]) Update(w, grad *supernet.WeightsOf[T], lr, decay float64, decayAll bool) {
	mu, rho, rate := T(o.momentum), T(o.rho), T(lr)
	for i, p := range w.Params {
		wd := decayOf[T](p.Decay || decayAll, decay)
		s, v, g := o.square.Params[i].Data, o.velocity.Params[i].Data, grad.Params[i].Data
		for j, x := range p.Data {
			d := g[j] + wd*x
			s[j] = rho*s[j] + (1-rho)*d*d
			v[j] = mu*v[j] + rate*d/T(math.Sqrt(float64(s[j])+o.epsilon))
			p.Data[j] = x - v[j]
		}
	}
}

func decayOf[T kernel.Float](on bool, decay float64) T {
	if on {
		return T(decay)
	}
	return 0
}

// ClipNorm scales the gradients so that their joint Euclidean norm is at most
// limit (0: no limit) and returns the norm before that.
func ClipNorm[T kernel.Float](grad *supernet.WeightsOf[T], limit float64) float64 {
	sum := 0.0
	for _, p := range grad.Params {
		for _, g := range p.Data {
			sum += float64(g) * float64(g)
		}
	}
	norm := math.Sqrt(sum)
	if limit > 0 && norm > limit {
		f := T(limit / norm)
		for _, p := range grad.Params {
			for i := range p.Data {
				p.Data[i] *= f
			}
		}
	}
	return norm
}

// Average moves the exponential moving average towards w after the given
// number of updates; the first ones count more, so that it forgets the start.
func Average[T kernel.Float](average, w *supernet.WeightsOf[T], decay float64, updates int) {
	d := T(min(decay, float64(1+updates)/float64(10+updates)))
	for i, p := range w.Params {
		a := average.Params[i].Data
		for j, v := range p.Data {
			a[j] = d*a[j] + (1-d)*v
		}
	}
}

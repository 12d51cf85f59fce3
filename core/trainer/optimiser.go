package trainer

import (
	"fmt"
	"math"

	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Optimiser updates weights from gradients. updates is the number of updates before. State
// returns what a checkpoint must keep, in a fixed order.
type Optimiser[T kernel.Float] interface {
	Update(w, grad *supernet.WeightsOf[T], updates int, lr, decay float64, decayAll bool)
	State() []*supernet.WeightsOf[T]
}

// NewOptimiser returns the optimiser of that kind for w:
//
//   - "sgd", Nesterov momentum;
//   - "rmsprop", in TensorFlow's form, with momentum and the decay rho of the
//     mean square;
//   - "adamw" (Loshchilov and Hutter, arXiv 1711.05101), momentum for its beta1
//     and rho for its beta2; weight decay does not pass through the gradient.
func NewOptimiser[T kernel.Float](kind string, momentum, rho, epsilon float64, w *supernet.WeightsOf[T]) (Optimiser[T], error) {
	switch kind {
	case "sgd":
		return &sgd[T]{momentum, w.Like()}, nil
	case "rmsprop":
		r := &rmsprop[T]{momentum, rho, epsilon, w.Like(), w.Like()}
		for _, p := range r.square.Params { // as in TensorFlow, and therefore in the paper
			for i := range p.Data {
				p.Data[i] = 1
			}
		}
		return r, nil
	case "adamw":
		return &adamW[T]{momentum, rho, epsilon, w.Like(), w.Like()}, nil
	}
	return nil, fmt.Errorf("trainer: optimiser is %q; want sgd, rmsprop or adamw", kind)
}

// chunk is the number of elements of a parameter that are updated together.
const chunk = 1 << 15

// eachChunk calls f for chunks of parameters, concurrently: chunk at is the elements [lo, hi)
// of parameter i. It returns the number of chunks.
func eachChunk[T kernel.Float](w *supernet.WeightsOf[T], f func(at, i, lo, hi int)) (chunks int) {
	var all [][3]int
	for i, p := range w.Params {
		for lo := 0; lo < len(p.Data); lo += chunk {
			all = append(all, [3]int{i, lo, min(lo+chunk, len(p.Data))})
		}
	}
	kernel.Parallel(len(all), func(from, to int) {
		for at := from; at < to; at++ {
			f(at, all[at][0], all[at][1], all[at][2])
		}
	})
	return len(all)
}

// sgd is stochastic gradient descent with Nesterov momentum.
type sgd[T kernel.Float] struct {
	momentum float64
	velocity *supernet.WeightsOf[T]
}

func (o *sgd[T]) State() []*supernet.WeightsOf[T] { return []*supernet.WeightsOf[T]{o.velocity} }

func (o *sgd[T]) Update(w, grad *supernet.WeightsOf[T], _ int, lr, decay float64, decayAll bool) {
	mu, rate := T(o.momentum), T(lr)
	eachChunk(w, func(_, i, lo, hi int) {
		p := w.Params[i]
		wd := decayOf[T](p.Decay || decayAll, decay)
		x, v, g := p.Data[lo:hi], o.velocity.Params[i].Data[lo:hi], grad.Params[i].Data[lo:hi]
		for j := range x {
			d := g[j] + wd*x[j]
			v[j] = mu*v[j] + d
			x[j] -= rate * (d + mu*v[j])
		}
	})
}

// rmsprop is RMSProp with momentum in TensorFlow's form, epsilon inside the root.
type rmsprop[T kernel.Float] struct {
	momentum, rho, epsilon float64
	square, velocity       *supernet.WeightsOf[T]
}

func (o *rmsprop[T]) State() []*supernet.WeightsOf[T] {
	return []*supernet.WeightsOf[T]{o.square, o.velocity}
}

func (o *rmsprop[T]) Update(w, grad *supernet.WeightsOf[T], _ int, lr, decay float64, decayAll bool) {
	mu, rho, rate, eps := T(o.momentum), T(o.rho), T(lr), T(o.epsilon)
	eachChunk(w, func(_, i, lo, hi int) {
		p := w.Params[i]
		wd := decayOf[T](p.Decay || decayAll, decay)
		x, g := p.Data[lo:hi], grad.Params[i].Data[lo:hi]
		s, v := o.square.Params[i].Data[lo:hi], o.velocity.Params[i].Data[lo:hi]
		for j := range x {
			d := g[j] + wd*x[j]
			s[j] = rho*s[j] + (1-rho)*d*d
			v[j] = mu*v[j] + rate*d/root(s[j]+eps)
			x[j] -= v[j]
		}
	})
}

// adamW is Adam with decoupled weight decay.
type adamW[T kernel.Float] struct {
	beta1, beta2, epsilon float64
	mean, square          *supernet.WeightsOf[T]
}

func (o *adamW[T]) State() []*supernet.WeightsOf[T] {
	return []*supernet.WeightsOf[T]{o.mean, o.square}
}

func (o *adamW[T]) Update(w, grad *supernet.WeightsOf[T], updates int, lr, decay float64, decayAll bool) {
	b1, b2, eps := T(o.beta1), T(o.beta2), T(o.epsilon)
	// Both averages start at zero, and are divided by the total weight of their terms.
	step := T(lr / (1 - math.Pow(o.beta1, float64(updates+1))))
	correct := T(1 / (1 - math.Pow(o.beta2, float64(updates+1))))
	eachChunk(w, func(_, i, lo, hi int) {
		p := w.Params[i]
		keep := 1 - T(lr)*decayOf[T](p.Decay || decayAll, decay)
		x, g := p.Data[lo:hi], grad.Params[i].Data[lo:hi]
		m, s := o.mean.Params[i].Data[lo:hi], o.square.Params[i].Data[lo:hi]
		for j := range x {
			d := g[j]
			m[j] = b1*m[j] + (1-b1)*d
			s[j] = b2*s[j] + (1-b2)*d*d
			x[j] = keep*x[j] - step*m[j]/(root(s[j]*correct)+eps)
		}
	})
}

func root[T kernel.Float](x T) T { return T(math.Sqrt(float64(x))) }

func decayOf[T kernel.Float](on bool, decay float64) T {
	if on {
		return T(decay)
	}
	return 0
}

// ClipNorm scales the gradients so that their joint Euclidean norm is at most limit (0 is for
// no limit), and returns the norm before.
func ClipNorm[T kernel.Float](grad *supernet.WeightsOf[T], limit float64) float64 {
	sums := make([]float64, len(grad.Params)+grad.Count()/chunk)
	n := eachChunk(grad, func(at, i, lo, hi int) {
		sums[at] = squares(grad.Params[i].Data[lo:hi])
	})
	sum := 0.0
	for _, s := range sums[:n] {
		sum += s
	}
	norm := math.Sqrt(sum)
	if limit > 0 && norm > limit {
		f := T(limit / norm)
		eachChunk(grad, func(_, i, lo, hi int) {
			for j := range grad.Params[i].Data[lo:hi] {
				grad.Params[i].Data[lo+j] *= f
			}
		})
	}
	return norm
}

// squares returns the sum of the squares of x. It has four sums, which do not depend on each
// other.
func squares[T kernel.Float](x []T) float64 {
	var a, b, c, d float64
	for ; len(x) >= 4; x = x[4:] {
		a += float64(x[0]) * float64(x[0])
		b += float64(x[1]) * float64(x[1])
		c += float64(x[2]) * float64(x[2])
		d += float64(x[3]) * float64(x[3])
	}
	for _, v := range x {
		a += float64(v) * float64(v)
	}
	return (a + b) + (c + d)
}

// Average updates the exponential moving average with w after that number of updates. The
// first ones count more, so that it forgets the initial weights.
func Average[T kernel.Float](average, w *supernet.WeightsOf[T], decay float64, updates int) {
	d := T(min(decay, float64(1+updates)/float64(10+updates)))
	eachChunk(w, func(_, i, lo, hi int) {
		a := average.Params[i].Data[lo:hi]
		for j, v := range w.Params[i].Data[lo:hi] {
			a[j] = d*a[j] + (1-d)*v
		}
	})
}

package trainer

import (
	"math/rand/v2"
	"slices"

	"bignas/core/arch"
	"bignas/core/kernel"
	"bignas/core/supernet"
)

// Config is the recipe of a sandwich step (sections 3.1 to 3.3).
type Config struct {
	RandomChildren int     // besides the biggest and the smallest; the paper has 2
	Distill        bool    // children learn from the biggest child's softmax; otherwise from the labels
	LabelSmoothing float64 // of the biggest child's labels
	Dropout        float64 // biggest child only
	DropConnect    float64 // biggest child only
	WeightDecay    float64 // once a step, for the biggest child, which holds every weight
	DecayAll       bool    // also decay BN and biases
	ClipNorm       float64 // of the summed gradients; 0 for none
	EMA            float64 // decay of the moving average; 0 for none

	// Ablations of the recipe.
	RegulariseAll bool // dropout and drop-connect for every child
	RandomOnly    bool // no sandwich: as many children, all random, all from the labels
}

// Trainer holds the weights under training and their optimiser.
type Trainer[T kernel.Float] struct {
	Config    Config
	Weights   *supernet.WeightsOf[T]
	Average   *supernet.WeightsOf[T] // nil without EMA
	Optimiser Optimiser[T]
	Updates   int // steps done

	// Draw, where not nil, chooses the architectures of a step instead of Children. The
	// first is trained as the biggest child is.
	Draw func(r *rand.Rand, maxResolution int) []arch.Arch

	// Added, where not nil, is called during the backward pass of a step's last child: nothing
	// more is added to the gradients of Params[from:] in this step. The last call has 0.
	Added func(from int)

	// Arena holds the activations of a step.
	Arena Arena[T]
	grad  *supernet.WeightsOf[T]
}

// New returns a trainer of w.
func New[T kernel.Float](c Config, w *supernet.WeightsOf[T], o Optimiser[T]) *Trainer[T] {
	t := &Trainer[T]{Config: c, Weights: w, Optimiser: o, grad: w.Like()}
	if c.EMA > 0 {
		t.Average = w.Like()
		supernet.Convert(t.Average, w)
	}
	return t
}

// Batch is the images of one step. At returns them at a resolution, [n, r, r, 3]: the same
// crop of an image resized for each child, so that teacher and students see the same part.
type Batch[T kernel.Float] struct {
	Labels        []int
	At            func(resolution int) []T
	MaxResolution int // of any child in this step; 0 for the space's biggest
	// LabelShare is the share of the label in a distilled child's target, 0 to 1. An
	// untrained teacher would make the children learn its noise, which through the shared
	// weights would add to it. A run begins at 1 and comes down to 0, the paper's rule.
	LabelShare float64
	// Mixed and Weight, both nil or both as long as Labels, are for images mixed from two
	// (mixup, CutMix): Weight[i] of image i is of class Labels[i], the rest of Mixed[i].
	Mixed  []int
	Weight []T
	// Spread, where not nil, says that Labels and images are this process's part of a batch.
	// Then the loss of a child is this part's share of the whole batch's.
	Spread *Spread
}

// ChildResult is the result of one child in a step.
type ChildResult struct {
	Arch    arch.Arch
	Loss    float64 // against its own target, in nats
	Correct int     // images classified correctly, by Labels where they are mixed
}

// StepResult is the result of a sandwich step: the biggest child first, then the smallest,
// then the random ones.
type StepResult struct {
	Children []ChildResult
	GradNorm float64 // before clipping
}

// Children draws the architectures of one step, with resolutions up to maxResolution (0 is
// for no limit).
func (t *Trainer[T]) Children(r *rand.Rand, maxResolution int) []arch.Arch {
	s := t.Weights.Space
	as := []arch.Arch{s.Max(), s.Min()}
	if t.Config.RandomOnly {
		as = []arch.Arch{s.Sample(r), s.Sample(r)}
	}
	for range t.Config.RandomChildren {
		as = append(as, s.Sample(r))
	}
	allowed := s.Resolutions
	if maxResolution > 0 {
		allowed = s.ResolutionsUpTo(maxResolution)
	}
	for i := range as {
		switch {
		case i > 1 || t.Config.RandomOnly:
			as[i].Resolution = allowed[r.IntN(len(allowed))]
		case i == 0:
			as[i].Resolution = allowed[len(allowed)-1]
		default:
			as[i].Resolution = allowed[0]
		}
	}
	return as
}

// Step does one sandwich step, with random children and dropout drawn from r, and updates the
// weights with learning rate lr.
func (t *Trainer[T]) Step(b Batch[T], lr float64, r *rand.Rand) StepResult {
	res := t.Gradients(b, r)
	res.GradNorm = t.Update(lr)
	return res
}

// Update clips the gradients in Gradient, and updates the weights with learning rate lr and
// then their average. It returns the norm of the gradients before clipping.
func (t *Trainer[T]) Update(lr float64) (gradNorm float64) {
	gradNorm = ClipNorm(t.grad, t.Config.ClipNorm)
	t.Optimiser.Update(t.Weights, t.grad, t.Updates, lr, t.Config.WeightDecay, t.Config.DecayAll)
	t.Updates++
	if t.Average != nil {
		Average(t.Average, t.Weights, t.Config.EMA, t.Updates)
	}
	return gradNorm
}

// Gradients runs the forward and backward passes of a sandwich step, after which Gradient
// returns the summed gradients.
func (t *Trainer[T]) Gradients(b Batch[T], r *rand.Rand) StepResult {
	for _, p := range t.grad.Params {
		clear(p.Data)
	}
	n, classes := len(b.Labels), t.Weights.Classes
	labels := make([]T, n*classes)
	LabelTargets(labels, b.Labels, classes, t.Config.LabelSmoothing)
	MixTargets(labels, b.Labels, b.Mixed, b.Weight, classes, t.Config.LabelSmoothing)
	target := labels
	var res StepResult
	children := t.draw(r, b.MaxResolution)
	for i, a := range children {
		o := t.options(i, r)
		o.Spread = b.Spread
		mark := t.Arena.Mark()
		tape := Forward(&t.Arena, t.Weights, a, b.At(a.Resolution), n, o)
		dlogits := t.Arena.Alloc(n * classes)
		loss := SoftCrossEntropy(dlogits, tape.Logits, target, n, classes, b.Spread.share(n))
		if i == 0 && t.Config.Distill && !t.Config.RandomOnly {
			// The teacher's softmax is copied: no gradient flows back through it.
			target = make([]T, n*classes)
			Softmax(target, tape.Logits, n, classes)
			for j, v := range target {
				target[j] = v + T(b.LabelShare)*(labels[j]-v)
			}
		}
		var added func(*supernet.ParamOf[T])
		if i == len(children)-1 && t.Added != nil {
			added = func(p *supernet.ParamOf[T]) { t.Added(slices.Index(t.grad.Params, p)) }
		}
		backward(&t.Arena, t.Weights, t.grad, tape, dlogits, added)
		res.Children = append(res.Children, ChildResult{a, loss * b.Spread.share(n), Correct(tape.Logits, b.Labels, classes)})
		t.Arena.Release(mark)
	}
	return res
}

// draw chooses the architectures of a step.
func (t *Trainer[T]) draw(r *rand.Rand, maxResolution int) []arch.Arch {
	if t.Draw != nil {
		return t.Draw(r, maxResolution)
	}
	return t.Children(r, maxResolution)
}

// options returns how child i of a step is regularised.
func (t *Trainer[T]) options(i int, r *rand.Rand) BatchOptions {
	if i > 0 && !t.Config.RegulariseAll {
		return BatchOptions{}
	}
	return BatchOptions{Dropout: t.Config.Dropout, DropConnect: t.Config.DropConnect, Rand: r}
}

// Gradient returns the summed gradients of the last step.
func (t *Trainer[T]) Gradient() *supernet.WeightsOf[T] { return t.grad }

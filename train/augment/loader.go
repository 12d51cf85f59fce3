package augment

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync"

	"bignas/core/kernel"
	"bignas/core/preprocess"
	"bignas/train/dataset"
)

// Batch is the images of one training step.
type Batch struct {
	Images []float32 // [N, Side, Side, 3], normalised
	Labels []int     // [N]
	N      int       // images
	Side   int       // pixels
	Step   int       // of the epoch, from 0

	// Mixed and Weight, both [N], are for mixed images: the share Weight[i] of image i is of
	// class Labels[i], the rest of Mixed[i]. They are nil where the configuration does not mix.
	Mixed  []int
	Weight []float32
}

// Loader makes the batches of training epochs.
type Loader struct {
	data    dataset.Subset
	config  Config
	spec    preprocess.Spec
	seed    uint64
	batch   int // images of a whole batch
	workers int
	own     []int               // positions of a batch's images in the whole batch; nil: all
	mine    func(step int) bool // nil: every step

	mu       sync.Mutex
	free     []*Batch
	painters []*painter
	closed   bool
	cancels  map[int]context.CancelFunc // running epochs
	next     int
}

// NewLoader returns a loader of batches of batch images, normalised by spec. With workers above 0,
// that many goroutines make batches ahead of the training. With 0, each batch is made when it is
// requested, on all threads of kernel.Parallel, which is better where the training keeps all cores
// busy.
func NewLoader(data dataset.Subset, config Config, spec preprocess.Spec, seed uint64, batch, workers int) *Loader {
	if batch < 1 {
		panic("augment: a batch has at least one image")
	}
	return &Loader{data: data, config: config, spec: spec, seed: seed, batch: batch, workers: workers, cancels: map[int]context.CancelFunc{}}
}

// Restrict makes the loader one of several that share their work: it makes only the batches of
// the steps for which mine is true (nil: all), and of each only the images at the positions own
// (nil: all), in that order. As images i and batch-1-i are mixed with each other, own must read
// the same from both ends: where it has i at place j, it has batch-1-i at place len(own)-1-j.
// Every image is what it would be in the whole batch.
func (l *Loader) Restrict(own []int, mine func(step int) bool) { l.own, l.mine = own, mine }

// images returns how many images the batches have.
func (l *Loader) images() int {
	if l.own == nil {
		return l.batch
	}
	return len(l.own)
}

// at returns the place in the order of an epoch of image i of the batch of a step.
func (l *Loader) at(step, i int) int {
	if l.own != nil {
		i = l.own[i]
	}
	return step*l.batch + i
}

// skips reports whether the batch of a step is made elsewhere.
func (l *Loader) skips(step int) bool { return l.mine != nil && !l.mine(step) }

// Steps returns the number of batches of an epoch. Images that do not fill a batch are left out,
// different ones in each epoch.
func (l *Loader) Steps() int { return l.data.Len() / l.batch }

// ahead is how many batches may be ready before they are requested.
const ahead = 3

// Epoch yields the batches of an epoch (from 0) at side pixels, from startStep on, until ctx ends or
// the loader is closed. The caller may use each batch until Recycle. No goroutine is left after the
// loop.
func (l *Loader) Epoch(ctx context.Context, epoch, side, startStep int) iter.Seq[*Batch] {
	return func(yield func(*Batch) bool) {
		ctx, end := l.begin(ctx)
		if end == nil {
			return
		}
		defer end()
		order := l.order(epoch)
		if l.workers <= 0 {
			for step := startStep; step < l.Steps() && ctx.Err() == nil; step++ {
				if l.skips(step) {
					continue
				}
				b := l.take(side, step)
				kernel.Parallel(b.N, func(lo, hi int) { l.fill(b, order, epoch, step, lo, hi) })
				if b.Mixed != nil {
					kernel.Parallel(b.N/2, func(lo, hi int) { l.mix(b, order, epoch, step, lo, hi) })
				}
				if ctx.Err() != nil || !yield(b) {
					return
				}
			}
			return
		}
		l.prefetch(ctx, order, epoch, side, startStep, yield)
	}
}

// prefetch is Epoch with goroutines that work ahead. Each makes the batch of the next step, and the
// batches are yielded in order.
func (l *Loader) prefetch(ctx context.Context, order []int, epoch, side, startStep int, yield func(*Batch) bool) {
	type job struct {
		step int
		done chan *Batch
	}
	ctx, cancel := context.WithCancel(ctx)
	jobs, queue := make(chan job), make(chan job, ahead)
	var workers sync.WaitGroup
	defer workers.Wait()
	defer cancel()
	workers.Go(func() {
		defer close(jobs)
		defer close(queue)
		for step := startStep; step < l.Steps(); step++ {
			if l.skips(step) {
				continue
			}
			j := job{step, make(chan *Batch, 1)}
			select {
			case queue <- j:
			case <-ctx.Done():
				return
			}
			select {
			case jobs <- j:
			case <-ctx.Done():
				return
			}
		}
	})
	for range l.workers {
		workers.Go(func() {
			for j := range jobs {
				if ctx.Err() != nil {
					return
				}
				b := l.take(side, j.step)
				l.fill(b, order, epoch, j.step, 0, b.N)
				if b.Mixed != nil {
					l.mix(b, order, epoch, j.step, 0, b.N/2)
				}
				j.done <- b
			}
		})
	}
	for j := range queue {
		select {
		case b := <-j.done:
			if ctx.Err() != nil || !yield(b) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// begin registers an epoch, so that Close can end it. end is nil if the loader is closed.
func (l *Loader) begin(ctx context.Context) (_ context.Context, end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return ctx, nil
	}
	ctx, cancel := context.WithCancel(ctx)
	id := l.next
	l.next++
	l.cancels[id] = cancel
	return ctx, func() {
		cancel()
		l.mu.Lock()
		delete(l.cancels, id)
		l.mu.Unlock()
	}
}

// Close ends running epochs at their next batch, and later ones at once. It does not wait, because it
// may be called in the loop.
func (l *Loader) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, cancel := range l.cancels {
		cancel()
	}
}

// order returns the permutation of an epoch.
func (l *Loader) order(epoch int) []int {
	// No image has this stream.
	r := rand.New(rand.NewPCG(scramble(l.seed), scramble(uint64(epoch)<<32|0xffffffff)))
	return r.Perm(l.data.Len())
}

// fill makes the images lo to hi of the batch of a step.
func (l *Loader) fill(b *Batch, order []int, epoch, step, lo, hi int) {
	p := l.painter()
	defer l.idle(p)
	each := b.Side * b.Side * 3
	for i := lo; i < hi; i++ {
		k := order[l.at(step, i)]
		p.paint(b.Images[i*each:(i+1)*each], b.Side, l.data.Image(k), l.data.Side(), l.seed, stream(epoch, k))
		b.Labels[i] = l.data.Label(k)
		if b.Mixed != nil {
			b.Mixed[i], b.Weight[i] = b.Labels[i], 1
		}
	}
}

// stream identifies the random numbers of image k of the subset in an epoch.
func stream(epoch, k int) uint64 { return uint64(epoch)<<32 | uint64(k) }

// idle returns a painter to the pool.
func (l *Loader) idle(p *painter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.painters = append(l.painters, p)
}

// painter returns an idle painter, or a new one.
func (l *Loader) painter() *painter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.painters); n > 0 {
		p := l.painters[n-1]
		l.painters = l.painters[:n-1]
		return p
	}
	return newPainter(l.config, l.spec)
}

// take returns a recycled batch for a step, or a new one.
func (l *Loader) take(side, step int) *Batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b *Batch
	if n := len(l.free); n > 0 {
		b, l.free = l.free[n-1], l.free[:n-1]
	} else {
		n := l.images()
		b = &Batch{Labels: make([]int, n), N: n}
		if l.config.mixes() {
			b.Mixed, b.Weight = make([]int, n), make([]float32, n)
		}
	}
	size := b.N * side * side * 3
	if cap(b.Images) < size {
		b.Images = make([]float32, size)
	}
	b.Images, b.Side, b.Step = b.Images[:size], side, step
	return b
}

// Recycle returns a batch, whose memory is reused.
func (l *Loader) Recycle(b *Batch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.free) <= ahead+l.workers {
		l.free = append(l.free, b)
	}
}

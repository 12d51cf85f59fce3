package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/pprof"
	"slices"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/train/atomicfile"
	"bignas/train/run"
)

type trainingFlags struct {
	outputFlags
	familyFlags
	Work    []string      `enum:"child,sandwich,passes" default:"child,sandwich" placeholder:"WORK" help:"child: steps of one child alone; sandwich: whole sandwich steps over the sum of their children; passes: where the time and the bytes of sandwich steps go (default: child,sandwich)."`
	Size    []int         `default:"96,160" placeholder:"PIXELS" help:"Resolutions, of the biggest child in a sandwich step (default: 96,160)."`
	Batch   []int         `default:"32,64" placeholder:"N" help:"Images in a step (default: 32,64)."`
	Threads int           `default:"2" placeholder:"N" help:"Threads of both sides (default: 2)."`
	Rounds  int           `default:"5" placeholder:"N" help:"Turns of each side (default: 5)."`
	Turn    time.Duration `default:"1s" placeholder:"TIME" help:"Length of a turn (default: 1s)."`
	Config  string        `default:"nette" placeholder:"NAME|FILE" help:"Recipe of the sandwich step (default: nette)."`
	Short   bool          `name:"bfloat16" help:"Sandwich steps: in turn with activations in bfloat16. Passes: with those alone."`
	Peer    bool          `help:"Alternate with torch."`
	Python  string        `default:"/usr/bin/python3" placeholder:"FILE" help:"The Python that has torch (default: /usr/bin/python3)."`
	Within  float64       `default:"1e-4" placeholder:"X" help:"The logits must agree within X of the largest (default: 1e-4)."`
	Profile string        `placeholder:"FILE" writes:"" help:"Also write a CPU profile for go tool pprof."`
}

// trainingLine is what --json prints for steps of one child.
type trainingLine struct {
	Bench   string `json:"bench"` // "training"
	Space   string `json:"space"`
	Arch    string `json:"arch"`
	From    string `json:"weights"`
	Kernels string `json:"kernels"`
	Threads int    `json:"threads"`
	Batch   int    `json:"batch"`
	Params  int64  `json:"params"`
	MACs    int64  `json:"macs"`            // of a forward pass of one image
	Ours    spread `json:"imagesPerSecond"` // medians of the rounds
	// The rest only with --peer.
	Peer        string  `json:"peer,omitempty"`
	Settings    string  `json:"peerSettings,omitempty"`
	Theirs      *spread `json:"peerImagesPerSecond,omitempty"`
	Ratio       *spread `json:"ratio,omitempty"`       // ours over theirs, round by round
	MaxRelative float64 `json:"maxRelative,omitempty"` // how far the logits are apart, over the largest
}

const (
	momentum = 0.9
	rate     = 0.002 // learning rate, low, because the same batch is used a hundred times
)

func (f *trainingFlags) Run(p *cli.Program) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	warnIfBusy(p.Stderr)
	fam, archs, err := f.open()
	if err != nil {
		return err
	}
	var peer *torch
	if f.Peer && slices.Contains(f.Work, "child") {
		t, err := startTorch(f.Python, p.Stderr)
		if err != nil {
			return err
		}
		peer = &t
		defer func() { err = errors.Join(err, t.stop()) }()
	}
	stop, err := profile(f.Profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	kernel.SetThreads(f.Threads)
	defer kernel.SetThreads(0)
	for _, size := range f.Size {
		for _, batch := range f.Batch {
			if err := f.trainings(p, fam, archs, peer, size, batch); err != nil {
				return err
			}
		}
	}
	return nil
}

// trainings measures what f asks for at one size and batch.
func (f *trainingFlags) trainings(p *cli.Program, fam *family, archs []arch.Arch, peer *torch, size, batch int) error {
	if slices.Contains(f.Work, "child") {
		for _, a := range archs {
			a.Resolution = size
			l, err := f.child(fam, a, batch, peer)
			if err != nil {
				return err
			}
			if err := f.line(p, l, l.text(a)); err != nil {
				return err
			}
		}
	}
	if slices.Contains(f.Work, "sandwich") {
		l, err := f.sandwich(fam, size, batch)
		if err != nil {
			return err
		}
		if err := f.line(p, l, l.text()); err != nil {
			return err
		}
	}
	if slices.Contains(f.Work, "passes") {
		return f.passes(p, fam, size, batch)
	}
	return nil
}

func (f trainingFlags) check() error {
	if f.Threads < 1 || f.Rounds < 1 || f.Turn <= 0 || slices.Min(f.Batch) < 1 {
		return fault.New("bad_flag", "leave them out", "--threads, --rounds, --turn or --batch is not above 0")
	}
	return nil
}

func (l trainingLine) text(a arch.Arch) string {
	s := fmt.Sprintf("%s, batch %d, %d threads, %s: %s images/s", title(a), l.Batch, l.Threads, l.Kernels, l.Ours.text(1))
	if l.Ratio == nil {
		return s
	}
	return s + fmt.Sprintf("; %s (%s) %s; ours / theirs %s; logits within %.1e of the largest", l.Peer, l.Settings, l.Theirs.text(1), l.Ratio.text(2), l.MaxRelative)
}

// child measures steps of a alone, always on the same batch, and those of the peer where there is one.
func (f trainingFlags) child(fam *family, a arch.Arch, batch int, peer *torch) (l trainingLine, err error) {
	c, err := newTrainee(fam.weights, a, batch)
	if err != nil {
		return l, err
	}
	r := cost.ForClasses(a, fam.weights.Classes)
	l = trainingLine{Bench: "training", Space: a.Space.Name, Arch: r.Arch, From: fam.from, Kernels: kernel.Active(),
		Threads: f.Threads, Batch: batch, Params: r.Params, MACs: r.MACs}
	sides := []runner{timed(func() { c.step() })}
	if peer != nil {
		built, err := peer.build(c, f.Threads)
		if err != nil {
			return l, err
		}
		if built.Params != r.Params || built.MACs != r.MACs {
			return l, fault.New("disagree", "it is another network: look at the script", "%s has %d parameters and %d MACs, torch counts %d and %d", a, r.Params, r.MACs, built.Params, built.MACs)
		}
		if l.MaxRelative, err = peer.check(c, f.Within); err != nil {
			return l, err
		}
		l.Peer, l.Settings = "torch "+built.Version, built.Settings
		sides = append(sides, peer.runner())
	}
	ms, err := rounds{Rounds: f.Rounds, Turn: f.Turn, rest: 20 * time.Millisecond}.inTurn(sides...)
	if err != nil {
		return l, err
	}
	speed := func(ms []float64) spread {
		s := spreadOf(ms)
		n := 1e3 * float64(batch)
		return spread{n / s.Median, n / s.Max, n / s.Min}
	}
	l.Ours = speed(ms[0])
	if peer != nil {
		theirs, ratio := speed(ms[1]), ratios(ms[1], ms[0])
		l.Theirs, l.Ratio = &theirs, &ratio
	}
	return l, nil
}

// trainee is one child that is trained alone.
type trainee struct {
	arch      arch.Arch
	weights   *supernet.Weights // its own: cut out
	grad      *supernet.Weights
	optimiser trainer.Optimiser[float32]
	updates   int
	arena     trainer.Arena[float32]
	x, target []float32 // [n, r, r, 3], [n, classes]
	labels    []int
}

// newTrainee extracts a from w, with n images of noise to learn.
func newTrainee(w *supernet.Weights, a arch.Arch, n int) (*trainee, error) {
	own, err := w.Extract(a)
	if err != nil {
		return nil, fault.As(err, "bad_arch")
	}
	t := &trainee{arch: a, weights: own, grad: own.Like(), x: noise(n, a.Resolution), target: make([]float32, n*w.Classes), labels: make([]int, n)}
	g := rand.New(rand.NewPCG(7, 7))
	for i := range t.labels {
		t.labels[i] = g.IntN(w.Classes)
	}
	trainer.LabelTargets(t.target, t.labels, w.Classes, 0)
	t.arena.Grow = run.HugePages[float32]
	t.optimiser, err = trainer.NewOptimiser("sgd", momentum, 0, 0, own)
	return t, err
}

// step is forward, backward and update. The logits are good until the next one.
func (t *trainee) step() (logits []float32, loss float64) {
	for _, p := range t.grad.Params {
		clear(p.Data)
	}
	logits, loss = backward(&t.arena, t.weights, t.grad, t.arch, t.x, t.target)
	t.optimiser.Update(t.weights, t.grad, t.updates, rate, 0, false)
	t.updates++
	return logits, loss
}

// loss returns the loss with the current weights.
func (t *trainee) loss() float64 {
	mark := t.arena.Mark()
	defer t.arena.Release(mark)
	n := len(t.labels)
	tape := trainer.Forward(&t.arena, t.weights, t.arch, t.x, n, trainer.BatchOptions{})
	return trainer.SoftCrossEntropy(make([]float32, len(t.target)), tape.Logits, t.target, n, t.weights.Classes, 1)
}

// backward runs the forward and backward pass of one child, and adds its gradients to grad.
func backward(ar *trainer.Arena[float32], w, grad *supernet.Weights, a arch.Arch, x, target []float32) (logits []float32, loss float64) {
	mark := ar.Mark()
	defer ar.Release(mark)
	n := len(target) / w.Classes
	tape := trainer.Forward(ar, w, a, x, n, trainer.BatchOptions{})
	dlogits := ar.Alloc(len(target))
	loss = trainer.SoftCrossEntropy(dlogits, tape.Logits, target, n, w.Classes, 1)
	trainer.Backward(ar, w, grad, tape, dlogits)
	return tape.Logits, loss
}

// profile writes a CPU profile until stop is called, or none where file is empty.
func profile(file string) (stop func() error, err error) {
	if file == "" {
		return func() error { return nil }, nil
	}
	var b bytes.Buffer
	if err := pprof.StartCPUProfile(&b); err != nil {
		return nil, err
	}
	return func() error {
		pprof.StopCPUProfile()
		return atomicfile.Write(file, b.Bytes())
	}, nil
}

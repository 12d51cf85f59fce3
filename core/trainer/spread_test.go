package trainer

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"bignas/core/arch"
	"bignas/core/supernet"
)

// meeting adds up what its members bring, in their order.
type meeting struct {
	mu      sync.Mutex
	full    *sync.Cond
	brought [][]float64
	arrived int
	round   int
}

func newMeeting(members int) *meeting {
	m := &meeting{brought: make([][]float64, members)}
	m.full = sync.NewCond(&m.mu)
	return m
}

// sum is Spread.Sum of a member.
func (m *meeting) sum(member int, x []float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.brought[member] = x
	if m.arrived++; m.arrived < len(m.brought) {
		for round := m.round; m.round == round; {
			m.full.Wait()
		}
		return
	}
	for i := range x {
		total := 0.0
		for _, b := range m.brought {
			total += b[i]
		}
		for _, b := range m.brought {
			b[i] = total
		}
	}
	m.arrived = 0
	m.round++
	m.full.Broadcast()
}

// TestSpread: the gradients of processes that each have a part of a batch, of different
// sizes, add up to those of one process, with dropout and drop-connect, and so do losses and
// counts. The difference is float64's rounding.
func TestSpread(t *testing.T) {
	t.Run("attentive", func(t *testing.T) { spreadBatch(t, attentive()) })
	t.Run("once", func(t *testing.T) { spreadBatch(t, once()) })
}

func spreadBatch(t *testing.T, space *arch.Space) {
	const classes = 4
	parts := [][]int{{0, 3, 4}, {1, 2, 5, 6}} // images of each process
	n := 7
	w, err := supernet.NewWeightsOf[float64](space, classes)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 2)), false)
	x := map[int][]float64{16: images(rand.New(rand.NewPCG(3, 4)), n, 16), 32: images(rand.New(rand.NewPCG(5, 6)), n, 32)}
	labels := []int{0, 1, 2, 3, 2, 1, 0}
	config := Config{RandomChildren: 1, Distill: true, LabelSmoothing: 0.1, Dropout: 0.3, DropConnect: 0.4, RegulariseAll: true}
	step := func(own []int, spread *Spread) (*Trainer[float64], StepResult) {
		tr := New(config, w, nil)
		b := Batch[float64]{LabelShare: 0.3, Spread: spread, At: func(res int) []float64 {
			var out []float64
			for _, i := range own {
				out = append(out, x[res][i*res*res*3:(i+1)*res*res*3]...)
			}
			return out
		}}
		for _, i := range own {
			b.Labels = append(b.Labels, labels[i])
		}
		return tr, tr.Gradients(b, rand.New(rand.NewPCG(7, 8)))
	}
	whole, want := step([]int{0, 1, 2, 3, 4, 5, 6}, nil)

	m := newMeeting(len(parts))
	trainers, results := make([]*Trainer[float64], len(parts)), make([]StepResult, len(parts))
	var all sync.WaitGroup
	for i, own := range parts {
		s := &Spread{Local: make([]int, n), Sum: func(x []float64) { m.sum(i, x) }}
		for j := range s.Local {
			s.Local[j] = -1
		}
		for at, j := range own {
			s.Local[j] = at
		}
		all.Go(func() { trainers[i], results[i] = step(own, s) })
	}
	all.Wait()
	for k, c := range want.Children {
		loss, correct := 0.0, 0
		for _, r := range results {
			loss, correct = loss+r.Children[k].Loss, correct+r.Children[k].Correct
		}
		if math.Abs(loss-c.Loss) > 1e-9 || correct != c.Correct {
			t.Errorf("child %d: loss %v and %d correct, in one process %v and %d", k, loss, correct, c.Loss, c.Correct)
		}
	}
	for i, p := range whole.Gradient().Params {
		for j, g := range p.Data {
			sum := 0.0
			for _, tr := range trainers {
				sum += tr.Gradient().Params[i].Data[j]
			}
			if math.Abs(sum-g) > 1e-9*(1+math.Abs(g)) {
				t.Fatalf("gradient of %s[%d]: the parts add up to %v, one process has %v", p.Name, j, sum, g)
			}
		}
	}
}

// TestSkip: a step that is skipped leaves the source of random numbers where the step itself
// does.
func TestSkip(t *testing.T) {
	const n, classes = 5, 3
	for _, all := range []bool{false, true} {
		w, err := supernet.NewWeightsOf[float64](attentive(), classes)
		if err != nil {
			t.Fatal(err)
		}
		w.Init(rand.New(rand.NewPCG(1, 2)), false)
		tr := New(Config{RandomChildren: 1, Dropout: 0.2, DropConnect: 0.2, RegulariseAll: all}, w, nil)
		x := map[int][]float64{16: images(rand.New(rand.NewPCG(3, 4)), n, 16), 32: images(rand.New(rand.NewPCG(5, 6)), n, 32)}
		a, b := rand.New(rand.NewPCG(9, 9)), rand.New(rand.NewPCG(9, 9))
		tr.Gradients(Batch[float64]{Labels: []int{0, 1, 2, 0, 1}, At: func(res int) []float64 { return x[res] }}, a)
		tr.Skip(n, 0, b)
		if got, want := b.Uint64(), a.Uint64(); got != want {
			t.Errorf("every child regularised is %v: the source goes on with %d after Skip and with %d after the step", all, got, want)
		}
	}
}

// TestAdded: at each call, everything from that parameter on has the gradient that it has at
// the end of the step, and the last call is for all.
func TestAdded(t *testing.T) {
	t.Run("tiny", func(t *testing.T) { addedGradients(t, tiny()) })
	t.Run("once", func(t *testing.T) { addedGradients(t, once()) })
}

func addedGradients(t *testing.T, space *arch.Space) {
	const n, classes = 4, 3
	w, err := supernet.NewWeightsOf[float64](space, classes)
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 2)), false)
	tr := New(Config{RandomChildren: 2}, w, nil)
	x := map[int][]float64{16: images(rand.New(rand.NewPCG(3, 4)), n, 16), 32: images(rand.New(rand.NewPCG(5, 6)), n, 32)}
	then := map[int][][]float64{}
	var calls []int
	tr.Added = func(from int) {
		calls = append(calls, from)
		for _, p := range tr.Gradient().Params[from:] {
			then[from] = append(then[from], append([]float64(nil), p.Data...))
		}
	}
	tr.Gradients(Batch[float64]{Labels: []int{0, 1, 2, 0}, At: func(res int) []float64 { return x[res] }}, rand.New(rand.NewPCG(7, 7)))
	if len(calls) < 4 || calls[len(calls)-1] != 0 {
		t.Fatalf("calls for %v; want one for each part of the network, the last for 0", calls)
	}
	for k, from := range calls {
		if from < 0 || k > 0 && from >= calls[k-1] {
			t.Fatalf("calls for %v; want ever smaller ones", calls)
		}
		for i, p := range tr.Gradient().Params[from:] {
			for j, g := range p.Data {
				if then[from][i][j] != g {
					t.Fatalf("Params[%d:]: %s[%d] was %v and became %v", from, p.Name, j, then[from][i][j], g)
				}
			}
		}
	}
}

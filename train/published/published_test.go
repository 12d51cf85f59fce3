package published

import (
	"encoding/json"
	"flag"
	"hash/fnv"
	"iter"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/supernet"
	"bignas/core/trainer"
)

// unitStart and mixed make up numbers: number i of a name, -1 to 1, is "lowbias32" (Wellons
// 2018) of i plus the 32-bit FNV-1a hash of the name.
func unitStart(name string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(name))
	return h.Sum32()
}

func mixed(x uint32) float64 {
	x ^= x >> 16
	x *= 0x7feb352d
	x ^= x >> 15
	x *= 0x846ca68b
	x ^= x >> 16
	return float64(x)/(1<<31) - 1
}

// made is a checkpoint of the space whose values follow from the names.
func made(t testing.TB, space *arch.Space, classes int) []Tensor {
	w, err := supernet.NewWeights(space, classes)
	if err != nil {
		t.Fatal(err)
	}
	var all []Tensor
	for _, s := range formatOf(space.Name).tensors(w) {
		all = append(all, Tensor{s.name, s.shape, func(to []float32) error {
			fanIn, start := 1, unitStart(s.name)
			for _, d := range s.shape[min(1, len(s.shape)):] {
				fanIn *= d
			}
			for i := range to {
				u := mixed(start + uint32(i))
				switch {
				case len(s.shape) > 1:
					u *= math.Sqrt(6 / float64(fanIn))
				case strings.HasSuffix(s.name, "bn.weight"):
					u = 1 + 0.25*u
				default:
					u *= 0.1
				}
				to[i] = float32(u)
			}
			return nil
		}})
	}
	return all
}

// load reads the values of a checkpoint into memory.
func load(t testing.TB, space *arch.Space, all []Tensor) *supernet.Weights {
	c, err := Match(space, all)
	if err != nil {
		t.Fatal(err)
	}
	return values(t, c)
}

func values(t testing.TB, c *Checkpoint) *supernet.Weights {
	w, err := supernet.NewWeights(c.Net.Space, c.Net.Classes)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range c.Net.Params {
		if err := c.Read(p, w.Params[i].Data); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func space(t testing.TB) *arch.Space {
	s, err := arch.Lookup("attentivenas")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// golden is what torch 1.13.1 computes for a child.
type golden struct {
	Arch         string
	Images       int
	MACs, Params int64
	Largest      float64
	Logits       [][]float64 // the first classes of each image
}

// more is a file with further children, as testdata/ofa.py writes it.
var more = flag.String("golden", "", "file with more children for TestLogits, of the space ofa-mbv3")

// TestLogits: three children of each supernet, whose checkpoint is made up, have the logits
// that torch 1.13.1 computes in float64 with the statistics of the batch, from
// layers written down from the published description (testdata, ofa.py for Once-for-All's):
// the training pass, and each kernel implementation with these statistics folded in.
func TestLogits(t *testing.T) {
	for _, name := range Spaces() {
		t.Run(name, func(t *testing.T) {
			if testing.Short() && name == "ofa-mbv3-w1.2" {
				t.Skip("wider layers of ofa-mbv3")
			}
			all := read(t, "testdata/"+name+".json")
			if len(all) != 3 {
				t.Errorf("%d children, want 3", len(all))
			}
			logits(t, name, all)
		})
	}
	if *more != "" {
		logits(t, "ofa-mbv3", read(t, *more))
	}
}

func read(t *testing.T, file string) (all []golden) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func logits(t *testing.T, name string, all []golden) {
	space, err := arch.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	w := load(t, space, made(t, space, 1000))
	for at, g := range all {
		if testing.Short() && at > 0 {
			continue
		}
		a, err := w.Space.Parse(g.Arch)
		if err != nil {
			t.Fatal(err)
		}
		if c := cost.Of(a); g.MACs > 0 && (c.MACs != g.MACs || c.Params != g.Params) {
			t.Errorf("%s: %d MACs and %d parameters, in torch %d and %d", a, c.MACs, c.Params, g.MACs, g.Params)
		}
		r, n := a.Resolution, g.Images
		x, start := make([]float32, n*r*r*3), unitStart("input")
		for i := range x { // [n, r, r, 3] from [n, 3, r, r]
			image, at := i/(3*r*r), i%(3*r*r)
			x[i] = float32(1.7 * mixed(start+uint32((image*3+at%3)*r*r+at/3)))
		}
		compare := func(who string, logits []float32) {
			worst := 0.0
			for i, row := range g.Logits {
				for c, want := range row {
					worst = max(worst, math.Abs(float64(logits[i*w.Classes+c])-want)/g.Largest)
				}
			}
			if t.Logf("%s, %s: %.1e of the largest logit", a, who, worst); !(worst < 1e-4) {
				t.Errorf("%s, %s: logits differ by %g of the largest", a, who, worst)
			}
		}
		var ar trainer.Arena[float32]
		compare("training", trainer.Forward(&ar, w, a, x, n, trainer.BatchOptions{}).Logits)
		st, err := trainer.Calibrate(w, a, iter.Seq2[[]float32, int](func(yield func([]float32, int) bool) { yield(x, n) }))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range kernel.Implementations() {
			if name == "reference" && (at > 0 || runtime.GOOS == "js") {
				continue // minutes
			}
			undo, err := kernel.Use(name)
			if err != nil {
				t.Fatal(err)
			}
			c, err := w.Child(a, st)
			if err != nil {
				t.Fatal(err)
			}
			logits, err := c.Forward(x, n, nil)
			undo()
			if err != nil {
				t.Fatal(err)
			}
			compare(name, logits)
		}
	}
}

// TestCounts: the tensors are those of the published checkpoints. AttentiveNAS's have 666
// more, of bn_tracking.
func TestCounts(t *testing.T) {
	for name, want := range map[string][2]int{"attentivenas": {1468 - 666, 23_934_704}, "ofa-mbv3": {475, 7_678_880}, "ofa-mbv3-w1.2": {475, 10_715_752}} {
		space, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		all, params := made(t, space, 1000), 0
		for _, x := range all {
			if !strings.Contains(x.Name, ".running_") && !strings.HasSuffix(x.Name, "tracked") {
				params += x.len()
			}
		}
		if len(all) != want[0] || params != want[1] {
			t.Errorf("%s: %d tensors, %d parameters, want %v", name, len(all), params, want)
		}
	}
}

// TestNewerNames: the state dict of newer code of Once-for-All has shorter names.
func TestNewerNames(t *testing.T) {
	space, err := arch.Lookup("ofa-mbv3")
	if err != nil {
		t.Fatal(err)
	}
	all := made(t, space, 2)
	want := load(t, space, all)
	for i := range all {
		all[i].Name = strings.Replace(all[i].Name, within, ".conv.", 1)
	}
	first := all[100].Name
	got := load(t, space, all)
	for i, p := range got.Params {
		if !slices.Equal(p.Data, want.Params[i].Data) {
			t.Fatalf("%s differs", p.Name)
		}
	}
	if all[100].Name != first {
		t.Errorf("Match changed the name %s", first)
	}
	all[100].Name = "blocks.3.cnov.weight"
	if _, err := Match(space, all); err == nil || !strings.Contains(err.Error(), "1 unknown: blocks.3.cnov.weight") {
		t.Errorf("an unknown name: %v", err)
	}
}

// TestRefused: what is missing, unknown or of another shape is listed.
func TestRefused(t *testing.T) {
	good := made(t, space(t), 4)
	without := func(name string) (rest []Tensor) {
		for _, x := range good {
			if x.Name != name {
				rest = append(rest, x)
			}
		}
		return rest
	}
	reshaped := append([]Tensor{}, good...)
	for i := range reshaped {
		if strings.HasSuffix(reshaped[i].Name, "shortcut.conv.conv.weight") {
			reshaped[i].Shape = []int{1, 2, 3, 4}
		}
	}
	nette, _ := arch.Lookup("nette")
	for _, c := range []struct {
		space *arch.Space
		all   []Tensor
		want  string
	}{
		{nette, good, "no published checkpoint of the space nette"},
		{space(t), nil, "no classifier.linear.linear.weight"},
		{space(t), without("blocks.3.mobile_inverted_conv.depth_conv.bn.bn.bias"), "1 missing: blocks.3.mobile_inverted_conv.depth_conv.bn.bn.bias"},
		{space(t), append(good, Tensor{Name: "blocks.99.weight"}), "1 unknown: blocks.99.weight"},
		{space(t), reshaped, "37 of another shape: blocks.0.shortcut.conv.conv.weight is [1 2 3 4], want [24 24 1 1], blocks.1."},
	} {
		_, err := Match(c.space, c.all)
		if f := fault.Of(err); f == nil || !strings.Contains(f.Message, c.want) || f.Hint == "" {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, err := Match(space(t), append(good, Tensor{Name: "blocks.3.mobile_inverted_conv.depth_conv.bn.bn_tracking.0.running_mean"})); err != nil {
		t.Errorf("statistics of single widths: %v", err)
	}
}

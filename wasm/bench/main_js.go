// Command bench times children in the browser: the core and the SIMD kernels as
// the engine has them, without the page. cmd/bench starts it in a worker of
// site/test/bench and asks through package jsbridge, a JSON object for each
// request, which is answered with one:
//
//	{"op": "file", "name": "weights"}   keeps the bytes that come with it; no answer
//	{"op": "open"}                      opens the file weights           {"kernels"}
//	{"op": "load", "arch"}              slices a child; takes the files input (float32 NHWC) and, where
//	                                    the weights have no model of them, statistics
//	{"op": "run", "runs"}               times forward passes of it       {"ms"}
//	{"op": "logits"}                    of the last one                  {"logits"}
//	{"op": "slice", "archs"}            times new children on the file image   {"sliced"}
//
// A request that fails is answered with {"error"}.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/kernel"
	"bignas/core/supernet"
	"bignas/wasm/jsbridge"
	_ "bignas/wasm/kernels"
)

type request struct {
	Op    string   `json:"op"`
	Name  string   `json:"name"`
	Arch  string   `json:"arch"`
	Archs []string `json:"archs"`
	Runs  int      `json:"runs"`
}

type reply struct {
	Error   string    `json:"error,omitempty"`
	Kernels string    `json:"kernels,omitempty"`
	MS      []float64 `json:"ms,omitempty"`
	Logits  []float32 `json:"logits,omitempty"`
	Sliced  []sliced  `json:"sliced,omitempty"`
}

// sliced is a child that was not there before, in milliseconds.
type sliced struct {
	Slice   float64   `json:"slice"`   // statistics, folding, packing
	First   float64   `json:"first"`   // its first forward pass
	Forward []float64 `json:"forward"` // passes after that
}

// bench is what earlier requests have left.
type bench struct {
	files  map[string][]byte
	engine *classify.Engine
	child  *supernet.Child
	x      []float32
	logits []float32
}

func main() {
	type message struct {
		text string
		data []byte
	}
	queue := make(chan message, 8)
	host := jsbridge.Connect()
	host.Listen(func(text string, data []byte) { queue <- message{text, data} })
	b := bench{files: map[string][]byte{}}
	for m := range queue {
		var q request
		var r reply
		err := json.Unmarshal([]byte(m.text), &q)
		if q.Op == "file" {
			b.files[q.Name] = m.data
			continue
		}
		if err == nil {
			err = b.answer(q, &r)
		}
		if err != nil {
			r = reply{Error: err.Error()}
		}
		text, _ := json.Marshal(r) // of numbers and texts
		host.Post(string(text), nil)
	}
}

func (b *bench) answer(q request, r *reply) (err error) {
	switch q.Op {
	case "open":
		r.Kernels = kernel.Active()
		b.engine, err = classify.New(b.files["weights"])
		delete(b.files, "weights")
	case "load":
		err = b.load(q.Arch)
	case "run":
		for range q.Runs {
			start := time.Now()
			if b.logits, err = b.child.Forward(b.x, 1, nil); err != nil {
				return err
			}
			r.MS = append(r.MS, since(start))
		}
	case "logits":
		r.Logits = b.logits
	case "slice":
		r.Sliced, err = b.slice(q.Archs)
	default:
		err = fmt.Errorf("unknown request %q", q.Op)
	}
	return err
}

func (b *bench) load(text string) error {
	a, err := b.engine.Parse(text)
	if err != nil {
		return err
	}
	st := supernet.NewStatistics(supernet.BNLayers(a))
	if m := b.engine.Statistics(); m != nil {
		if st, err = m.Predict(a); err != nil {
			return err
		}
	} else if err := fill(st, b.files["statistics"]); err != nil {
		return err
	}
	b.x = floats(b.files["input"])
	if want := 3 * a.Resolution * a.Resolution; len(b.x) != want {
		return fmt.Errorf("the input has %d values, %s takes %d", len(b.x), text, want)
	}
	b.child, err = b.engine.Weights().Child(a, st)
	return err
}

// fill takes the statistics out of their file: of each layer the means, then the variances.
func fill(st *supernet.Statistics, data []byte) error {
	v := floats(data)
	for i := range st.Mean {
		for _, to := range [][]float32{st.Mean[i], st.Variance[i]} {
			if len(v) < len(to) {
				return fmt.Errorf("the statistics end at layer %d", i)
			}
			copy(to, v)
			v = v[len(to):]
		}
	}
	return nil
}

func floats(b []byte) []float32 {
	x := make([]float32, len(b)/4)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return x
}

// slice classifies one image with one child after another, as when a slider
// moves. The engine itself says what it did in which time.
func (b *bench) slice(texts []string) (all []sliced, err error) {
	p, err := b.engine.OpenImage(b.files["image"])
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		var a arch.Arch
		if a, err = b.engine.Parse(text); err != nil {
			return nil, err
		}
		var s sliced
		for i := range 8 {
			r, err := b.engine.Classify(p, a, classify.Options{})
			if err != nil {
				return nil, err
			}
			if i == 0 {
				s.Slice, s.First = r.Timing.Slice, r.Timing.Forward
				continue
			}
			s.Forward = append(s.Forward, r.Timing.Forward)
		}
		all = append(all, s)
	}
	return all, nil
}

func since(start time.Time) float64 { return time.Since(start).Seconds() * 1e3 }

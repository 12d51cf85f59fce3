package main

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os/exec"

	"bignas/core/arch"
	"bignas/core/fault"
)

//go:embed peers/torch_training.py
var torchScript string

// torchEnvironment makes torch reuse the memory of a step, in huge pages, with which it is fastest.
var torchEnvironment = []string{"MALLOC_MMAP_THRESHOLD_=4294967296", "MALLOC_TRIM_THRESHOLD_=8589934592", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1"}

// torch is a PyTorch process that trains one child.
type torch struct{ *peer }

// torchTask is what torch is to train: the message "build" of the script.
type torchTask struct {
	Op       string        `json:"op"`
	Threads  int           `json:"threads"`
	Batch    int           `json:"batch"`
	Size     int           `json:"size"`
	Stem     int           `json:"stem"`
	Blocks   []torchBlock  `json:"blocks"`
	Head     int           `json:"head"`
	Classes  int           `json:"classes"`
	Momentum float64       `json:"momentum"`
	LR       float64       `json:"lr"`
	Weights  []torchTensor `json:"weights"`
	Images   []byte        `json:"images"` // NHWC
	Labels   []int         `json:"labels"`
}

type torchBlock struct {
	Name     string `json:"name"` // prefix of the names of its weights
	In       int    `json:"in"`
	Mid      int    `json:"mid"`
	Out      int    `json:"out"`
	Squeeze  int    `json:"squeeze"`
	Kernel   int    `json:"kernel"`
	Stride   int    `json:"stride"`
	Expand   bool   `json:"expand"`
	Shortcut string `json:"shortcut"`
}

type torchTensor struct {
	Name  string `json:"name"`
	Shape []int  `json:"shape"`
	Data  []byte `json:"data"`
}

// torchBuilt is the answer to it.
type torchBuilt struct {
	Version  string `json:"version"`
	Settings string `json:"settings"` // the fastest
	Params   int64  `json:"params"`
	MACs     int64  `json:"macs"`
}

// torchChecked is the answer to "check": an update seen from outside.
type torchChecked struct {
	Logits []float32 `json:"logits"`
	Before float64   `json:"before"` // loss
	After  float64   `json:"after"`
}

func startTorch(python string, stderr io.Writer) (torch, error) {
	if _, err := exec.LookPath(python); err != nil {
		return torch{}, fault.New(codeNoPeer, "on Debian: apt-get install python3-torch, then --python /usr/bin/python3", "there is no %s to run torch in", python)
	}
	p, err := startPeer(stderr, "env", append(torchEnvironment, python, "-c", torchScript)...)
	return torch{p}, err
}

// runner does steps of the task built last.
func (t torch) runner() runner {
	return func(n int) ([]float64, error) {
		var r struct{ MS []float64 }
		err := t.say("steps", map[string]any{"op": "steps", "n": n}, &r)
		return r.MS, err
	}
}

// build makes torch train the same child on the same batch from the same weights.
func (t torch) build(c *trainee, threads int) (b torchBuilt, err error) {
	net := c.arch.Network()
	m := torchTask{Op: "build", Threads: threads, Batch: len(c.labels), Size: c.arch.Resolution, Stem: net.Stem.Out,
		Head: net.Head.Out, Classes: c.weights.Classes, Momentum: momentum, LR: rate, Images: littleEndian(c.x), Labels: c.labels}
	shortcuts := map[arch.Shortcut]string{arch.NoShortcut: "none", arch.Identity: "identity", arch.Project: "project"}
	for _, b := range net.Blocks {
		m.Blocks = append(m.Blocks, torchBlock{Name: fmt.Sprintf("s%d.%d.", b.Stage+1, b.Index), In: b.In, Mid: b.Mid, Out: b.Out,
			Squeeze: b.Squeeze, Kernel: b.Kernel, Stride: b.Stride, Expand: b.Expand, Shortcut: shortcuts[b.Shortcut]})
	}
	for _, p := range c.weights.Params {
		m.Weights = append(m.Weights, torchTensor{p.Name, p.Shape, littleEndian(p.Data)})
	}
	err = t.say(m.Op, m, &b)
	return b, err
}

// check compares an update on both sides, after build: the logits before it and the change of the loss. Both sides are
// one step further after it.
func (t torch) check(c *trainee, within float64) (apart float64, err error) {
	var theirs torchChecked
	if err := t.say("check", map[string]any{"op": "check"}, &theirs); err != nil {
		return 0, err
	}
	logits, before := c.step()
	_, apart = difference(logits, theirs.Logits)
	after := c.loss()
	if !(apart <= within) {
		return apart, fault.New("disagree", "it is another network: look at the script", "the logits of %s differ from torch's by %.2g of the largest, allowed is %.2g", c.arch, apart, within)
	}
	// The change depends on all gradients, whose sums are rounded in different orders.
	if d := math.Abs(after-theirs.After) / math.Abs(before-after); !(d <= 10*within) {
		return apart, fault.New("disagree", "look at the backward pass", "an update takes the loss of %s from %.6f to %.6f, torch's from %.6f to %.6f", c.arch, before, after, theirs.Before, theirs.After)
	}
	return apart, nil
}

func littleEndian(x []float32) []byte {
	b := make([]byte, 0, 4*len(x))
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

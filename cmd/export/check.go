package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/core/onnx"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/train/export"
	"bignas/train/report"
)

type checkFlags struct {
	childFlags
	Arch       []string `placeholder:"CHILD" help:"${child}; may be repeated (default: min and max)."`
	Half       bool     `help:"Graphs in float16."`
	Preprocess bool     `help:"Graphs that take RGB bytes."`
	Batch      int      `placeholder:"N" help:"Graphs that take exactly N images at once (default: any number)."`
	Split      string   `enum:"val,train" default:"val" help:"With --data: the half to run on, val or train (default: val)."`
	Limit      int      `placeholder:"N" help:"With --data: at most N images, spread over the classes."`
	Runtime    []string `enum:"node,web,oldest,opencv,opencv4js,opencv5js" default:"node,web" help:"onnxruntime-node, onnxruntime-web in Node, the oldest onnxruntime-node, OpenCV of Python, opencv.js 4 and 5 in Node (default: node,web)."`
	Folder     string   `default:"${peers}" placeholder:"DIR" help:"Folder in which make peers has installed them (default: ${peers})."`
	Python     string   `default:"/usr/bin/python3" placeholder:"FILE" help:"A Python that may have OpenCV, and onnx, whose checker then checks the files (default: /usr/bin/python3)."`
	JSON       bool     `name:"json" help:"A JSON object on each line."`
	Photos     []string `arg:"" optional:"" name:"photo" help:"Image files to run on, without --data (default: 10 drawn images)."`
}

// drawn is how many images are drawn where none are given.
const drawn = 10

// topWithin and topWithinHalf are the largest differences of top-1 over a split that are allowed.
const topWithin, topWithinHalf = 0.001, 0.003

// checked is what --json prints for a child in a runtime.
type checked struct {
	Arch       string            `json:"arch"`
	Name       string            `json:"name,omitempty"`
	Precision  string            `json:"precision"`
	Preprocess bool              `json:"preprocess,omitempty"`
	Batch      int               `json:"batch,omitempty"` // of the graph; 0: free
	Statistics export.Statistics `json:"statistics"`
	Runtime    string            `json:"runtime"`
	Checker    string            `json:"checker,omitempty"` // version of onnx that accepts the file
	export.Difference
	SameAnswer float64 `json:"sameAnswer"`     // share of the images with the same first answer
	Top1       float64 `json:"top1,omitempty"` // of the slice, where classes are known
	TheirTop1  float64 `json:"theirTop1,omitempty"`
	Split      string  `json:"split,omitempty"`
}

// Run runs every child in every runtime.
func (f *checkFlags) Run(p *cli.Program) (err error) {
	if len(f.Arch) == 0 {
		f.Arch = []string{"min", "max"}
	}
	if f.Data != "" && len(f.Photos) > 0 {
		return fault.New("bad_flag", "leave one out", "there are photos and --data")
	}
	s, err := f.open(p, true)
	if err != nil {
		return err
	}
	var archs []arch.Arch
	for _, text := range f.Arch {
		a, err := s.child(text, f.Resolution)
		if err != nil {
			return err
		}
		archs = append(archs, a)
	}
	images, err := f.images(s)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bignas-export-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, kind := range f.Runtime {
		r, err := runtimes[kind].start(f.Folder, f.Python, dir, p.Stderr)
		if err != nil {
			return err
		}
		for _, a := range archs {
			if err = f.compare(p, s, a, images, r); err != nil {
				break
			}
		}
		if err = errors.Join(err, r.stop()); err != nil {
			return err
		}
	}
	return nil
}

// compare runs one child in one runtime.
func (f *checkFlags) compare(p *cli.Program, s *shared, a arch.Arch, images imageSet, r *peer) error {
	child, slice, err := s.cut(a)
	if err != nil {
		return err
	}
	data, err := child.ONNX(export.Options{Half: f.Half, Preprocess: f.Preprocess, Batch: f.Batch})
	if err != nil {
		return err
	}
	file := filepath.Join(r.dir, "child.onnx")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return err
	}
	c := checked{Arch: a.String(), Name: child.Config.Name, Precision: "float32", Preprocess: f.Preprocess, Batch: f.Batch, Statistics: child.Config.Statistics,
		Difference: export.Difference{Bits: true, Within: export.Within}}
	if f.Half {
		c.Precision, c.Within = "float16", export.WithinHalf
	}
	if c.Checker, err = checker(f.Python, file); err != nil {
		return err
	}
	version, err := r.load(file)
	if err != nil {
		return err
	}
	c.Runtime = r.title + " " + version
	c.Reader = r.title
	bar := report.NewProgress(p.Stderr, r.title, images.n)
	err = c.compare(slice, child.Config.Preprocessing, images, r, func(done int) { bar.Set(done, "") })
	bar.Finish()
	if err != nil {
		return err
	}
	if images.label != nil {
		c.Split = f.Split
	}
	if err := cli.Show(p.Stdout, f.JSON, c, c.text()); err != nil {
		return err
	}
	return c.judge()
}

// judge returns an error where the two differ too much.
func (c *checked) judge() error {
	within := topWithin
	if c.Precision == "float16" {
		within = topWithinHalf
	}
	switch {
	case !c.OK():
		return fault.New("disagree", "look at core/onnx", "the logits of %s in %s differ by %.2g of the largest, allowed is %.2g", c.Arch, c.Runtime, c.Relative, c.Within)
	case math.Abs(c.Top1-c.TheirTop1) > within:
		return fault.New("disagree", "look at core/onnx", "the top-1 of %s in %s is %.2f %%, here it is %.2f %%", c.Arch, c.Runtime, 100*c.TheirTop1, 100*c.Top1)
	}
	return nil
}

// compare runs all images on both sides.
func (c *checked) compare(slice *supernet.Child, spec preprocess.Spec, images imageSet, r *peer, progress func(int)) error {
	side := slice.Arch.Resolution
	each, same, right, theirs := 3*side*side, 0, 0, 0
	batch := r.batch
	if c.Batch > 0 {
		batch = c.Batch
	}
	x, input := make([]float32, batch*each), make([]float32, batch*each)
	for from := 0; from < images.n; from += batch {
		n := min(batch, images.n-from)
		for i := range n {
			im, sees := images.of(from+i, side), spec
			if c.Preprocess {
				im, sees.Crop, sees.Through = shrunk(im, side, spec), 1, 0 // cropped already
			}
			one := x[i*each : (i+1)*each]
			sees.Apply(one, im, side)
			if c.Preprocess {
				for j, v := range im.Pix {
					input[i*each+j] = float32(v)
				}
			} else {
				export.NCHW(input[i*each:(i+1)*each], one)
			}
		}
		want, err := slice.Forward(x[:n*each], n, nil)
		if err != nil {
			return err
		}
		run := n
		if c.Batch > 0 {
			run = c.Batch // the last batch is filled with earlier images
		}
		name, kind, dims := onnx.Input, "float32", []int{run, 3, side, side}
		if c.Preprocess {
			name, kind, dims = onnx.Pixels, "uint8", []int{run, side, side, 3}
		}
		got, err := r.run(name, kind, input[:run*each], dims)
		if err != nil {
			return err
		}
		if len(got) != run*slice.Classes {
			return fault.New(codeNoRuntime, "", "%s gives %d logits for %d images, expected %d", r.title, len(got), run, run*slice.Classes)
		}
		for i := range n {
			ours, other := want[i*slice.Classes:(i+1)*slice.Classes], got[i*slice.Classes:(i+1)*slice.Classes]
			c.Compare(other, ours)
			a, b := first(ours), first(other)
			if a == b {
				same++
			}
			if images.label != nil {
				l := images.label(from + i)
				right, theirs = right+count(a == l), theirs+count(b == l)
			}
		}
		progress(from + n)
	}
	n := float64(images.n)
	c.Images, c.SameAnswer, c.Top1, c.TheirTop1 = images.n, float64(same)/n, float64(right)/n, float64(theirs)/n
	return nil
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// first returns the index of the largest logit, the first of equal ones.
func first(logits []float32) int {
	best := 0
	for i, v := range logits {
		if v > logits[best] {
			best = i
		}
	}
	return best
}

// text describes the comparison for people.
func (c checked) text() string {
	said := "not asked"
	if c.Checker != "" {
		said = "accepted by onnx " + c.Checker
	}
	text := fmt.Sprintf("%s in %s: %s, %s\n  logits of %d images within %.1e of the slice's (%.1e of the largest, allowed %.0e), %.2f %% have the same first answer\n",
		title(export.Config{Name: c.Name, Arch: c.Arch}), c.Runtime, c.Precision, said, c.Images, c.Absolute, c.Relative, c.Within, 100*c.SameAnswer)
	if c.Split != "" {
		text += fmt.Sprintf("  top-1 on the %s images: slice %.2f %%, %s %.2f %%\n", c.Split, 100*c.Top1, c.Reader, 100*c.TheirTop1)
	}
	return text
}

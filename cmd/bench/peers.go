package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/fault"
	"bignas/core/kernel"
	"bignas/core/onnx"
)

type peerFlags struct {
	outputFlags
	familyFlags
	rounds
	Threads []int   `default:"1,2" placeholder:"N" help:"Threads of both sides (default: 1,2)."`
	Folder  string  `default:"${peers}" placeholder:"DIR" help:"Folder in which make peers has installed them (default: ${peers})."`
	Within  float64 `default:"1e-4" placeholder:"X" help:"The logits must agree within X of the largest (default: 1e-4)."`
}

// peerLine is what --json prints for a child on a number of threads.
type peerLine struct {
	Bench    string `json:"bench"` // "peers"
	Peer     string `json:"peer"`
	Space    string `json:"space"`
	Arch     string `json:"arch"`
	From     string `json:"weights"`
	Kernels  string `json:"kernels"`
	Threads  int    `json:"threads"`
	MACs     int64  `json:"macs"`
	OursMS   spread `json:"oursMs"`   // medians of the rounds
	TheirsMS spread `json:"theirsMs"` // the same
	Ratio    spread `json:"ratio"`    // ours over theirs, round by round
	// How far the logits are from theirs: absolute, and over the largest of theirs.
	MaxAbsolute float64 `json:"maxAbsolute"`
	MaxRelative float64 `json:"maxRelative"`
	title       string
}

// contest is one child on both sides.
type contest struct {
	fam   *family
	arch  arch.Arch
	model string    // its ONNX file
	input string    // its image as raw float32, NCHW
	x     []float32 // the same, NHWC
}

// Run compares children with onnxruntime, native, batch 1.
func (f *peerFlags) Run(p *cli.Program) (err error) {
	if err := checkThreads(f.Threads); err != nil {
		return err
	}
	if err := f.check(); err != nil {
		return err
	}
	warnIfBusy(p.Stderr)
	node, err := startOnnxruntime(f.Folder, p.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, node.stop()) }()
	about, err := node.ask(request{Op: "about"})
	if err != nil {
		return err
	}
	contests, err := f.contests()
	if err != nil {
		return err
	}
	lines, err := f.runAll(p, contests, node, "onnxruntime-node "+about.Version)
	if !f.JSON {
		err = errors.Join(err, table(p.Stdout, lines)) // also the lines before an error
	}
	return err
}

// runAll runs the contests. Where one fails, the lines before it are returned as well.
func (f *peerFlags) runAll(p *cli.Program, list []contest, node *peer, name string) (lines []peerLine, err error) {
	for _, c := range list {
		for _, threads := range f.Threads {
			l, err := f.contest(c, node, threads)
			if err != nil {
				return lines, err
			}
			l.Peer = name
			lines = append(lines, l)
			if err := f.emit(p, l); err != nil {
				return lines, err
			}
		}
	}
	return lines, nil
}

// contests returns the children of the flags or, without --arch and --space, the biggest, middle and smallest of the
// shipped weights and EfficientNet-B0's shape.
func (f peerFlags) contests() ([]contest, error) {
	both := len(f.Arch) == 0 && f.Space == ""
	if both {
		f.Arch = []string{"max", "middle", "min"}
	}
	list, err := f.familyContests()
	if err != nil || !both {
		return list, err
	}
	f.Space, f.Arch = "bignas", []string{"b0"}
	more, err := f.familyContests()
	return append(list, more...), err
}

func (f peerFlags) familyContests() ([]contest, error) {
	fam, archs, err := f.open()
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(f.Folder, "children")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	var list []contest
	for _, a := range archs {
		base, err := filepath.Abs(filepath.Join(folder, a.Space.Name+"-"+a.String()))
		if err != nil {
			return nil, err
		}
		c := contest{fam, a, base + ".onnx", base + ".f32", noise(1, a.Resolution)}
		if err := c.write(); err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// write writes the child and its image to files for the peer.
func (c contest) write() error {
	st, err := c.fam.statistics(c.arch)
	if err != nil {
		return err
	}
	folded, err := c.fam.weights.Folded(c.arch, st)
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.model, onnx.Marshal(folded, onnx.Options{}), 0o644); err != nil {
		return err
	}
	r := c.arch.Resolution
	raw := make([]byte, 4*len(c.x))
	for i, v := range c.x {
		binary.LittleEndian.PutUint32(raw[4*(i%3*r*r+i/3):], math.Float32bits(v))
	}
	return os.WriteFile(c.input, raw, 0o644)
}

// spinning is how long the peer's threads may spin after its turn: those of onnxruntime 1.30 used 38 ms of processor time
// after their last run.
const spinning = 60 * time.Millisecond

// contest runs c on both sides alternately and compares the results.
func (f peerFlags) contest(c contest, node *peer, threads int) (l peerLine, err error) {
	r := c.arch.Resolution
	loaded, err := node.ask(request{Op: "load", Model: c.model, Input: c.input, Dims: []int{1, 3, r, r}, Threads: threads})
	if err != nil {
		return l, err
	}
	child, err := c.fam.child(c.arch)
	if err != nil {
		return l, err
	}
	defer func() {
		_, dropped := node.ask(request{Op: "drop", Session: loaded.Session})
		err = errors.Join(err, dropped)
	}()
	run, logits := forward(child, c.x)
	f.rest = spinning
	ms, err := f.inTurn(onThreads(threads, run), node.runner(loaded.Session))
	if err != nil {
		return l, err
	}
	theirs, err := node.ask(request{Op: "logits", Session: loaded.Session})
	if err != nil {
		return l, err
	}
	l = peerLine{Bench: "peers", Space: c.fam.space.Name, Arch: c.arch.String(), From: c.fam.from, Kernels: kernel.Active(), Threads: threads,
		MACs: cost.ForClasses(c.arch, c.fam.weights.Classes).MACs, OursMS: spreadOf(ms[0]), TheirsMS: spreadOf(ms[1]), Ratio: ratios(ms[0], ms[1]), title: title(c.arch)}
	l.MaxAbsolute, l.MaxRelative = difference(logits(), theirs.Logits)
	if !(l.MaxRelative <= f.Within) {
		return l, fault.New("disagree", "look at core/onnx and at the kernels before at any time", "the logits of %s on %d threads differ by %.2g of the largest, allowed is %.2g", c.arch, threads, l.MaxRelative, f.Within)
	}
	return l, nil
}

// table prints the lines for people.
func table(w io.Writer, lines []peerLine) error {
	if len(lines) == 0 {
		return nil
	}
	fmt.Fprintf(w, "ours (%s) over %s, batch 1: median (smallest to biggest) of the rounds\n\n", lines[0].Kernels, lines[0].Peer)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "child\tMMACs\tthreads\tours, ms\ttheirs, ms\tours / theirs\tlogits apart")
	for _, l := range lines {
		fmt.Fprintf(t, "%s\t%.1f\t%d\t%s\t%s\t%s\t%.1e (%.1e of the largest)\n", l.title, float64(l.MACs)/1e6, l.Threads,
			l.OursMS.text(2), l.TheirsMS.text(2), l.Ratio.text(2), l.MaxAbsolute, l.MaxRelative)
	}
	return t.Flush()
}

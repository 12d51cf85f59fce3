package main

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/onnx"
)

func bench(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	code = command(args, nil, &o, &e)
	return code, o.String(), e.String()
}

// lines runs the command and decodes what it printed, one object a line.
func lines[T any](t *testing.T, args ...string) []T {
	t.Helper()
	code, out, errs := bench(t, args...)
	if code != 0 {
		t.Fatalf("%v: exit %d: %s", args, code, errs)
	}
	var all []T
	for _, text := range strings.Split(strings.TrimSpace(out), "\n") {
		var v T
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatalf("%v: %v in %s", args, err, text)
		}
		all = append(all, v)
	}
	return all
}

func (s spread) positive() bool { return 0 < s.Min && s.Min <= s.Median && s.Median <= s.Max }

func TestChild(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "lines")
	got := lines[childLine](t, "child", "--space", "nette", "--classes", "10", "--arch", "min", "--rounds", "2", "--turn", "1ms", "--threads", "1,2", "--json", "--lines", kept)
	if len(got) != 2 || got[0].Threads != 1 || got[1].Threads != 2 {
		t.Fatalf("lines: %+v", got)
	}
	want := cost.ForClasses(nette(t).Min(), 10).MACs
	for _, l := range got {
		if l.Bench != "child" || l.MACs != want || !l.MS.positive() || !l.OverFirst.positive() || math.Abs(l.GFLOPS*l.MS.Median*1e6/float64(2*want)-1) > 1e-9 {
			t.Errorf("line: %+v", l)
		}
	}
	if text, err := os.ReadFile(kept); err != nil || bytes.Count(text, []byte("\n")) != 2 {
		t.Errorf("kept lines: %v %s", err, text)
	}
}

func TestSlice(t *testing.T) {
	got := lines[sliceLine](t, "slice", "--space", "nette", "--arch", "min", "--threads", "1", "--json")
	if len(got) != 1 || got[0].Children != 1 || got[0].Predicted || !got[0].Ratio.positive() || got[0].FirstMS.Median <= got[0].SliceMS.Median {
		t.Errorf("lines: %+v", got)
	}
}

// TestInventory: the operators that are measured are those that the cost counter
// counts, for random children of any depth and width.
func TestInventory(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	archs := []arch.Arch{nette(t).Min(), nette(t).Max()}
	for range 3 {
		archs = append(archs, nette(t).Sample(r))
	}
	for _, a := range archs {
		flops := 0.0
		for _, o := range inference(a, 1, 10) {
			flops += float64(o.Count) * o.FLOPs
			if o.Bytes <= 0 {
				t.Errorf("%s %s moves no bytes", o.Kind, o.Shape)
			}
			o.run() // a wrong shape panics
		}
		if want := 2 * float64(cost.ForClasses(a, 10).MACs); flops != want {
			t.Errorf("%s: operators of %v FLOP, the child has %v", a, flops, want)
		}
	}
}

func TestOperators(t *testing.T) {
	for _, args := range [][]string{{"--batch", "1"}, {"--training", "--batch", "2"}} {
		args = append([]string{"operators", "--space", "nette", "--arch", "min", "--rounds", "1", "--turn", "10us", "--json"}, args...)
		share := 0.0
		for _, l := range lines[struct {
			Bench, Limit  string
			Share         float64
			OfCeiling     spread
			MeanOfCeiling float64
		}](t, args...) {
			share += l.Share
			if l.Bench == "operator" && (!l.OfCeiling.positive() || l.Limit != "memory" && l.Limit != "arithmetic") {
				t.Errorf("line: %+v", l)
			}
			if l.Bench == "kind" && !(l.MeanOfCeiling > 0) {
				t.Errorf("a kind without a ceiling: %+v", l)
			}
		}
		if math.Abs(share-1) > 1e-9 {
			t.Errorf("the shares of the kinds add up to %v", share)
		}
	}
}

// TestInTurn: the sides alternate, and a ratio is taken within a round.
func TestInTurn(t *testing.T) {
	var order string
	speed := 1.0
	side := func(name string, factor float64) runner {
		return func(n int) ([]float64, error) {
			order += name
			speed++ // the machine slows down as it goes
			ms := make([]float64, n)
			for i := range ms {
				ms[i] = factor * speed
			}
			return ms, nil
		}
	}
	ms, err := rounds{Rounds: 3, Turn: 1}.inTurn(side("a", 30), side("b", 10))
	if err != nil || order != "ab"+strings.Repeat("aabb", 3) {
		t.Errorf("order %s, %v", order, err)
	}
	if r := ratios(ms[0], ms[1]); r.Min < 2 || r.Max > 3 {
		t.Errorf("ratios %+v, want a little below 3", r)
	}
}

// TestB0: the shape is EfficientNet-B0's, but for the shortcuts of transitions.
func TestB0(t *testing.T) {
	fam, archs, err := familyFlags{Space: "bignas", Classes: 1000, Arch: []string{"b0"}}.open()
	if err != nil || fam.space.Name != "bignas" {
		t.Fatal(err)
	}
	macs := int64(0)
	for _, l := range cost.Of(archs[0]).Layers {
		if l.Kind != cost.Shortcut {
			macs += l.MACs
		}
	}
	if macs/1e6 != 385 && macs/1e6 != 386 {
		t.Errorf("%d MACs, EfficientNet-B0 has 386 million", macs)
	}
}

// TestBusy: the first line of /proc/stat is read as Linux writes it.
func TestBusy(t *testing.T) {
	idle, all, err := processorTime("cpu  100 5 20 800 75 0 0 0 0 0\ncpu0 1 2 3 4\n")
	if err != nil || idle != 875 || all != 1000 {
		t.Errorf("idle %v of %v, %v", idle, all, err)
	}
	if _, _, err := processorTime("intr 5"); err == nil {
		t.Error("a line about something else was read")
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "child", nil},
		{2, "--roundz", []string{"child", "--roundz", "3"}},
		{1, "--threads", []string{"child", "--space", "nette", "--threads", "0"}},
		{1, "--rounds", []string{"child", "--space", "nette", "--rounds", "0"}},
		{1, "--children", []string{"slice", "--space", "nette", "--children", "0"}},
		{1, "--batch", []string{"operators", "--space", "nette", "--batch", "0"}},
		{1, "resolution is 100", []string{"operators", "--space", "nette", "--resolution", "100"}},
		{1, "attentivenas", []string{"child", "--space", "netta"}},
		{1, "S1 width", []string{"child", "--space", "nette", "--arch", strings.Replace(nette(t).Min().String(), "-8x1", "-9x1", 1)}},
		{1, "make peers", []string{"peers", "--folder", t.TempDir()}},
	} {
		code, out, errs := bench(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%v: exit %d, want %d; stderr should mention %q:\n%s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
}

func nette(t *testing.T) *arch.Space {
	t.Helper()
	s, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestPeerThatEnds: a peer that dies is an error with a sentence, not a hang.
func TestPeerThatEnds(t *testing.T) {
	p, err := startPeer(os.Stderr, "true")
	if err != nil {
		t.Skip("no program `true` here")
	}
	if _, err := p.ask(request{Op: "about"}); err == nil || !strings.Contains(err.Error(), "about") {
		// The pipe may break first.
		if err == nil || !strings.Contains(err.Error(), "pipe") {
			t.Errorf("error: %v", err)
		}
	}
	_ = p.stop()
}

// TestOnnxruntimeAgrees runs where make peers has been: onnxruntime computes our
// logits from our file.
func TestOnnxruntimeAgrees(t *testing.T) {
	t.Chdir("../..")
	if _, err := os.Stat(filepath.Join(peersFolder, "node_modules")); err != nil {
		t.Skip("onnxruntime is not installed; make peers does it")
	}
	got := lines[peerLine](t, "peers", "--arch", "min", "--threads", "1", "--rounds", "1", "--turn", "1ms", "--json")
	if len(got) != 1 || !(got[0].MaxRelative < 1e-5) || !got[0].Ratio.positive() {
		t.Errorf("lines: %+v", got)
	}
	code, _, errs := bench(t, "peers", "--arch", "min", "--threads", "1", "--rounds", "1", "--turn", "1ms", "--within", "1e-12")
	if code != 1 || !strings.Contains(errs, "differ") {
		t.Errorf("logits that differ by more than allowed: exit %d, %s", code, errs)
	}
}

// TestChecker: the reference checker of ONNX accepts the file, and infers the
// shapes that the file states.
func TestChecker(t *testing.T) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import onnx").Run() != nil {
		t.Skip("no python3-onnx here; make peers installs it on Debian")
	}
	fam, archs, err := familyFlags{Space: "nette", Classes: 7, Arch: []string{"min", "max"}}.open()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range archs {
		st, err := fam.statistics(a)
		if err != nil {
			t.Fatal(err)
		}
		folded, err := fam.weights.Folded(a, st)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "child.onnx")
		if err := os.WriteFile(file, onnx.Marshal(folded, onnx.Options{}), 0o600); err != nil {
			t.Fatal(err)
		}
		check := "import onnx, sys; m = onnx.load(sys.argv[1]); onnx.checker.check_model(m, full_check=True)"
		if out, err := exec.Command(python, "-c", check, file).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", a, err, out)
		}
	}
}

package main

import (
	"os/exec"
	"strings"
	"testing"

	"bignas/core/cost"
)

// quickly are the flags of the shortest measurement.
var quickly = []string{"training", "--space", "nette", "--classes", "10", "--arch", "min", "--size", "96", "--batch", "2", "--threads", "1", "--rounds", "2", "--turn", "1ms", "--json"}

func TestTraining(t *testing.T) {
	got := lines[trainingLine](t, append(quickly, "--work", "child")...)
	want := cost.ForClasses(nette(t).Min(), 10)
	if len(got) != 1 {
		t.Fatalf("lines: %+v", got)
	}
	if l := got[0]; l.Bench != "training" || l.MACs != want.MACs || l.Params != want.Params || l.Batch != 2 || !l.Ours.positive() || l.Ratio != nil {
		t.Errorf("line: %+v", l)
	}
}

// TestSandwich: a step costs about as much as its children. How close is for
// bench to say; here the two must be the same work.
func TestSandwich(t *testing.T) {
	got := lines[sandwichLine](t, append(quickly, "--work", "sandwich")...)
	if len(got) != 1 {
		t.Fatalf("lines: %+v", got)
	}
	if l := got[0]; l.Bench != "sandwich" || l.Children != 3 || l.Size != 96 || !l.Ours.positive() || l.Ratio.Median < 0.5 || l.Ratio.Median > 3 {
		t.Errorf("line: %+v", l)
	}
}

// TestTraineeLearns: steps on one batch bring its loss down.
func TestTraineeLearns(t *testing.T) {
	fam, archs, err := familyFlags{Space: "nette", Classes: 10, Arch: []string{"min"}}.open()
	if err != nil {
		t.Fatal(err)
	}
	c, err := newTrainee(fam.weights, archs[0], 4)
	if err != nil {
		t.Fatal(err)
	}
	_, first := c.step()
	for range 5 {
		c.step()
	}
	if last := c.loss(); !(last < first) {
		t.Errorf("the loss goes from %v to %v", first, last)
	}
}

// TestTorchAgrees runs where torch is: the same network, in numbers, in its
// logits and in what an update does to the loss.
func TestTorchAgrees(t *testing.T) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import torch").Run() != nil {
		t.Skip("no torch here; on Debian it is the package python3-torch")
	}
	args := append(quickly, "--work", "child", "--peer", "--python", python)
	got := lines[trainingLine](t, args...)
	if len(got) != 1 {
		t.Fatalf("lines: %+v", got)
	}
	if l := got[0]; !strings.HasPrefix(l.Peer, "torch ") || !(l.MaxRelative < 1e-5) || !l.Theirs.positive() || !l.Ratio.positive() {
		t.Errorf("line: %+v", l)
	}
	code, _, errs := bench(t, append(args, "--within", "1e-12")...)
	if code != 1 || !strings.Contains(errs, "differ") {
		t.Errorf("logits that differ by more than allowed: exit %d, %s", code, errs)
	}
}

func TestTrainingMistakes(t *testing.T) {
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{2, "child", []string{"training", "--work", "cake"}},
		{1, "--batch", []string{"training", "--space", "nette", "--batch", "0"}},
		{1, "resolution is 100", []string{"training", "--space", "nette", "--size", "100"}},
		{1, "resolution is 100", []string{"training", "--space", "nette", "--size", "100", "--work", "sandwich"}},
		{1, "nette, nette-192, nette-strong, shapes", []string{"training", "--space", "nette", "--config", "nettle", "--work", "sandwich"}},
		{1, "no-python-of-this-name", []string{"training", "--space", "nette", "--peer", "--python", "no-python-of-this-name"}},
	} {
		code, out, errs := bench(t, c.args...)
		if code != c.code || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%v: exit %d, want %d; stderr should mention %q:\n%s%s", c.args, code, c.code, c.want, out, errs)
		}
	}
}

// TestPasses: the passes of a step are all of its time, and those of the first convolution read every image once
// forward and once backward.
func TestPasses(t *testing.T) {
	share, images, together := 0.0, 0.0, 0
	for _, l := range lines[passLine](t, append(quickly, "--work", "passes")...) {
		switch l.Pass {
		case "together":
			together++
			if l.Share != 1 || !(l.OfTriad > 0) {
				t.Errorf("line: %+v", l)
			}
			continue
		case "forward stem":
			images = l.Read
		}
		share += l.Share
	}
	if together != 1 || share < 0.999 || share > 1.001 {
		t.Errorf("%d sums, shares of %v", together, share)
	}
	if want := 3.0 * 2 * 96 * 96 * 3 * 4; images != want { // of 3 children, 2 images
		t.Errorf("the stem reads %v bytes, want %v", images, want)
	}
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBrowserAgrees runs where make peers has been and a Chromium is: both sides
// of the page compute the same logits, and the turns are those that were asked for.
func TestBrowserAgrees(t *testing.T) {
	t.Chdir("../..")
	if _, err := os.Stat(filepath.Join(peersFolder, "node_modules/onnxruntime-web")); err != nil {
		t.Skip("onnxruntime-web is not installed; make peers does it")
	}
	code, out, errs := bench(t, "browser", "--arch", "min", "--rounds", "2", "--turn", "1ms", "--children", "3", "--json")
	if strings.Contains(errs, "no browser") {
		t.Skip(errs)
	}
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	texts := strings.Split(strings.TrimSpace(out), "\n")
	if len(texts) != 2 {
		t.Fatalf("lines: %s", out)
	}
	var l peerLine
	var s sliceLine
	if err := json.Unmarshal([]byte(texts[0]), &l); err != nil || l.Bench != "browser" || !strings.HasPrefix(l.Kernels, "simd") ||
		!(l.MaxRelative < 1e-5) || !l.Ratio.positive() || !strings.Contains(l.Peer, "Chrom") {
		t.Errorf("line: %+v %v", l, err)
	}
	if err := json.Unmarshal([]byte(texts[1]), &s); err != nil || s.Bench != "browser-slice" || s.Children != 3 || !s.Ratio.positive() || s.SliceMS.Min <= 0 {
		t.Errorf("line: %+v %v", s, err)
	}
	// Random weights: their statistics come from here. Without SIMD it says so.
	code, out, errs = bench(t, "browser", "--space", "nette", "--classes", "20", "--arch", "min", "--kernels", "off", "--rounds", "1", "--turn", "1ms", "--json")
	if err := json.Unmarshal([]byte(out), &l); code != 0 || err != nil || l.Kernels != "portable" || !(l.MaxRelative < 1e-5) {
		t.Errorf("random weights: exit %d, %s%s", code, out, errs)
	}
}

func TestBrowserMistakes(t *testing.T) {
	t.Chdir("../..")
	for want, args := range map[string][]string{
		"make peers": {"browser", "--space", "nette", "--arch", "min", "--folder", t.TempDir()},
		"--rounds":   {"browser", "--space", "nette", "--rounds", "0"},
		"no such":    {"browser", "--weights", "no such.safetensors"},
	} {
		if code, out, errs := bench(t, args...); code != 1 || !strings.Contains(errs, want) || out != "" {
			t.Errorf("%v: exit %d, stderr should mention %q:\n%s%s", args, code, want, out, errs)
		}
	}
}

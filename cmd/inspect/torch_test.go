package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const ofTorch = "../../train/torchfile/testdata/"

// --torch lists the state dict of a file of torch.save.
func TestTorch(t *testing.T) {
	code, out, errs := inspect("--torch", ofTorch+"legacy.pth")
	if code != 0 || errs != "" {
		t.Fatalf("code %d, %q", code, errs)
	}
	for _, line := range []string{"turned float32 4 x 3 x 2 cpu", "half float16 10 cpu", "brain bfloat16 10 cpu", "steps int64 = 7 cpu", "10 tensors, 75 values"} {
		if !strings.Contains(strings.Join(strings.Fields(out), " "), line) {
			t.Errorf("%q is not in\n%s", line, out)
		}
	}
	_, out, _ = inspect("--torch", ofTorch+"zip.pth", "--json")
	var got struct {
		Tensors []struct {
			Name, Type, Device string
			Shape              []int
			Value              any
		}
		Values int
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || len(got.Tensors) != 10 || got.Values != 75 || strings.Count(out, "\n") != 1 {
		t.Fatalf("%v: %s", err, out)
	}
	if x := got.Tensors[9]; x.Name != "steps" || x.Type != "int64" || x.Device != "cpu" || len(x.Shape) != 0 || x.Value != 7.0 {
		t.Errorf("%+v", x)
	}
	for file, want := range map[string]string{"none.pth": "there is no file", "make.py": "make.py cannot be read"} {
		if code, out, errs := inspect("--torch", ofTorch+file); code != 1 || out != "" || !strings.Contains(errs, want) || !strings.Contains(errs, "hint: ") {
			t.Errorf("%s: code %d, %q, %q", file, code, out, errs)
		}
	}
}

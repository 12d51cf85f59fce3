package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/cmd/internal/clitest"
	"bignas/core/arch"
	"bignas/core/weights"
)

// attentive is the state dict of AttentiveNAS's supernet with so many classes.
func attentive(t *testing.T, classes int) (all []clitest.Tensor) {
	s, err := arch.Lookup("attentivenas")
	if err != nil {
		t.Fatal(err)
	}
	add := func(name string, shape ...int) {
		all = append(all, clitest.Tensor{Name: name, Shape: shape, First: float32(len(all))})
	}
	conv := func(name string, shape ...int) {
		add(name+".conv.conv.weight", shape...)
		for _, of := range []string{"weight", "bias", "running_mean", "running_var"} {
			add(name+".bn.bn."+of, shape[0])
		}
		add(name + ".bn.bn.num_batches_tracked")
	}
	n := s.Max().Network()
	conv("first_conv", 24, 3, 3, 3)
	for i, b := range n.Blocks {
		of := fmt.Sprintf("blocks.%d.mobile_inverted_conv.", i)
		if b.Stage > 0 {
			conv(of+"inverted_bottleneck", b.Mid, b.In, 1, 1)
		}
		conv(of+"depth_conv", b.Mid, 1, 5, 5)
		if b.Squeeze > 0 {
			add(of+"depth_conv.se.fc.reduce.weight", b.Squeeze, b.Mid, 1, 1)
			add(of+"depth_conv.se.fc.reduce.bias", b.Squeeze)
			add(of+"depth_conv.se.fc.expand.weight", b.Mid, b.Squeeze, 1, 1)
			add(of+"depth_conv.se.fc.expand.bias", b.Mid)
		}
		conv(of+"point_linear", b.Out, b.Mid, 1, 1)
		add(fmt.Sprintf("blocks.%d.shortcut.conv.conv.weight", i), b.Out, b.In, 1, 1)
	}
	conv("last_conv.final_expand_layer", 1344, 224, 1, 1)
	add("last_conv.feature_mix_layer.conv.conv.weight", 1984, 1344, 1, 1)
	add("classifier.linear.linear.weight", classes, 1984)
	add("classifier.linear.linear.bias", classes)
	return all
}

// TestImport: a checkpoint becomes a weights file with its values in their places, the
// published children's names and the classes' names.
func TestImport(t *testing.T) {
	if testing.Short() {
		t.Skip("a checkpoint of 85 MB")
	}
	all := attentive(t, 2)
	dir := t.TempDir()
	names, out := filepath.Join(dir, "names.txt"), filepath.Join(dir, "w.safetensors")
	if err := os.WriteFile(names, []byte("n01440764\ttench\r\nn01443537\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, said, errs := train(t, "import", clitest.Checkpoint(t, all), "--space", "attentivenas", "--class-names", names, "-o", out)
	if code != 0 || !strings.Contains(said, "2 classes") {
		t.Fatalf("exit %d, %s, %s", code, said, errs)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	b, err := weights.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if b.Net.Space.Name != "attentivenas" || strings.Join(b.Labels, ",") != "tench,n01443537" || b.Metadata["class_ids"] != `["n01440764","n01443537"]` || b.Spec.Crop != 0.875 || b.Spec.Through != 224 {
		t.Errorf("%s, %q, %s, %+v", b.Net.Space.Name, b.Labels, b.Metadata["class_ids"], b.Spec)
	}
	if !strings.Contains(b.Metadata["family"], `"A6":"r288-`) {
		t.Errorf("family is %s", b.Metadata["family"])
	}
	first := map[string]float32{}
	for _, x := range all {
		first[x.Name] = x.First
	}
	p := b.Net.Blocks[2][1] // the second block of mb3: the ninth of all
	const of = "blocks.8.mobile_inverted_conv."
	for _, c := range []struct {
		got  float32
		name string
		at   int // in the checkpoint's tensor
	}{
		{b.Net.Stem.Weight.Data[((2*3+1)*3+0)*24+5], "first_conv.conv.conv.weight", (5*3+0)*9 + 2*3 + 1},
		{p.Expand.Weight.Data[7*p.Size.Mid+9], of + "inverted_bottleneck.conv.conv.weight", 9*p.Size.In + 7},
		{p.Depthwise.Weight.Data[(1*5+3)*p.Size.Mid+9], of + "depth_conv.conv.conv.weight", 9*25 + 1*5 + 3},
		{p.Depthwise.BN.Beta.Data[9], of + "depth_conv.bn.bn.bias", 9},
		{p.SEReduce.Data[7*p.Size.Squeeze+3], of + "depth_conv.se.fc.reduce.weight", 3*p.Size.Mid + 7},
		{p.Project.Weight.Data[7*p.Size.Out+3], of + "point_linear.conv.conv.weight", 3*p.Size.Mid + 7},
		{b.Net.Blocks[2][0].Shortcut.Data[7*40+3], "blocks.7.shortcut.conv.conv.weight", 3*32 + 7},
		{b.Net.Head.Weight.Data[7*1984+3], "last_conv.feature_mix_layer.conv.conv.weight", 3*1344 + 7},
		{b.Net.Classifier.Data[7*2+1], "classifier.linear.linear.weight", 1984 + 7},
		{b.Net.ClassBias.Data[1], "classifier.linear.linear.bias", 1},
	} {
		if want := first[c.name] + float32(c.at); c.got != want {
			t.Errorf("%s[%d] is %v, want %v", c.name, c.at, c.got, want)
		}
	}
}

// TestImportRefused: what is no published supernet is refused, and nothing is written.
func TestImportRefused(t *testing.T) {
	out := filepath.Join(t.TempDir(), "w.safetensors")
	const good = "../../train/torchfile/testdata/zip.pth"
	for _, c := range []struct{ file, space, want string }{
		{good, "attentivenas", "no classifier.linear.linear.weight"},
		{good, "nette", "no published checkpoint of the space nette"},
		{good, "netta", "unknown space"},
		{"none.pth", "attentivenas", "no file none.pth"},
		{"main.go", "attentivenas", "main.go cannot be read"},
	} {
		code, said, errs := train(t, "import", c.file, "--space", c.space, "-o", out)
		if code != 1 || said != "" || !strings.Contains(errs, c.want) || !strings.Contains(errs, "hint: ") {
			t.Errorf("%s: exit %d, %q, %q; want %s", c.file, code, said, errs, c.want)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a file was written")
	}
	if code, _, errs := train(t, "import", good, "--space", "attentivenas", "--calibrate", "shapes", "-o", out); code != 1 || !strings.Contains(errs, "needs --class-names") {
		t.Errorf("exit %d, %q", code, errs)
	}
	if _, _, err := classNames(good, 1000); err == nil {
		t.Error("a checkpoint is a list of names")
	}
	if ids, labels, err := classNames("", 3); err != nil || ids != nil || strings.Join(labels, ",") != "class 0,class 1,class 2" {
		t.Errorf("%q, %q, %v", ids, labels, err)
	}
}

package torchfile

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/weights"
)

// opened writes data to a file and opens it.
func opened(t testing.TB, data []byte) (*File, error) {
	path := filepath.Join(t.TempDir(), "net.pth")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err == nil {
		t.Cleanup(func() { f.Close() })
	}
	return f, err
}

// stateDict is the state dict of a file by name.
func stateDict(t testing.TB, f *File) (names []string, all map[string]*Tensor) {
	t.Helper()
	list, err := f.StateDict()
	if err != nil {
		t.Fatal(err)
	}
	all = map[string]*Tensor{}
	for _, n := range list {
		names, all[n.Name] = append(names, n.Name), n.Tensor
	}
	return names, all
}

// The values of testdata/make.py.
func base(i int) float32 { return float32(i) / 7 }
func ramp(i int) float32 { return float32(i)/3 - 1 }

// brain rounds to bfloat16, ties to even.
func brain(f float32) float32 {
	b := math.Float32bits(f)
	return math.Float32frombits((b + 0x7fff + b>>16&1) &^ 0xffff)
}

// TestTorchWrote: files of torch itself are read to the bit in both containers,
// views, shared storages and parameters too.
func TestTorchWrote(t *testing.T) {
	values := map[string][]float32{"repeated": {1.5, 1.5, 1.5, 1.5, 1.5, 1.5}, "nothing": {}}
	add := func(name string, v float32) { values[name] = append(values[name], v) }
	for i := range 4 { // transpose(0, 2) of 2 x 3 x 4
		for j := range 3 {
			add("turned", base(4*j+i))
			add("turned", base(12+4*j+i))
		}
		add("row", base(20+i))
	}
	for _, i := range []int{4, 6, 8, 10, 16, 18, 20, 22} {
		add("every_other", base(i))
	}
	for i := range 10 {
		add("half", weights.Single(weights.Half(ramp(i))))
		add("brain", brain(ramp(i)))
		add("parameter", ramp(i))
	}
	shapes := map[string][]int{"turned": {4, 3, 2}, "every_other": {2, 2, 2}, "row": {4}, "repeated": {2, 3}, "nothing": {0, 3},
		"half": {10}, "brain": {10}, "long": {2}, "parameter": {10}, "steps": {}}
	types := map[string]string{"half": "float16", "brain": "bfloat16", "long": "int64", "steps": "int64"}
	for _, file := range []string{"legacy.pth", "zip.pth", "legacy-protocol1.pth", "zip-protocol4.pth"} {
		f, err := Open(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		names, all := stateDict(t, f)
		if strings.Join(names, " ") != "turned every_other row repeated nothing half brain long parameter steps" {
			t.Errorf("%s: the names are %q", file, names)
		}
		for name, x := range all {
			wantType := types[name]
			if wantType == "" {
				wantType = "float32"
			}
			if !slices.Equal(x.Shape, shapes[name]) || x.Type() != wantType || x.Device() != "cpu" {
				t.Errorf("%s: %s is %s %v on %s, want %s %v", file, name, x.Type(), x.Shape, x.Device(), wantType, shapes[name])
			}
			if wantType == "int64" {
				continue
			}
			got := make([]float32, x.Len())
			if err := x.Floats(got); err != nil || !slices.Equal(got, values[name]) {
				t.Errorf("%s: %s is %v, want %v (%v)", file, name, got, values[name], err)
			}
		}
		var long [2]int64
		var steps [1]int64
		if err := errors.Join(all["long"].Ints(long[:]), all["steps"].Ints(steps[:])); err != nil || long != [2]int64{-1, 1 << 40} || steps[0] != 7 {
			t.Errorf("%s: integers %v and %v, %v", file, long, steps, err)
		}
	}
}

// training is like an AttentiveNAS checkpoint in small: storages that were on a GPU, names with
// "module.", optimiser state, objects of classes that nobody here knows.
func training(r *rand.Rand) (c checkpoint, root any) {
	c = checkpoint{
		"94001": {global{"torch.cuda", "FloatStorage"}, "cuda:0", nil, 4},
		"94002": {global{"torch", "HalfStorage"}, "cuda:1", nil, 2},
		"94003": {global{"torch", "BFloat16Storage"}, "cpu", nil, 2},
		"94004": {global{"torch", "LongStorage"}, "cuda:0", nil, 8},
		"94005": {global{"torch", "FloatStorage"}, "cuda:0", nil, 4},
	}
	for k, s := range c {
		for range 60 {
			s.bits = append(s.bits, r.Uint64()>>(64-8*s.size)) // any bits: infinities and NaN, too
		}
		c[k] = s
	}
	entries := ordered{
		{"module.conv.weight", c.tensor("94001", 0, tuple{3, 4, 5}, tuple{20, 5, 1})},
		{"module.conv.turned", c.tensor("94001", 1, tuple{4, 3}, tuple{5, 20})},
		{"module.half", c.tensor("94002", 10, tuple{5, 2}, tuple{10, 3})},
		{"module.brain", c.tensor("94003", 0, tuple{60}, tuple{1})},
		{"module.tracked", c.tensor("94004", 59, tuple{}, tuple{})},
	}
	root = dict{
		{"epoch", 361}, {"best", 0.5}, {"big", new(big.Int).Lsh(big.NewInt(1), 70)},
		{"args", state{reduce{global{"copy_reg", "_reconstructor"}, tuple{global{"projects.own", "Config"}, global{"__builtin__", "object"}, nil}}, dict{{"lr", 0.1}}}},
		{"state_dict", entries},
		{"optimizer", dict{{"state", dict{{0, dict{{"step", 5}, {"exp_avg", c.tensor("94005", 0, tuple{60}, tuple{1})}}}}}, {"param_groups", []any{dict{{"params", []any{0}}}}}}},
		{"evil", reduce{global{"os", "system"}, tuple{"touch /tmp/never"}}},
	}
	return c, root
}

// bits are the values of a tensor as they are stored, in order.
func (w written) view(offset int, shape, strides []int) []uint64 {
	if len(shape) == 0 {
		return []uint64{w.bits[offset]}
	}
	var all []uint64
	for i := range shape[0] {
		all = append(all, w.view(offset+i*strides[0], shape[1:], strides[1:])...)
	}
	return all
}

// TestEveryContainer: what a training program keeps is read to the bit from each
// container and byte order, and nothing that the file names is run.
func TestEveryContainer(t *testing.T) {
	c, root := training(rand.New(rand.NewPCG(1, 2)))
	for name, data := range map[string][]byte{
		"legacy": c.legacy(root), "zip of torch 1.6": c.zip(t, root, ""), "zip of torch 2": c.zip(t, root, "little"), "big-endian zip": c.zip(t, root, "big"),
	} {
		f, err := opened(t, data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		names, all := stateDict(t, f)
		if strings.Join(names, " ") != "conv.weight conv.turned half brain tracked" {
			t.Errorf("%s: the names are %q", name, names)
		}
		for _, x := range []struct {
			name           string
			key            string
			offset         int
			shape, strides []int
			single         func(bits uint64) uint32
		}{
			{"conv.weight", "94001", 0, []int{3, 4, 5}, []int{20, 5, 1}, func(b uint64) uint32 { return uint32(b) }},
			{"conv.turned", "94001", 1, []int{4, 3}, []int{5, 20}, func(b uint64) uint32 { return uint32(b) }},
			{"half", "94002", 10, []int{5, 2}, []int{10, 3}, func(b uint64) uint32 { return math.Float32bits(weights.Single(uint16(b))) }},
			{"brain", "94003", 0, []int{60}, []int{1}, func(b uint64) uint32 { return uint32(b) << 16 }},
		} {
			got := make([]float32, all[x.name].Len())
			if err := all[x.name].Floats(got); err != nil {
				t.Errorf("%s: %s: %v", name, x.name, err)
			}
			want := c[x.key].view(x.offset, x.shape, x.strides)
			for i, v := range got {
				if len(got) != len(want) || math.Float32bits(v) != x.single(want[i]) {
					t.Errorf("%s: %s[%d] of %d is %08x, want %d values and %08x", name, x.name, i, len(got), math.Float32bits(v), len(want), x.single(want[i]))
					break
				}
			}
			if d := all[x.name].Device(); d != c[x.key].device {
				t.Errorf("%s: %s was on %s", name, x.name, d)
			}
		}
		var tracked [1]int64
		if err := all["tracked"].Ints(tracked[:]); err != nil || uint64(tracked[0]) != c["94004"].bits[59] {
			t.Errorf("%s: tracked is %d, %v", name, tracked, err)
		}
		if err := all["tracked"].Floats(make([]float32, 1)); err == nil {
			t.Errorf("%s: an int64 is read as a float32", name)
		}
		if err := all["half"].Floats(make([]float32, 9)); err == nil {
			t.Errorf("%s: ten values fit into nine", name)
		}
	}
}

// TestEveryType: all types that Floats and Ints know, at their extremes.
func TestEveryType(t *testing.T) {
	c := checkpoint{}
	var root ordered
	for _, x := range []struct {
		class string
		size  int
		bits  []uint64
	}{
		{"DoubleStorage", 8, []uint64{math.Float64bits(0.1), math.Float64bits(-1e300)}}, {"IntStorage", 4, []uint64{1 << 31, 5}}, {"ShortStorage", 2, []uint64{1 << 15, 5}},
		{"CharStorage", 1, []uint64{1 << 7, 5}}, {"ByteStorage", 1, []uint64{1 << 7, 5}}, {"BoolStorage", 1, []uint64{0, 1}}, {"ComplexFloatStorage", 8, []uint64{1, 2}},
	} {
		c[x.class] = written{global{"torch", x.class}, "cpu", x.bits, x.size}
		root = append(root, pair{x.class, c.tensor(x.class, 0, tuple{2}, tuple{1})})
	}
	f, err := opened(t, c.zip(t, root, "big"))
	if err != nil {
		t.Fatal(err)
	}
	_, all := stateDict(t, f)
	var float [2]float32
	if err := all["DoubleStorage"].Floats(float[:]); err != nil || float[0] != 0.1 || !math.IsInf(float64(float[1]), -1) {
		t.Errorf("doubles are %v, %v", float, err)
	}
	for class, want := range map[string][2]int64{"IntStorage": {math.MinInt32, 5}, "ShortStorage": {math.MinInt16, 5}, "CharStorage": {math.MinInt8, 5}, "ByteStorage": {128, 5}, "BoolStorage": {0, 1}} {
		var got [2]int64
		if err := all[class].Ints(got[:]); err != nil || got != want {
			t.Errorf("%s: %v, want %v (%v)", class, got, want, err)
		}
	}
	var got [2]int64
	if all["ComplexFloatStorage"].Ints(got[:]) == nil || all["ComplexFloatStorage"].Floats(float[:]) == nil {
		t.Error("a complex number is read as one of another type")
	}
}

// TestVersion3: torch 2 writes types without a storage class of their own as bytes
// and the name of the type; legacy files may refer to a part of a storage.
func TestVersion3(t *testing.T) {
	c := checkpoint{"0": {global{"torch.storage", "UntypedStorage"}, "cpu", []uint64{0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0}, 1}}
	id := persistent{tuple{"storage", c["0"].class, "0", "cpu", 8}}
	v3 := func(dtype string) any {
		return reduce{global{"torch._utils", "_rebuild_tensor_v3"}, tuple{id, 0, tuple{2}, tuple{1}, false, nil, global{"torch", dtype}, nil}}
	}
	f, err := opened(t, c.zip(t, ordered{{"a", v3("float32")}, {"unknown", v3("float4_e2m1fn_x2")}}, "little"))
	if err != nil {
		t.Fatal(err)
	}
	names, all := stateDict(t, f)
	var got [2]float32
	if err := all["a"].Floats(got[:]); err != nil || got != [2]float32{1, -2} || len(names) != 1 {
		t.Errorf("version 3 is %v, %v, in %q", got, err, names)
	}

	c = checkpoint{"7": {global{"torch", "FloatStorage"}, "cpu", []uint64{0, 0, 0x3f800000, 0xc0000000}, 4}}
	id = persistent{tuple{"storage", c["7"].class, "7", "cpu", 4, tuple{"8", 1, 3}}}
	if f, err = opened(t, c.legacy(ordered{{"a", reduce{global{"torch._utils", "_rebuild_tensor"}, tuple{id, 1, tuple{2}, tuple{1}}}}})); err != nil {
		t.Fatal(err)
	}
	_, all = stateDict(t, f)
	if err := all["a"].Floats(got[:]); err != nil || got != [2]float32{1, -2} {
		t.Errorf("a view of a storage is %v, %v", got, err)
	}
}

// TestStateDict: the state dict is found where training programs put it.
func TestStateDict(t *testing.T) {
	c := checkpoint{"0": {global{"torch", "FloatStorage"}, "cpu", []uint64{1, 2}, 4}}
	x := c.tensor("0", 0, tuple{2}, tuple{1})
	for _, k := range []struct {
		root  any
		names string // or what the error says
	}{
		{ordered{{"a.w", x}, {"step", 5}, {"b", x}}, "a.w b"},
		{dict{{"module.a", x}, {"module.module.b", x}}, "a module.b"},
		{dict{{"module.a", x}, {"b", x}}, "module.a b"},
		{dict{{"epoch", 1}, {"ema", ordered{{"e", x}}}, {"state_dict", ordered{{"module.s", x}}}}, "s"},
		{dict{{"net", ordered{{"n", x}}}, {"model", ordered{{"m", x}}}}, "m"},
		{dict{{"weights", ordered{{"w", x}}}, {"optimizer", dict{{"lr", 1}}}}, "w"},
		{dict{{"generator", ordered{{"w", x}}}, {"judge", ordered{{"w", x}}}}, "tensors under several names: generator, judge"},
		{dict{{"a", x}, {"a", x}}, `has "a" twice`},
		{dict{{"epoch", 1}}, "holds a dictionary without a state dict"},
		{[]any{x}, "holds a list, not a state dict"},
		{x, "holds a tensor, not a state dict"},
		{reduce{global{"net", "Own"}, tuple{}}, "holds an object of net.Own without a state dict"},
		{nil, "holds None"}, {"text", "holds text"}, {true, "holds a bool"}, {1, "holds an integer"}, {0.5, "holds a number"}, {tuple{}, "holds a tuple"}, {global{"net", "Own"}, "holds the class net.Own"},
	} {
		f, err := opened(t, c.zip(t, k.root, ""))
		if err != nil {
			t.Errorf("%v: %v", k.root, err)
			continue
		}
		all, err := f.StateDict()
		var names []string
		for _, n := range all {
			names = append(names, n.Name)
		}
		if err != nil && !strings.Contains(err.Error(), k.names) || err == nil && strings.Join(names, " ") != k.names {
			t.Errorf("%v: %q, %v; want %s", k.root, names, err, k.names)
		}
	}
}

package torchfile

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"

	"bignas/core/fault"
)

// asPickle is a legacy file whose value is the pickle given, without storages.
func asPickle(pickle string) []byte {
	whole := checkpoint{}.legacy(nil)
	return bytes.Replace(whole, pickleOf(nil), []byte("\x80\x02"+pickle), 1)
}

// TestRefused: what cannot be read is an error that says why, and names the file.
func TestRefused(t *testing.T) {
	one := checkpoint{"0": {global{"torch", "FloatStorage"}, "cpu", []uint64{1, 2, 3, 4}, 4}}
	with := func(id tuple, args tuple) []byte {
		return one.zip(t, dict{{"a", reduce{rebuildTensor, append(tuple{persistent{id}}, args...)}}}, "")
	}
	id := func(class any, key any, device any, n any, view ...any) tuple {
		return append(tuple{"storage", class, key, device, n}, view...)
	}
	float := global{"torch", "FloatStorage"}
	whole := tuple{0, tuple{4}, tuple{1}}
	shape := func(offset int, sizes, strides tuple) []byte {
		return with(id(float, "0", "cpu", 4), tuple{offset, sizes, strides})
	}
	root := dict{{"a", one.tensor("0", 0, tuple{4}, tuple{1})}}
	good, legacy := one.zip(t, root, "little"), one.legacy(root)
	altered := func(data []byte, from, to string) []byte {
		if bytes.Count(data, []byte(from)) == 0 {
			t.Fatalf("no %q", from)
		}
		return bytes.ReplaceAll(data, []byte(from), []byte(to))
	}
	for _, k := range []struct {
		data []byte
		want string
	}{
		{nil, "begins with"}, {[]byte("<html>"), "begins with"}, {[]byte("version https://git-lfs.github.com/spec/v1"), "pointer of Git LFS"},
		{append(make([]byte, 257), "ustar\x0000......."...), "before 0.1.10"},
		{[]byte("PK\x03\x04"), "damaged zip"}, {good[:len(good)-30], "damaged zip"},
		{zipOf(t, zip.Store, []part{{"weights", nil}}), "without data.pkl"},
		{zipOf(t, zip.Deflate, []part{{"data.pkl", pickleOf(nil)}}), "compressed"},
		{one.zip(t, root, "middle"), `byteorder is "middle"`},
		{altered(good, "_rebuild_tensor_v2", "_rebuild_tensor_v9"), "data.pkl does not have its checksum"},
		{altered(good, "data/0", "data/1"), `lacks the storage "0"`},
		{with(id(float, "0", "cpu", 3), tuple{0, tuple{3}, tuple{1}}), "has 16 bytes, and its tensors expect 3"},
		{with(id(float, "0", "cpu", 5), whole), "has 16 bytes, and its tensors expect 5"},
		{with(id(float, "0", "cpu", 1<<40), whole), "1099511627776 elements"},
		{with(id(float, "0", "cpu", -1), whole), "-1 elements"},
		{with(id(float, "0", nil, 4), whole), "4 elements on <nil>"},
		{with(id(float, nil, "cpu", 4), whole), "None for its key"},
		{with(id(global{"torch", "HugeStorage"}, "0", "cpu", 4), whole), "torch.HugeStorage"},
		{with(id(global{"other", "FloatStorage"}, "0", "cpu", 4), whole), "other.FloatStorage"},
		{with(id("FloatStorage", "0", "cpu", 4), whole), "text for its class"},
		{with(id(float, "0", "cpu", 4, 5), whole), "is an integer"},
		{with(id(float, "0", "cpu", 4, tuple{"1", 2, 3}), whole), "3 elements from 2 on, of 4"},
		{with(id(float, "0", "cpu", 4, tuple{"1", 2, -3}), whole), "-3 elements from 2 on"},
		{with(tuple{"storage"}, whole), "no storage"}, {with(tuple{nil, nil, nil, nil, nil}, whole), "no storage"},
		{shape(5, tuple{}, tuple{}), "from 5 on"}, {shape(-1, tuple{1}, tuple{1}), "from -1 on"}, {shape(4, tuple{}, tuple{}), "does not fit"},
		{shape(0, tuple{5}, tuple{1}), "does not fit"}, {shape(1, tuple{2, 2}, tuple{2, 1}), "does not fit"}, {shape(0, tuple{2}, tuple{}), "strides []"},
		{shape(0, tuple{2, 2}, tuple{1 << 62, 1 << 62}), "strides"}, {shape(0, tuple{1 << 62, 1 << 62}, tuple{1, 1}), "does not fit"},
		{legacy[:len(legacy)-1], "ends within"}, {legacy[:len(legacy)-25], "ends within"}, {legacy[:3], "ends within"},
		{altered(legacy, "\x04\x00\x00\x00\x00\x00\x00\x00\x01", "\x03\x00\x00\x00\x00\x00\x00\x00\x01"), "has 3 elements, and its tensors expect 4"},
		{one.legacy(nil), `"0", which no tensor has`},
		{checkpoint{}.legacy(dict{{"a", reduce{rebuildTensor, append(tuple{persistent{append(id(float, "0", "cpu", 0), nil)}}, whole...)}}}), "does not fit"},
		{checkpoint{}.legacy(persistent{id(float, "x", "cpu", 0)}), `lacks the storage "x"`},
		{checkpoint{}.legacy(tuple{persistent{id(float, "x", "cpu", 1)}, persistent{id(float, "x", "cpu", 2)}}), "1 float32 and 2 float32"},
		{altered(checkpoint{}.legacy(nil), "J\xe9\x03", "J\xea\x03"), "protocol other than 1001"},
		{pickleOf(1), "not one of torch.save"}, {pickleOf(big.NewInt(5)), "not one of torch.save"},
		{asPickle("Q."), "takes more values"}, {asPickle("NQ."), "refers to something"}, {asPickle("\x80\x06."), "protocol 6"}, {asPickle("\xff."), "0xff"}, {asPickle("S'a'\n."), "0x53"},
		{asPickle("."), "more values than it has"}, {asPickle("(0.0"), "more values"}, {asPickle("N(\x85."), "more values"}, {asPickle("t."), "no mark"}, {asPickle("(o."), "without a class"},
		{asPickle("h\x05."), "takes value 5"}, {asPickle("Nq\x05."), "keeps value 5 after 0"}, {asPickle("Nq\x01h\x00."), "takes value 0"}, {asPickle("gx\n."), "invalid syntax"}, {asPickle("NNa."), "appends to None"},
		{asPickle("NNNs."), "2 keys and values of None"}, {asPickle("}(Nu."), "1 keys"}, {asPickle("NN\x93."), "whose name is None"},
		{asPickle("c" + strings.Repeat("x", 5000)), "line without an end"}, {asPickle("Lx\n."), `integer "x"`}, {asPickle("L" + strings.Repeat("9", 101) + "\n."), "integer"}, {asPickle("Fx\n."), "invalid syntax"},
		{asPickle("\x8a\xc8" + strings.Repeat("9", 200) + "."), "integer of 200 bytes"},
		{asPickle("X\xff\xff\xff\xff"), "ends within"}, {asPickle("\x8e\xff\xff\xff\xff\xff\xff\xff\xff"), "ends within"},
	} {
		_, err := opened(t, k.data)
		e := (*fault.Error)(nil)
		if !errors.As(err, &e) || e.Code != CodeFile || !strings.Contains(e.Message, k.want) || !strings.Contains(e.Message, "net.pth cannot be read") || e.Hint == "" {
			t.Errorf("%.80q: %v, want %s", k.data, err, k.want)
		}
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none.pth")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := Open(os.DevNull); err == nil {
		t.Error("a device is read")
	}

	f, err := opened(t, altered(good, "\x01\x00\x00\x00\x02\x00\x00\x00\x03", "\x01\x00\x00\x00\x02\x00\x00\x00\x05"))
	if err != nil {
		t.Fatal(err)
	}
	_, all := stateDict(t, f)
	if err := all["a"].Floats(make([]float32, 4)); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a damaged storage: %v", err)
	}
}

// TestOpaque: what torch and others put beside tensors does not get in the way.
func TestOpaque(t *testing.T) {
	for _, pickle := range []string{
		"I01\nI00\n(I5\nL-5L\nF0.5\nG\x3f\xe0\x00\x00\x00\x00\x00\x00M\x01\x02\x8a\x00\x8b\x01\x00\x00\x00\xff1.",
		"\x95\x01\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94U\x01bT\x01\x00\x00\x00c\x8d\x01\x00\x00\x00\x00\x00\x00\x00dC\x01eB\x01\x00\x00\x00f\x8e\x01\x00\x00\x00\x00\x00\x00\x00g\x96\x01\x00\x00\x00\x00\x00\x00\x00h.",
		"\x8f(N\x90\x85.", "(N\x91.", "(cnumpy\ndtype\nNo.", "(Nicollections\ndeque\n(NNe.", "\x8c\x04nump\x8c\x05array\x93N\x81}b.", "cos\nsystem\n)}\x92.",
		"(NNlNa.", "(NNd.", "N2.", "NNp0\nj\x00\x00\x00\x00.", "Nr\x00\x00\x00\x00g0\n.", "N)R.", "ctorch._utils\n_rebuild_parameter\n)R.", "ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR.",
		"ctorch._tensor\n_rebuild_from_type_v2\n(ca\nb\nN)NtR.", "ccollections\nOrderedDict\n](]NaNae\x85R.", "ccollections\nOrderedDict\n](NN\x86e\x85R.",
	} {
		if _, err := opened(t, asPickle(pickle)); err != nil {
			t.Errorf("%q: %v", pickle, err)
		}
	}
	f, err := opened(t, asPickle("ccollections\nOrderedDict\n]](X\x01\x00\x00\x00aNea\x85R."))
	if err != nil {
		t.Fatal(err)
	}
	if o, ok := f.root.(*object); !ok || len(o.pairs) != 1 || o.pairs[0].key != any("a") {
		t.Errorf("a dictionary of Python 2 is %v", f.root)
	}
}

const mostAllocated = 64 << 20 // besides the file

// allocated is what f asks for, all together: more than what it holds at any time.
func allocated(f func()) uint64 {
	total := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}} // unlike runtime.ReadMemStats it stops nothing
	metrics.Read(total)
	before := total[0].Value.Uint64()
	f()
	metrics.Read(total)
	return total[0].Value.Uint64() - before
}

// look reads all that a file has.
func look(t testing.TB, data []byte) {
	root, err := parse(data, nil)
	if err != nil {
		var e *fault.Error
		if !errors.As(err, &e) || e.Message == "" {
			t.Errorf("%v is no sentence", err)
		}
		return
	}
	all, err := (&File{root: root}).StateDict()
	if err != nil {
		return
	}
	for _, n := range all {
		if len := n.Len(); len <= 1<<16 {
			_, _ = n.Floats(make([]float32, len)), n.Ints(make([]int64, len))
		}
	}
}

// TestBombs: little files that describe a lot are refused, or read as little.
func TestBombs(t *testing.T) {
	double := "]" + "q\x00" + strings.Repeat("(h\x00h\x00e", 1000)
	deeper := strings.Builder{}
	deeper.WriteString("Nq\x00")
	for range 200 { // a list of a list twice, and so on: 2 to the 200 values
		deeper.WriteString("](h\x00h\x00eq\x00")
	}
	pairs := "]q\x00(" + strings.Repeat("](NNe", 10000) + "e" + strings.Repeat("ccollections\nOrderedDict\nh\x00\x85R", 20000)
	wide := checkpoint{"0": {global{"torch", "FloatStorage"}, "cpu", []uint64{1}, 4}}
	var entries []part
	for range 60000 {
		entries = append(entries, part{"x", nil})
	}
	for name, data := range map[string][]byte{
		"a list that doubles":         asPickle(double + "."),
		"a list that holds itself":    asPickle("]q\x00h\x00a."),
		"a graph of many paths":       asPickle(deeper.String() + "."),
		"lists in lists":              asPickle(strings.Repeat("]", 1<<20) + strings.Repeat("a", 1<<20-1) + "."),
		"tuples in tuples":            asPickle("N" + strings.Repeat("\x85", 1<<20) + "."),
		"many lists":                  asPickle(strings.Repeat("]", 1<<20) + "."),
		"many dictionaries":           asPickle(strings.Repeat("}", 1<<20) + "."),
		"many values":                 asPickle(strings.Repeat("N", 2<<20) + "."),
		"many marks":                  asPickle(strings.Repeat("(", 4<<20) + "."),
		"values that are dropped":     asPickle(strings.Repeat("N0", 11<<20) + "N."),
		"values that are kept":        asPickle("N" + strings.Repeat("\x94", 2<<20) + "."),
		"a dictionary of a long list": asPickle(pairs + "."),
		"many names":                  asPickle(strings.Repeat("ca\nb\n", 1<<19) + "."),
		"one value 2^60 times":        wide.zip(t, ordered{{"a", wide.tensor("0", 0, tuple{1 << 20, 1 << 20, 1 << 20}, tuple{0, 0, 0})}}, ""),
		"one value 2^100 times":       wide.zip(t, ordered{{"a", wide.tensor("0", 0, tuple{1 << 50, 1 << 50}, tuple{0, 0})}}, ""),
		"a zip of many files":         zipOf(t, zip.Store, entries),
	} {
		if n := allocated(func() { look(t, data) }); n > mostAllocated {
			t.Errorf("%s: %d bytes ask for %d MB", name, len(data), n>>20)
		}
	}
}

package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/safetensors"

	"bignas/core/fault"
)

// raw puts a file together by hand: length word, header text, tensor bytes.
func raw(header string, data ...byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(out, header...), data...)
}

func sample() *File {
	return &File{
		Metadata: map[string]string{"space": "nette", "quote": "a \"b\" <c> é\n"},
		Tensors: []Tensor{
			{Name: "z.first", Shape: []int{2, 3}, Data: []float32{1, -2, 0.5, 65504, 1e-7, 0}},
			{Name: "a.scalar", Data: []float32{3}},
			{Name: "m.exact", Shape: []int{2}, DType: Float32, Data: []float32{math.Pi, 1e30}},
			{Name: "empty", Shape: []int{0, 4}, Data: []float32{}},
		},
	}
}

func write(t *testing.T, f *File, d DType) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, f, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadHandMadeFile(t *testing.T) {
	header := `{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"__metadata__":{"k":"v"},"a":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}`
	f, err := Read(raw(header, 0x00, 0x3c, 0x00, 0xc0, 0x00, 0x00, 0x20, 0x41))
	if err != nil {
		t.Fatal(err)
	}
	if f.Metadata["k"] != "v" || len(f.Tensors) != 2 {
		t.Fatalf("read %+v", f)
	}
	a, b := f.Tensors[0], f.Tensors[1]
	if a.Name != "a" || a.DType != Float16 || !slices.Equal(a.Shape, []int{2, 1}) || !slices.Equal(a.Data, []float32{1, -2}) {
		t.Errorf("tensor a is %+v", a)
	}
	if b.Name != "b" || b.DType != Float32 || !slices.Equal(b.Data, []float32{10}) {
		t.Errorf("tensor b is %+v", b)
	}
}

func TestWriteRead(t *testing.T) {
	for _, d := range []DType{Float32, Float16} {
		in := sample()
		f, err := Read(write(t, in, d))
		if err != nil {
			t.Fatal(err)
		}
		if f.Metadata["quote"] != in.Metadata["quote"] || !strings.HasPrefix(f.Metadata[DigestKey], "sha256:") || len(in.Metadata) != 2 {
			t.Errorf("%v: metadata %v", d, f.Metadata)
		}
		for i, want := range in.Tensors {
			got, kind := f.Tensors[i], want.DType
			if kind == Default {
				kind = d
			}
			if got.Name != want.Name || got.DType != kind || !slices.Equal(got.Shape, want.Shape) || len(got.Data) != len(want.Data) {
				t.Fatalf("%v: tensor %d is %+v, want %+v", d, i, got, want)
			}
			for j, v := range want.Data {
				if kind == Float16 {
					v = Single(Half(v))
				}
				if got.Data[j] != v {
					t.Errorf("%v: %s[%d] = %v, want %v", d, got.Name, j, got.Data[j], v)
				}
			}
		}
	}
}

// A reader that shares no code with this one opens what is written here.
func TestIndependentReader(t *testing.T) {
	data := write(t, sample(), Float16)
	st, err := safetensors.Deserialize(data)
	if err != nil {
		t.Fatal(err)
	}
	if n := st.Len(); n != 4 {
		t.Errorf("%d tensors, want 4", n)
	}
	v, ok := st.Tensor("z.first")
	if !ok || v.DType() != safetensors.F16 || !slices.Equal(v.Shape(), []uint64{2, 3}) || !bytes.Equal(v.Data()[:4], []byte{0, 0x3c, 0, 0xc0}) {
		t.Errorf("z.first is %v %v % x", v.DType(), v.Shape(), v.Data())
	}
	v, _ = st.Tensor("m.exact")
	if v.DType() != safetensors.F32 || math.Float32frombits(binary.LittleEndian.Uint32(v.Data())) != math.Pi {
		t.Errorf("m.exact is %v % x", v.DType(), v.Data())
	}
	if size := binary.LittleEndian.Uint64(data); size%8 != 0 {
		t.Errorf("the header has %d bytes, the tensors are not aligned", size)
	}
}

func TestReadRefuses(t *testing.T) {
	good := write(t, sample(), Float16)
	flipped := slices.Clone(good)
	flipped[len(flipped)-3] ^= 1
	entry := func(dtype, shape, offsets string) []byte {
		return raw(`{"t":{"dtype":"`+dtype+`","shape":`+shape+`,"data_offsets":`+offsets+`}}`, 0, 0, 0, 0)
	}
	for _, c := range []struct {
		name, code, says string
		data             []byte
	}{
		{"nothing", CodeTruncated, "empty", nil},
		{"five bytes", CodeTruncated, "5 bytes", []byte{1, 0, 0, 0, 0}},
		{"half", CodeTruncated, "ends too early", good[:len(good)-10]},
		{"within the header", CodeTruncated, "header", good[:100]},
		{"one flipped bit", CodeDamaged, "digest", flipped},
		{"more bytes", CodeDamaged, "1 bytes follow", append(slices.Clone(good), 0)},
		{"web page", CodeNotWeights, "web page", []byte("<!DOCTYPE html><title>404</title>")},
		{"LFS pointer", CodeNotWeights, "Git LFS", []byte("version https://git-lfs.github.com/spec/v1\noid")},
		{"absurd header", CodeNotWeights, "header of", bytes.Repeat([]byte{0xff}, 100)},
		{"no JSON", CodeNotWeights, "not JSON", raw("[1]")},
		{"metadata no texts", CodeDamaged, "metadata", raw(`{"__metadata__":{"a":1}}`)},
		{"bfloat16", CodeDType, `"t" has the element type "BF16"`, entry("BF16", "[2]", "[0,4]")},
		{"unknown key", CodeDamaged, "unreadable header", raw(`{"t":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}`, 0, 0, 0, 0)},
		{"null", CodeDamaged, "unreadable header", raw(`{"t":null}`)},
		{"negative shape", CodeDamaged, "shape", entry("F32", "[-1,-1]", "[0,4]")},
		{"overflowing shape", CodeDamaged, "shape", entry("F32", "[4294967296,4294967296,0]", "[0,4]")},
		{"shape against offsets", CodeDamaged, "is at bytes", entry("F32", "[2]", "[0,4]")},
		{"hole", CodeDamaged, "begins at byte 2", entry("F16", "[1]", "[2,4]")},
		{"beyond the end", CodeTruncated, "ends too early", entry("F32", "[2]", "[0,8]")},
		{"overlap", CodeDamaged, "begins at byte", raw(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0)},
	} {
		_, err := Read(c.data)
		var e *fault.Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Message, c.says) || e.Hint == "" {
			t.Errorf("%s: %v, want code %s, %q and a hint", c.name, err, c.code, c.says)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	for name, tensors := range map[string][]Tensor{
		"twice":    {{Name: "a", Shape: []int{1}, Data: []float32{1}}, {Name: "a", Shape: []int{1}, Data: []float32{1}}},
		"reserved": {{Name: "__metadata__", Data: []float32{1}}},
		"shape":    {{Name: "a", Shape: []int{2}, Data: []float32{1}}},
		"NaN":      {{Name: "a", Shape: []int{1}, Data: []float32{float32(math.NaN())}}},
		"infinite": {{Name: "a", Shape: []int{1}, DType: Float32, Data: []float32{float32(math.Inf(-1))}}},
		"overflow": {{Name: "a", Shape: []int{2}, Data: []float32{1, -70000}}},
	} {
		if err := Write(&bytes.Buffer{}, &File{Tensors: tensors}, Float16); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	if err := Write(&bytes.Buffer{}, &File{Tensors: []Tensor{{Name: "a", Shape: []int{1}, Data: []float32{70000}}}}, Float32); err != nil {
		t.Errorf("70000 in float32: %v", err)
	}
}

// Read never panics, and what it accepts can be written and read again.
func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, sample(), Float16); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:40])
	f.Add(raw(`{"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, 0, 0x7e))
	f.Add(raw(`{}`))
	f.Add(raw(`{"__metadata__":{"k":"v"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(data)
		if err != nil {
			if fault.Of(err).Code == "internal" {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		if slices.ContainsFunc(file.Tensors, func(t Tensor) bool { return t.Name == "" }) {
			return // readable, but not written by us
		}
		for _, t := range file.Tensors {
			if slices.ContainsFunc(t.Data, func(v float32) bool { return !storable(v, Float32) }) {
				return // the same
			}
		}
		var out bytes.Buffer
		if err := Write(&out, file, Float32); err != nil {
			t.Fatal(err)
		}
		again, err := Read(out.Bytes())
		if err != nil || len(again.Tensors) != len(file.Tensors) {
			t.Fatalf("read %d tensors, after writing %v", len(file.Tensors), err)
		}
	})
}

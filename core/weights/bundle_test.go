package weights

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/bnstats"
	"bignas/core/confidence"
	"bignas/core/confidence/confidencetest"
	"bignas/core/fault"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

// nette is a bundle of seeded random numbers for three classes.
func nette(t testing.TB) *Bundle {
	t.Helper()
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	net, err := supernet.NewWeights(space, 3)
	if err != nil {
		t.Fatal(err)
	}
	m := randomised(net, rand.New(rand.NewPCG(7, 7)))
	return &Bundle{
		Net: net, Statistics: m, Labels: []string{"cat", "dog é", "\"bird\" <x>"},
		Spec:     preprocess.Spec{Mean: [3]float32{0.4, 0.5, 0.6}, Std: [3]float32{0.2, 0.3, 0.4}, Crop: 0.875, Filter: preprocess.CatmullRom},
		Metadata: map[string]string{"seed": "42", "configuration": "epochs = 3\n"},
	}
}

// randomised fills a network with random weights, and a model of its statistics with
// random coefficients.
func randomised(net *supernet.Weights, r *rand.Rand) *bnstats.Model {
	net.Init(r, false)
	m := bnstats.NewModel(net)
	for _, l := range m.Layers {
		for _, of := range [][]float32{l.Mean, l.LogVariance, l.Read} {
			for i := range of {
				of[i] = float32(r.NormFloat64())
			}
		}
	}
	return m
}

func marshal(t testing.TB, b *Bundle, d DType) []byte {
	t.Helper()
	data, err := Marshal(b, d)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Everything comes back: to the bit in float32, rounded to halves in float16.
func TestBundleRoundTrip(t *testing.T) {
	in := nette(t)
	for _, d := range []DType{Float32, Float16} {
		data := marshal(t, in, d)
		out, err := Unmarshal(data)
		if err != nil {
			t.Fatal(err)
		}
		round := func(v float32) float32 {
			if d == Float16 {
				return Single(Half(v))
			}
			return v
		}
		for i, p := range in.Net.Params {
			q := out.Net.Params[i]
			if q.Name != p.Name || len(q.Data) != len(p.Data) {
				t.Fatalf("%v: tensor %d is %s, want %s", d, i, q.Name, p.Name)
			}
			for j, v := range p.Data {
				if q.Data[j] != round(v) {
					t.Fatalf("%v: %s[%d] is %v, want %v", d, p.Name, j, q.Data[j], round(v))
				}
			}
		}
		for i, l := range in.Statistics.Layers {
			m := out.Statistics.Layers[i]
			if m.Channels != l.Channels || m.Features != l.Features || m.ReadFeatures != l.ReadFeatures {
				t.Fatalf("%v: statistics of layer %d have another shape", d, i)
			}
			for k, of := range [][2][]float32{{l.LogVariance, m.LogVariance}, {l.Mean, m.Mean}, {l.Read, m.Read}} {
				if len(of[0]) != len(of[1]) || len(of[0]) > 0 && of[1][len(of[1])-1] != round(of[0][len(of[0])-1]) {
					t.Fatalf("%v: statistics %d of layer %d differ", d, k, i)
				}
			}
		}
		if out.Spec != in.Spec || strings.Join(out.Labels, "|") != strings.Join(in.Labels, "|") || out.Net.Space != in.Net.Space {
			t.Errorf("%v: %+v %q", d, out.Spec, out.Labels)
		}
		if len(out.Metadata) != 4 || out.Metadata["configuration"] != "epochs = 3\n" || out.Metadata[DigestKey] == "" {
			t.Errorf("%v: metadata %v", d, out.Metadata)
		}
		// What was read is written again to the same bytes.
		if !bytes.Equal(marshal(t, out, d), data) {
			t.Errorf("%v: another file after reading and writing", d)
		}
		// The pointers of the layers see the tensors that were read.
		if &out.Net.Stem.Weight.Data[0] != &out.Net.Params[0].Data[0] {
			t.Errorf("%v: the stem is not the first tensor", d)
		}
	}
	in.Statistics = nil
	if out, err := Unmarshal(marshal(t, in, Float16)); err != nil || out.Statistics != nil {
		t.Errorf("without statistics: %v", err)
	}
}

// edit writes the file anew after a change to its content.
func edit(t *testing.T, data []byte, change func(f *File)) []byte {
	t.Helper()
	f, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	change(f)
	return write(t, f, Float16)
}

func find(f *File, name string) *Tensor {
	for i := range f.Tensors {
		if f.Tensors[i].Name == name {
			return &f.Tensors[i]
		}
	}
	panic("no tensor " + name)
}

func TestUnmarshalRefuses(t *testing.T) {
	data := marshal(t, nette(t), Float16)
	set := func(key, value string) func(*File) { return func(f *File) { f.Metadata[key] = value } }
	for _, c := range []struct {
		name, code string
		change     func(f *File)
		says       []string
	}{
		{"another program", CodeNotWeights, set(KeyFormat, "pt"), []string{"another program", `"pt"`}},
		{"a later version", CodeMismatch, set(KeyVersion, "5"), []string{`version "5"`, `reads "4"`}},
		{"unknown space", CodeMismatch, set(KeySpace, "resnet"), []string{`"resnet"`, "nette"}},
		{"another space", CodeMismatch, set(KeySpace, "bignas"), []string{"bignas has changed"}},
		{"changed space", CodeMismatch, set(KeyBiggest, "r999"), []string{"biggest", `"r999"`}},
		{"class count", CodeDamaged, set(KeyClasses, "1000000000"), []string{"3 labels", "1000000000"}},
		{"other labels", CodeMismatch, func(f *File) { f.Metadata[KeyLabels], f.Metadata[KeyClasses] = `["a","b"]`, "2" }, []string{"classifier.bias", "[3]", "2 classes"}},
		{"labels", CodeDamaged, set(KeyLabels, "cat"), []string{"labels"}},
		{"preprocessing", CodeDamaged, set(KeyPreprocessing, "[]"), []string{"preprocessing"}},
		{"preprocessing value", preprocess.CodeBadSpec, set(KeyPreprocessing, `{"std":[1,1,0]}`), []string{"std[2] is 0"}},
		{"statistics", CodeMismatch, set(KeyStatistics, "neural"), []string{`"neural"`, statisticsKind}},
		{"statistics left over", CodeMismatch, set(KeyStatistics, "none"), []string{`"bn.0.log_variance"`}},
		{"missing tensor", CodeMismatch, func(f *File) { find(f, "s3.1.project@2").Name = "s3.1.projekt" }, []string{`lacks the tensor "s3.1.project@2"`}},
		{"unknown tensor", CodeMismatch, func(f *File) {
			f.Tensors = append(f.Tensors, Tensor{Name: "extra", Shape: []int{1}, Data: []float32{1}})
			var ls []level
			if err := json.Unmarshal([]byte(f.Metadata[KeyLevels]), &ls); err != nil {
				panic(err)
			}
			last := fmt.Sprint(ls[len(ls)-1].Bytes)
			f.Metadata[KeyLevels] = strings.Replace(f.Metadata[KeyLevels], last, fmt.Sprint(ls[len(ls)-1].Bytes+2), 1)
		}, []string{`"extra"`}},
		{"shape", CodeMismatch, func(f *File) {
			x := find(f, "s2.0.shortcut")
			x.Shape[0], x.Shape[1] = x.Shape[1], x.Shape[0]
		}, []string{`"s2.0.shortcut"`, "[20 12]", "[12 20]"}},
		{"levels", CodeDamaged, set(KeyLevels, "[]"), []string{"levels"}},
		{"levels backwards", CodeDamaged, func(f *File) {
			f.Metadata[KeyLevels] = strings.Replace(f.Metadata[KeyLevels], `"bytes":`, `"bytes":9`, 1)
		}, []string{"level 1 lies inside"}},
		{"a part behind its level", CodeDamaged, func(f *File) { // the last parts first: every level then has others' bytes
			slices.Reverse(f.Tensors)
		}, []string{"behind the level"}},
	} {
		_, err := Unmarshal(edit(t, data, c.change))
		var e *fault.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Hint == "" {
			t.Errorf("%s: %v, want code %s and a hint", c.name, err, c.code)
			continue
		}
		for _, part := range c.says {
			if !strings.Contains(e.Message, part) {
				t.Errorf("%s: %q does not say %q", c.name, e.Message, part)
			}
		}
	}
	if _, err := Unmarshal(data[:len(data)/2]); fault.Of(err).Code != CodeTruncated {
		t.Errorf("half a file: %v", err)
	}
}

// TestErrorsAreShort: whichever text of a file is too long, no error repeats it.
func TestErrorsAreShort(t *testing.T) {
	data := marshal(t, nette(t), Float16)
	long := strings.Repeat("long\n", 20_000)
	var changes []func(*File)
	for _, key := range ownKeys {
		for _, value := range []string{long, `["` + strings.Repeat("a", 100_000) + `"]`, `{"mean":[0,0,0],"std":[1,1,1],"crop":1,"filter":"` + strings.Repeat("a", 100_000) + `"}`} {
			changes = append(changes, func(f *File) { f.Metadata[key] = value })
			if runtime.GOOS == "js" {
				break // each takes a tenth of a second there
			}
		}
	}
	changes = append(changes, func(f *File) { f.Tensors[3].Name = long }, func(f *File) {
		f.Tensors[3].Shape = append(slices.Repeat([]int{1}, 10_000), f.Tensors[3].Shape...)
	})
	refused := 0
	check := func(err error) {
		if err == nil {
			return
		}
		if refused++; len(err.Error()) > 800 || strings.Contains(err.Error(), "\n") {
			t.Errorf("an error of %d bytes: %.200q", len(err.Error()), err)
		}
	}
	for _, change := range changes {
		_, err := Unmarshal(edit(t, data, change))
		check(err)
	}
	name := strings.Repeat("n", 100_000)
	for _, header := range []string{
		`{"` + name + `":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`,
		`{"a":{"dtype":"` + name + `","shape":[1],"data_offsets":[0,4]}}`,
		`{"a":{"dtype":"F32","shape":[` + strings.Repeat("1,", 50_000) + `2],"data_offsets":[0,4]}}`,
		`{"__metadata__":{"digest":"` + name + `"}}`, `{"__metadata__":{"header_digest":"` + name + `"}}`,
	} {
		_, err := Read(raw(header))
		check(err)
	}
	if refused < len(ownKeys) {
		t.Errorf("only %d changes are refused", refused)
	}
}

func TestMarshalRefuses(t *testing.T) {
	for says, change := range map[string]func(*Bundle){
		"2 labels for 3 classes": func(b *Bundle) { b.Labels = b.Labels[:2] },
		"no network":             func(b *Bundle) { b.Net = nil },
		"crop is 2":              func(b *Bundle) { b.Spec.Crop = 2 },
		`key "space"`:            func(b *Bundle) { b.Metadata["space"] = "x" },
		`"head.conv" is 1e+06`:   func(b *Bundle) { b.Net.Head.Weight.Data[5] = 1e6 },
		"extracted child": func(b *Bundle) {
			var err error
			if b.Net, err = b.Net.Extract(b.Net.Space.Min()); err != nil {
				panic(err)
			}
		},
		"of other weights": func(b *Bundle) { b.Statistics = bnstats.NewModel(b.Net.Like()) },
	} {
		b := nette(t)
		change(b)
		if _, err := Marshal(b, Float16); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	data := marshal(b, nette(b), Float16)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := Unmarshal(data); err != nil {
			b.Fatal(err)
		}
	}
}

// TestConfidence: the block is lossless, and a file without it stays as it was.
func TestConfidence(t *testing.T) {
	b := nette(t)
	without := marshal(t, b, Float16)
	space := b.Net.Space
	b.Confidence = confidencetest.Model(t, space, confidencetest.Ascending)
	data := marshal(t, b, Float16)
	read, err := Unmarshal(data)
	if err != nil || read.Confidence == nil {
		t.Fatalf("%v, or no block", err)
	}
	if again := marshal(t, read, Float16); !bytes.Equal(again, data) {
		t.Error("writing again changes the file")
	}
	a, err := OpenStream(data)
	if err != nil || a.Bundle.Confidence == nil {
		t.Errorf("arriving: %v, or no block", err)
	}
	read.Confidence = nil
	if again := marshal(t, read, Float16); !bytes.Equal(again, without) {
		t.Error("without the block the file is another one")
	}
	_, err = Unmarshal(edit(t, data, func(f *File) { f.Metadata[KeyConfidence] = "{}" }))
	if fault.Of(err).Code != confidence.CodeFile {
		t.Errorf("an empty block: %v", err)
	}
}

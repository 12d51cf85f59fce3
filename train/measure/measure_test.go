package measure

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/core/search"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
	"bignas/train/dataset"
)

func head(t testing.TB) Head {
	t.Helper()
	s, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	return Head{s, 5, predict.Source{Digest: "sha256:made", Classes: 10, N: 700, Images: 512, Split: "search-0.1"}}
}

// write measures children up to count; the accuracy of child i is i/1000.
func write(t *testing.T, path string, h Head, count int) {
	t.Helper()
	table, err := OpenTable(path, h)
	if err != nil {
		t.Fatal(err)
	}
	for table.Done < count {
		if err := table.Append(float64(table.Done) / 1000); err != nil {
			t.Fatal(err)
		}
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestTableContinues: interrupted anywhere, in the middle of a line too, and
// continued, it is the table of an uninterrupted run.
func TestTableContinues(t *testing.T) {
	h, dir := head(t), t.TempDir()
	whole := filepath.Join(dir, "whole.csv")
	write(t, whole, h, 9)
	want, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	got, samples, size, err := ReadTable(want)
	if err != nil || got.String() != h.String() || len(samples) != 9 || size != len(want) {
		t.Fatalf("%v: %s, %d samples", err, got, len(samples))
	}
	if a := samples; !a[0].Arch.Equal(h.Space.Min()) || !a[1].Arch.Equal(h.Space.Max()) || a[8].Accuracy != 0.008 || a[2].Arch.Equal(a[3].Arch) {
		t.Errorf("%+v", samples)
	}
	headEnd := strings.Index(string(want), columns) + len(columns) + 1
	for _, at := range []int{0, headEnd, headEnd + 30, len(want) - 1, len(want)} {
		part := filepath.Join(dir, fmt.Sprint(at))
		if err := os.WriteFile(part, want[:at], 0o644); err != nil {
			t.Fatal(err)
		}
		write(t, part, h, 9)
		if got, err := os.ReadFile(part); err != nil || string(got) != string(want) {
			t.Errorf("cut at %d and continued, the table is\n%s", at, got)
		}
	}
	other := h
	other.Source.Digest = "sha256:other"
	if _, err := OpenTable(whole, other); err == nil || fault.Of(err).Code != CodeTable || !strings.Contains(err.Error(), "measured otherwise") {
		t.Errorf("of other weights: %v", err)
	}
}

// TestTableRefuses names the line.
func TestTableRefuses(t *testing.T) {
	h, path := head(t), filepath.Join(t.TempDir(), "c.csv")
	write(t, path, h, 4)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, says string }{
		{"bignas-children-1", "bignas-children-2", "line 1"},
		{"nette", "netto", "line 1"},
		{"top1\n", "top5\n", "line 2"},
		{"\nr96-", "\nr97-", "line 3"},
		{",0.001\n", ",1.001\n", "line 4"},
		{",0.001\n", ",0.001,\n", "line 4"},
	} {
		text := strings.Replace(string(data), c.old, c.new, 1)
		if _, _, _, err := ReadTable([]byte(text)); text == string(data) || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q for %q: %v", c.new, c.old, err)
		}
	}
}

func FuzzReadTable(f *testing.F) {
	h := head(f)
	f.Add([]byte(h.String() + "\n" + columns + "\n" + h.Space.Min().String() + ",9500000,390000,0.5\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		if _, _, size, err := ReadTable(in); err == nil && size > len(in) || err != nil && fault.Of(err).Code != CodeTable {
			t.Fatal(err)
		}
	})
}

// TestBench: children are measured on training images alone, and those of the
// BN statistics are not among them; a measurement can be repeated.
func TestBench(t *testing.T) {
	data, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 32, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Space, c.ValFraction = "nette", 0.2
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	w, err := supernet.NewWeights(space, len(data.Classes))
	if err != nil {
		t.Fatal(err)
	}
	w.Init(rand.New(rand.NewPCG(1, 1)), false)
	file, err := weights.Marshal(&weights.Bundle{Net: w, Spec: config.Spec, Labels: data.Labels, Metadata: map[string]string{}}, weights.Float16)
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(file)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(e, data, c, Options{Fraction: 0.1, Limit: 40, Images: 16})
	if err != nil {
		t.Fatal(err)
	}
	_, val := data.Split(0, 0.2)
	not := map[string]bool{}
	for _, s := range []dataset.Subset{val, b.Calibration} {
		for i := range s.Len() {
			not[s.Name(i)] = true
		}
	}
	for i := range b.Search.Len() {
		if not[b.Search.Name(i)] {
			t.Fatalf("%s is measured on and used otherwise too", b.Search.Name(i))
		}
	}
	first, err := b.Accuracy(space.Min())
	if err != nil || first.N != 40 {
		t.Fatalf("%+v, %v", first, err)
	}
	judge := b.Judge()
	if again, err := judge.Of(space.Min(), search.Costs{}); err != nil || again != first.Top1 || judge.N != 40 {
		t.Errorf("measured again: %v, %v; first %v", again, err, first.Top1)
	}
	if s := b.Source(); s.N != 40 || s.Images != 16 || s.Split != "search-0.1-four-views" || s.Digest != e.Info().Digest {
		t.Errorf("%+v", s)
	}
	for _, o := range []Options{{Fraction: 0.9}, {Limit: -1}, {Fraction: 1e-9}} {
		if _, err := New(e, data, c, o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}

// TestClassesByName: weights that have their classes in another order than the data
// measure as those that have them in the data's; as many other classes are refused.
func TestClassesByName(t *testing.T) {
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Space = "nette"
	open := func() *dataset.Dataset {
		data, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 32, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	labels := open().Labels
	bench := func(number func(class int) int) (*Bench, error) { // of weights that give the data's classes these numbers
		w, err := supernet.NewWeights(space, len(labels))
		if err != nil {
			t.Fatal(err)
		}
		w.Init(rand.New(rand.NewPCG(1, 1)), false)
		own, named := w.Like(), make([]string, len(labels))
		supernet.Convert(own, w)
		for k, label := range labels {
			to := number(k)
			named[to], own.ClassBias.Data[to] = label, w.ClassBias.Data[k]
			for from := 0; from < len(w.Classifier.Data); from += len(labels) {
				own.Classifier.Data[from+to] = w.Classifier.Data[from+k]
			}
		}
		file, err := weights.Marshal(&weights.Bundle{Net: own, Spec: config.Spec, Labels: named}, weights.Float16)
		if err != nil {
			t.Fatal(err)
		}
		e, err := classify.New(file)
		if err != nil {
			t.Fatal(err)
		}
		return New(e, open(), c, Options{Limit: 60, Images: 16})
	}
	var top1 []float64
	for _, number := range []func(int) int{func(k int) int { return k }, func(k int) int { return (k + 3) % len(labels) }} {
		b, err := bench(number)
		if err != nil {
			t.Fatal(err)
		}
		acc, err := b.Accuracy(space.Min())
		if err != nil {
			t.Fatal(err)
		}
		top1 = append(top1, acc.Top1)
	}
	if top1[0] != top1[1] || top1[0] == 0 {
		t.Errorf("top-1 is %v, and %v with the classes in another order", top1[0], top1[1])
	}
	labels = strings.Split("abcdefghij", "")
	if _, err := bench(func(k int) int { return k }); fault.Of(err) == nil || fault.Of(err).Code != dataset.CodeOtherClasses {
		t.Errorf("other classes: %v", err)
	}
}

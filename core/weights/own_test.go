package weights

import (
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"bignas/core/bnstats"
	"bignas/core/fault"
	"bignas/core/supernet"
)

// TestOwn: children with BN statistics of their own have them after a round trip, whole or in
// a stream, and under another classifier; others have predicted ones.
func TestOwn(t *testing.T) {
	in := nette(t)
	a, r := in.Net.Space.Min(), rand.New(rand.NewPCG(3, 3))
	st := supernet.NewStatistics(supernet.BNLayers(a))
	for i := range st.Mean {
		for j := range st.Mean[i] {
			st.Mean[i][j], st.Variance[i][j] = float32(r.NormFloat64()), r.Float32()
		}
	}
	other, err := in.Statistics.Predict(in.Net.Space.At(0.5))
	if err != nil {
		t.Fatal(err)
	}
	in.Statistics.Own = map[string]*supernet.Statistics{a.String(): st}
	file := marshal(t, in, Float16)
	whole, stream, taught := everyWay(t, file)
	for name, b := range map[string]*Bundle{"whole": whole, "stream": stream.Bundle, "taught": taught} {
		got, err := b.Statistics.Predict(a)
		if err != nil || !reflect.DeepEqual(got, st) {
			t.Errorf("%s: the statistics are not those that were stored (%v)", name, err)
		}
		if got, err = b.Statistics.Predict(in.Net.Space.At(0.5)); err != nil || len(got.Mean) != len(other.Mean) {
			t.Errorf("%s: another child has no prediction (%v)", name, err)
		}
		if b.Metadata[KeyOwn] != "" {
			t.Errorf("%s: the format's own entry is among the metadata", name)
		}
	}
	again := marshal(t, whole, Float16)
	if string(again) != string(file) {
		t.Error("written again, the file is another one")
	}
}

// everyWay opens a file whole, as a stream, and with another classifier.
func everyWay(t *testing.T, file []byte) (whole *Bundle, stream *Stream, taught *Bundle) {
	t.Helper()
	whole, err := Unmarshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if stream, err = OpenStream(file); err != nil {
		t.Fatal(err)
	}
	head, err := WithClassifier(file, make([]float32, 640*2), make([]float32, 2), []string{"x", "y"}, func(map[string]string) {})
	if err != nil {
		t.Fatal(err)
	}
	if taught, err = Unmarshal(head); err != nil {
		t.Fatal(err)
	}
	return whole, stream, taught
}

// TestOwnAlone: a file may have the statistics of some children and predict none. In half precision, which holds
// these exactly, they take half the room.
func TestOwnAlone(t *testing.T) {
	in := nette(t)
	a := in.Net.Space.Min()
	st := supernet.NewStatistics(supernet.BNLayers(a))
	of := map[string]*supernet.Statistics{a.String(): st}
	length := func() int {
		text, err := appendOwn(of)
		if err != nil {
			t.Fatal(err)
		}
		return len(text)
	}
	st.Mean[0][0], st.Variance[0][0] = 0.1, 0.3
	long := length()
	st.Mean[0][0], st.Variance[0][0] = Single(Half(0.1)), 65504
	if short := length(); short > long*5/9 {
		t.Errorf("%d bytes in half precision, %d in single", short, long)
	}
	predicting := len(marshal(t, in, Float16))
	in.Statistics = &bnstats.Model{Net: in.Net, Own: of}
	file := marshal(t, in, Float16)
	if least := 1_000_000; len(file) > predicting-least {
		t.Errorf("%d bytes, and %d with the statistics of any child", len(file), predicting)
	}
	whole, stream, taught := everyWay(t, file)
	stream.Bundle.Statistics.ReleaseCoefficients()
	for name, m := range map[string]*bnstats.Model{"whole": whole.Statistics, "stream": stream.Bundle.Statistics, "taught": taught.Statistics, "another classifier": whole.Statistics.For(whole.Net)} {
		if got, err := m.Predict(a); err != nil || !reflect.DeepEqual(got, st) {
			t.Errorf("%s: the statistics are not those that were stored (%v)", name, err)
		}
		if _, err := m.Predict(in.Net.Space.Max()); err == nil || !strings.Contains(err.Error(), "statistics of 1 children") {
			t.Errorf("%s: of another child: %v", name, err)
		}
	}
	if again := marshal(t, whole, Float16); string(again) != string(file) {
		t.Error("written again, the file is another one")
	}
}

// TestOwnRefuses: damaged statistics of a child are refused with a sentence.
func TestOwnRefuses(t *testing.T) {
	in := nette(t)
	a := in.Net.Space.Min()
	st := supernet.NewStatistics(supernet.BNLayers(a))
	text, err := appendOwn(map[string]*supernet.Statistics{a.String(): st})
	if err != nil {
		t.Fatal(err)
	}
	if err := readOwn(in.Statistics, in.Net.Space, text); err != nil {
		t.Fatal(err)
	}
	st.Variance[0][0] = -1
	negative, err := appendOwn(map[string]*supernet.Statistics{a.String(): st})
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"no table":   "[]",
		"child":      strings.Replace(text, a.String(), "r1", 1),
		"short":      `{"` + a.String() + `":"AAAA"}`,
		"no base64":  strings.Replace(text, "AAAA", "????", 1),
		"long":       strings.Replace(text, `":"`, `":"AAAAAAAAAAAAAAAA`, 1),
		"a NaN":      strings.Replace(text, `":"AAAAAAAA`, `":"AADAfwAA`, 1),
		"a negative": negative,
	} {
		var f *fault.Error
		if err := readOwn(in.Statistics, in.Net.Space, bad); !errors.As(err, &f) || f.Code != CodeDamaged {
			t.Errorf("%s: %v", name, err)
		}
	}
	st.Variance[0][0] = float32(math.Inf(1))
	if _, err := appendOwn(map[string]*supernet.Statistics{a.String(): st}); err == nil {
		t.Error("an infinite variance is stored")
	}
}

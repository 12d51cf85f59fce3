package weights

import (
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
)

// TestWithClassifier: the file is what Marshal writes for the network with that classifier,
// but for the order of its tensors; the rest of it has the same bytes.
func TestWithClassifier(t *testing.T) {
	b := nette(t)
	for _, dtype := range []DType{Float16, Float32} {
		for _, classes := range []int{2, 7, 600} {
			matrix, bias, labels := make([]float32, b.Net.Biggest.Head.Out*classes), make([]float32, classes), make([]string, classes)
			for i := range matrix {
				matrix[i] = float32(i%97) / 64
			}
			for i := range bias {
				bias[i], labels[i] = float32(i), strings.Repeat("x", i%5)+" é"
			}
			data, err := WithClassifier(marshal(t, b, dtype), matrix, bias, labels, func(m map[string]string) {
				m["note"] = "changed"
				delete(m, "seed")
			})
			if err != nil {
				t.Fatal(err)
			}
			got, err := Unmarshal(data)
			if err != nil {
				t.Fatal(err)
			}
			want := *b
			want.Net = b.Net.WithClassifier(matrix, bias)
			if want.Statistics != nil {
				want.Statistics = want.Statistics.For(want.Net)
			}
			want.Labels, want.Confidence = labels, nil
			whole, err := Unmarshal(marshal(t, &want, dtype))
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range whole.Net.Params {
				if !slices.Equal(p.Data, got.Net.Params[i].Data) {
					t.Errorf("%v, %d classes: %s differs", dtype, classes, p.Name)
				}
			}
			for i, l := range whole.Statistics.Layers {
				for j, c := range l.Coefficients() {
					if !slices.Equal(*c.Data, *got.Statistics.Layers[i].Coefficients()[j].Data) {
						t.Errorf("%v, %d classes: %s of layer %d differs", dtype, classes, c.Name, i)
					}
				}
			}
			if got.Metadata["note"] != "changed" || got.Metadata["seed"] != "" || !slices.Equal(got.Labels, labels) || got.Confidence != nil {
				t.Errorf("%d classes: metadata %v", classes, got.Metadata)
			}
			f, err := Read(data)
			if err != nil {
				t.Fatal(err)
			}
			s, err := OpenStream(data[:len(data)/3])
			if err != nil || s.Complete() || len(f.Tensors) == 0 {
				t.Errorf("the beginning of the file can't be opened: %v", err)
			}
		}
	}
}

// TestWithClassifierRefuses: what is no weights file, or damaged, and a classifier that does
// not fit.
func TestWithClassifierRefuses(t *testing.T) {
	b := nette(t)
	data, head := marshal(t, b, Float16), b.Net.Biggest.Head.Out
	damagedData := slices.Clone(data)
	damagedData[len(damagedData)-5] ^= 1
	for name, c := range map[string]struct {
		data    []byte
		weights int
		code    string
	}{
		"text":            {[]byte("something else"), 2 * head, CodeNotWeights},
		"cut":             {data[:len(data)-100], 2 * head, CodeTruncated},
		"damaged":         {damagedData, 2 * head, CodeDamaged},
		"another head":    {data, 2*head - 2, CodeDamaged},
		"another program": {edit(t, data, func(f *File) { f.Metadata[KeyFormat] = "x" }), 2 * head, CodeNotWeights},
	} {
		_, err := WithClassifier(c.data, make([]float32, c.weights), make([]float32, 2), []string{"a", "b"}, func(map[string]string) {})
		if f := fault.Of(err); err == nil || f.Code != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}

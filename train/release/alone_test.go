package release

import (
	"reflect"
	"testing"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/weights"
	"bignas/train/measure"
)

// TestOrdinary: a run of the biggest child alone is released as an ordinary network, of which the named children have
// calibrated BN statistics at half precision and others none. Weights that a run has not trained are refused.
func TestOrdinary(t *testing.T) {
	t.Parallel()
	data := drawn(t)
	sourceOf := func(alone string) *Source { return trained(t, "alone = \""+alone+"\""+recipe, data) }
	s := sourceOf("max")
	least, middle := s.Weights.Space.Min(), s.Weights.Space.At(0.5)
	r, err := s.Release(t.Context(), Options{Children: 6, Check: 2, Measure: []arch.Arch{least, middle}, Family: map[string]string{"M": middle.String()}})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Own || len(r.Check) != 0 || len(r.Children) != 2 || r.Children[1].Arch != middle.String() || r.Children[1].N != s.val.Len() {
		t.Errorf("own %v, measured %+v and %+v", r.Own, r.Children, r.Check)
	}
	e, err := classify.New(r.File)
	if err != nil {
		t.Fatal(err)
	}
	want, err := measure.Calibrate(e.Weights(), middle, s.train, e.Info().Preprocessing, s.config.CalibrationImages)
	if err != nil {
		t.Fatal(err)
	}
	for _, layers := range [][][]float32{want.Mean, want.Variance} {
		for _, l := range layers {
			for i, v := range l {
				l[i] = weights.Single(weights.Half(v))
			}
		}
	}
	if got, err := e.StatisticsOf(middle, false); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("the statistics of the named child are not the calibrated ones (%v)", err)
	}
	if _, err := e.StatisticsOf(s.Weights.Space.Max(), false); err == nil {
		t.Error("a child that was not measured has statistics")
	}
	if _, err := sourceOf("min").Release(t.Context(), Options{Children: 6, Images: 8}); err == nil {
		t.Error("a run of the smallest child alone is released")
	}
}

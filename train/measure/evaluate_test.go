package measure

import (
	"testing"

	"bignas/core/arch"
)

// TestCalibrationBatch: children whose activations are few are calibrated on whole
// batches, the biggest of ImageNet's spaces on fewer images at once.
func TestCalibrationBatch(t *testing.T) {
	for name, most := range map[string]int{"nette": Batch, "tiny": Batch, "bignas": 20, "attentivenas": 20} {
		s, err := arch.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := calibrationBatch(s.Max()); n > most || n < most-4 {
			t.Errorf("%s: %d images of the biggest child, want about %d", name, n, most)
		}
		if n := calibrationBatch(s.Min()); n != Batch {
			t.Errorf("%s: %d images of the smallest child, want %d", name, n, Batch)
		}
	}
}

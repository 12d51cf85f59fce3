package run

import (
	"encoding/json"
	"fmt"

	"bignas/core/classify"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
)

// Imported is what is known of weights that were trained elsewhere.
type Imported struct {
	Net     *supernet.Weights
	Classes []string          // names of the class folders in the order of the logits, nil where nobody knows
	Labels  []string          // names of the classes for people
	Crop    float64           // share of an image's short side that children see
	Through int               // preprocess.Spec.Through
	Family  map[string]string // named children
}

// File returns a weights file in float32 without BN statistics, which Released opens to
// fit them, and which a run can start from.
func (m Imported) File() ([]byte, error) {
	c := config.Default()
	c.Space = m.Net.Space.Name
	biggest := m.Net.Space.Max().Resolution
	c.Side = int(float64(biggest)/m.Crop + 0.5)
	c.CalibrationImages = 4096
	spec := Spec
	spec.Crop, spec.Through = m.Crop, m.Through
	b := &weights.Bundle{Net: m.Net, Spec: spec, Labels: m.Labels, Metadata: map[string]string{
		keyTraining: c.String(), "seed": fmt.Sprint(c.Seed), keyEpochs: "0",
	}}
	if m.Classes != nil {
		b.Metadata[KeyClassIDs] = classText(m.Classes)
	}
	if len(m.Family) > 0 {
		text, err := json.Marshal(m.Family)
		if err != nil {
			return nil, err
		}
		b.Metadata[classify.KeyFamily] = string(text)
	}
	return weights.Marshal(b, weights.Float32)
}

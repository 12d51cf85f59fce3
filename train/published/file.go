package published

import (
	"encoding/json"
	"fmt"
	"io"

	"bignas/core/classify"
	"bignas/core/preprocess"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/config"
)

// Imported describes weights that were trained elsewhere.
type Imported struct {
	Net     *supernet.Weights // the values are in Read where it is not nil
	Read    func(p *supernet.Param, to []float32) error
	Classes []string // names of the class folders in the order of the logits, nil where nobody knows
	Labels  []string // names of the classes for people
}

// The preprocessing of the published supernets. In through, AttentiveNAS's, it is the middle 224
// of 256 pixels, normalised with the mean and deviation of ImageNet, then interpolated to the
// resolution; in direct, Once-for-All's, the middle seven eighths at the resolution.
var (
	through = preprocess.Spec{Mean: mean, Std: deviation, Crop: 0.875, Filter: preprocess.CatmullRom, Through: 224}
	direct  = preprocess.Spec{Mean: mean, Std: deviation, Crop: 0.875, Filter: preprocess.Bilinear}

	mean, deviation = [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}
)

// Write writes a weights file in float32 without BN statistics: train release fits them, and a
// run can start from it.
func (m Imported) Write(to io.Writer) error {
	c := config.Default()
	c.Space = m.Net.Space.Name
	c.Side = 256
	f := formatOf(c.Space)
	if f == nil {
		return fmt.Errorf("published: nothing of the space %s", c.Space)
	}
	c.CalibrationImages = f.calibrated
	b := &weights.Bundle{Net: m.Net, Spec: f.spec, Labels: m.Labels, Metadata: map[string]string{
		"training": c.String(), "seed": fmt.Sprint(c.Seed), "epochs": "0", // as a released file has them
	}}
	for key, value := range map[string]any{"class_ids": m.Classes, classify.KeyFamily: family(c.Space)} {
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		if string(text) != "null" {
			b.Metadata[key] = string(text)
		}
	}
	return weights.MarshalTo(to, b, weights.Float32, m.Read)
}

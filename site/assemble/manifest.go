package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/core/weights"
	"bignas/train/files"
)

// manifest is assets/manifest.json. The repository's has the first three fields;
// the page's has all of them, so that it can draw before the engine runs.
type manifest struct {
	Weights  string     `json:"weights"` // file name in assets/; for the page its address as seen from there
	Bytes    int        `json:"bytes"`
	Children []measured `json:"children"` // what was measured, nothing else

	Engine    string        `json:"engine,omitempty"`    // address of the program, as that of the weights
	View      string        `json:"view,omitempty"`      // of the network view, likewise
	Parts     []int         `json:"parts,omitempty"`     // beginnings of the weights, in bytes, with each of which more can be run
	Digest    string        `json:"digest,omitempty"`    // of the weights
	Predictor string        `json:"predictor,omitempty"` // file name in assets/ of the accuracy predictor, where one lies beside the weights
	Space     *arch.Space   `json:"space,omitempty"`
	Labels    []string      `json:"labels,omitempty"`
	Family    []familyChild `json:"family,omitempty"` // cheapest first
}

// measured is the accuracy of one child on N pictures that it was not trained on.
type measured struct {
	Arch string  `json:"arch"` // canonical text
	Top1 float64 `json:"top1"` // 0 to 1
	N    int     `json:"n"`
}

type familyChild struct {
	Name  string    `json:"name"`
	Child arch.Arch `json:"child"`
}

// manifest reads the weights and checks what the repository says about them.
func (b *builder) manifest() (manifest, []byte, error) {
	m, file, err := b.sources()
	if err != nil {
		return m, nil, err
	}
	data, err := files.Read(file)
	if err != nil {
		return m, nil, fault.New("no_weights", "train some and turn them into a file with go run ./cmd/train release, or give --weights", "the weights cannot be read: %v", err)
	}
	if m.Bytes != len(data) {
		return m, nil, fault.New("bad_manifest", "write the manifest again", "assets/manifest.json says that %s has %d bytes; it has %d", m.Weights, m.Bytes, len(data))
	}
	if err := m.describe(data); err != nil {
		return m, nil, err
	}
	return m, data, b.predictor(&m, strings.TrimSuffix(file, ".safetensors")+".predictor.json")
}

// describe fills in what the weights say about themselves.
func (m *manifest) describe(data []byte) error {
	e, err := classify.New(data)
	if err != nil {
		return err
	}
	parts, err := weights.Begin(data)
	if err != nil {
		return err
	}
	info := e.Info()
	for i, c := range m.Children {
		a, err := e.Parse(c.Arch)
		if err != nil {
			return fault.New("bad_manifest", "", "assets/manifest.json: children[%d].arch: %v", i, err)
		}
		if m.Children[i].Arch = a.String(); c.Top1 < 0 || c.Top1 > 1 || c.N < 1 {
			return fault.New("bad_manifest", "top1 is 0 to 1, n is 1 or more", "assets/manifest.json: children[%d] has top1 %v on %d pictures", i, c.Top1, c.N)
		}
	}
	m.Space, m.Labels, m.Digest, m.Parts = info.Space, info.Labels, info.Digest, parts.Ends()
	for name, text := range info.Family {
		a, err := e.Parse(text)
		if err != nil {
			return err
		}
		m.Family = append(m.Family, familyChild{name, a})
	}
	slices.SortFunc(m.Family, func(x, y familyChild) int { return int(e.Cost(x.Child).MACs - e.Cost(y.Child).MACs) })
	return nil
}

// predictor reads the accuracy predictor, if there is one and it belongs to the
// weights. For the page it is moved onto the pictures that the manifest's children
// were measured on, beside which the page draws what it says.
func (b *builder) predictor(m *manifest, file string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := predict.Read(data, m.Digest)
	if err != nil {
		return err
	}
	var known []predict.Sample
	for _, c := range m.Children {
		a, err := m.Space.Parse(c.Arch)
		if err != nil {
			return err
		}
		known = append(known, predict.Sample{Arch: a, Accuracy: c.Top1})
	}
	m.Predictor = filepath.Base(file)
	b.predicts, err = json.Marshal(p.Onto(known))
	return err
}

// sources returns the manifest and where the weights lie. Weights given by hand
// have a manifest of their own: nothing was measured with them.
func (b *builder) sources() (manifest, string, error) {
	var m manifest
	if b.weights != "" {
		info, err := os.Stat(b.weights)
		if err != nil {
			return m, "", fault.New("no_weights", "check the name after --weights", "the weights cannot be read: %v", err)
		}
		return manifest{Weights: filepath.Base(b.weights), Bytes: int(info.Size()), Children: []measured{}}, b.weights, nil
	}
	name := filepath.Join(b.root, "assets", "manifest.json")
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return m, "", fault.New("no_weights", "train some and turn them into a file with go run ./cmd/train release, or give --weights", "there is no %s", name)
	}
	if err != nil {
		return m, "", err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		return m, "", fault.New("bad_manifest", "", "%s: %v", name, err)
	}
	if m.Weights == "" || m.Weights != filepath.Base(m.Weights) {
		return m, "", fault.New("bad_manifest", "weights is a file name in assets", "%s: weights is %q", name, m.Weights)
	}
	return m, filepath.Join(b.root, "assets", m.Weights), nil
}

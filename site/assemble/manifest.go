package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bignas/core/arch"
	"bignas/core/classify"
	"bignas/core/fault"
	"bignas/core/predict"
	"bignas/core/teach"
	"bignas/core/weights"
	"bignas/train/files"
)

// manifest is the page's assets/manifest.json: all that the page knows before the
// engine runs.
type manifest struct {
	Engine  string   `json:"engine"`  // address of the program, as seen from the manifest
	View    string   `json:"view"`    // of the network view, likewise
	Trainer string   `json:"trainer"` // of the program that trains a small supernet
	Weights []choice `json:"weights"` // that the page offers; it opens with the first
}

// row is a line of assets/weights.json, the table of the weights that are shipped.
type row struct {
	ID       string   `json:"id"`       // in links
	Name     string   `json:"name"`     // on the page
	Manifest string   `json:"manifest"` // file name in assets, as cmd/train release writes it
	Data     string   `json:"data"`     // what the classes come from, to complete a sentence
	Source   string   `json:"source"`   // its address
	Ordinary string   `json:"ordinary"` // the manifest of an ordinary network of the same shape, empty for none
	Samples  []sample `json:"samples"`
}

// sample is an image in assets/samples, a file NAME.jpg and a small one, NAME-small.jpg.
type sample struct {
	Name  string `json:"name"`
	Label string `json:"label"` // one of the weights' labels
	Alt   string `json:"alt"`
}

// choice is what the page is told about weights.
type choice struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Data   string `json:"data,omitempty"`
	Source string `json:"source,omitempty"`

	// Samples are, where Borrowed, those of other weights: nobody knows the right answer.
	Samples  []sample `json:"samples"`
	Borrowed bool     `json:"borrowed,omitempty"`

	Weights   string        `json:"weights"` // address of the file, as that of the engine
	Bytes     int           `json:"bytes"`
	Parts     []int         `json:"parts"` // its beginnings, in bytes, with each of which more can be run
	Digest    string        `json:"digest"`
	Predictor string        `json:"predictor,omitempty"` // file name in assets of the accuracy predictor, where one lies beside the weights
	Crop      float64       `json:"crop"`                // share of an image's shorter side that a child sees
	Space     *arch.Space   `json:"space"`
	Labels    []string      `json:"labels"`
	Children  []measured    `json:"children"`         // what was measured, nothing else
	Family    []familyChild `json:"family,omitempty"` // cheapest first
	Doubt     float64       `json:"doubt,omitempty"`  // how far off top-1 is with predicted BN statistics in the mean, where that is much

	Ordinary *ordinary `json:"ordinary,omitempty"` // an ordinary network of the same shape, to compare with

	epochs   string // that the weights were trained for
	file     string // where the weights lie
	data     []byte
	predicts []byte // the accuracy predictor, nil for none
}

const much = 0.02

// ordinary is what the page is told about a network that was trained alone. It is fetched when somebody asks for it.
type ordinary struct {
	Weights  string     `json:"weights"` // as those of a choice
	Bytes    int        `json:"bytes"`
	Parts    []int      `json:"parts"`
	Digest   string     `json:"digest"`
	Children []measured `json:"children"` // which have BN statistics in the file
	Epochs   int        `json:"epochs"`   // that it was trained for,
	Of       int        `json:"of"`       // and those that the weights were, in their last run
	data     []byte
}

// measured is the accuracy of one child on N images that it was not trained on.
type measured struct {
	Arch string  `json:"arch"` // canonical text
	Top1 float64 `json:"top1"` // 0 to 1
	N    int     `json:"n"`
}

type familyChild struct {
	Name  string    `json:"name"`
	Child arch.Arch `json:"child"`
}

// choices reads the weights and checks what the repository says about them.
func (b *builder) choices() ([]choice, error) {
	all, err := b.sources()
	if err != nil {
		return nil, err
	}
	for i := range all {
		if err := all[i].read(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (c *choice) read() (err error) {
	if c.data, err = files.Read(c.file); err != nil {
		return fault.New("no_weights", "train some and turn them into a file with go run ./cmd/train release, or give --weights", "the weights cannot be read: %v", err)
	}
	if c.Bytes != len(c.data) {
		return fault.New("bad_manifest", "write the manifest again", "the manifest says that %s has %d bytes; it has %d", c.Weights, c.Bytes, len(c.data))
	}
	if err := c.describe(); err != nil {
		return err
	}
	if c.Ordinary != nil {
		if err := c.Ordinary.read(c); err != nil {
			return err
		}
	}
	return c.readPredictor(strings.TrimSuffix(c.file, ".safetensors") + ".predictor.json")
}

// read reads the network, which must be for the same images and classes as the weights.
func (o *ordinary) read(c *choice) (err error) {
	file := filepath.Join(filepath.Dir(c.file), o.Weights)
	if o.data, err = files.Read(file); err != nil {
		return fault.New("no_weights", "write it with go run ./cmd/train release, or leave ordinary out of assets/weights.json", "the ordinary network cannot be read: %v", err)
	}
	e, err := classify.New(o.data)
	if err != nil {
		return err
	}
	parts, err := weights.OpenStream(o.data)
	if err != nil {
		return err
	}
	info := e.Info()
	if info.Space != c.Space || !slices.Equal(info.Labels, c.Labels) || o.Bytes != len(o.data) || len(o.Children) == 0 {
		return fault.New("bad_manifest", "release it anew, for the same space and data, with --manifest", "the ordinary network %s does not belong to the weights %s, or its manifest is not of this file", o.Weights, c.ID)
	}
	for _, m := range o.Children {
		a, err := e.Parse(m.Arch)
		if err == nil {
			_, err = e.StatisticsOf(a, false)
		}
		if err != nil {
			return fault.New("bad_manifest", "release it anew with --manifest", "the ordinary network %s: the child %s: %v", o.Weights, m.Arch, err)
		}
	}
	o.Parts, o.Digest = parts.Ends(), info.Digest
	if o.Epochs, err = strconv.Atoi(info.Metadata["epochs"]); err == nil {
		o.Of, err = strconv.Atoi(c.epochs)
	}
	if err != nil {
		return fault.New("bad_manifest", "release it anew", "the ordinary network %s, or the weights %s, do not say for how many epochs they were trained", o.Weights, c.ID)
	}
	return nil
}

// describe fills in what the weights say about themselves.
func (c *choice) describe() error {
	e, err := classify.New(c.data)
	if err != nil {
		return err
	}
	parts, err := weights.OpenStream(c.data)
	if err != nil {
		return err
	}
	info := e.Info()
	if c.Borrowed && info.Metadata[teach.KeyTaught] != "" { // other weights' samples have nothing to do with it
		c.Samples = []sample{}
	}
	if c.Children == nil {
		c.Children = measuredIn(info.Metadata)
	}
	var doubt classify.Doubt
	if text := info.Metadata[classify.KeyDoubt]; json.Unmarshal([]byte(text), &doubt) == nil && doubt.Mean > much {
		c.Doubt = doubt.Mean
	}
	for i, m := range c.Children {
		a, err := e.Parse(m.Arch)
		if err != nil {
			return fault.New("bad_manifest", "", "the manifest of %s: children[%d].arch: %v", c.Weights, i, err)
		}
		if c.Children[i].Arch = a.String(); m.Top1 < 0 || m.Top1 > 1 || m.N < 1 {
			return fault.New("bad_manifest", "top1 is 0 to 1, n is 1 or more", "the manifest of %s: children[%d] has top1 %v on %d images", c.Weights, i, m.Top1, m.N)
		}
	}
	for _, s := range c.Samples {
		if s.Label != "" && !c.Borrowed && !slices.Contains(info.Labels, s.Label) {
			return fault.New("bad_manifest", "give it one of the labels, none if it is of none of the classes, or leave it out", "assets/weights.json: the sample %s of %s is %q, which is none of its labels", s.Name, c.ID, s.Label)
		}
	}
	c.epochs = info.Metadata["epochs"]
	c.Space, c.Labels, c.Digest, c.Crop, c.Parts = info.Space, info.Labels, info.Digest, info.Preprocessing.Crop, parts.Ends()
	for name, text := range info.Family {
		a, err := e.Parse(text)
		if err != nil {
			return err
		}
		c.Family = append(c.Family, familyChild{name, a})
	}
	slices.SortFunc(c.Family, func(x, y familyChild) int { return int(e.Cost(x.Child).MACs - e.Cost(y.Child).MACs) })
	return nil
}

// measuredIn reads what cmd/train release measured from the metadata of a weights file:
// accuracy with predicted BN statistics, as in the page.
func measuredIn(metadata map[string]string) []measured {
	found := []measured{}
	var all []struct {
		Arch      string
		Predicted float64
		N         int
	}
	if json.Unmarshal([]byte(metadata["measured"]), &all) == nil {
		for _, m := range all {
			found = append(found, measured{m.Arch, m.Predicted, m.N})
		}
	}
	return found
}

// readPredictor reads the accuracy predictor, if there is one and it belongs to the
// weights. For the page it is moved onto the images that the manifest's children
// were measured on, beside which the page draws what it says.
func (c *choice) readPredictor(file string) error {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := predict.Read(data, c.Digest)
	if err != nil {
		return err
	}
	var known []predict.Sample
	for _, m := range c.Children {
		a, err := c.Space.Parse(m.Arch)
		if err != nil {
			return err
		}
		known = append(known, predict.Sample{Arch: a, Accuracy: m.Top1})
	}
	c.Predictor = filepath.Base(file)
	c.predicts, err = json.Marshal(p.Onto(known))
	return err
}

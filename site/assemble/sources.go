package main

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bignas/core/fault"
)

var plainID = regexp.MustCompile(`^[a-z0-9-]+$`)

const noTable = "train some and turn them into a file with go run ./cmd/train release, or give --weights"

// sources returns the weights of the page and what the repository says about them.
// Weights given by hand take the place of all others; what was measured of them is
// what their file says.
func (b *builder) sources() ([]choice, error) {
	if b.weights != "" {
		info, err := os.Stat(b.weights)
		if err != nil {
			return nil, fault.New("no_weights", "check the name after --weights", "the weights cannot be read: %v", err)
		}
		c := choice{ID: "own", Name: strings.TrimSuffix(filepath.Base(b.weights), ".safetensors"), Weights: filepath.Base(b.weights), Bytes: int(info.Size()), file: b.weights}
		var table []row
		if err := b.table("weights.json", &table); err == nil && len(table) > 0 {
			c.Samples, c.Borrowed = table[0].Samples, true
		}
		return []choice{c}, nil
	}
	var table []row
	if err := b.table("weights.json", &table); err != nil {
		return nil, err
	}
	if len(table) == 0 {
		return nil, fault.New("no_weights", noTable, "assets/weights.json names no weights")
	}
	if b.offer != "" {
		var some []row
		for id := range strings.SplitSeq(b.offer, ",") {
			at := slices.IndexFunc(table, func(r row) bool { return r.ID == id })
			if at < 0 {
				return nil, fault.New("no_weights", "give ids of assets/weights.json, with commas between them", "--offer: no weights have the id %q", id)
			}
			some = append(some, table[at])
		}
		table = some
	}
	var all []choice
	for i, r := range table {
		if !plainID.MatchString(r.ID) || r.Name == "" {
			return nil, fault.New("bad_manifest", "an id is of a to z, 0 to 9 and -", "assets/weights.json: line %d has the id %q and the name %q", i+1, r.ID, r.Name)
		}
		for _, c := range all {
			if c.ID == r.ID {
				return nil, fault.New("bad_manifest", "give one of them another", "assets/weights.json: two lines have the id %s", r.ID)
			}
		}
		m, err := b.stated(r.Manifest)
		if err != nil {
			return nil, err
		}
		var alone *ordinary
		if r.Ordinary != "" {
			o, err := b.stated(r.Ordinary)
			if err != nil {
				return nil, err
			}
			alone = &ordinary{Weights: o.Weights, Bytes: o.Bytes, Children: o.Children}
		}
		if m.Children == nil {
			m.Children = []measured{}
		}
		all = append(all, choice{ID: r.ID, Name: r.Name, Data: r.Data, Source: r.Source, Samples: r.Samples, Ordinary: alone,
			Weights: m.Weights, Bytes: m.Bytes, Children: m.Children, file: filepath.Join(b.root, "assets", m.Weights)})
	}
	return all, nil
}

// statement is a manifest that cmd/train release has written.
type statement struct {
	Weights  string
	Bytes    int
	Children []measured
}

// stated reads a manifest in assets.
func (b *builder) stated(name string) (m statement, err error) {
	if err := b.table(name, &m); err != nil {
		return m, err
	}
	if m.Weights == "" || m.Weights != filepath.Base(m.Weights) {
		return m, fault.New("bad_manifest", "weights is a file name in assets", "assets/%s: weights is %q", name, m.Weights)
	}
	return m, nil
}

// table reads a file of JSON in assets.
func (b *builder) table(name string, to any) error {
	if name != filepath.Base(name) {
		return fault.New("bad_manifest", "give a file name in assets", "assets/weights.json: manifest is %q", name)
	}
	file := filepath.Join(b.root, "assets", name)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New("no_weights", noTable, "there is no %s", file)
	}
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, to); err != nil {
		return fault.New("bad_manifest", "", "%s: %v", file, err)
	}
	return nil
}

package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bignas/core/fault"
	"bignas/train/atomicfile"
)

// Manifest is what the page knows about a weights file before it has downloaded it.
type Manifest struct {
	Weights  string          `json:"weights"` // file name, beside the manifest
	Bytes    int             `json:"bytes"`   // of that file
	Children []ManifestChild `json:"children"`
}

// ManifestChild is a measured child: its top-1, 0 to 1, on N validation images, with
// predicted BN statistics, as in the page.
type ManifestChild struct {
	Arch string  `json:"arch"`
	Top1 float64 `json:"top1"`
	N    int     `json:"n"`
}

// ReadManifest reads a manifest. It returns nil where there is no such file.
func ReadManifest(path string) (*Manifest, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	m := &Manifest{}
	if err == nil {
		err = json.Unmarshal(text, m)
	}
	if err != nil {
		return nil, fault.New("bad_manifest", "write it again with train release --manifest", "%s cannot be read: %v", path, err)
	}
	return m, nil
}

// Write writes the manifest.
func (m *Manifest) Write(path string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, append(text, '\n'))
}

// State adds measurements, in place of older ones of the same children.
func (m *Manifest) State(measured ...Measured) {
	for _, c := range measured {
		own := ManifestChild{c.Arch, c.Predicted, c.N}
		if at := slices.IndexFunc(m.Children, func(o ManifestChild) bool { return o.Arch == c.Arch }); at >= 0 {
			m.Children[at] = own
			continue
		}
		m.Children = append(m.Children, own)
	}
}

// UpdateManifests states the size of a weights file, and what was measured, in each manifest
// beside it (*manifest.json) that names the file.
func UpdateManifests(file string, size int, measured ...Measured) error {
	entries, err := os.ReadDir(filepath.Dir(file))
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), "manifest.json") {
			continue
		}
		path := filepath.Join(filepath.Dir(file), entry.Name())
		if text, e := os.ReadFile(path); e == nil && !bytes.Contains(text, []byte(filepath.Base(file))) {
			continue // of another weights file, or of another program
		}
		m, e := ReadManifest(path)
		if e == nil && m != nil && m.Weights == filepath.Base(file) {
			m.Bytes = size
			m.State(measured...)
			e = m.Write(path)
		}
		err = errors.Join(err, e)
	}
	return err
}

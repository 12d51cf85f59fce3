package run

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/dataset"
	"bignas/train/files"
)

// initial is weights that a run starts from: those of a released file, or of a
// checkpoint, whose moving average is taken where it has one.
type initial struct {
	path, space string
	classes     dataset.Names
	prefix      string // of the tensors' names
	tensors     map[string][]float32
}

// readInitial reads a released weights file, a checkpoint, or the checkpoint in the folder
// of a run.
func readInitial(path string) (*initial, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, checkpointName)
	}
	data, err := files.Read(path)
	if err != nil {
		return nil, fault.New("bad_init", "give a released weights file, a checkpoint, or the folder of a run", "init: %v", err)
	}
	f, err := weights.Read(data)
	if err != nil {
		return nil, fault.New("bad_init", "the file may be cut off; take another one", "init: %s: %v", path, err)
	}
	from := &initial{path: path, space: f.Metadata[weights.KeySpace], tensors: map[string][]float32{}}
	if f.Metadata[keyKind] == kind {
		from.space, from.prefix = spaceOf(f.Metadata[keyConfig]), "weights/"
		for _, t := range f.Tensors {
			from.tensors[t.Name] = t.Data
			if strings.HasPrefix(t.Name, "average/") {
				from.prefix = "average/"
			}
		}
	} else if b, err := weights.Unmarshal(data); err != nil {
		return nil, fault.New("bad_init", "give a released weights file, a checkpoint, or the folder of a run", "init: %s: %v", path, err)
	} else {
		for _, p := range b.Net.Params {
			from.tensors[p.Name] = p.Data
		}
	}
	from.classes, err = dataset.NamesIn(path, f.Metadata, nil)
	from.classes.Replaceable = true
	return from, err
}

// fill copies the weights into w, which must be of the same space, all but those of the
// classifier where body is true. Nothing else of the file is used: the optimiser starts
// afresh. On an error w is unchanged.
func (from *initial) fill(w *supernet.Weights, body bool) error {
	params := w.Params
	if body {
		params = slices.DeleteFunc(slices.Clone(params), func(p *supernet.Param) bool { return p == w.Classifier || p == w.ClassBias })
	}
	for _, p := range params {
		d := from.tensors[from.prefix+p.Name]
		if len(d) != len(p.Data) {
			return fault.New("bad_init", "the space may have changed since the file was written", "init: %s: tensor %s has %d elements, want %d", from.path, p.Name, len(d), len(p.Data))
		}
	}
	for _, p := range params {
		copy(p.Data, from.tensors[from.prefix+p.Name])
	}
	return nil
}

// spaceOf reads the space from a checkpoint's configuration and nothing else,
// because one written by an older or newer program may have other keys.
func spaceOf(text string) string {
	var c struct {
		Space string `toml:"space"`
	}
	if _, err := toml.Decode(text, &c); err != nil {
		return ""
	}
	return c.Space
}

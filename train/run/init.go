package run

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/weights"
)

// startFrom fills w with the weights in a file: a released weights file, or a
// checkpoint of a run (or the run's folder), of which the moving average is
// taken where there is one. Space and number of classes must be w's. Nothing
// else of the file is used: the optimiser starts fresh.
func startFrom(path string, w *supernet.Weights) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, checkpointName)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return fault.New("bad_init", "give a released weights file, a checkpoint, or the folder of a run", "init: %v", err)
	}
	f, err := weights.Read(data)
	if err != nil {
		return fault.New("bad_init", "the file may be cut off; take another one", "init: %s: %v", path, err)
	}
	space, have, prefix := f.Metadata[weights.KeySpace], map[string][]float32{}, ""
	if f.Metadata[keyKind] == kind {
		space, prefix = spaceOf(f.Metadata[keyConfig]), "weights/"
		for _, t := range f.Tensors {
			have[t.Name] = t.Data
			if strings.HasPrefix(t.Name, "average/") {
				prefix = "average/"
			}
		}
	} else if b, err := weights.Unmarshal(data); err != nil { // what a released file must hold
		return fault.New("bad_init", "give a released weights file, a checkpoint, or the folder of a run", "init: %s: %v", path, err)
	} else {
		for _, p := range b.Net.Params {
			have[p.Name] = p.Data
		}
	}
	if space != w.Space.Name {
		return fault.New("bad_init", "set space to "+space+", or take other weights", "init: %s holds weights of the space %q, the configuration's space is %q", path, space, w.Space.Name)
	}
	if n := len(have[prefix+w.ClassBias.Name]); n != w.Classes {
		return fault.New("bad_init", "train on data with as many classes, or take other weights", "init: %s holds weights for %d classes, the data has %d", path, n, w.Classes)
	}
	for _, p := range w.Params {
		d := have[prefix+p.Name]
		if len(d) != len(p.Data) {
			return fault.New("bad_init", "the space may have changed since the file was written", "init: %s: tensor %s has %d elements, want %d", path, p.Name, len(d), len(p.Data))
		}
	}
	for _, p := range w.Params {
		copy(p.Data, have[prefix+p.Name])
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

package run

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/core/weights"
)

// checkpointName is the file in the run's folder that --resume continues from.
const checkpointName = "last.safetensors"

// Metadata keys of a checkpoint.
const (
	keyKind    = "kind"
	keyConfig  = "config"
	keyEpoch   = "epoch"
	keyUpdates = "updates"
	kind       = "bignas-checkpoint"
)

// groups lists what a checkpoint holds besides the metadata. Random numbers
// need no state: every step draws from (seed, step).
func groups(t *trainer.Trainer[float32]) map[string]*supernet.Weights {
	g := map[string]*supernet.Weights{"weights": t.Weights}
	if t.Average != nil {
		g["average"] = t.Average
	}
	for i, s := range t.Optimiser.State() {
		g[fmt.Sprintf("optimiser%d", i)] = s
	}
	return g
}

// save writes a checkpoint after the given number of whole epochs: first to a
// file beside it, then renamed, so that a crash leaves the old one.
func save(path string, t *trainer.Trainer[float32], config string, epoch int) error {
	f := &weights.File{Metadata: map[string]string{
		keyKind: kind, keyConfig: config, keyEpoch: strconv.Itoa(epoch), keyUpdates: strconv.Itoa(t.Updates),
	}}
	g := groups(t)
	for _, name := range slices.Sorted(maps.Keys(g)) {
		for _, p := range g[name].Params {
			f.Tensors = append(f.Tensors, weights.Tensor{Name: name + "/" + p.Name, Shape: p.Shape, Data: p.Data})
		}
	}
	var b bytes.Buffer
	if err := weights.Write(&b, f, weights.Float32); err != nil {
		return err
	}
	return WriteFile(path, b.Bytes())
}

// WriteFile writes a file as a whole or not at all.
func WriteFile(path string, data []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name()) // fails once renamed
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if err == nil {
		err = tmp.Sync()
	}
	if e := tmp.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("run: %s was not written, what was there before is untouched: %w", path, err)
	}
	return nil
}

// load restores a checkpoint into t, which must have been built from the same
// configuration, and returns the epochs done.
func load(path string, t *trainer.Trainer[float32], config string) (epoch int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("run: nothing to resume: %w", err)
	}
	f, err := weights.Read(data)
	if err != nil {
		return 0, fmt.Errorf("run: checkpoint %s: %w", path, err)
	}
	if f.Metadata[keyKind] != kind {
		return 0, fmt.Errorf("run: %s is not a checkpoint of a training run", path)
	}
	if f.Metadata[keyConfig] != config {
		return 0, fmt.Errorf("run: the configuration differs from the one that %s was trained with; resume with the same one, or start anew in another --out", path)
	}
	have := map[string][]float32{}
	for _, x := range f.Tensors {
		have[x.Name] = x.Data
	}
	for name, w := range groups(t) {
		for _, p := range w.Params {
			d, ok := have[name+"/"+p.Name]
			if !ok || len(d) != len(p.Data) {
				return 0, fmt.Errorf("run: checkpoint %s does not fit: tensor %s/%s has %d elements, want %d", path, name, p.Name, len(d), len(p.Data))
			}
			copy(p.Data, d)
		}
	}
	if t.Updates, err = strconv.Atoi(f.Metadata[keyUpdates]); err != nil {
		return 0, fmt.Errorf("run: checkpoint %s: updates is %q", path, f.Metadata[keyUpdates])
	}
	if epoch, err = strconv.Atoi(f.Metadata[keyEpoch]); err != nil {
		return 0, fmt.Errorf("run: checkpoint %s: epoch is %q", path, f.Metadata[keyEpoch])
	}
	return epoch, nil
}

// ConfigOf returns the configuration, as TOML, that the run in folder out was
// started with.
func ConfigOf(out string) (string, error) {
	path := filepath.Join(out, checkpointName)
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("run: no run there: %w", err)
	}
	f, err := weights.Read(data)
	if err != nil {
		return "", fmt.Errorf("run: checkpoint %s: %w", path, err)
	}
	return f.Metadata[keyConfig], nil
}

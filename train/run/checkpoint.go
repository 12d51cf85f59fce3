package run

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/core/trainer"
	"bignas/core/weights"
	"bignas/train/atomicfile"
	"bignas/train/config"
	"bignas/train/dataset"
	"bignas/train/group"
)

// Files of a run's folder: the checkpoint that --resume continues from, and that
// of the best validation accuracy (Row.Score).
const (
	checkpointName = "last.safetensors"
	bestName       = "best.safetensors"
)

// Metadata keys of a checkpoint.
const (
	keyKind    = "kind"
	keyConfig  = "config"
	keyUpdates = "updates"
	keyState   = "state"
	kind       = "bignas-checkpoint"
)

// groups returns the tensors of a checkpoint. Random numbers need no state: every update
// draws from (seed, update).
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

// save writes a checkpoint to a temporary file and renames it, so that a crash leaves
// the old one.
func save(path string, t *trainer.Trainer[float32], config string, s state, data *dataset.Dataset) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	f := &weights.File{Metadata: map[string]string{
		keyKind: kind, keyConfig: config, keyUpdates: strconv.Itoa(t.Updates), keyState: string(text),
		weights.KeySpace: t.Weights.Space.Name, weights.KeyClasses: strconv.Itoa(t.Weights.Classes),
		weights.KeyLabels: dataset.ClassList(data.Labels), dataset.KeyClassIDs: dataset.ClassList(data.Classes),
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
	if err := atomicfile.Write(path, b.Bytes()); err != nil {
		f := fault.Of(err)
		return fault.New(f.Code, "make room or take another folder, then go on with --resume", "%s", f.Message)
	}
	return nil
}

// checkpoint reads the file of a checkpoint, which only rank 0 needs to have.
func checkpoint(ctx context.Context, g group.Group, path string) (*weights.File, error) {
	data, err := group.Share(ctx, g, func() ([]byte, error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fault.New("bad_checkpoint", "give the --out of a run that has begun", "nothing to resume, no run there: %v", err)
		}
		return data, nil
	})
	if err != nil {
		return nil, err
	}
	f, err := weights.Read(data)
	if err != nil {
		return nil, fault.New("bad_checkpoint", "it may be cut off; go on from another: rename "+bestName+", or start with --init", "checkpoint %s: %v", path, err)
	}
	if f.Metadata[keyKind] != kind {
		return nil, fault.New("bad_checkpoint", "give the --out of a training run", "%s is not a checkpoint of a training run", path)
	}
	return f, nil
}

// load reads a checkpoint and restores it.
func load(ctx context.Context, g group.Group, path string, t *trainer.Trainer[float32], c config.Config) (state, error) {
	f, err := checkpoint(ctx, g, path)
	if err != nil {
		return newState(), err
	}
	return restore(path, f, t, c)
}

// restore copies a checkpoint into t, which must have been built from the
// configuration c. It may differ from the checkpoint's in what comes after it
// (config.DifferencesBefore). On an error t is unchanged.
func restore(path string, f *weights.File, t *trainer.Trainer[float32], c config.Config) (state, error) {
	none := newState()
	s, updates := none, 0
	if f.Metadata[keyState] == "" {
		return none, fault.New("bad_checkpoint", "start a new run from it with --init", "checkpoint %s was written by an older program", path)
	}
	err := json.Unmarshal([]byte(f.Metadata[keyState]), &s)
	if err != nil {
		return none, fault.New("bad_checkpoint", "it is of an older program: start a new run from it with --init", "checkpoint %s: its state cannot be read", path)
	}
	if err := fits(path, f.Metadata, t.Weights, c, s.Epoch); err != nil {
		return none, err
	}
	if updates, err = strconv.Atoi(f.Metadata[keyUpdates]); err != nil {
		return none, fault.New("bad_checkpoint", "", "checkpoint %s: updates is %q", path, f.Metadata[keyUpdates])
	}
	have := map[string][]float32{}
	for _, x := range f.Tensors {
		have[x.Name] = x.Data
	}
	g := groups(t)
	for name, w := range g {
		for _, p := range w.Params {
			if d, ok := have[name+"/"+p.Name]; !ok || len(d) != len(p.Data) {
				return none, fault.New("bad_checkpoint", "", "checkpoint %s does not fit: tensor %s/%s has %d elements, want %d", path, name, p.Name, len(d), len(p.Data))
			}
		}
	}
	for name, w := range g {
		for _, p := range w.Params {
			copy(p.Data, have[name+"/"+p.Name])
		}
	}
	t.Updates = updates
	return s, nil
}

// fits reports, as an error, why a checkpoint with this metadata, after that many epochs, does not go
// with w and c.
func fits(path string, m map[string]string, w *supernet.Weights, c config.Config, epochs int) error {
	if m[weights.KeySpace] != w.Space.Name {
		return fault.New("bad_checkpoint", "resume with its own configuration", "checkpoint %s is of the space %q, the configuration's is %q", path, m[weights.KeySpace], w.Space.Name)
	}
	if m[weights.KeyClasses] != strconv.Itoa(w.Classes) {
		return fault.New("bad_checkpoint", "resume with its own data", "checkpoint %s has %s classes, the data has %d", path, m[weights.KeyClasses], w.Classes)
	}
	was, err := config.Parse(m[keyConfig], path)
	if err != nil {
		return err
	}
	if d := was.DifferencesBefore(c, epochs); len(d) > 0 {
		return fault.New("bad_checkpoint", "resume with the same configuration, or start a new run from it with --init", "the configuration differs from the one that %s was trained with: there and now, %s", path, strings.Join(d, "; "))
	}
	return nil
}

// ConfigOf returns the configuration, as TOML, of the run in the folder out.
func ConfigOf(out string) (string, error) {
	f, err := checkpoint(context.Background(), group.Alone{}, filepath.Join(out, checkpointName))
	if err != nil {
		return "", err
	}
	return f.Metadata[keyConfig], nil
}

// CheckpointFiles lists the files of a run's folder that hold weights.
func CheckpointFiles(dir string) []string {
	return []string{filepath.Join(dir, checkpointName), filepath.Join(dir, bestName)}
}

// sweep removes temporary files that a killed process has left.
func (r *Run) sweep() {
	if r.group.Rank() != 0 {
		return
	}
	for _, f := range CheckpointFiles(r.Out) {
		atomicfile.Sweep(f)
	}
}

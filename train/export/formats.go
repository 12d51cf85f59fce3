package export

import (
	"bytes"
	"path/filepath"
	"slices"
	"strconv"

	"bignas/core/fault"
	"bignas/core/onnx"
	"bignas/core/supernet"
	"bignas/core/weights"
	"bignas/train/store"
)

// ConfigName is the name of the file beside the tensors of a child.
const ConfigName = "config.json"

// Options says how a child is written.
type Options struct {
	Half bool // float16 instead of float32
	// Preprocess adds the normalisation of pixels to an ONNX graph, which then takes bytes, or float32 with
	// FloatPixels.
	Preprocess, FloatPixels bool
	Batch                   int // images that an ONNX graph takes at once; 0: any number
}

// MaxBatch is the largest Options.Batch, so that a mistyped one does not take all memory of a runtime.
const MaxBatch = 256

// ONNX returns the child as an ONNX file with its BN folded in.
func (c *Child) ONNX(o Options) ([]byte, error) {
	folded, err := c.Net.Folded(c.Net.Biggest.Arch, c.Statistics)
	if err != nil {
		return nil, err
	}
	config := c.Config
	if o.Half {
		config.Precision = "float16"
		if err := foldedFitsHalf(folded); err != nil {
			return nil, err
		}
	}
	if o.Batch < 0 || o.Batch > MaxBatch {
		return nil, fault.New(CodeBatch, "leave it out for a graph that takes any number of images", "the batch is %d, allowed is 1 to %d", o.Batch, MaxBatch)
	}
	w := onnx.Options{Half: o.Half, FloatPixels: o.FloatPixels, Batch: o.Batch}
	n := "N"
	if o.Batch > 0 {
		n = strconv.Itoa(o.Batch)
	}
	if w.Metadata, err = config.metadata(); err != nil {
		return nil, err
	}
	w.Metadata["input"] = "input [" + n + ", 3, R, R]: RGB, normalised by preprocessing"
	if o.Preprocess {
		w.Preprocess = &c.Config.Preprocessing
		w.Metadata["input"] = "pixels [" + n + ", R, R, 3]: RGB of 0 to 255 after crop and resize; the graph normalises"
	}
	return onnx.Marshal(folded, w), nil
}

func foldedFitsHalf(c *supernet.Folded) error {
	layers := []supernet.FoldedLayer{c.Stem, c.HeadExpand, c.Head, c.Classifier}
	for _, b := range c.Blocks {
		layers = append(layers, b.Expand, b.Depthwise, b.SEReduce, b.SEExpand, b.Project, b.Shortcut)
	}
	for _, l := range layers {
		if err := fitsHalf("a folded layer", slices.Concat(l.Weight, l.Bias)); err != nil {
			return err
		}
	}
	return nil
}

// Safetensors returns the child's tensors as a safetensors file of that name, and the config.json beside it. The file
// has the same text in its metadata, so that it can be read alone.
func (c *Child) Safetensors(name string, o Options) (file, config []byte, err error) {
	all, err := c.formats(o.Half)
	if err != nil {
		return nil, nil, err
	}
	full := c.Config.of(c.Net.Biggest, all, o.Half, func(string) string { return "" })
	full.File = name
	if config, err = full.JSON(); err != nil {
		return nil, nil, err
	}
	f := &weights.File{Metadata: map[string]string{"config": string(config)}}
	for _, t := range all {
		f.Tensors = append(f.Tensors, t.Tensor)
	}
	var b bytes.Buffer
	err = weights.Write(&b, f, weights.Float32)
	return b.Bytes(), config, err
}

// ReadSafetensors reads a file of Safetensors.
func ReadSafetensors(file []byte) (*Child, error) {
	f, err := weights.Read(file)
	if err != nil {
		return nil, err
	}
	c, err := ReadConfig([]byte(f.Metadata["config"]))
	if err != nil {
		return nil, err
	}
	read := map[string]weights.Tensor{}
	for _, t := range f.Tensors {
		read[t.Name] = t
	}
	return c.child(read)
}

// Npy returns the child as the files of a folder: a .npy file for each tensor, written by gorgonia, and config.json.
func (c *Child) Npy(o Options) (map[string][]byte, error) {
	all, err := c.formats(o.Half)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	fileOf := func(name string) string { return name + ".npy" }
	for _, t := range all {
		var b bytes.Buffer
		v := supernet.Slice[float32]{Param: &supernet.Param{Name: t.Name, Shape: t.Shape, Data: t.Data}, From: make([]int, len(t.Shape)), To: t.Shape}
		write := store.WriteNpy
		if t.DType == weights.Float16 {
			write = store.WriteNpyHalf
		}
		if err := write(&b, v); err != nil {
			return nil, err
		}
		files[fileOf(t.Name)] = b.Bytes()
	}
	files[ConfigName], err = c.Config.of(c.Net.Biggest, all, o.Half, fileOf).JSON()
	return files, err
}

// ReadNpy reads a folder with the files of Npy. read returns one of them.
func ReadNpy(read func(name string) ([]byte, error)) (*Child, error) {
	text, err := read(ConfigName)
	if err != nil {
		return nil, err
	}
	c, err := ReadConfig(text)
	if err != nil {
		return nil, err
	}
	all := map[string]weights.Tensor{}
	for _, t := range c.Tensors {
		if t.File != filepath.Base(t.File) {
			return nil, c.bad("the tensor %s lies in %q", t.Name, t.File)
		}
		file, err := read(t.File)
		if err != nil {
			return nil, err
		}
		n := 1
		for _, d := range t.Shape {
			if n *= d; d < 1 || n > len(file) { // before memory of that size is allocated
				return nil, c.bad("the tensor %s of shape %v is said to be in %d bytes", t.Name, t.Shape, len(file))
			}
		}
		data, err := store.ReadNpyValues(bytes.NewReader(file), t.DType == "F16", t.Shape...)
		if err != nil {
			return nil, c.bad("%s: %v", t.File, err)
		}
		all[t.Name] = weights.Tensor{Name: t.Name, Shape: t.Shape, Data: data}
	}
	return c.child(all)
}

package main

import (
	"bytes"
	"fmt"
	"math"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/core/supernet"
	"bignas/train/atomicfile"
	"bignas/train/published"
)

// torchWritten is what --json prints of a supernet.
type torchWritten struct {
	File     string `json:"file"`
	Format   string `json:"format"`
	Bytes    int    `json:"bytes"`
	Space    string `json:"space"`
	Verified bool   `json:"verified,omitempty"`
}

// torch writes the whole supernet as a checkpoint for the published code of its space.
func (f *writeFlags) torch(p *cli.Program) error {
	e, err := cli.OpenWeights(f.Weights, p.Stderr)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := published.Export(&b, e.Weights()); err != nil {
		return err
	}
	if err := atomicfile.Write(f.Output, b.Bytes()); err != nil {
		return err
	}
	w := torchWritten{File: f.Output, Format: "torch", Bytes: b.Len(), Space: e.Weights().Space.Name}
	text := fmt.Sprintf("wrote %s: the supernet of the space %s as a PyTorch state dict, %d bytes\n", w.File, w.Space, w.Bytes)
	if f.Verify {
		if err := sameTorch(f.Output, e.Weights()); err != nil {
			return err
		}
		w.Verified = true
		text += "  verified: read back, all weights are the same to the bit\n"
	}
	return cli.Show(p.Stdout, f.JSON, w, text)
}

// sameTorch reads a written checkpoint back.
func sameTorch(path string, w *supernet.Weights) error {
	back, err := published.Open(w.Space, path)
	if err != nil {
		return cli.FileError(path, err)
	}
	defer back.Close()
	for i, p := range w.Params {
		values := make([]float32, len(p.Data))
		if err := back.Read(back.Net.Params[i], values); err != nil {
			return cli.FileError(path, err)
		}
		for j, v := range p.Data {
			if math.Float32bits(v) != math.Float32bits(values[j]) {
				return fault.New("disagree", "the file is there, but do not use it", "%s: %s[%d] is %v, and %v in the weights", path, p.Name, j, values[j], v)
			}
		}
	}
	return nil
}

package main

import (
	"fmt"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/core/weights"
	"bignas/train/atomicfile"
	"bignas/train/files"
)

type rewriteFlags struct {
	Weights string `arg:"" help:"Weights file, of any layout version."`
	Output  string `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write, in the current layout."`
}

// Run writes a weights file anew in the current layout, smallest child first. No value
// changes.
func (f *rewriteFlags) Run(p *cli.Program) error {
	data, err := readWeights(f.Weights)
	if err != nil {
		return err
	}
	out, err := rewriteFile(f.Output, data, func(*weights.Bundle) {})
	if err != nil {
		return err
	}
	a, err := weights.OpenStream(out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "wrote %s, %d bytes; children open at %v\n", f.Output, len(out), a.Ends())
	return err
}

func readWeights(file string) ([]byte, error) {
	data, err := files.Read(file)
	if err != nil {
		return nil, fault.New("no_weights", "give a .safetensors file written by train release", "the weights cannot be read: %v", err)
	}
	return data, nil
}

// rewriteFile writes the weights file data anew, changed, its tensors of the same
// type as before, and returns what it wrote.
func rewriteFile(file string, data []byte, change func(*weights.Bundle)) ([]byte, error) {
	b, err := weights.Unmarshal(data)
	if err != nil {
		return nil, err
	}
	before, err := weights.Read(data)
	if err != nil {
		return nil, err
	}
	change(b)
	out, err := weights.Marshal(b, before.Tensors[0].DType)
	if err != nil {
		return nil, err
	}
	return out, atomicfile.Write(file, out)
}

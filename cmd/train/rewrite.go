package main

import (
	"fmt"

	"bignas/core/fault"
	"bignas/core/weights"
	"bignas/train/atomicfile"
	"bignas/train/files"
)

type rewriteFlags struct {
	Weights string `arg:"" help:"Weights file, of any layout version."`
	Output  string `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write, in the present layout."`
}

// rewrite writes a weights file anew in the present layout, smallest child
// first. No value changes.
func (p program) rewrite(f rewriteFlags) error {
	data, err := files.Read(f.Weights)
	if err != nil {
		return fault.New("no_weights", "give a .safetensors file written by train release", "the weights cannot be read: %v", err)
	}
	b, err := weights.Unmarshal(data)
	if err != nil {
		return err
	}
	file, err := weights.Read(data)
	if err != nil {
		return err
	}
	out, err := weights.Marshal(b, file.Tensors[0].DType)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(f.Output, out); err != nil {
		return err
	}
	a, err := weights.Begin(out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "wrote %s, %d bytes; children open at %v\n", f.Output, len(out), a.Ends())
	return err
}

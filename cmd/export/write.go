package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/core/onnx"
	"bignas/core/supernet"
	"bignas/train/atomicfile"
	"bignas/train/export"
)

type writeFlags struct {
	childFlags
	Arch       string `default:"max" placeholder:"CHILD" help:"${child} (default: max)."`
	Format     string `enum:",onnx,safetensors,npy,torch" default:"" placeholder:"FORMAT" help:"onnx, safetensors, npy or, for a whole supernet of a published space, torch (default: by the extension of --output)."`
	Output     string `short:"o" placeholder:"FILE|DIR" writes:"" help:"File to write; for npy a folder."`
	Half       bool   `help:"Weights in float16. BN statistics in safetensors and npy stay float32, and so do the input and the logits of a graph."`
	Preprocess bool   `help:"ONNX: the graph takes RGB bytes [N, R, R, 3] and normalises them itself."`
	Floats     bool   `help:"With --preprocess: RGB of 0 to 255 as float32 instead of bytes."`
	Batch      int    `placeholder:"N" help:"ONNX: the graph takes exactly N images at once, for runtimes without a free batch dimension (default: any number)."`
	Verify     bool   `help:"Read the written file back, run it on generated images and compare with the slice."`
	JSON       bool   `name:"json" help:"A JSON object about the file."`
}

// check reports flags that do not go together.
func (f *writeFlags) check() error {
	format := f.format()
	switch {
	case f.Output == "":
		return cli.Usage("missing flags: --output=FILE|DIR")
	case format == "":
		return cli.Usage("missing flags: --format=onnx|safetensors|npy|torch, which the ending of %s does not tell", f.Output)
	case format == "torch" && (f.Arch != "max" || f.Resolution != nil || f.Data != "" || f.Half):
		return cli.Usage("torch is the whole supernet in float32: it goes without --arch, --resolution, --data and --half")
	case f.Preprocess && format != "onnx":
		return cli.Usage("--preprocess puts nodes into a graph, which the format %s does not have", format)
	case f.Batch != 0 && format != "onnx":
		return cli.Usage("--batch fixes the input of a graph, which the format %s does not have", format)
	case f.Floats && !f.Preprocess:
		return cli.Usage("--floats goes with --preprocess")
	case f.Images != 0 && f.Data == "":
		return cli.Usage("--images goes with --data")
	}
	return nil
}

// format returns the format of the flag or of the extension, or "".
func (f *writeFlags) format() string {
	if f.Format != "" {
		return f.Format
	}
	switch e := strings.TrimPrefix(filepath.Ext(f.Output), "."); e {
	case "onnx", "safetensors":
		return e
	case "pth", "pt":
		return "torch"
	}
	return ""
}

// written is what --json prints.
type written struct {
	File       string             `json:"file"`
	Config     string             `json:"config,omitempty"`
	Format     string             `json:"format"`
	Bytes      int                `json:"bytes"`
	Name       string             `json:"name,omitempty"`
	Arch       string             `json:"arch"`
	Resolution int                `json:"resolution"`
	MACs       int64              `json:"macs"`
	Params     int64              `json:"params"`
	Precision  string             `json:"precision"`
	Opset      int                `json:"opset,omitempty"`
	Batch      int                `json:"batch,omitempty"`      // fixed; 0: any number
	Preprocess string             `json:"preprocess,omitempty"` // in the graph: "uint8" or "float32"
	Statistics export.Statistics  `json:"statistics"`
	Verified   *export.Difference `json:"verified,omitempty"`
}

// Run writes a child.
func (f *writeFlags) Run(p *cli.Program) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.format() != "npy" { // a folder
		if err := atomicfile.CanWrite(f.Output); err != nil {
			return err
		}
	}
	if f.format() == "torch" {
		return f.torch(p)
	}
	s, err := f.open(p, false)
	if err != nil {
		return err
	}
	a, err := s.child(f.Arch, f.Resolution)
	if err != nil {
		return err
	}
	child, slice, err := s.cut(a)
	if err != nil {
		return err
	}
	c := child.Config
	w := written{File: f.Output, Format: f.format(), Name: c.Name, Arch: c.Arch, Resolution: c.Resolution, MACs: c.MACs, Params: c.Params,
		Precision: "float32", Statistics: c.Statistics}
	if f.Half {
		w.Precision = "float16"
	}
	if err := w.put(child, f); err != nil {
		return err
	}
	if f.Verify {
		if err := w.verify(child, slice); err != nil {
			return err
		}
	}
	return cli.Show(p.Stdout, f.JSON, w, w.text())
}

// put writes the child in its format.
func (w *written) put(child *export.Child, f *writeFlags) error {
	o := export.Options{Half: f.Half, Preprocess: f.Preprocess, FloatPixels: f.Floats, Batch: f.Batch}
	switch w.Format {
	case "onnx":
		data, err := child.ONNX(o)
		if err != nil {
			return err
		}
		if w.Bytes, w.Opset, w.Batch = len(data), onnx.Opset, f.Batch; f.Preprocess {
			w.Preprocess = map[bool]string{false: "uint8", true: "float32"}[f.Floats]
		}
		return atomicfile.Write(f.Output, data)
	case "safetensors":
		data, config, err := child.Safetensors(filepath.Base(f.Output), o)
		if err != nil {
			return err
		}
		w.Bytes, w.Config = len(data), filepath.Join(filepath.Dir(f.Output), export.ConfigName)
		return export.WriteBeside(f.Output, data, config)
	}
	files, err := child.Npy(o)
	if err != nil {
		return err
	}
	for _, data := range files {
		w.Bytes += len(data)
	}
	w.Config = filepath.Join(f.Output, export.ConfigName)
	return export.WriteFolder(f.Output, files)
}

// images is the number of generated images that --verify runs.
const images = 4

// verify reads the written file back and runs it.
func (w *written) verify(child *export.Child, slice *supernet.Child) (err error) {
	read := func(name string) ([]byte, error) { return cli.ReadFile(name, nil) }
	var d export.Difference
	if w.Format == "onnx" {
		data, err := read(w.File)
		if err != nil {
			return err
		}
		if d, err = export.SameONNX(data, slice, child.Config.Preprocessing, images); err != nil {
			return err
		}
	} else {
		var back *export.Child
		if w.Format == "npy" {
			back, err = export.ReadNpy(func(name string) ([]byte, error) { return read(filepath.Join(w.File, name)) })
		} else {
			var data []byte
			if data, err = read(w.File); err == nil {
				back, err = export.ReadSafetensors(data)
			}
		}
		if err != nil {
			return err
		}
		if d, err = export.Same(back, slice, images); err != nil {
			return err
		}
	}
	if !d.OK() {
		return fault.New("disagree", "the file is there, but do not use it", "%s, run by %s, gives logits that differ from the slice's by %.2g of the largest; allowed is %.2g", w.File, d.Reader, d.Relative, d.Within)
	}
	w.Verified = &d
	return nil
}

// text describes the file for people.
func (w *written) text() string {
	what := w.Format + " in " + w.Precision
	if w.Opset > 0 {
		what += fmt.Sprintf(", opset %d", w.Opset)
	}
	if w.Batch > 0 {
		what += fmt.Sprintf(", batch %d", w.Batch)
	}
	if w.Preprocess != "" {
		what += ", takes " + w.Preprocess + " pixels"
	}
	text := fmt.Sprintf("wrote %s: %s, %d bytes\n  child %s, %.1f million MACs, %.3f million parameters, %d px\n  BN statistics %s\n",
		w.File, what, w.Bytes, title(export.Config{Name: w.Name, Arch: w.Arch}), float64(w.MACs)/1e6, float64(w.Params)/1e6, w.Resolution, w.Statistics)
	d := w.Verified
	switch {
	case d == nil:
	case d.Bits:
		text += fmt.Sprintf("  verified by %s on %d generated images: the slice's logits to the bit\n", d.Reader, d.Images)
	default:
		text += fmt.Sprintf("  verified by %s on %d generated images: logits within %.1e of the slice's (%.1e of the largest, allowed %.0e)\n", d.Reader, d.Images, d.Absolute, d.Relative, d.Within)
	}
	return text
}

// name is a data set without its folder, which is private.
func name(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.Base(path)
}

package cli

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/alecthomas/kong"

	"bignas/core/fault"
)

// CodeOverwrites is the code of the error of a command that would overwrite its input.
const CodeOverwrites = "overwrites"

// File is a file or folder that a command reads or writes.
type File struct {
	Flag  string // for messages: "--weights"
	Path  string
	Whole bool // for a folder that is read with all its files
}

// Outputs returns an error where an output is an input, under any name, link or path, or an existing file in a folder that
// is read as a whole, and where two outputs are the same. Empty paths, "-", pipes and devices are ignored.
func Outputs(outputs, inputs []File) error {
	for i, out := range outputs {
		if out.Path == "" || out.Path == "-" {
			continue
		}
		for _, in := range inputs {
			if same(out.Path, in.Path) || in.Whole && within(out.Path, in.Path) {
				return fault.New(CodeOverwrites, "write it somewhere else", "%s is %s, which would be written over %s, %s, which is read", out.Flag, out.Path, in.Flag, in.Path)
			}
		}
		for _, other := range outputs[:i] {
			if same(out.Path, other.Path) {
				return fault.New(CodeOverwrites, "write one of them somewhere else", "%s and %s are both %s", other.Flag, out.Flag, out.Path)
			}
		}
	}
	return nil
}

// same reports whether two paths lead to the same file or folder, which need not exist.
func same(a, b string) bool {
	x, errA := os.Stat(a)
	y, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return (x.Mode().IsRegular() || x.IsDir()) && os.SameFile(x, y)
	}
	return errA != nil && errB != nil && b != "" && place(a) == place(b)
}

// place returns the absolute path of a file, which need not exist, with links resolved.
func place(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if real, err := filepath.EvalSymlinks(filepath.Dir(path)); err == nil {
		path = filepath.Join(real, filepath.Base(path))
	}
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return path
}

// within reports whether an existing file is in a folder.
func within(file, folder string) bool {
	f, errF := os.Stat(file)
	d, errD := os.Stat(folder)
	if errF != nil || errD != nil || !f.Mode().IsRegular() || !d.IsDir() {
		return false
	}
	rel, err := filepath.Rel(place(folder), place(file))
	return err == nil && filepath.IsLocal(rel)
}

// checkOutputs applies Outputs to the command line. Flags with the tag writes are outputs; arguments and other flags with
// FILE, DIR or DATA in their placeholder are inputs.
func checkOutputs(ctx *kong.Context) error {
	var outputs, inputs []File
	for _, f := range ctx.Flags() {
		for _, path := range paths(f.Target) {
			if f.Tag.Has("writes") {
				outputs = append(outputs, File{Flag: "--" + f.Name, Path: path})
			} else if data := strings.Contains(f.PlaceHolder, "DATA"); data || strings.Contains(f.PlaceHolder, "FILE") || strings.Contains(f.PlaceHolder, "DIR") {
				inputs = append(inputs, File{"--" + f.Name, path, data})
			}
		}
	}
	for _, p := range ctx.Path {
		if p.Positional == nil {
			continue
		}
		for _, path := range paths(p.Positional.Target) {
			inputs = append(inputs, File{Flag: "<" + p.Positional.Name + ">", Path: path})
		}
	}
	return Outputs(outputs, inputs)
}

// paths returns the value of a flag that is a text or a list of texts.
func paths(v reflect.Value) []string {
	switch x := v.Interface().(type) {
	case string:
		return []string{x}
	case []string:
		return x
	}
	return nil
}

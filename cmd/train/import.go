package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"bignas/cmd/internal/cli"
	"bignas/core/arch"
	"bignas/core/fault"
	"bignas/train/atomicfile"
	"bignas/train/files"
	"bignas/train/published"
)

type importFlags struct {
	File   string `arg:"" help:"Checkpoint of a published supernet, as torch.save wrote it (.pth)."`
	Space  string `required:"" placeholder:"NAME" help:"Its search space: ${imported}."`
	Names  string `name:"class-names" placeholder:"FILE" help:"The classes in the order of the logits: the name of a class's folder, a tab and its name for people on each line (default: class 0, class 1 and so on)."`
	Output string `short:"o" required:"" placeholder:"FILE" writes:"" help:"Weights file to write, in float32, or in float16 with --calibrate."`

	Calibrate string `placeholder:"DATA" help:"Images that the supernet was trained on: also fit the BN statistics of all children, as train release --weights does. Needs --class-names."`
	Children  int    `default:"300" help:"Calibrated children to fit them on (default: 300)."`
	Images    int    `default:"256" help:"Training images for each (default: 256)."`
}

// checked is how many children the fit of an import is measured on.
const checked = 5

// Run makes a weights file of a published supernet. No value changes.
func (f *importFlags) Run(p *cli.Program) error {
	space, err := arch.Lookup(f.Space)
	if err != nil {
		return fault.New("bad_space", "choose one of them with --space", "%v", err)
	}
	if f.Calibrate != "" && f.Names == "" {
		return fault.New("bad_flag", "write the folder of each class, a tab and its name on a line", "--calibrate needs --class-names: a checkpoint does not say in which order its classes are")
	}
	if err := atomicfile.CanWrite(f.Output); err != nil {
		return err
	}
	if err := f.convert(p, space); err != nil {
		return err
	}
	if f.Calibrate == "" {
		_, err = fmt.Fprintf(p.Stdout, "train release --weights %s --data DATA fits those of all children\n", f.Output)
		return err
	}
	again := releaseFlags{Weights: f.Output, Data: f.Calibrate, Output: f.Output, Children: f.Children, Images: f.Images, Check: checked, Against: 1024}
	return again.Run(p)
}

// convert writes the weights file, a tensor at a time.
func (f *importFlags) convert(p *cli.Program, space *arch.Space) error {
	c, err := published.Open(space, f.File)
	if err != nil {
		return cli.FileError(f.File, err)
	}
	defer c.Close()
	m := published.Imported{Net: c.Net, Read: c.Read}
	if m.Classes, m.Labels, err = classNames(f.Names, c.Net.Classes); err != nil {
		return err
	}
	size := 0
	err = atomicfile.WriteFrom(f.Output, func(w io.Writer) error {
		return m.Write(counting{w, &size})
	})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "wrote %s, %d bytes: %d parameters, %d classes, and no BN statistics\n", f.Output, size, c.Net.Count(), c.Net.Classes)
	return err
}

// counting counts the bytes that are written.
type counting struct {
	io.Writer
	size *int
}

func (c counting) Write(b []byte) (int, error) {
	n, err := c.Writer.Write(b)
	*c.size += n
	return n, err
}

// classNames reads the names of so many classes; without a file they have numbers.
func classNames(path string, classes int) (folders, labels []string, err error) {
	if path == "" {
		for i := range classes {
			labels = append(labels, fmt.Sprintf("class %d", i))
		}
		return nil, labels, nil
	}
	text, err := files.Read(path)
	if err != nil {
		return nil, nil, cli.FileError(path, err)
	}
	for _, line := range strings.Split(strings.TrimRight(string(text), "\r\n"), "\n") {
		folder, label, _ := strings.Cut(strings.TrimRight(line, "\r"), "\t")
		folders, labels = append(folders, folder), append(labels, cmp.Or(label, folder))
	}
	if len(folders) != classes {
		return nil, nil, fault.New("bad_names", "write one line for each class, in the order of the logits", "%s has %d lines, and the checkpoint %d classes", path, len(folders), classes)
	}
	return folders, labels, nil
}

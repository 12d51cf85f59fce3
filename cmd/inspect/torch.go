package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"

	"bignas/cmd/internal/cli"
	"bignas/core/fault"
	"bignas/train/torchfile"
)

// tensor is one line of --torch.
type tensor struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Shape  []int  `json:"shape"`
	Device string `json:"device"`
	Value  any    `json:"value,omitempty"` // of a tensor without dimensions
}

// listTorch lists the tensors of a file of torch.save.
func listTorch(w io.Writer, path string, json bool) error {
	f, err := torchfile.Open(path)
	if err != nil {
		return cli.FileError(path, err)
	}
	defer f.Close()
	all, err := f.StateDict()
	if err != nil {
		return err
	}
	list, values := make([]tensor, len(all)), 0
	for i, n := range all {
		list[i] = tensor{n.Name, n.Type(), n.Shape, n.Device(), scalar(n)}
		values += n.Len()
	}
	if json {
		return cli.Line(w, struct {
			Tensors []tensor `json:"tensors"`
			Values  int      `json:"values"`
		}{list, values})
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range list {
		shape := strings.ReplaceAll(strings.Trim(fmt.Sprint(l.Shape), "[]"), " ", " x ")
		if l.Value != nil {
			shape = fmt.Sprint("= ", l.Value)
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\n", fault.Line(l.Name), l.Type, shape, fault.Line(l.Device))
	}
	fmt.Fprintf(t, "\n%d tensors, %d values\n", len(list), values)
	return t.Flush()
}

// scalar is the value of a tensor without dimensions, nil of any other.
func scalar(n torchfile.Named) any {
	if len(n.Shape) > 0 {
		return nil
	}
	var number [1]float32
	if n.Floats(number[:]) == nil {
		if x := float64(number[0]); math.IsNaN(x) || math.IsInf(x, 0) { // JSON has no number for it
			return fmt.Sprint(x)
		}
		return number[0]
	}
	var integer [1]int64
	if n.Ints(integer[:]) == nil {
		return integer[0]
	}
	return nil
}

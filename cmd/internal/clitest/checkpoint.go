package clitest

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Tensor is one tensor of a Checkpoint; its values count up from First.
type Tensor struct {
	Name  string
	Shape []int
	First float32
}

// Checkpoint writes a state dict of float32 tensors as torch.save did up to version
// 1.5, with "module." before every name, and returns the path of the file.
func Checkpoint(t *testing.T, all []Tensor) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "checkpoint.pth")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	text := func(s string) { fmt.Fprintf(w, "X%s%s", binary.LittleEndian.AppendUint32(nil, uint32(len(s))), s) }
	number := func(n int) { fmt.Fprintf(w, "J%s", binary.LittleEndian.AppendUint32(nil, uint32(n))) }
	w.WriteString("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.\x80\x02ccollections\nOrderedDict\n)R(")
	for i, x := range all {
		text("module." + x.Name)
		w.WriteString("ctorch._utils\n_rebuild_tensor_v2\n((")
		text("storage")
		w.WriteString("ctorch\nFloatStorage\n")
		text(fmt.Sprint(i))
		text("cuda:0")
		number(x.len())
		w.WriteString("NtQK\x00(")
		for _, d := range x.Shape {
			number(d)
		}
		w.WriteString("t(")
		stride := x.len()
		for _, d := range x.Shape {
			stride /= d
			number(stride)
		}
		w.WriteString("t\x89NtR")
	}
	w.WriteString("u.\x80\x02](")
	for i := range all {
		text(fmt.Sprint(i))
	}
	w.WriteString("e.")
	for _, x := range all {
		w.Write(binary.LittleEndian.AppendUint64(nil, uint64(x.len())))
		for i := range x.len() {
			w.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(x.First+float32(i))))
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return path
}

func (x Tensor) len() int {
	n := 1
	for _, d := range x.Shape {
		n *= d
	}
	return n
}

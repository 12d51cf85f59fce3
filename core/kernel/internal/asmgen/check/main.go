// Command check tells whether the committed assembly is what the generators
// write. From core/kernel/internal/asmgen:
//
//	go run ./check
//
// It builds every generator, runs it where its relative paths lead into an empty
// folder, and compares the files byte by byte with those of core/kernel. The
// exit status is 1 if any differs or is missing.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// generators are the commands of this module that write assembly.
var generators = []string{"gemm", "pixelwise", "depthwise"}

func main() {
	if err := check(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

// check compares the files of folder committed with fresh ones.
func check(committed string) error {
	fresh, err := os.MkdirTemp("", "asmgen")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	at := filepath.Join(fresh, "internal", "asmgen")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	for _, name := range generators {
		binary := filepath.Join(fresh, "internal", name)
		if out, err := exec.Command("go", "build", "-o", binary, "./"+name).CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
		base := name + "_avx512_amd64"
		c := exec.Command(binary, "-out", "../../"+base+".s", "-stubs", "../../"+base+".go", "-pkg", "kernel")
		c.Dir = at
		if out, err := c.CombinedOutput(); err != nil {
			return fmt.Errorf("running %s: %w\n%s", name, err, out)
		}
		for _, file := range []string{base + ".s", base + ".go"} {
			want, err := os.ReadFile(filepath.Join(fresh, file))
			if err != nil {
				return err
			}
			got, err := os.ReadFile(filepath.Join(committed, file))
			if err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				return fmt.Errorf("%s is not what ./%s writes: run the command in its doc comment", file, name)
			}
		}
	}
	return nil
}

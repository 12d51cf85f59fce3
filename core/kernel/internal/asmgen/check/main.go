// Command check verifies that the committed assembly is what the generators
// write. From core/kernel/internal/asmgen:
//
//	go run ./check
//
// It builds every generator, runs it in a temporary folder, into which its relative
// paths lead, and compares the files byte by byte with those of core/kernel/internal/asm.
// The exit status is 1 if any differs or is missing.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"

	"bignas/asmgen/vector"
)

// generators are the commands of this module that write assembly.
var generators = []string{"gemm", "elementwise", "depthwise", "fused"}

func main() {
	if err := check(filepath.Join("..", "asm")); err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
		os.Exit(1)
	}
}

// check generates all files and compares them with those in the folder committed.
func check(committed string) error {
	fresh, err := os.MkdirTemp("", "asmgen")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	at := filepath.Join(fresh, "asmgen")
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	for _, name := range generators {
		binary := filepath.Join(fresh, name)
		if out, err := exec.Command("go", "build", "-o", binary, "./"+name).CombinedOutput(); err != nil {
			return fmt.Errorf("building %s: %w\n%s", name, err, out)
		}
		for _, set := range vector.Sets {
			if err := compare(binary, at, filepath.Join(committed, set), filepath.Join(fresh, "asm", set), name, set); err != nil {
				return err
			}
		}
	}
	return nil
}

// foreign matches registers that need AVX-512. The register allocator does not know the
// instruction set and could pick them for AVX2.
var foreign = regexp.MustCompile(`\b(Y(1[6-9]|2[0-9]|3[01])|Z[0-9]+|K[0-7])\b`)

// compare runs one generator for one instruction set and compares what it writes.
func compare(binary, at, committed, fresh, name, set string) error {
	if err := os.MkdirAll(fresh, 0o755); err != nil {
		return err
	}
	base := name + "_amd64"
	to := "../asm/" + set + "/" + base
	c := exec.Command(binary, "-set", set, "-out", to+".s", "-stubs", to+".go", "-pkg", set)
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
			return fmt.Errorf("%s is not what ./%s -set %s writes: run the command in its doc comment", file, name, set)
		}
		if r := foreign.Find(got); set == "avx2" && r != nil {
			return fmt.Errorf("%s uses %s, a register of AVX-512", file, r)
		}
	}
	return nil
}

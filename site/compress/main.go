// Command compress writes the files of a page compressed beside them (.br, .gz), for
// servers that send these:
//
//	go run ./site/compress build/site
//
// It is a program of its own because nothing else needs its packages, and the best
// compression takes half a minute.
package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	if len(args) != 1 || strings.HasPrefix(args[0], "-") {
		fmt.Fprintln(stderr, "usage: compress FOLDER")
		return 2
	}
	err := filepath.WalkDir(args[0], func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !compressible(file) {
			return err
		}
		return squeeze(file)
	})
	if err != nil {
		fmt.Fprintf(stderr, "compress: %v\n", err)
		return 1
	}
	return 0
}

// compressible says that a file is worth it by its name; images and half-precision
// weights are not.
func compressible(name string) bool {
	return slices.Contains([]string{".html", ".css", ".js", ".json", ".svg", ".wasm"}, filepath.Ext(strings.ToLower(name)))
}

package main

import (
	"bytes"
	"io"
	"os"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// The forms of a file that servers send to browsers that take them.
var (
	suffixes = []string{".br", ".gz"}
	packers  = []func(io.Writer) (io.WriteCloser, error){
		func(w io.Writer) (io.WriteCloser, error) {
			return brotli.NewWriterLevel(w, brotli.BestCompression), nil
		},
		func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) },
	}
)

// squeeze writes the compressed forms of a file beside it, where that saves a
// tenth. With same, forms that are there already are right: the best compression
// of the engine takes a quarter of a minute.
func squeeze(file string, data []byte, same bool) error {
	for i, suffix := range suffixes {
		if _, err := os.Stat(file + suffix); err == nil && same {
			continue
		}
		var small bytes.Buffer
		w, err := packers[i](&small)
		if err != nil {
			return err
		}
		if _, err := w.Write(data); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if small.Len() > len(data)*9/10 {
			continue
		}
		if err := os.WriteFile(file+suffix, small.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

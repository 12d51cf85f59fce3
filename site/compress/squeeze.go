package main

import (
	"bytes"
	"io"
	"os"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// forms are the forms of a file that servers send to browsers that take them.
var forms = []struct {
	suffix string
	writer func(io.Writer) (io.WriteCloser, error)
}{
	{".br", func(w io.Writer) (io.WriteCloser, error) {
		return brotli.NewWriterLevel(w, brotli.BestCompression), nil
	}},
	{".gz", func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) }},
}

// squeeze writes the compressed forms of a file beside it, where that saves a tenth.
// Forms that are not older than the file are right already.
func squeeze(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for _, form := range forms {
		if i, err := os.Stat(file + form.suffix); err == nil && !i.ModTime().Before(info.ModTime()) {
			continue
		}
		var small bytes.Buffer
		w, err := form.writer(&small)
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
		if err := os.WriteFile(file+form.suffix, small.Bytes(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

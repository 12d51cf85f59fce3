//go:build !unix

package shards

import (
	"io"
	"os"
)

// mapFile reads the file: where there is no mmap, the memory has to hold it.
func mapFile(f *os.File, size int) ([]byte, error) {
	data := make([]byte, size)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(f, data)
	return data, err
}

func unmap([]byte) error { return nil }

//go:build !unix

package mapped

import (
	"io"
	"os"
)

// Map reads the first size bytes of f: where there is no mmap, the memory has to
// hold them.
func Map(f *os.File, size int) ([]byte, error) {
	data := make([]byte, size)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	_, err := io.ReadFull(f, data)
	return data, err
}

// Unmap ends a mapping of Map: here the garbage collector does.
func Unmap([]byte) error { return nil }

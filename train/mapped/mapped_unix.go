//go:build unix

package mapped

import (
	"os"
	"syscall"
)

// Map maps the first size bytes of f for reading.
func Map(f *os.File, size int) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ, syscall.MAP_SHARED)
}

// Unmap ends a mapping of Map; nil is none.
func Unmap(data []byte) error {
	if data == nil {
		return nil
	}
	return syscall.Munmap(data)
}

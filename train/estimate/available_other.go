//go:build !linux

package estimate

// AvailableMemory returns 0: the memory that a program may still allocate is not known.
func AvailableMemory() int64 { return 0 }

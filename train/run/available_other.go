//go:build !linux

package run

// AvailableMemory is the memory in bytes that a program may still take; 0 for
// not known.
func AvailableMemory() int64 { return 0 }

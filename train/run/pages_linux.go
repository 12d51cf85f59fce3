package run

import (
	"syscall"
	"unsafe"
)

// HugePages asks the kernel for memory in pages of 2 MiB: activations are
// walked from end to end many times a step, and with 4 KiB pages a fifth of
// that time goes into address translation. Ordinary memory on failure.
func HugePages(n int) []float32 {
	b, err := syscall.Mmap(-1, 0, 4*n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return make([]float32, n)
	}
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) // advice: without it the memory is only slower
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

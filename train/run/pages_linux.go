package run

import (
	"syscall"
	"unsafe"
)

// HugePages allocates memory in pages of 2 MiB. Activations are read from end to end
// many times in a step, and with pages of 4 KiB a fifth of that time goes into address
// translation. Where the kernel refuses, it returns ordinary memory.
func HugePages(n int) []float32 {
	b, err := syscall.Mmap(-1, 0, 4*n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return make([]float32, n)
	}
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) // only slower where it fails
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

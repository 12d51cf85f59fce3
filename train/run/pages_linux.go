package run

import (
	"syscall"
	"unsafe"

	"bignas/core/kernel"
)

// HugePages allocates memory in pages of 2 MiB. Activations are read from end to end
// many times in a step, and with pages of 4 KiB a fifth of that time goes into address
// translation. Where the kernel refuses, it returns ordinary memory.
func HugePages[T float32 | kernel.BFloat16](n int) []T {
	var element T
	b, err := syscall.Mmap(-1, 0, n*int(unsafe.Sizeof(element)), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return make([]T, n)
	}
	_ = syscall.Madvise(b, syscall.MADV_HUGEPAGE) // only slower where it fails
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

package mapped

import "syscall"

// Release gives back the memory that the pages of a mapping of Map take. They are read from the
// file again when somebody looks at them.
func Release(data []byte) {
	if len(data) > 0 {
		_ = syscall.Madvise(data, syscall.MADV_DONTNEED) // without it they only take memory
	}
}

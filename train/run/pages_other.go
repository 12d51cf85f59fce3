//go:build !linux

package run

import "bignas/core/kernel"

// HugePages is make: only Linux is asked for more.
func HugePages[T float32 | kernel.BFloat16](n int) []T { return make([]T, n) }

package preprocess

// resampleParallel stands in for kernel.Parallel until core/kernel exists.
func resampleParallel(n int, f func(lo, hi int)) { f(0, n) }

// Package kernels gives the engine SIMD in the browser: WebAssembly modules that
// work on the Go program's own memory, and the implementation of core/kernel
// that calls them. Go has no SIMD for WebAssembly; these modules are written by
// ./generate and instantiated by whoever starts the program, before it runs.
//
// Importing the package registers the implementation, where the host has given
// it a module. The host provides the import module "kernels" in any case; without
// SIMD its function "version" returns 0, the others are not called, and
// core/kernel keeps its plain loops.
//
//go:generate go run ./generate
package kernels

// Panel is the number of columns of W that lie together, k after k.
const Panel = 8

// What the function "version" of a module returns; 0 stands for no module.
const (
	VersionSIMD    = 1 // plain SIMD128
	VersionRelaxed = 2 // relaxed multiply-add
)

// whole is n rounded up to whole panels.
func whole(n int) int { return (n + Panel - 1) / Panel * Panel }

// Pack lays out W[k][n], row stride ws, in panels [k][Panel]. What is past n is
// zero. The first rows and columns of W are the beginnings of its first panels,
// so that a slice needs no layout of its own.
func Pack(w []float32, k, n, ws int) []float32 {
	panels := make([]float32, k*whole(n))
	for first := 0; first < n; first += Panel {
		packColumns(panels[k*first:], w[first:], k, min(Panel, n-first), ws)
	}
	return panels
}

// packColumns fills one panel with the first columns of w.
func packColumns(panel, w []float32, k, columns, ws int) {
	for i := range k {
		copy(panel[i*Panel:][:columns], w[i*ws:])
	}
}

// Pad copies v [n] so that it can be read by whole panels; a v of nil is n times
// the default.
func Pad(v []float32, n int, missing float32) []float32 {
	padded := make([]float32, whole(n))
	if copy(padded, v) == 0 && missing != 0 {
		for i := range padded {
			padded[i] = missing
		}
	}
	return padded
}

// Padded is v [n] if what lies behind it makes it whole panels, else a copy that
// has that.
func Padded(v []float32, n int) []float32 {
	if cap(v) >= whole(n) {
		return v[:whole(n)]
	}
	return Pad(v, n, 0)
}

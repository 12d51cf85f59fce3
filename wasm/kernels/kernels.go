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

// Pack lays out W[k][n], row stride ws, column j times scale[j] (nil for ones), in
// panels [k][Panel], and bias [n] (nil for zeros) so that it can be read by whole
// panels. What is past n is zero.
func Pack(w []float32, k, n, ws int, scale, bias []float32) (panels, padded []float32) {
	whole := (n + Panel - 1) / Panel * Panel
	panels, padded = make([]float32, k*whole), make([]float32, whole)
	if bias != nil {
		copy(padded, bias[:n])
	}
	to := panels
	for first := 0; first < n; first += Panel {
		columns := min(Panel, n-first)
		panel := to
		for i := range k {
			if columns == Panel { // a call of copy takes longer than the copying
				*(*[Panel]float32)(to) = *(*[Panel]float32)(w[i*ws+first:])
			} else {
				copy(to[:columns], w[i*ws+first:])
			}
			to = to[Panel:]
		}
		if scale == nil {
			continue
		}
		var factors [Panel]float32
		copy(factors[:], scale[first:first+columns])
		for i := range k {
			row := (*[Panel]float32)(panel[i*Panel:])
			for j, f := range factors {
				row[j] *= f
			}
		}
	}
	return panels, padded
}

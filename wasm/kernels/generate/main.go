// Command generate writes the SIMD kernels of the browser. In wasm/kernels:
//
//	go run ./generate
//
// simd.wasm is plain SIMD128, whose results are those of core/kernel's loops bit
// for bit but for the exponential in single precision: swish and sigmoid are
// within 4 units in the last place. relaxed.wasm leaves to the machine whether a
// product is rounded before it is added, which most do in one instruction: sums
// are within half a unit a term, swish and sigmoid within 5 units.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"bignas/wasm/kernels"
	asm "bignas/wasm/kernels/wasmasm"
)

func main() {
	out := flag.String("out", ".", "folder to write simd.wasm and relaxed.wasm to")
	flag.Parse()
	for name, relaxed := range map[string]bool{"simd.wasm": false, "relaxed.wasm": true} {
		if err := os.WriteFile(filepath.Join(*out, name), build(relaxed), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, "generate:", err)
			os.Exit(1)
		}
	}
}

// generator is one module being written.
type generator struct {
	asm.Module
	relaxed bool
	finish  *asm.Func
}

// build writes a module, whose functions kernels_js.go declares and describes.
func build(relaxed bool) []byte {
	g := &generator{relaxed: relaxed}
	g.MemoryModule, g.MemoryName = "env", "mem"
	g.version()
	g.finishing()
	rows := 4
	if relaxed {
		rows = 6 // without a register for the product there is room for more sums
	}
	g.product(rows)
	g.depthwise(3, 1, 4)
	g.depthwise(3, 2, 2)
	g.depthwise(5, 1, 4)
	g.depthwise(5, 2, 2)
	g.depthwise(7, 1, 4)
	g.depthwise(7, 2, 2)
	g.globalPool()
	g.channelScale()
	g.exponentials()
	g.foldNormalisation()
	g.patches()
	g.averagePool()
	g.panels()
	g.addBytes()
	g.floats()
	g.across()
	g.down()
	g.normalise()
	return g.Bytes()
}

func (g *generator) version() {
	f, _ := g.Func("version", nil, asm.I32)
	v := kernels.VersionSIMD
	if g.relaxed {
		v = kernels.VersionRelaxed
	}
	f.Const(v)
}

// multiplyAdd adds a*b to sum; a and b push the factors.
func (g *generator) multiplyAdd(f *asm.Func, sum asm.Local, a, b func()) {
	if g.relaxed {
		a()
		b()
		f.Get(sum)
		f.Do(asm.RelaxedMultiplyAdd)
	} else {
		f.Get(sum)
		a()
		b()
		f.Do(asm.F32x4Mul, asm.F32x4Add)
	}
	f.Set(sum)
}

// scaleAdd replaces sum by sum*factor + value.
func (g *generator) scaleAdd(f *asm.Func, sum, factor, value asm.Local) {
	f.Get(sum, factor)
	if g.relaxed {
		f.Get(value)
		f.Do(asm.RelaxedMultiplyAdd)
	} else {
		f.Do(asm.F32x4Mul)
		f.Get(value)
		f.Do(asm.F32x4Add)
	}
	f.Set(sum)
}

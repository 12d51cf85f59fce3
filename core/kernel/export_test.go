//go:build amd64 && !noasm

package kernel

import (
	"fmt"
	"reflect"
	"sync"
	"unsafe"

	"bignas/core/kernel/internal/asm"
)

// CountLoops counts the calls of every loop of an implementation in assembly, by
// name, apart where the last vector of a product or a block is whole or not. What
// has not been called yet counts 0. It returns nil for other implementations.
func CountLoops(name string) (counts map[string]int, undo func()) {
	for _, loops := range []*assembly{narrow, wide} {
		if loops.Name == name {
			before := *loops
			c := &counter{counts: map[string]int{}, whole: uint16(1<<loops.Lanes - 1)}
			for v := range loops.NN {
				loops.NN[v] = c.tiles("nn", v, loops.NN[v])
				loops.TN[v] = c.tiles("tn", v, loops.TN[v])
			}
			loops.Forward = c.blocks("depthwise", loops.Forward)
			loops.Weight = c.blocks("weight gradient", loops.Weight)
			input := map[int][2]asm.Convolution{}
			for k, f := range loops.Input {
				input[k] = [2]asm.Convolution{c.block(fmt.Sprintf("input gradient %d even", k), f[0]), c.block(fmt.Sprintf("input gradient %d odd", k), f[1])}
			}
			loops.Input = input
			c.fields("", reflect.ValueOf(&loops.Elementwise).Elem())
			c.fused(&loops.Fused, loops.Lanes)
			return c.counts, func() { *loops = before }
		}
	}
	return nil, func() {}
}

type counter struct {
	sync.Mutex
	counts map[string]int
	whole  uint16
}

func (c *counter) add(name string, n int) {
	c.Lock()
	defer c.Unlock()
	c.counts[name] += n
}

// masked counts by what the mask leaves.
func (c *counter) masked(name string) func(mask uint16) {
	c.add(name+", whole", 0)
	c.add(name+", masked", 0)
	return func(mask uint16) {
		if mask == c.whole {
			c.add(name+", whole", 1)
		} else {
			c.add(name+", masked", 1)
		}
	}
}

func (c *counter) tiles(family string, vectors int, tiles []asm.Tile) []asm.Tile {
	var counted []asm.Tile
	for _, t := range tiles {
		name := fmt.Sprintf("%s %dx%d", family, t.Rows, vectors)
		count, adding := c.masked(name), family == "nn"
		if adding {
			c.add(name+", adding", 0)
		}
		counted = append(counted, asm.Tile{Rows: t.Rows, Run: func(tiles, k int, a *float32, lda int, b *float32, ldb int, y *float32, ldc int, mask uint16, acc int) {
			count(mask)
			if adding && acc != 0 {
				c.add(name+", adding", 1)
			}
			t.Run(tiles, k, a, lda, b, ldb, y, ldc, mask, acc)
		}})
	}
	return counted
}

// fused counts the loops of inference.
func (c *counter) fused(f *asm.Fused, lanes int) {
	for v := range f.Tiles {
		var counted []asm.ProductTile
		for _, t := range f.Tiles[v] {
			count := c.masked(fmt.Sprintf("fused %dx%d", t.Rows, v))
			counted = append(counted, asm.ProductTile{Rows: t.Rows, Run: func(words *[17]uint64) {
				mask := uint16((*productArgs)(unsafe.Pointer(words)).Odd)
				if lanes == 8 { // 0 stands for whole
					mask = c.whole - mask
				}
				count(mask)
				t.Run(words)
			}})
		}
		f.Tiles[v] = counted
	}
	convolve := map[[2]int]func(*[10]uint64){}
	for k, run := range f.Convolve {
		name := fmt.Sprintf("fused convolution %dx%d stride %d", k[0], k[0], k[1])
		c.add(name, 0)
		convolve[k] = func(words *[10]uint64) {
			c.add(name, 1)
			run(words)
		}
	}
	f.Convolve = convolve
	for _, loop := range []struct {
		name string
		of   any
	}{{"gather", &f.Gather}, {"scalePanel", &f.ScalePanel}, {"scaleBlock", &f.ScaleBlock}} {
		c.fields(loop.name, reflect.ValueOf(loop.of).Elem())
	}
}

func (c *counter) blocks(what string, kernels map[[2]int]asm.Convolution) map[[2]int]asm.Convolution {
	counted := map[[2]int]asm.Convolution{}
	for k, f := range kernels {
		counted[k] = c.block(fmt.Sprintf("%s %dx%d stride %d", what, k[0], k[0], k[1]), f)
	}
	return counted
}

func (c *counter) block(name string, f asm.Convolution) asm.Convolution {
	count := c.masked(name)
	return func(out *float32, table **float32, taps *float32, rows, pixels, offset, step int, mask uint16) {
		count(mask)
		f(out, table, taps, rows, pixels, offset, step, mask)
	}
}

// fields counts the functions of a struct and of the arrays in it.
func (c *counter) fields(name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			c.fields(v.Type().Field(i).Name, reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem())
		}
	case reflect.Array:
		for i := range v.Len() {
			c.fields(fmt.Sprint(name, " act ", i), v.Index(i))
		}
	case reflect.Func:
		if v.IsNil() {
			return
		}
		f := reflect.ValueOf(v.Interface())
		c.add(name, 0)
		v.Set(reflect.MakeFunc(v.Type(), func(args []reflect.Value) []reflect.Value {
			c.add(name, 1)
			return f.Call(args)
		}))
	}
}

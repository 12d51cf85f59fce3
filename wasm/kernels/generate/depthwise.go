package main

import (
	"fmt"

	asm "bignas/wasm/kernels/wasmasm"
)

// depthwise writes "depthwise3x1" and its like, named by kernel size and stride:
// y = act(x*w + bias), with zeros around x. Where a run of output pixels lies
// inside the image it is done together, every loaded pixel used for all of
// them; pixels at the border are done one by one with the taps they have.
func (g *generator) depthwise(size, stride, run int) {
	tile := g.depthwiseTile(size, stride, run)
	pixel := g.depthwisePixel(size)
	f, p := g.Func(fmt.Sprintf("depthwise%dx%d", size, stride),
		[]asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	x, w, bias, y, n, height, wide, c, act := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
	local := func() asm.Local { return f.Local(asm.I32) }
	pixelPitch, rowPitch, imagePitch := local(), local(), local()
	outHeight, outWide, rows, columns := local(), local(), local(), local()
	top, left, skipped, missing, tapRows, tapColumns := local(), local(), local(), local(), local(), local()
	row, taps, out := local(), local(), local()
	pad := size / 2

	times(f, pixelPitch, c, 4)
	product := func(to, a, b asm.Local) {
		f.Get(a, b)
		f.Do(asm.Mul)
		f.Set(to)
	}
	product(rowPitch, pixelPitch, wide)
	product(imagePitch, rowPitch, height)
	half := func(to, from asm.Local) { // ceil(from/stride)
		f.Get(from)
		f.Const(stride - 1)
		f.Do(asm.Add)
		f.Const(stride)
		f.Do(asm.DivS)
		f.Set(to)
	}
	half(outHeight, height)
	half(outWide, wide)
	// inside sets skipped to the number of taps before the image, from to where
	// the first is, and count to how many are in it.
	inside := func(skipped, count, from, length asm.Local) {
		smaller := func(to asm.Local, a, b func()) {
			a()
			b()
			a()
			b()
			f.Do(asm.LtS, asm.Select)
			f.Set(to)
		}
		negated := func() { f.Const(0); f.Get(from); f.Do(asm.Sub) }
		f.Const(0)
		negated()
		f.Const(0)
		negated()
		f.Do(asm.GtS, asm.Select)
		f.Set(skipped)
		smaller(count, func() { f.Const(size) }, func() { f.Get(length, from); f.Do(asm.Sub) })
		f.Get(count, skipped)
		f.Do(asm.Sub)
		f.Set(count)
	}
	// place sets to to base + (at+skipped)*pitch.
	place := func(to, base, at, skipped, pitch asm.Local) {
		f.Get(base, at, skipped)
		f.Do(asm.Add)
		f.Get(pitch)
		f.Do(asm.Mul, asm.Add)
		f.Set(to)
	}

	in, tapsHere := local(), local()
	repeat(f, n, func() {
		move(f, rows, outHeight)
		f.Const(-pad)
		f.Set(top)
		repeat(f, rows, func() {
			inside(skipped, tapRows, top, height)
			place(row, x, top, skipped, rowPitch)
			f.Get(w, skipped, pixelPitch)
			f.Const(size)
			f.Do(asm.Mul, asm.Mul, asm.Add)
			f.Set(taps)
			f.Const(-pad)
			f.Set(left)
			move(f, columns, outWide)
			move(f, out, y)
			f.Loop(func() {
				inside(missing, tapColumns, left, wide)
				place(in, row, left, missing, pixelPitch)
				// A run fits, and channels come in fours?
				f.Get(left)
				f.Const(0)
				f.Do(asm.GeS)
				f.Get(left)
				f.Const((run-1)*stride + size)
				f.Do(asm.Add)
				f.Get(wide)
				f.Do(asm.LeS, asm.And)
				f.Get(c)
				f.Const(3)
				f.Do(asm.And, asm.Eqz, asm.And)
				done := func(pixels int) {
					advance(f, left, pixels*stride)
					advance(f, columns, -pixels)
					f.Get(pixelPitch)
					f.Const(pixels)
					f.Do(asm.Mul)
					f.Get(out)
					f.Do(asm.Add)
					f.Set(out)
				}
				f.IfElse(func() {
					f.Get(in, taps, bias, out, c, tapRows, rowPitch, pixelPitch)
					f.Call(tile)
					done(run)
				}, func() {
					f.Get(taps, missing, pixelPitch)
					f.Do(asm.Mul, asm.Add)
					f.Set(tapsHere)
					f.Get(in, tapsHere, bias, out, c, tapRows, tapColumns, rowPitch, pixelPitch)
					f.Call(pixel)
					done(1)
				})
				f.Get(columns)
				f.BranchIf(0)
			})
			f.Get(act)
			f.If(func() {
				f.Get(y, y)
				f.Const(0)
				f.Get(outWide, c)
				f.Do(asm.Mul)
				f.Get(act)
				f.Call(g.finish)
			})
			move(f, y, out)
			advance(f, top, stride)
		})
		add(f, x, imagePitch)
	})
}

// depthwiseTile writes a function that does run pixels of one row, 4 channels
// at a time. Channels are a multiple of 4; tap rows outside the image are left out.
func (g *generator) depthwiseTile(size, stride, run int) *asm.Func {
	f, p := g.Func("", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	x, w, bias, y, c, tapRows, rowPitch, pixelPitch := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7]
	sums, taps, v := f.Locals(asm.V128, run), f.Locals(asm.V128, size), f.Local(asm.V128)
	row, in, tap, left := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	while(f, c, 4, func() {
		for _, s := range sums {
			f.Splat(0)
			f.Set(s)
		}
		move(f, row, x)
		move(f, tap, w)
		move(f, left, tapRows)
		repeat(f, left, func() {
			for _, t := range taps {
				f.Get(tap)
				f.Load(asm.V128Load, 0)
				f.Set(t)
				add(f, tap, pixelPitch)
			}
			move(f, in, row)
			for column := range (run-1)*stride + size {
				if column > 0 {
					add(f, in, pixelPitch)
				}
				f.Get(in)
				f.Load(asm.V128Load, 0)
				f.Set(v)
				for j, s := range sums {
					if t := column - j*stride; t >= 0 && t < size {
						g.multiplyAdd(f, s, func() { f.Get(v) }, func() { f.Get(taps[t]) })
					}
				}
			}
			add(f, row, rowPitch)
		})
		move(f, in, y)
		f.Get(bias)
		f.Load(asm.V128Load, 0)
		f.Set(v)
		for j, s := range sums {
			if j > 0 {
				add(f, in, pixelPitch)
			}
			f.Get(in, s, v)
			f.Do(asm.F32x4Add)
			f.Store(asm.V128Store, 0)
		}
		for _, l := range []asm.Local{x, w, bias, y} {
			advance(f, l, 16)
		}
		advance(f, c, -4)
	})
	return f
}

// depthwisePixel writes a function that does one pixel from the taps that are in
// the image, 16 channels at a time, then 4, then one by one.
func (g *generator) depthwisePixel(size int) *asm.Func {
	f, p := g.Func("", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	x, w, bias, y, c, tapRows, tapColumns, rowPitch, pixelPitch := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8]
	sums := f.Locals(asm.V128, 4)
	in, tap, rows, columns := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	inSkip, tapSkip := f.Local(asm.I32), f.Local(asm.I32)
	f.Get(rowPitch, tapColumns, pixelPitch)
	f.Do(asm.Mul, asm.Sub)
	f.Set(inSkip)
	f.Const(size)
	f.Get(tapColumns)
	f.Do(asm.Sub)
	f.Get(pixelPitch)
	f.Do(asm.Mul)
	f.Set(tapSkip)
	for _, block := range channelBlocks {
		channels := block.vectors * block.floats
		sums := sums[:block.vectors]
		while(f, c, channels, func() {
			zero(f, sums)
			move(f, in, x)
			move(f, tap, w)
			move(f, rows, tapRows)
			repeat(f, rows, func() {
				move(f, columns, tapColumns)
				repeat(f, columns, func() {
					for i, s := range sums {
						g.multiplyAdd(f, s, func() { f.Get(in); f.Load(block.load, 16*i) }, func() { f.Get(tap); f.Load(block.load, 16*i) })
					}
					add(f, in, pixelPitch)
					add(f, tap, pixelPitch)
				})
				add(f, in, inSkip)
				add(f, tap, tapSkip)
			})
			for i, s := range sums {
				f.Get(y, s, bias)
				f.Load(block.load, 16*i)
				f.Do(asm.F32x4Add)
				f.Store(block.store, 16*i)
			}
			for _, l := range []asm.Local{x, w, bias, y} {
				advance(f, l, 4*channels)
			}
			advance(f, c, -channels)
		})
	}
	return f
}

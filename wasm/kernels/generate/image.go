package main

import asm "bignas/wasm/kernels/wasmasm"

// globalPool writes "globalPool", the mean of x [hw,c] over hw into y [c]: the
// pixels one after the other, 16 channels at a time, then 4, then one by one.
func (g *generator) globalPool() {
	f, p := g.Func("globalPool", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32})
	y, x, hw, c := p[0], p[1], p[2], p[3]
	pitch, in, left := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	sums, count := f.Locals(asm.V128, 4), f.Local(asm.V128)
	times(f, pitch, c, 4)
	f.Get(hw)
	f.Do(asm.I32x4Splat, asm.I32x4Convert)
	f.Set(count)
	for _, block := range channelBlocks {
		channels := block.vectors * block.floats
		sums := sums[:block.vectors]
		while(f, c, channels, func() {
			zero(f, sums)
			move(f, in, x)
			move(f, left, hw)
			repeat(f, left, func() {
				for i, s := range sums {
					f.Get(s, in)
					f.Load(block.load, 16*i)
					f.Do(asm.F32x4Add)
					f.Set(s)
				}
				add(f, in, pitch)
			})
			for i, s := range sums {
				f.Get(y, s, count)
				f.Do(asm.F32x4Div)
				f.Store(block.store, 16*i)
			}
			advance(f, x, 4*channels)
			advance(f, y, 4*channels)
			advance(f, c, -channels)
		})
	}
}

// channelScale writes "channelScale", y = x*s for x [hw,c], s [c]. y may be x.
func (g *generator) channelScale() {
	f, p := g.Func("channelScale", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	y, x, s, hw, c := p[0], p[1], p[2], p[3], p[4]
	factor, left := f.Local(asm.I32), f.Local(asm.I32)
	repeat(f, hw, func() {
		move(f, factor, s)
		move(f, left, c)
		along(f, left, []asm.Local{y, x, factor}, func(w width, at int) {
			f.Get(y, x)
			f.Load(w.load, at)
			f.Get(factor)
			f.Load(w.load, at)
			f.Do(asm.F32x4Mul)
			f.Store(w.store, at)
		})
	})
}

// patches writes "patches": for each of count output pixels, nine floats, three
// pixels of three channels, from x, two pixels further each time, to cols, 27
// floats further.
func (g *generator) patches() {
	f, p := g.Func("patches", []asm.Type{asm.I32, asm.I32, asm.I32})
	cols, x, count := p[0], p[1], p[2]
	repeat(f, count, func() {
		for _, part := range []struct {
			width
			at int
		}{{whole, 0}, {whole, 16}, {one, 32}} {
			f.Get(cols, x)
			f.Load(part.load, part.at)
			f.Store(part.store, part.at)
		}
		advance(f, cols, 4*27)
		advance(f, x, 4*6)
	})
}

// averagePool writes "averagePool", the means of 2x2 pixels of x [2 rows, 2
// columns, c] into y [rows, columns, c].
func (g *generator) averagePool() {
	f, p := g.Func("averagePool", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	y, x, rows, columns, c := p[0], p[1], p[2], p[3], p[4]
	pitch, rowPitch, quarter := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.V128)
	right, low, lowRight := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	left, channels := f.Local(asm.I32), f.Local(asm.I32)
	times(f, pitch, c, 4)
	f.Get(pitch, columns)
	f.Const(2)
	f.Do(asm.Mul, asm.Mul)
	f.Set(rowPitch)
	f.Splat(0.25)
	f.Set(quarter)
	sum := func(to, a, b asm.Local) {
		f.Get(a, b)
		f.Do(asm.Add)
		f.Set(to)
	}
	repeat(f, rows, func() {
		move(f, left, columns)
		repeat(f, left, func() {
			sum(right, x, pitch)
			sum(low, x, rowPitch)
			sum(lowRight, low, pitch)
			move(f, channels, c)
			along(f, channels, []asm.Local{y, x, right, low, lowRight}, func(w width, at int) {
				f.Get(y, x)
				f.Load(w.load, at)
				for _, from := range []asm.Local{right, low, lowRight} {
					f.Get(from)
					f.Load(w.load, at)
					f.Do(asm.F32x4Add)
				}
				f.Get(quarter)
				f.Do(asm.F32x4Mul)
				f.Store(w.store, at)
			})
			move(f, x, right)
		})
		add(f, x, rowPitch)
	})
}

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

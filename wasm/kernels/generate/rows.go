package main

import asm "bignas/wasm/kernels/wasmasm"

// What preprocessing does to rows of an image. These round a product before it
// is added in both modules: images come out the same to the bit everywhere.

// addBytes writes "addBytes": n bytes of row are added to the integers in sums.
func (g *generator) addBytes() {
	f, p := g.Func("addBytes", []asm.Type{asm.I32, asm.I32, asm.I32})
	sums, row, n := p[0], p[1], p[2]
	v, half := f.Local(asm.V128), f.Local(asm.V128)
	while(f, n, 16, func() {
		f.Get(row)
		f.Load(asm.V128Load, 0)
		f.Set(v)
		for i, widen := range []asm.Op{asm.I16x8ExtendLow, asm.I16x8ExtendHigh} {
			f.Get(v)
			f.Do(widen)
			f.Set(half)
			for j, widen := range []asm.Op{asm.I32x4ExtendLow, asm.I32x4ExtendHigh} {
				at := 32*i + 16*j
				f.Get(sums, half)
				f.Do(widen)
				f.Get(sums)
				f.Load(asm.V128Load, at)
				f.Do(asm.I32x4Add)
				f.Store(asm.V128Store, at)
			}
		}
		advance(f, sums, 64)
		advance(f, row, 16)
		advance(f, n, -16)
	})
	while(f, n, 1, func() {
		f.Get(sums, row)
		f.Load(asm.I32Load8U, 0)
		f.Get(sums)
		f.Load(asm.I32Load, 0)
		f.Do(asm.Add)
		f.Store(asm.I32Store, 0)
		advance(f, sums, 4)
		advance(f, row, 1)
		advance(f, n, -1)
	})
}

// floats writes "floats", dst = sums*scale for n integers below 2^31.
func (g *generator) floats() {
	f, p := g.Func("floats", []asm.Type{asm.I32, asm.I32, asm.I32, asm.F32})
	dst, sums, n := p[0], p[1], p[2]
	scale := f.Local(asm.V128)
	f.Get(p[3])
	f.Do(asm.F32x4Splat)
	f.Set(scale)
	along(f, n, []asm.Local{dst, sums}, func(w width, at int) {
		f.Get(dst, sums)
		f.Load(w.load, at)
		f.Do(asm.I32x4Convert)
		f.Get(scale)
		f.Do(asm.F32x4Mul)
		f.Store(w.store, at)
	})
}

// addProduct replaces sum by sum + a*b, rounded twice.
func addProduct(f *asm.Func, sum asm.Local, a func(), b asm.Local) {
	f.Get(sum)
	a()
	f.Get(b)
	f.Do(asm.F32x4Mul, asm.F32x4Add)
	f.Set(sum)
}

// across writes "across": pixel i of dst is the sum of taps pixels of src from
// start[i] on, times weights; three channels, start in 64 bits. A pixel is read
// with the float behind it.
func (g *generator) across() {
	f, p := g.Func("across", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	dst, src, start, weights, taps, count := p[0], p[1], p[2], p[3], p[4], p[5]
	from, left, weight, sum := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.V128), f.Local(asm.V128)
	repeat(f, count, func() {
		f.Get(src, start)
		f.Load(asm.I32Load, 0)
		f.Const(12)
		f.Do(asm.Mul, asm.Add)
		f.Set(from)
		f.Splat(0)
		f.Set(sum)
		move(f, left, taps)
		repeat(f, left, func() {
			f.Get(weights)
			f.Load(asm.V128Load32Splat, 0)
			f.Set(weight)
			addProduct(f, sum, func() { f.Get(from); f.Load(asm.V128Load, 0) }, weight)
			advance(f, weights, 4)
			advance(f, from, 12)
		})
		f.Get(dst, sum)
		f.Store(asm.V128Store64Lane, 0)
		f.Get(dst, sum, sum)
		f.Upper()
		f.Store(asm.V128Store32Lane, 8)
		advance(f, dst, 12)
		advance(f, start, 8)
	})
}

// down writes "down": dst is the sum of taps rows of width floats, times weights.
func (g *generator) down() {
	f, p := g.Func("down", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	dst, rows, weights, taps, wide := p[0], p[1], p[2], p[3], p[4]
	pitch, from, at, left := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	sums, weight := f.Locals(asm.V128, 4), f.Local(asm.V128)
	times(f, pitch, wide, 4)
	for _, block := range channelBlocks {
		floats, sums := block.vectors*block.floats, sums[:block.vectors]
		while(f, wide, floats, func() {
			zero(f, sums)
			move(f, from, rows)
			move(f, at, weights)
			move(f, left, taps)
			repeat(f, left, func() {
				f.Get(at)
				f.Load(asm.V128Load32Splat, 0)
				f.Set(weight)
				for i, s := range sums {
					addProduct(f, s, func() { f.Get(from); f.Load(block.load, 16*i) }, weight)
				}
				advance(f, at, 4)
				add(f, from, pitch)
			})
			for i, s := range sums {
				f.Get(dst, s)
				f.Store(block.store, 16*i)
			}
			advance(f, dst, 4*floats)
			advance(f, rows, 4*floats)
			advance(f, wide, -floats)
		})
	}
}

// normalise writes "normalise", x = (x*unit - mean)*inverse for n floats, a
// multiple of 12: mean and inverse are of 12 floats, the channels in turn.
func (g *generator) normalise() {
	f, p := g.Func("normalise", []asm.Type{asm.I32, asm.I32, asm.F32, asm.I32, asm.I32})
	x, n, mean, inverse := p[0], p[1], p[3], p[4]
	unit, means, inverses := f.Local(asm.V128), f.Locals(asm.V128, 3), f.Locals(asm.V128, 3)
	f.Get(p[2])
	f.Do(asm.F32x4Splat)
	f.Set(unit)
	for i := range 3 {
		f.Get(mean)
		f.Load(asm.V128Load, 16*i)
		f.Set(means[i])
		f.Get(inverse)
		f.Load(asm.V128Load, 16*i)
		f.Set(inverses[i])
	}
	while(f, n, 12, func() {
		for i := range 3 {
			f.Get(x, x)
			f.Load(asm.V128Load, 16*i)
			f.Get(unit)
			f.Do(asm.F32x4Mul)
			f.Get(means[i])
			f.Do(asm.F32x4Sub)
			f.Get(inverses[i])
			f.Do(asm.F32x4Mul)
			f.Store(asm.V128Store, 16*i)
		}
		advance(f, x, 48)
		advance(f, n, -12)
	})
}

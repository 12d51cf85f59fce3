package main

import (
	"bignas/wasm/kernels"
	asm "bignas/wasm/kernels/wasmasm"
)

const panelVectors = kernels.Panel / 4

// product writes "product", y = act((x W)*scale + bias) + residual: groups of rows
// of x against one panel of W after the other, then the activation over the group
// while it is in the first-level cache. Panels are longer than k where W is a
// slice of a bigger matrix.
func (g *generator) product(rows int) {
	tiles := make([]*asm.Func, rows+1)
	for r := 1; r <= rows; r++ {
		tiles[r] = g.tile(r)
	}
	f, p := g.Func("product", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	x, panels, scale, bias, y, residual, m, k, n, act, long := p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10]
	xPitch, yPitch, panelSize := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	panel, column, scaleAt, biasAt, left := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	times(f, xPitch, k, 4)
	times(f, yPitch, n, 4)
	times(f, panelSize, long, 4*kernels.Panel)

	group := func(r int) {
		move(f, panel, panels)
		move(f, column, y)
		move(f, scaleAt, scale)
		move(f, biasAt, bias)
		move(f, left, n)
		while(f, left, 1, func() {
			f.Get(x, xPitch, panel, column, yPitch, k, scaleAt, biasAt, left)
			f.Call(tiles[r])
			add(f, panel, panelSize)
			advance(f, column, 4*kernels.Panel)
			advance(f, scaleAt, 4*kernels.Panel)
			advance(f, biasAt, 4*kernels.Panel)
			advance(f, left, -kernels.Panel)
		})
		skip := func(pointer, pitch asm.Local) {
			f.Get(pitch)
			f.Const(r)
			f.Do(asm.Mul)
			f.Get(pointer)
			f.Do(asm.Add)
			f.Set(pointer)
		}
		f.Get(residual, act)
		f.Do(asm.Or)
		f.If(func() {
			f.Get(y, y, residual, n)
			f.Const(r)
			f.Do(asm.Mul)
			f.Get(act)
			f.Call(g.finish)
		})
		f.Get(residual)
		f.If(func() { skip(residual, yPitch) })
		skip(x, xPitch)
		skip(y, yPitch)
		advance(f, m, -r)
	}
	while(f, m, rows, func() { group(rows) })
	for r := 1; r < rows; r++ {
		f.Get(m)
		f.Const(r)
		f.Do(asm.Eq)
		f.If(func() {
			group(r)
			f.Do(asm.Return)
		})
	}
}

// tile writes a function that multiplies rows of x by one panel of W, all sums
// in registers, scales them, adds the bias and stores the columns that y has.
func (g *generator) tile(rows int) *asm.Func {
	f, p := g.Func("", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	xPitch, panel, yPitch, k, scale, bias, columns := p[1], p[2], p[4], p[5], p[6], p[7], p[8]
	below := func(first, pitch asm.Local) []asm.Local {
		all := []asm.Local{first}
		for i := 1; i < rows; i++ {
			l := f.Local(asm.I32)
			f.Get(all[i-1], pitch)
			f.Do(asm.Add)
			f.Set(l)
			all = append(all, l)
		}
		return all
	}
	x := below(p[0], xPitch)
	sums := make([][]asm.Local, rows)
	for i := range sums {
		sums[i] = f.Locals(asm.V128, panelVectors)
	}
	weights, value := f.Locals(asm.V128, panelVectors), f.Local(asm.V128)

	step := func(at int) {
		for j, w := range weights {
			f.Get(panel)
			f.Load(asm.V128Load, at*4*kernels.Panel+16*j)
			f.Set(w)
		}
		for i := range rows {
			f.Get(x[i])
			f.Load(asm.V128Load32Splat, 4*at)
			f.Set(value)
			for j, w := range weights {
				g.multiplyAdd(f, sums[i][j], func() { f.Get(value) }, func() { f.Get(w) })
			}
		}
	}
	for _, steps := range []int{4, 1} {
		while(f, k, steps, func() {
			for s := range steps {
				step(s)
			}
			for _, l := range x {
				advance(f, l, 4*steps)
			}
			advance(f, panel, steps*4*kernels.Panel)
			advance(f, k, -steps)
		})
	}

	for j := range panelVectors {
		factor, value := weights[0], weights[1]
		f.Get(scale)
		f.Load(asm.V128Load, 16*j)
		f.Set(factor)
		f.Get(bias)
		f.Load(asm.V128Load, 16*j)
		f.Set(value)
		for i := range rows {
			g.scaleAdd(f, sums[i][j], factor, value)
		}
	}
	y := below(p[3], yPitch)
	f.Get(columns)
	f.Const(kernels.Panel)
	f.Do(asm.GeS)
	f.If(func() {
		for i := range rows {
			for j := range panelVectors {
				f.Get(y[i], sums[i][j])
				f.Store(asm.V128Store, 16*j)
			}
		}
		f.Do(asm.Return)
	})
	for _, part := range []struct {
		floats int
		store  asm.Op
	}{{4, asm.V128Store}, {2, asm.V128Store64Lane}, {1, asm.V128Store32Lane}} {
		f.Get(columns)
		f.Const(part.floats)
		f.Do(asm.And)
		f.If(func() {
			for i := range rows {
				s := sums[i]
				f.Get(y[i], s[0])
				f.Store(part.store, 0)
				switch part.floats {
				case 4:
					move(f, s[0], s[1])
				case 2:
					f.Get(s[0], s[0])
					f.Upper()
					f.Set(s[0])
				}
				advance(f, y[i], 4*part.floats)
			}
		})
	}
	return f
}

// panels writes "panels", which lays out whole panels of W[k], row stride ws
// floats, as Pack does: columns floats in all, a multiple of the panel's.
func (g *generator) panels() {
	f, p := g.Func("panels", []asm.Type{asm.I32, asm.I32, asm.I32, asm.I32, asm.I32})
	to, w, k, columns, ws := p[0], p[1], p[2], p[3], p[4]
	pitch, row, left := f.Local(asm.I32), f.Local(asm.I32), f.Local(asm.I32)
	times(f, pitch, ws, 4)
	while(f, columns, kernels.Panel, func() {
		move(f, row, w)
		move(f, left, k)
		repeat(f, left, func() {
			for j := range panelVectors {
				f.Get(to, row)
				f.Load(asm.V128Load, 16*j)
				f.Store(asm.V128Store, 16*j)
			}
			add(f, row, pitch)
			advance(f, to, 4*kernels.Panel)
		})
		advance(f, w, 4*kernels.Panel)
		advance(f, columns, -kernels.Panel)
	})
}

//go:build amd64 && !noasm

package kernel

// eachImage runs f over images, with scratch arrays of one period.
func eachImage(n, hw, c, arrays int, f func(i int, p periodic)) {
	run := func(lo, hi int) {
		p := newPeriodic(c, arrays)
		for i := lo; i < hi; i++ {
			f(i, p)
		}
		p.release()
	}
	if n*hw*c < 1<<14 {
		run(0, n)
		return
	}
	Parallel(n, run)
}

// fold sums the repeats of a period into out [c], multiplied by factor.
func fold(out, sums []float32, factor float32) {
	c := len(out)
	copy(out, sums[:c])
	for at := c; at < len(sums); at += c {
		for j, v := range sums[at : at+c] {
			out[j] += v
		}
	}
	for j := range out {
		out[j] *= factor
	}
}

func (asm *assembly) globalPool(y, x []float32, n, hw, c int) {
	checkRows(n*hw, c, x)
	eachImage(n, hw, c, 1, func(i int, p periodic) {
		clear(p.of(0))
		asm.SumColumns(p.ptr(0), &x[i*hw*c], hw*c, p.bytes())
		fold(y[i*c:(i+1)*c], p.of(0), 1/float32(hw))
	})
}

func (asm *assembly) channelScale(y, x, s []float32, n, hw, c int) {
	checkRows(n*hw, c, y, x)
	eachImage(n, hw, c, 2, func(i int, p periodic) {
		p.set(0, s[i*c:(i+1)*c])
		p.fill(1, 0)
		asm.Affine[None](&y[i*hw*c], &x[i*hw*c], p.ptr(0), p.ptr(1), hw*c, p.bytes())
	})
}

func (asm *assembly) channelScaleReduce(ds, dy, x []float32, n, hw, c int) {
	checkRows(n*hw, c, dy, x)
	eachImage(n, hw, c, 1, func(i int, p periodic) {
		clear(p.of(0))
		asm.DotColumns(p.ptr(0), &dy[i*hw*c], &x[i*hw*c], hw*c, p.bytes())
		fold(ds[i*c:(i+1)*c], p.of(0), 1)
	})
}

func (asm *assembly) channelScaleGrad(dx, dy, s, g []float32, n, hw, c int) {
	checkRows(n*hw, c, dx, dy)
	eachImage(n, hw, c, 2, func(i int, p periodic) {
		p.set(0, s[i*c:(i+1)*c])
		shift := p.of(1)
		for j, v := range g[i*c : (i+1)*c] {
			shift[j] = v / float32(hw)
		}
		spread(shift, shift[:c])
		asm.Affine[None](&dx[i*hw*c], &dy[i*hw*c], p.ptr(0), p.ptr(1), hw*c, p.bytes())
	})
}

func (asm *assembly) biasGrad(db, dy []float32, m, c int) {
	checkRows(m, c, dy)
	s := columnSums(m, c, func(p periodic, lo, hi int) {
		asm.SumColumns(p.ptr(0), &dy[lo*c], (hi-lo)*c, p.bytes())
	})
	for j := range c {
		db[j] += float32(s[j])
	}
}

func (asm *assembly) avgPool2x2(y, x []float32, n, h, w, c int) {
	checkRows(n*h*w, c, x)
	checkRows(n*(h/2)*(w/2), c, y)
	if w < 2 || c < 1 {
		return
	}
	splitRows(n*(h/2), w*c, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			top := (r/(h/2)*h + r%(h/2)*2) * w * c
			asm.AveragePairs(&y[r*(w/2)*c], &x[top], &x[top+w*c], w/2, 4*c)
		}
	})
}

func (asm *assembly) avgPool2x2Grad(dx, dy []float32, n, h, w, c int, accumulate bool) {
	if h%2 != 0 || w%2 != 0 {
		avgPool2x2GradReference(dx, dy, n, h, w, c, accumulate)
		return
	}
	checkRows(n*h*w, c, dx)
	checkRows(n*(h/2)*(w/2), c, dy)
	if w < 2 || c < 1 {
		return
	}
	pairs := asm.SpreadPairs
	if accumulate {
		pairs = asm.SpreadPairsAdd
	}
	splitRows(n*h, w*c, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			pairs(&dx[r*w*c], &dy[r/2*(w/2)*c], w/2, 4*c)
		}
	})
}

//go:build amd64 && !noasm

package kernel

// matrixAVX512 fills in the products of training bands.
func matrixAVX512(o *operators) {
	o.matrix = func(p *Matrix[float32]) {
		n, k := p.n, p.k
		if p.transposed {
			n, k = k, n
		}
		widths := panelWidths(n)
		p.packed = *borrow(packedSize(k, widths))
		if p.transposed {
			packTransposed(p.packed, p.w, k, n, p.ws, widths)
		} else {
			packPanels(p.packed, p.w, k, n, p.ws, nil, widths)
		}
		p.times = func(p *Matrix[float32], y, x []float32, m int, accumulate bool) {
			if m == 0 {
				return
			}
			checkProduct(y, x, m, k, n, p.packed, n)
			acc := 0
			if accumulate {
				acc = 1
			}
			productNN(y, x, p.packed, 0, m, k, n, widths, acc)
		}
	}
	o.addGradWeight = func(dw []float32, ws int, x, dy []float32, m, k, n int) {
		checkProduct(dy, x, m, k, n, dw, ws)
		productTN(dw, ws, x, dy, 0, m, k, n, 0, k, panelWidths(n))
	}
}

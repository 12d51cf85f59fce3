//go:build amd64 && !noasm

package kernel

// packOperand packs the weights of an Operand.
func (asm *assembly) packOperand(p *Operand[float32]) {
	n, k := p.n, p.k
	if p.transposed {
		n, k = k, n
	}
	widths := asm.panelWidths(n)
	p.packed = *borrow(asm.packedSize(k, widths))
	if p.transposed {
		asm.packTransposed(p.packed, p.w, k, n, p.ws, widths)
	} else {
		asm.packPanels(p.packed, p.w, k, n, p.ws, nil, widths)
	}
	p.times = func(p *Operand[float32], y, x []float32, m int, accumulate bool) {
		if m == 0 {
			return
		}
		checkProduct(y, x, m, k, n, p.packed, n)
		acc := 0
		if accumulate {
			acc = 1
		}
		asm.productNN(y, x, p.packed, 0, m, k, n, widths, acc)
	}
}

func (asm *assembly) addGradWeight(dw []float32, ws int, x, dy []float32, m, k, n int) {
	checkProduct(dy, x, m, k, n, dw, ws)
	asm.productTN(dw, ws, x, dy, 0, m, k, n, 0, k, asm.panelWidths(n))
}

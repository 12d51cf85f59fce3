package kernel

// Matrix products in plain Go: tiles of 2 rows by 4 columns, whose sums and operands fit the 16
// registers of amd64, for which browsers compile wasm too. Each sum goes over k in order, as in
// the reference loops, so that the bits agree.

const (
	tileRows    = 2
	tileColumns = 4
)

// tile2x4 multiplies two rows of x by a panel [k][4] of W.
func tile2x4(out *[tileRows][tileColumns]float32, x0, x1, panel []float32) {
	var s0, s1, s2, s3, t0, t1, t2, t3 float32
	for len(x0) >= 4 && len(x1) >= 4 && len(panel) >= 16 {
		a, b, p := (*[4]float32)(x0), (*[4]float32)(x1), (*[16]float32)(panel)
		v := p[0]
		s0 += float32(a[0] * v)
		t0 += float32(b[0] * v)
		v = p[1]
		s1 += float32(a[0] * v)
		t1 += float32(b[0] * v)
		v = p[2]
		s2 += float32(a[0] * v)
		t2 += float32(b[0] * v)
		v = p[3]
		s3 += float32(a[0] * v)
		t3 += float32(b[0] * v)
		v = p[4]
		s0 += float32(a[1] * v)
		t0 += float32(b[1] * v)
		v = p[5]
		s1 += float32(a[1] * v)
		t1 += float32(b[1] * v)
		v = p[6]
		s2 += float32(a[1] * v)
		t2 += float32(b[1] * v)
		v = p[7]
		s3 += float32(a[1] * v)
		t3 += float32(b[1] * v)
		v = p[8]
		s0 += float32(a[2] * v)
		t0 += float32(b[2] * v)
		v = p[9]
		s1 += float32(a[2] * v)
		t1 += float32(b[2] * v)
		v = p[10]
		s2 += float32(a[2] * v)
		t2 += float32(b[2] * v)
		v = p[11]
		s3 += float32(a[2] * v)
		t3 += float32(b[2] * v)
		v = p[12]
		s0 += float32(a[3] * v)
		t0 += float32(b[3] * v)
		v = p[13]
		s1 += float32(a[3] * v)
		t1 += float32(b[3] * v)
		v = p[14]
		s2 += float32(a[3] * v)
		t2 += float32(b[3] * v)
		v = p[15]
		s3 += float32(a[3] * v)
		t3 += float32(b[3] * v)
		x0, x1, panel = x0[4:], x1[4:], panel[16:]
	}
	for len(x0) >= 1 && len(x1) >= 1 && len(panel) >= 4 {
		a, b, p := x0[0], x1[0], (*[4]float32)(panel)
		s0 += float32(a * p[0])
		t0 += float32(b * p[0])
		s1 += float32(a * p[1])
		t1 += float32(b * p[1])
		s2 += float32(a * p[2])
		t2 += float32(b * p[2])
		s3 += float32(a * p[3])
		t3 += float32(b * p[3])
		x0, x1, panel = x0[1:], x1[1:], panel[4:]
	}
	out[0] = [tileColumns]float32{s0, s1, s2, s3}
	out[1] = [tileColumns]float32{t0, t1, t2, t3}
}

func tiledSize(k, n int) int { return k * ((n + tileColumns - 1) / tileColumns * tileColumns) }

// packTiled copies W[k][n], row stride ws, into panels [k][4], the last one padded with zeros.
// The columns are multiplied by scale where it is not nil.
func packTiled(dst, w []float32, k, n, ws int, scale []float32) {
	for first := 0; first < n; first += tileColumns {
		cols := min(tileColumns, n-first)
		for i := range k {
			row := dst[:tileColumns]
			dst = dst[tileColumns:]
			copy(row, w[i*ws+first:i*ws+first+cols])
			clear(row[cols:])
			if scale != nil {
				scaleColumns(row, scale[first:first+cols])
			}
		}
	}
}

// tiledRows computes rows [lo, hi) of y = x W, a few at a time, so that they and the panel stay
// in the first-level cache.
func tiledRows(y, x, packed []float32, lo, hi, k, n int) {
	var out [tileRows][tileColumns]float32
	block := max(tileRows, 4096/k/tileRows*tileRows)
	for from := lo; from < hi; from += block {
		to := min(from+block, hi)
		for first := 0; first < n; first += tileColumns {
			panel := packed[first*k : (first+tileColumns)*k]
			cols := min(tileColumns, n-first)
			for i := from; i < to; i += tileRows {
				j := min(i+1, to-1) // an odd last row is computed twice
				tile2x4(&out, x[i*k:i*k+k], x[j*k:j*k+k], panel)
				if cols == tileColumns {
					*(*[tileColumns]float32)(y[i*n+first:]) = out[0]
					*(*[tileColumns]float32)(y[j*n+first:]) = out[1]
				} else {
					copy(y[i*n+first:i*n+n], out[0][:cols])
					copy(y[j*n+first:j*n+n], out[1][:cols])
				}
			}
		}
	}
}

func packPortable(w []float32, k, n, ws int, scale, bias []float32) *Packed {
	p := &Packed{k: k, n: n, data: make([]float32, tiledSize(k, n)), apply: applyPortable}
	if bias != nil {
		p.bias = append(p.bias, bias[:n]...)
	}
	packTiled(p.data, w, k, n, ws, scale)
	return p
}

// applyPortable computes the product, and applies bias, activation and residual to each block
// of rows while it is in the cache.
func applyPortable(p *Packed, y, x []float32, m int, act Act, residual []float32) {
	k, n := p.k, p.n
	block := max(tileRows, 8192/n/tileRows*tileRows)
	parallelWork(m*k*n, m, func(lo, hi int) {
		for from := lo; from < hi; from += block {
			to := min(from+block, hi)
			tiledRows(y, x, p.data, from, to, k, n)
			rows := y[from*n : to*n]
			if p.bias != nil {
				for r := rows; len(r) >= n; r = r[n:] {
					for j, v := range p.bias {
						r[j] += v
					}
				}
			}
			activatePortableSerial(rows, rows, act)
			if residual != nil {
				for i, v := range residual[from*n : to*n] {
					rows[i] += v
				}
			}
		}
	})
}

package kernel

// Gathering and averaging pixels in plain Go, whole rows at a time. The additions are in the
// order of the reference loops, so that the bits agree. Assembly implementations use these too
// where vectors gain nothing.

// im2colPortable copies the three pixels under each row of taps at once: except at the left and
// the right edge, they are neighbours in the image too.
func im2colPortable(cols, x []float32, n, h, w, cin int) {
	oh, ow := (h+1)/2, (w+1)/2
	tapRow := 3 * cin
	parallelWork(n*oh*ow*9*cin, n*oh, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			out := cols[r*ow*3*tapRow:][:ow*3*tapRow]
			for ky := range 3 {
				iy := 2*(r%oh) + ky - 1
				if iy < 0 || iy >= h {
					for at := ky * tapRow; at < len(out); at += 3 * tapRow {
						clear(out[at : at+tapRow])
					}
					continue
				}
				gatherTapRow(out[ky*tapRow:], x[(r/oh*h+iy)*w*cin:][:w*cin], ow, cin)
			}
		}
	})
}

// gatherTapRow writes the three taps of each of ow output pixels, nine taps apart.
func gatherTapRow(out, row []float32, ow, cin int) {
	tapRow := 3 * cin
	for ox := range ow {
		d := out[ox*3*tapRow:][:tapRow]
		from, to := (2*ox-1)*cin, (2*ox+2)*cin
		if from < 0 || to > len(row) {
			clear(d)
			first := max(from, 0)
			copy(d[first-from:], row[first:min(to, len(row))])
			continue
		}
		if s := row[from:to]; len(s) == 9 && len(d) == 9 { // an RGB image: cheaper than a call of copy
			d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], d[8] = s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[8]
		} else {
			copy(d, s)
		}
	}
}

func avgPool2x2Portable(y, x []float32, n, h, w, c int) {
	oh, ow := h/2, w/2
	parallelWork(n*oh*4*ow*c, n*oh, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			top := x[(r/oh*h+r%oh*2)*w*c:]
			bottom := top[w*c:]
			out := y[r*ow*c:][:ow*c]
			for j := range ow {
				a, b := top[2*j*c:][:c], top[(2*j+1)*c:][:c]
				d, e := bottom[2*j*c:][:c], bottom[(2*j+1)*c:][:c]
				o := out[j*c:][:c]
				for k := range o {
					o[k] = (a[k] + b[k] + d[k] + e[k]) / 4
				}
			}
		}
	})
}

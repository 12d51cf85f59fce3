//go:build !js

package kernel

// rowwiseTraining is rowwise of the gradients.
func rowwiseTraining(o *operators) {
	o.avgPool2x2Grad = avgPoolGradRowwise
	o.globalPoolGrad = globalPoolGradRowwise
}

func avgPoolGradRowwise(dx, dy []float32, n, h, w, c int, accumulate bool) {
	eachRow(n*h, w*c, func(lo, hi int) {
		for r := lo; r < hi; r++ {
			in := dy[(r/h*(h/2)+r%h/2)*(w/2)*c:][:w/2*c]
			out := dx[r*w*c:][:w*c]
			for j := range w {
				s, d := in[j/2*c:][:c], out[j*c:][:c]
				if accumulate {
					for k, v := range s {
						d[k] += v / 4
					}
					continue
				}
				for k, v := range s {
					d[k] = v / 4
				}
			}
		}
	})
}

func globalPoolGradRowwise(dx, dy []float32, n, hw, c int) {
	eachRow(n, hw*c, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			out := dx[b*hw*c:][:hw*c]
			for j, v := range dy[b*c : (b+1)*c] {
				out[j] = v / float32(hw)
			}
			for at := c; at < len(out); at += c {
				copy(out[at:at+c], out[:c])
			}
		}
	})
}

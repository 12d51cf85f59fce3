package preprocess

import (
	"math"
	"slices"
)

// Axis is the weights of one direction of a separable resampling: output sample i is the
// weighted sum of Taps neighbouring input samples from Start[i] on.
//
// The filter is the cubic with a = -0.5 (Catmull-Rom; Keys, 1981, "Cubic
// convolution interpolation for digital image processing") or a triangle. For a smaller output
// the filter is widened by the ratio, which prevents aliasing. Samples beyond the border are left
// out, and the other weights are scaled to sum to 1. Pillow's BICUBIC and BILINEAR and PyTorch's
// antialiased bicubic and bilinear do the same.
type Axis struct {
	From, To int
	Taps     int       // weights of one output sample, zero padded
	Start    []int     // [To], each at most From-Taps
	Weights  []float32 // [To][Taps]
}

// catmullRom is the cubic filter with a = -0.5. It is 0 from 2 on.
func catmullRom(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}

// triangle is 0 from 1 on.
func triangle(x float64) float64 { return max(0, 1-math.Abs(x)) }

// Plan computes the weights from from samples to to samples, both at least 1, in the memory of
// earlier ones. The filter is Catmull-Rom's.
func (a *Axis) Plan(from, to int) { a.plan(from, to, catmullRom, 2) }

// plan is Plan with a filter that is 0 from width on.
func (a *Axis) plan(from, to int, filter func(float64) float64, width float64) {
	if from < 1 || to < 1 {
		panic("preprocess: Axis.Plan needs at least one sample on both sides")
	}
	ratio := float64(from) / float64(to)
	stretch := max(ratio, 1)
	reach := width * stretch
	// An even number of taps, for loops that process two at a time.
	taps := min(from, int(math.Ceil(reach))*2)
	a.From, a.To, a.Taps = from, to, taps
	a.Start = slices.Grow(a.Start[:0], to)[:to]
	a.Weights = slices.Grow(a.Weights[:0], to*taps)[:to*taps]
	for i := range to {
		centre := (float64(i) + 0.5) * ratio
		// The first sample whose centre is inside the filter, moved inwards so that all
		// taps are inside the image.
		first := min(max(int(math.Ceil(centre-reach-0.5)), 0), from-taps)
		w := a.Weights[i*taps : (i+1)*taps]
		var sum float64
		for t := range w {
			sum += filter((float64(first+t) + 0.5 - centre) / stretch)
		}
		for t := range w {
			w[t] = float32(filter((float64(first+t)+0.5-centre)/stretch) / sum)
		}
		a.Start[i] = first
	}
}

// Reverse mirrors the output: the last sample becomes the first.
func (a *Axis) Reverse() {
	slices.Reverse(a.Start)
	for lo, hi := 0, a.To-1; lo < hi; lo, hi = lo+1, hi-1 {
		p, q := a.Weights[lo*a.Taps:(lo+1)*a.Taps], a.Weights[hi*a.Taps:(hi+1)*a.Taps]
		for t := range p {
			p[t], q[t] = q[t], p[t]
		}
	}
}

// Across resamples one row of pixels: dst [To, channels] from src [From, channels].
func (a *Axis) Across(dst, src []float32, channels int) {
	if len(dst) < a.To*channels || len(src) < a.From*channels {
		panic("preprocess: Axis.Across got a row that is too short")
	}
	if channels == 3 && rows != nil && cap(src) > a.From*3 {
		rows.Across(dst, src[:a.From*3], a.Start, a.Weights, a.Taps)
		return
	}
	if channels == 3 && a.Taps == 4 {
		a.across3x4(dst, src)
		return
	}
	if channels == 3 && a.Taps%2 == 0 {
		a.across3(dst, src)
		return
	}
	for i, first := range a.Start {
		w := a.Weights[i*a.Taps : (i+1)*a.Taps]
		for c := range channels {
			var sum float32
			for t, wt := range w {
				sum += float32(wt * src[(first+t)*channels+c])
			}
			dst[i*channels+c] = sum
		}
	}
}

// across3 is Across for three channels and an even number of taps. The conversions to array
// pointers leave one bounds check for six products. The conversions to float32 prevent fusing,
// so that all machines compute the same bits.
func (a *Axis) across3(dst, src []float32) {
	weights, taps := a.Weights, a.Taps
	for i, first := range a.Start {
		var r, g, b float32
		s := src[3*first : 3*(first+taps)]
		w := weights[i*taps : (i+1)*taps]
		for t, u := 0, 0; t+2 <= len(w); t, u = t+2, u+6 {
			p, v := (*[6]float32)(s[u:]), (*[2]float32)(w[t:])
			r += float32(v[0] * p[0])
			g += float32(v[0] * p[1])
			b += float32(v[0] * p[2])
			r += float32(v[1] * p[3])
			g += float32(v[1] * p[4])
			b += float32(v[1] * p[5])
		}
		d := (*[3]float32)(dst[3*i:])
		d[0], d[1], d[2] = r, g, b
	}
}

// across3x4 is Across for three channels and the four taps of an enlargement.
func (a *Axis) across3x4(dst, src []float32) {
	weights := a.Weights
	for i, first := range a.Start {
		p, v := (*[12]float32)(src[3*first:]), (*[4]float32)(weights[4*i:])
		d := (*[3]float32)(dst[3*i:])
		d[0] = float32(v[0]*p[0]) + float32(v[1]*p[3]) + float32(v[2]*p[6]) + float32(v[3]*p[9])
		d[1] = float32(v[0]*p[1]) + float32(v[1]*p[4]) + float32(v[2]*p[7]) + float32(v[3]*p[10])
		d[2] = float32(v[0]*p[2]) + float32(v[1]*p[5]) + float32(v[2]*p[8]) + float32(v[3]*p[11])
	}
}

// Down computes output row i, dst [width], from the rows from [From, width]. width is in
// floats: pixels times channels.
func (a *Axis) Down(dst, from []float32, i, width int) {
	w := a.Weights[i*a.Taps : (i+1)*a.Taps]
	dst, from = dst[:width], from[a.Start[i]*width:]
	if rows != nil {
		rows.Down(dst, from, w, width)
		return
	}
	if len(w) < 4 {
		clear(dst)
	} else {
		p0, p1, p2, p3 := from[:width], from[width:2*width], from[2*width:3*width], from[3*width:4*width]
		w0, w1, w2, w3 := w[0], w[1], w[2], w[3]
		for x := range dst {
			dst[x] = float32(w0*p0[x]) + float32(w1*p1[x]) + float32(w2*p2[x]) + float32(w3*p3[x])
		}
		w, from = w[4:], from[4*width:]
	}
	for ; len(w) >= 2; w, from = w[2:], from[2*width:] {
		p0, p1 := from[:width], from[width:2*width]
		w0, w1 := w[0], w[1]
		for x := range dst {
			dst[x] = dst[x] + float32(w0*p0[x]) + float32(w1*p1[x])
		}
	}
	if len(w) == 1 {
		p0, w0 := from[:width], w[0]
		for x := range dst {
			dst[x] += float32(w0 * p0[x])
		}
	}
}

package preprocess

import (
	"sync"

	"bignas/core/kernel"
)

// Resampler resizes square NHWC images from one side to another with the filter of Axis, such as
// the crops of a batch from the biggest child's resolution to another child's (BigNAS, section
// 3.1: one crop for all children of a step). It is safe for concurrent use.
type Resampler struct {
	from, to int
	axis     Axis
	rows     sync.Pool // *[]float32: one image after the horizontal pass
}

var resamplers struct {
	sync.Mutex
	of map[resampling]*Resampler
}

// resampling is what the weights of a Resampler follow from.
type resampling struct {
	from, to int
	filter   string // CatmullRom, Bilinear or interpolation
}

// NewResampler returns the Resampler from side from to side to, in pixels, both at least 1. Its
// weights are computed once for each pair of sides and shared.
func NewResampler(from, to int) *Resampler { return newResampler(resampling{from, to, CatmullRom}) }

func newResampler(key resampling) *Resampler {
	resamplers.Lock()
	defer resamplers.Unlock()
	if r := resamplers.of[key]; r != nil {
		return r
	}
	r := &Resampler{from: key.from, to: key.to}
	switch key.filter {
	case interpolation:
		r.axis.interpolate(key.from, key.to)
	case Bilinear:
		r.axis.plan(key.from, key.to, triangle, 1)
	default:
		r.axis.Plan(key.from, key.to)
	}
	r.rows.New = func() any { return new([]float32) }
	if resamplers.of == nil {
		resamplers.of = map[resampling]*Resampler{}
	}
	resamplers.of[key] = r
	return r
}

// Resize writes dst [n, to, to, channels] from src [n, from, from, channels],
// which must not overlap. At equal sides it copies.
func (r *Resampler) Resize(dst, src []float32, n, channels int) {
	in, out := r.from*r.from*channels, r.to*r.to*channels
	if len(src) < n*in || len(dst) < n*out {
		panic("preprocess: Resampler.Resize got a batch that is too short")
	}
	if r.from == r.to {
		copy(dst[:n*out], src[:n*in])
		return
	}
	kernel.Parallel(n, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			r.one(dst[i*out:(i+1)*out], src[i*in:(i+1)*in], channels)
		}
	})
}

// one resizes one image, horizontally first.
func (r *Resampler) one(dst, src []float32, channels int) {
	buffer := r.rows.Get().(*[]float32)
	defer r.rows.Put(buffer)
	wide, narrow := r.from*channels, r.to*channels
	if len(*buffer) < r.from*narrow {
		*buffer = make([]float32, r.from*narrow)
	}
	between := *buffer
	for y := range r.from {
		r.axis.Across(between[y*narrow:(y+1)*narrow], src[y*wide:(y+1)*wide], channels)
	}
	for y := range r.to {
		r.axis.Down(dst[y*narrow:(y+1)*narrow], between, y, narrow)
	}
}

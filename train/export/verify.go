package export

import (
	"math"
	"math/rand/v2"
	"slices"

	"bignas/core/fault"
	"bignas/core/onnx"
	"bignas/core/onnx/runner"
	"bignas/core/preprocess"
	"bignas/core/supernet"
)

// Tolerances for the difference between an exported child and the slice, over the largest of the slice's logits or 1.
// Tensors in float32 must have the same bits.
const (
	// Within is for graphs in float32, which sum in another order and round within swish.
	Within = 1e-4
	// WithinHalf is for float16, with 11 bits and some twenty layers.
	WithinHalf = 2e-2
)

// Difference is the difference between the logits of an exported child and the slice's.
type Difference struct {
	Reader   string  `json:"reader"` // the runtime
	Images   int     `json:"images"` // generated ones
	Absolute float64 `json:"absolute"`
	Relative float64 `json:"relative"` // over the largest logit of the slice or 1
	Within   float64 `json:"within"`   // allowed for Relative; 0: the same bits
	Bits     bool    `json:"bits"`     // whether all have the same bits
}

// OK reports whether the difference is within the tolerance.
func (d Difference) OK() bool { return d.Relative <= d.Within && (d.Within > 0 || d.Bits) }

// Compare adds the logits of an image.
func (d *Difference) Compare(got, want []float32) {
	largest := 1.0
	for _, v := range want {
		largest = max(largest, math.Abs(float64(v)))
	}
	for i, v := range want {
		e := math.Abs(float64(got[i]) - float64(v))
		if math.Float32bits(got[i]) != math.Float32bits(v) {
			d.Bits = false
		}
		if math.IsNaN(e) {
			e = math.Inf(1)
		}
		d.Absolute, d.Relative = max(d.Absolute, e), max(d.Relative, e/largest)
	}
}

// Images draws n images of a side: waves of all colours and directions.
func Images(n, side int) []*preprocess.Image {
	r := rand.New(rand.NewPCG(9, uint64(side)))
	var all []*preprocess.Image
	for range n {
		im := &preprocess.Image{W: side, H: side, Pix: make([]uint8, 3*side*side)}
		for c := range 3 {
			x, y, phase := 12*r.Float64()-6, 12*r.Float64()-6, 6*r.Float64()
			for i := range side * side {
				t := (x*float64(i%side) + y*float64(i/side)) / float64(side)
				im.Pix[3*i+c] = uint8(127.5 + 90*math.Sin(t*math.Pi+phase) + 36*(r.Float64()-0.5))
			}
		}
		all = append(all, im)
	}
	return all
}

// Same compares a child that was read back with the slice on n generated images. A child in float32 must compute the
// same bits, as does one in float16 whose weights were float16 before.
func Same(read *Child, slice *supernet.Child, n int) (Difference, error) {
	d := Difference{Reader: "child of the tensors read back", Images: n, Bits: true}
	if read.Config.Precision == "float16" {
		d.Within = WithinHalf
	}
	own, err := read.Subnet()
	if err != nil {
		return d, err
	}
	side := slice.Arch.Resolution
	x := make([]float32, 3*side*side)
	for _, im := range Images(n, side) {
		read.Config.Preprocessing.Apply(x, im, side)
		got, err := own.Forward(x, 1, nil)
		if err != nil {
			return d, err
		}
		want, err := slice.Forward(x, 1, nil)
		if err != nil {
			return d, err
		}
		d.Compare(got, want)
	}
	return d, nil
}

// SameONNX runs an ONNX file in core/onnx/runner on n generated images and compares it with the slice. For a graph with
// a fixed batch, n is rounded up to whole batches.
func SameONNX(file []byte, slice *supernet.Child, spec preprocess.Spec, n int) (Difference, error) {
	d := Difference{Reader: "core/onnx/runner", Bits: true, Within: Within}
	g, err := runner.Read(file)
	if err != nil {
		return d, err
	}
	if g.Metadata["precision"] == "float16" {
		d.Within = WithinHalf
	}
	in, side := g.Inputs[0], slice.Arch.Resolution
	batch, each := 1, 3*side*side
	if len(in.Dims) > 0 && in.Dims[0] > 0 {
		batch = in.Dims[0]
	}
	d.Images = (n + batch - 1) / batch * batch
	x := make([]float32, each)
	spec.Crop, spec.Through = 1, 0 // the images are cropped already
	for images := range slices.Chunk(Images(d.Images, side), batch) {
		input, ok := runner.NewTensor(in.Kind, batch, side, side, 3)
		if !ok {
			return d, fault.New(CodeBatch, "export it with a smaller one", "%d images of %d pixels a side are too many to run at once", batch, side)
		}
		var want []float32
		for i, im := range images {
			spec.Apply(x, im, side)
			logits, err := slice.Forward(x, 1, nil)
			if err != nil {
				return d, err
			}
			want = append(want, logits...)
			one := input.Data[i*each:][:each]
			for j, v := range im.Pix {
				one[j] = float32(v)
			}
			if in.Name != onnx.Pixels {
				input.Dims = []int{batch, 3, side, side}
				NCHW(one, x)
			}
		}
		got, err := g.Run(input)
		if err != nil {
			return d, err
		}
		for i := range batch {
			d.Compare(got.Data[i*slice.Classes:][:slice.Classes], want[i*slice.Classes:][:slice.Classes])
		}
	}
	return d, nil
}

// NCHW converts an image [rows, columns, 3] to [3, rows, columns].
func NCHW(to, x []float32) {
	plane := len(x) / 3
	for i, v := range x {
		to[i%3*plane+i/3] = v
	}
}

// Package kernel holds the operators that a supernet is made of, forward and
// backward, on slices of float32 (float64 for checking gradients).
//
// Activations are NHWC: [n, h, w, c] contiguous, or [m, c] with m = n*h*w
// pixels, so that a 1x1 convolution is a matrix product. Weight matrices have a
// row stride, so that a slice of a bigger matrix needs no copy.
//
// The contract is in inference.go and training.go, which list all operators. The loops of
// reference.go are its specification, against which package kerneltest tests the faster
// implementations. Drivers pack, tile and divide the work among threads; the innermost
// loops in assembly are in internal/asm. Results depend on the implementation and on the
// number of threads, but not on scheduling: the same call gives the same bits.
//
// The contract of an implementation:
//
//   - It writes its output and nothing else, and reads no element outside its
//     inputs. Outputs overlap inputs only where the contract says so.
//   - Sums may be taken in any fixed order and with fused multiply-add. A result
//     is off by at most a rounding for each term, of the size of the terms.
//   - Subnormal numbers are not flushed to zero, neither inputs nor results.
//   - Sigmoid and swish are within 6 units in the last place, or 1e-35, from minus
//     infinity, where both are 0, to infinity, where they are 1 and x. Measured
//     against float64 are 5.8 units in assembly and 0.53 in plain Go, which is
//     within 1e-43 where results are that small.
//   - Infinities and NaN propagate as in the reference loops: a result is finite if
//     and only if theirs is. There are two exceptions: a non-finite tap of a depthwise
//     convolution, or gradient dy at the border, may be multiplied with the zeros around
//     an image, so that more of the border is not finite; and results are unspecified
//     where the scale of packed weights is not finite.
//   - Shapes that it has no loops for are left to the reference loops.
package kernel

// Float is the element type of the reference loops.
type Float interface{ float32 | float64 }

// Act is an activation function.
type Act uint8

// The activations. Swish(x) = x*Sigmoid(x), HardSigmoid(x) = min(max(x+3, 0), 6)/6,
// HardSwish(x) = x*HardSigmoid(x), and 0 up to -3. Those after Sigmoid have the same plain
// loops in every implementation; their slope at a corner is that to its left.
const (
	None Act = iota
	Swish
	Sigmoid
	ReLU
	HardSigmoid
	HardSwish
)

// lastFast is the last activation that implementations have in their own loops.
const lastFast = Sigmoid

// DepthwiseShape is the shape of a depthwise convolution of N images of HxWxC with KxK
// kernels, K odd, padding K/2 on each side.
type DepthwiseShape struct{ N, H, W, C, K, Stride int }

// Out returns the size of the output.
func (s DepthwiseShape) Out() (oh, ow int) {
	p := s.K / 2
	return (s.H+2*p-s.K)/s.Stride + 1, (s.W+2*p-s.K)/s.Stride + 1
}

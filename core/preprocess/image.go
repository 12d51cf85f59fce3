// Package preprocess turns the bytes of an image file into the tensor that a
// child takes: sniff, size check, decode, EXIF orientation, centre crop, integer
// box shrink, antialiased Catmull-Rom, normalisation.
//
// Everything is done in Go from the bytes of the file and without fused
// multiply-adds, so that the page, the command line and the tests get the same
// bits on amd64 and on wasm. The numbers of the normalisation are not here: they
// come with the weights (Spec).
package preprocess

// DefaultMaxPixels is the pixel cap of Decode when none is given: 40 million.
const DefaultMaxPixels = 40_000_000

// Image is a decoded image, upright, without alpha.
type Image struct {
	W, H int     // pixels
	Pix  []uint8 // W*H RGB triples, row by row, sRGB
}

// Codes of the errors of Decode, all of type *fault.Error.
const (
	CodeEmpty       = "empty_file"         // no bytes at all
	CodeNotImage    = "not_a_image"        // text, PDF, archive, film, something unknown
	CodeUnsupported = "unsupported_format" // an image, but of a kind that is not decoded here
	CodeTooBig      = "too_big"            // more pixels than the cap
	CodeTruncated   = "truncated"          // the file ends early
	CodeDamaged     = "damaged"            // the decoder gave up
)

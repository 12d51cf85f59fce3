// Package preprocess turns an image file into the input of a child: format detection, limits on
// size, decoding, EXIF orientation, centre crop, averaging over boxes, antialiased Catmull-Rom
// filter, normalisation.
//
// All of it is Go without fused multiply-adds, so that the page, the commands and the tests
// compute the same bits on amd64 and on wasm. The constants of the normalisation come with the
// weights (Spec).
package preprocess

// DefaultMaxPixels is the limit of Decode where none is given: 40 million pixels.
const DefaultMaxPixels = 40_000_000

// Image is a decoded image, upright, without alpha.
type Image struct {
	W, H int     // pixels
	Pix  []uint8 // W*H RGB triples, row by row, sRGB
}

// Codes of the errors of Decode.
const (
	CodeEmpty       = "empty_file"         // no bytes
	CodeNotImage    = "not_a_image"        // text, PDF, archive, video, unknown
	CodeUnsupported = "unsupported_format" // an image of a kind that is not decoded
	CodeTooBig      = "too_big"            // more pixels than the limit
	CodeTruncated   = "truncated"          // the file ends early
	CodeDamaged     = "damaged"            // the decoder failed
)

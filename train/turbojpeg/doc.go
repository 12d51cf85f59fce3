// Package turbojpeg decodes JPEG files with libturbojpeg, where that is installed, several times as fast as Go's
// image/jpeg and without cgo.
//
// The results are close to Go's, but not equal: the inverse transform and the conversion of colours round
// differently. Therefore only the preparation of data sets uses it, and records that; data that is read directly is
// decoded by Go.
package turbojpeg

// Margin is the least ratio of the short side of an image that is decoded at a reduced size to the side that is
// needed. The reduction is a box filter, and the resampling that follows must hide it.
const Margin = 1.5

// Package turbojpeg decodes JPEG files with libturbojpeg, where the machine has
// it, several times as fast as Go's image/jpeg and without cgo.
//
// The results are close to Go's, not equal: the inverse transform and the
// conversion of colours round differently. So only the preparation of a data set
// uses it, and says so in what it writes; what is read directly is decoded by Go,
// the same everywhere.
package turbojpeg

// Margin is how many times the wanted side the short side of an image keeps when
// it is decoded smaller. The transform's own reduction is a box filter, which the
// resampling that follows must not leave visible.
const Margin = 1.5

//go:build (linux || darwin) && (amd64 || arm64) && !noturbo

package turbojpeg

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/ebitengine/purego"

	"bignas/core/preprocess"
)

// names is the usual file names of the library.
var names = []string{"libturbojpeg.so.0", "libturbojpeg.so", "libturbojpeg.dylib", "/opt/homebrew/lib/libturbojpeg.dylib", "/usr/local/lib/libturbojpeg.dylib"}

// Constants of turbojpeg.h, version 1.2 to 3.
const (
	pixelsRGB      = 0    // TJPF_RGB
	fastUpsample   = 256  // TJFLAG_FASTUPSAMPLE: chroma is repeated, as image/jpeg does
	accurateDCT    = 4096 // TJFLAG_ACCURATEDCT
	colourGray     = 2    // TJCS_GRAY; 0 and 1 are RGB and YCbCr, 3 and 4 CMYK and YCCK
	biggestDivisor = 8    // images decode at 1/1, 1/2, 1/4 and 1/8
)

// Library is a loaded libturbojpeg.
type Library struct {
	name       string
	init       func() uintptr
	header     func(handle uintptr, data *byte, size uint, width, height, subsampling, colours *int32) int32
	decompress func(handle uintptr, data *byte, size uint, dst *byte, width, pitch, height, format, flags int32) int32
	destroy    func(handle uintptr) int32
}

// Load loads the library from the file in the environment variable BIGNAS_TURBOJPEG, or otherwise from where the
// system finds it.
func Load() (l *Library, err error) {
	defer func() {
		if p := recover(); p != nil { // a missing function
			l, err = nil, fmt.Errorf("turbojpeg: %v", p)
		}
	}()
	try := names
	if file := os.Getenv("BIGNAS_TURBOJPEG"); file != "" {
		try = []string{file}
	}
	var errs []error
	for _, name := range try {
		handle, err := purego.Dlopen(name, purego.RTLD_NOW|purego.RTLD_LOCAL)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		l := &Library{name: name}
		purego.RegisterLibFunc(&l.init, handle, "tjInitDecompress")
		purego.RegisterLibFunc(&l.header, handle, "tjDecompressHeader3")
		purego.RegisterLibFunc(&l.decompress, handle, "tjDecompress2")
		purego.RegisterLibFunc(&l.destroy, handle, "tjDestroy")
		return l, nil
	}
	return nil, fmt.Errorf("turbojpeg: the library is not on this machine: %w", errors.Join(errs...))
}

// Name returns the file that was loaded.
func (l *Library) Name() string { return l.name }

// New returns a decoder for one goroutine. It returns images upright, and big ones at 1/2, 1/4 or 1/8 of their size:
// the smallest of which the short side still has Margin times side pixels. Files that are not JPEG, with four
// colours, with more than maxPixels pixels, or for which the library reports an error are decoded by
// preprocess.Decode, so that the same images are refused with and without the library.
func (l *Library) New() func(data []byte, side, maxPixels int) (*preprocess.Image, error) {
	handle := new(uintptr)
	*handle = l.init()
	runtime.AddCleanup(handle, func(h uintptr) { l.destroy(h) }, *handle)
	return func(data []byte, side, maxPixels int) (*preprocess.Image, error) {
		defer runtime.KeepAlive(handle)
		if im := l.decode(*handle, data, side, maxPixels); im != nil {
			return im, nil
		}
		return preprocess.Decode(data, maxPixels)
	}
}

// decode returns nil for images that Go decodes.
func (l *Library) decode(handle uintptr, data []byte, side, maxPixels int) *preprocess.Image {
	if maxPixels <= 0 {
		maxPixels = preprocess.DefaultMaxPixels
	}
	if handle == 0 || len(data) < 4 || data[0] != 0xff || data[1] != 0xd8 || preprocess.Orientation(data) != 1 {
		return nil
	}
	var width, height, subsampling, colours int32
	if l.header(handle, &data[0], uint(len(data)), &width, &height, &subsampling, &colours) != 0 || colours > colourGray ||
		width < 1 || height < 1 || int64(width)*int64(height) > int64(maxPixels) {
		return nil
	}
	d := divisor(int(width), int(height), side)
	w, h := (int(width)+d-1)/d, (int(height)+d-1)/d
	im := &preprocess.Image{W: w, H: h, Pix: make([]uint8, 3*w*h)}
	if l.decompress(handle, &data[0], uint(len(data)), &im.Pix[0], int32(w), int32(3*w), int32(h), pixelsRGB, fastUpsample|accurateDCT) != 0 {
		return nil
	}
	return im
}

// divisor returns the divisor of the size at which an image is decoded.
func divisor(width, height, side int) int {
	d := 1
	for d < biggestDivisor && float64(min(width, height)) >= Margin*float64(side*2*d) {
		d *= 2
	}
	return d
}

//go:build !((linux || darwin) && (amd64 || arm64) && !noturbo)

package turbojpeg

import (
	"errors"

	"bignas/core/preprocess"
)

// Library is a loaded libturbojpeg, which is not supported on this platform.
type Library struct{}

// Load always fails on this platform.
func Load() (*Library, error) {
	return nil, errors.New("turbojpeg: the library is not used on this platform")
}

// Name returns the file that was loaded.
func (l *Library) Name() string { return "" }

// New is preprocess.Decode.
func (l *Library) New() func(data []byte, side, maxPixels int) (*preprocess.Image, error) {
	return func(data []byte, _, maxPixels int) (*preprocess.Image, error) {
		return preprocess.Decode(data, maxPixels)
	}
}

package preprocess

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"

	"bignas/core/fault"
)

// codec decodes one format: the header alone, and the whole file.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var codecs = map[Format]codec{
	JPEG: {jpeg.DecodeConfig, jpeg.Decode},
	PNG:  {png.DecodeConfig, png.Decode},
	GIF:  {gif.DecodeConfig, gif.Decode}, // the first frame
	WebP: {webpConfig, webpDecode},       // the first frame
	BMP:  {bmp.DecodeConfig, bmp.Decode},
}

// Decode decodes a JPEG (including grey and CMYK), PNG, GIF or WebP (the first frame of an
// animation), BMP or, outside the browser, TIFF file, turns it upright by its EXIF orientation
// and composites it over white. An image of more than maxPixels pixels (0: DefaultMaxPixels),
// with a side of more than 65,535, or a JPEG with too many scans for its size is refused by its
// header, before memory of that size is allocated.
//
// The error is a *fault.Error with one of the codes of this package.
func Decode(data []byte, maxPixels int) (*Image, error) {
	p, err := read(data, maxPixels, nil)
	if err != nil {
		return nil, err
	}
	return flatten(p.image, p.size, p.orientation), nil
}

// stored is an image as it is in its file: the part size of image, before the orientation is
// applied.
type stored struct {
	image       image.Image
	size        image.Rectangle
	orientation int
}

func read(data []byte, maxPixels int, watch Watch) (*stored, error) {
	if maxPixels <= 0 {
		maxPixels = DefaultMaxPixels
	}
	format, err := Sniff(data)
	if err != nil {
		return nil, err
	}
	c, ok := codecs[format]
	if !ok {
		return nil, fault.New(CodeUnsupported, hintSaveAs, "the file is a %s image, which cannot be read here", format)
	}
	header, err := guard(func() (image.Config, error) { return c.config(bytes.NewReader(data)) })
	if err != nil {
		return nil, unreadable(format, len(data), err)
	}
	if header.Width <= 0 || header.Height <= 0 {
		return nil, fault.New(CodeDamaged, "choose another image", "the %s file says that it is %d x %d pixels", format, header.Width, header.Height)
	}
	if int64(header.Width)*int64(header.Height) > int64(maxPixels) {
		return nil, fault.New(CodeTooBig, "make it smaller first",
			"the image has %d x %d = %s megapixels, more than the limit of %s", header.Width, header.Height,
			mega(int64(header.Width)*int64(header.Height)), mega(int64(maxPixels)))
	}
	if err := bound(data, format, header.Width, header.Height, maxPixels); err != nil {
		return nil, err
	}
	from, stopped := reader(data, watch)
	im, err := guard(func() (image.Image, error) { return c.decode(from) })
	if stopped() != nil {
		return nil, stopped()
	}
	if err != nil {
		return nil, unreadable(format, len(data), err)
	}
	size := im.Bounds()
	if format == GIF || format == WebP { // the first frame may cover a part of the screen only
		size = image.Rect(0, 0, header.Width, header.Height)
	}
	if size.Empty() || int64(size.Dx())*int64(size.Dy()) > int64(maxPixels) {
		return nil, fault.New(CodeDamaged, "choose another image", "the %s file has another size than its header says", format)
	}
	return &stored{im, size, orientation(data, format)}, nil
}

// guard turns a panic of a decoder into an error, so that no file can end the worker.
func guard[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decoder failed: %v", p)
		}
	}()
	return f()
}

// unreadable returns the error for a file that ends early, is damaged, or is of an unsupported
// kind.
func unreadable(f Format, size int, err error) error {
	text := err.Error()
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF),
		strings.Contains(text, "not enough pixel data"), strings.Contains(text, "unexpected EOF"), strings.Contains(text, "short Huffman data"), strings.Contains(text, "short chunk"):
		return fault.New(CodeTruncated, "copy or download it again", "the %s file ends too early, after %d bytes", f, size)
	case strings.Contains(text, "unsupported"):
		return fault.New(CodeUnsupported, hintPlain, "this kind of %s file cannot be read here: %v", f, err)
	}
	return fault.New(CodeDamaged, "open it in an image program and save it again as JPEG, PNG or WebP", "the %s file is damaged: %v", f, err)
}

// mega formats a number of pixels in millions with one decimal, rounded up, so that an image
// just over the limit does not appear to be at the limit.
func mega(pixels int64) string {
	tenths := (pixels + 99_999) / 100_000
	return fmt.Sprintf("%d.%d", tenths/10, tenths%10)
}

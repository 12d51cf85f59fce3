package preprocess

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"bignas/core/fault"
)

func decode(t *testing.T, data []byte) *Image {
	t.Helper()
	im, err := Decode(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// Lossless formats give back every pixel, JPEG nearly.
func TestDecodeFormats(t *testing.T) {
	src := pattern(23, 17)
	encoders := map[Format]func(*bytes.Buffer) error{
		PNG:  func(b *bytes.Buffer) error { return png.Encode(b, src) },
		BMP:  func(b *bytes.Buffer) error { return bmp.Encode(b, src) },
		TIFF: func(b *bytes.Buffer) error { return tiff.Encode(b, src, nil) },
		JPEG: func(b *bytes.Buffer) error { b.Write(encodeJPEG(t, src, 100)); return nil },
	}
	for format, encode := range encoders {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			t.Fatal(err)
		}
		if f, err := Sniff(b.Bytes()); f != format || err != nil {
			t.Errorf("Sniff of a %s: %s, %v", format, f, err)
		}
		if _, ok := codecs[format]; !ok {
			_, err := Decode(b.Bytes(), 0)
			if e := fault.Of(err); runtime.GOOS != "js" || format != TIFF || e == nil || e.Code != CodeUnsupported || e.Hint != hintSaveAs {
				t.Errorf("%s: %v", format, err)
			}
			continue
		}
		im := decode(t, b.Bytes())
		if im.W != 23 || im.H != 17 || len(im.Pix) != 3*23*17 {
			t.Fatalf("%s: %d x %d, %d bytes", format, im.W, im.H, len(im.Pix))
		}
		if format == JPEG {
			continue
		}
		for y := range 17 {
			for x := range 23 {
				p := src.NRGBAAt(x, y)
				if im.at(x, y) != [3]uint8{p.R, p.G, p.B} {
					t.Fatalf("%s: pixel %d,%d is %v, want %v", format, x, y, im.at(x, y), p)
				}
			}
		}
	}
}

func TestDecodeWebP(t *testing.T) {
	data, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==") // 1x1, lossless
	if err != nil {
		t.Fatal(err)
	}
	if im := decode(t, data); im.W != 1 || im.H != 1 {
		t.Errorf("%d x %d, want 1 x 1", im.W, im.H)
	}
}

// The first frame of a film is laid onto the whole screen, white where it covers nothing.
func TestDecodeGIF(t *testing.T) {
	palette := color.Palette{color.Transparent, color.NRGBA{200, 10, 20, 255}, color.NRGBA{0, 0, 255, 255}}
	first := image.NewPaletted(image.Rect(2, 1, 5, 4), palette)
	draw.Draw(first, first.Rect, image.NewUniform(palette[1]), image.Point{}, draw.Src)
	first.SetColorIndex(2, 1, 0)
	second := image.NewPaletted(image.Rect(0, 0, 6, 5), palette)
	draw.Draw(second, second.Rect, image.NewUniform(palette[2]), image.Point{}, draw.Src)
	var b bytes.Buffer
	err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{first, second}, Delay: []int{1, 1}, Config: image.Config{Width: 6, Height: 5, ColorModel: palette}})
	if err != nil {
		t.Fatal(err)
	}
	im := decode(t, b.Bytes())
	if im.W != 6 || im.H != 5 {
		t.Fatalf("%d x %d, want 6 x 5", im.W, im.H)
	}
	white, red := [3]uint8{255, 255, 255}, [3]uint8{200, 10, 20}
	for at, want := range map[[2]int][3]uint8{{0, 0}: white, {5, 4}: white, {2, 1}: white, {3, 1}: red, {4, 3}: red} {
		if got := im.at(at[0], at[1]); got != want {
			t.Errorf("pixel %v is %v, want %v", at, got, want)
		}
	}
}

// Grey, 16 bits, transparency and subimages of each colour type end as the same RGB.
func TestDecodeColourTypes(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 3, 2))
	grey.SetGray(1, 1, color.Gray{90})
	if im := decode(t, encodePNG(t, grey)); im.at(1, 1) != [3]uint8{90, 90, 90} || im.at(0, 0) != [3]uint8{} {
		t.Errorf("grey PNG: %v %v", im.at(1, 1), im.at(0, 0))
	}
	flat := image.NewGray(image.Rect(0, 0, 16, 16))
	draw.Draw(flat, flat.Rect, image.NewUniform(color.Gray{77}), image.Point{}, draw.Src)
	if im := decode(t, encodeJPEG(t, flat, 95)); !near(im.at(8, 8), [3]uint8{77, 77, 77}, 1) {
		t.Errorf("grey JPEG: %v", im.at(8, 8))
	}
	deep := image.NewNRGBA64(image.Rect(0, 0, 2, 1))
	deep.SetNRGBA64(0, 0, color.NRGBA64{0x8000, 0xffff, 0x0101, 0xffff})
	deep.SetNRGBA64(1, 0, color.NRGBA64{0xffff, 0, 0, 0x8000})
	if im := decode(t, encodePNG(t, deep)); im.at(0, 0) != [3]uint8{128, 255, 1} || im.at(1, 0) != [3]uint8{255, 127, 127} {
		t.Errorf("16-bit PNG: %v %v", im.at(0, 0), im.at(1, 0))
	}
	glass := image.NewNRGBA(image.Rect(0, 0, 3, 1))
	glass.SetNRGBA(0, 0, color.NRGBA{0, 0, 0, 0})
	glass.SetNRGBA(1, 0, color.NRGBA{0, 100, 255, 128})
	glass.SetNRGBA(2, 0, color.NRGBA{1, 2, 3, 255})
	im := decode(t, encodePNG(t, glass))
	if im.at(0, 0) != [3]uint8{255, 255, 255} || im.at(1, 0) != [3]uint8{127, 177, 255} || im.at(2, 0) != [3]uint8{1, 2, 3} {
		t.Errorf("transparent PNG: %v", im.Pix)
	}
}

// The fast row readers agree with the slow one, on odd sizes and on subimages.
func TestRowReadersAgree(t *testing.T) {
	src := pattern(19, 11)
	for i := 3; i < len(src.Pix); i += 4 {
		src.Pix[i] = uint8(255 - i%97)
	}
	rect := src.Rect
	cmyk, rgba, gray := image.NewCMYK(rect), image.NewRGBA(rect), image.NewGray(rect)
	for _, to := range []draw.Image{cmyk, rgba, gray} {
		draw.Draw(to, rect, src, image.Point{}, draw.Src)
	}
	images := []image.Image{src, cmyk, rgba, gray}
	for ratio := image.YCbCrSubsampleRatio444; ratio <= image.YCbCrSubsampleRatio410; ratio++ {
		m := image.NewYCbCr(rect, ratio)
		for i := range m.Y {
			m.Y[i] = uint8(i * 31)
		}
		for i := range m.Cb {
			m.Cb[i], m.Cr[i] = uint8(i*17), uint8(255-i*29)
		}
		images = append(images, m)
	}
	type cutter interface {
		SubImage(image.Rectangle) image.Image
	}
	for _, whole := range images {
		for _, im := range []image.Image{whole, whole.(cutter).SubImage(image.Rect(3, 2, 18, 9))} {
			b := im.Bounds()
			fast := flatten(im, b, 1)
			slow := make([]uint8, 3*b.Dx())
			for y := range b.Dy() {
				anyRow(slow, im, b, y)
				for x := range b.Dx() {
					// CMYK and YCbCr round down in 8 bits where 16 bits round to nearest
					if !near(fast.at(x, y), [3]uint8(slow[3*x:]), 1) {
						t.Fatalf("%T %v: pixel %d,%d is %v, slow %v", im, b, x, y, fast.at(x, y), slow[3*x:3*x+3])
					}
				}
			}
		}
	}
}

func TestDecodeCMYK(t *testing.T) {
	// With Adobe's marker the file stores 255 minus the ink.
	im := decode(t, cmykJPEG([4]uint8{255, 128, 0, 255}, true)) // no cyan, half magenta, full yellow, no black
	if im.W != 8 || im.H != 8 || !near(im.at(4, 4), [3]uint8{255, 128, 0}, 1) {
		t.Errorf("Adobe CMYK: %v, want about 255 128 0", im.at(4, 4))
	}
	im = decode(t, cmykJPEG([4]uint8{255, 255, 255, 102}, true)) // 60 % black
	if !near(im.at(0, 0), [3]uint8{102, 102, 102}, 1) {
		t.Errorf("Adobe CMYK black: %v, want about 102", im.at(0, 0))
	}
}

// Every orientation, in both byte orders, in JPEG and PNG: the stored row 0 and
// column 0 come to the sides that the EXIF standard names.
func TestOrientation(t *testing.T) {
	const w, h = 24, 16
	src := pattern(w, h)
	file := encodePNG(t, src)
	photo := encodeJPEG(t, src, 100)
	plain := decode(t, photo)
	// where[o] gives the stored pixel that is seen at (x, y) of the upright image.
	where := map[uint16]func(x, y int) (int, int){
		1: func(x, y int) (int, int) { return x, y },
		2: func(x, y int) (int, int) { return w - 1 - x, y },
		3: func(x, y int) (int, int) { return w - 1 - x, h - 1 - y },
		4: func(x, y int) (int, int) { return x, h - 1 - y },
		5: func(x, y int) (int, int) { return y, x },                 // row 0 left, column 0 top
		6: func(x, y int) (int, int) { return y, h - 1 - x },         // row 0 right, column 0 top
		7: func(x, y int) (int, int) { return w - 1 - y, h - 1 - x }, // row 0 right, column 0 bottom
		8: func(x, y int) (int, int) { return w - 1 - y, x },         // row 0 left, column 0 bottom
	}
	for o := uint16(1); o <= 8; o++ {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			im := decode(t, withExifPNG(file, exifBlock(order, o)))
			fromPhoto := decode(t, withExifJPEG(photo, exifBlock(order, o)))
			if wantW := map[bool]int{false: w, true: h}[o >= 5]; im.W != wantW || im.H != w+h-wantW || fromPhoto.W != im.W {
				t.Fatalf("orientation %d: %d x %d", o, im.W, im.H)
			}
			for y := range im.H {
				for x := range im.W {
					sx, sy := where[o](x, y)
					p := src.NRGBAAt(sx, sy)
					if im.at(x, y) != [3]uint8{p.R, p.G, p.B} {
						t.Fatalf("orientation %d: pixel %d,%d is %v, want %v", o, x, y, im.at(x, y), p)
					}
					if fromPhoto.at(x, y) != plain.at(sx, sy) {
						t.Fatalf("JPEG, orientation %d: pixel %d,%d is %v, want %v", o, x, y, fromPhoto.at(x, y), plain.at(sx, sy))
					}
				}
			}
		}
	}
	for _, o := range []uint16{0, 9, 65535} {
		if im := decode(t, withExifJPEG(photo, exifBlock(binary.BigEndian, o))); im.W != w || !bytes.Equal(im.Pix, plain.Pix) {
			t.Errorf("the impossible orientation %d changes the image", o)
		}
	}
}

func TestOrientationInWebPAndTIFF(t *testing.T) {
	block := exifBlock(binary.LittleEndian, 6)
	for _, prefix := range []string{"", "Exif\x00\x00"} { // both are found in the wild
		body := prefix + string(block)
		file := "RIFF\x00\x00\x00\x00WEBPVP8 \x03\x00\x00\x00abc\x00EXIF"
		file = string(binary.LittleEndian.AppendUint32([]byte(file), uint32(len(body)))) + body
		if o := orientation([]byte(file), WebP); o != 6 {
			t.Errorf("WebP with prefix %q: orientation %d, want 6", prefix, o)
		}
	}
	if o := orientation(block, TIFF); o != 6 {
		t.Errorf("TIFF: orientation %d, want 6", o)
	}
	for cut := range block {
		if o := orientation(block[:cut], TIFF); o != 1 && cut < len(block)-6 {
			t.Errorf("TIFF block cut at %d: orientation %d", cut, o)
		}
	}
}

// A file that is no image, or not ours, is named, and the hint says what to do.
func TestDecodeRefuses(t *testing.T) {
	big := encodePNG(t, image.NewPaletted(image.Rect(0, 0, 3000, 2000), color.Palette{color.Black}))
	photo := encodeJPEG(t, pattern(64, 64), 90)
	img := encodePNG(t, pattern(64, 64))
	broken := append([]byte{}, img...)
	broken[60] ^= 0xff
	for _, c := range []struct{ name, data, code, says, hint string }{
		{"nothing", "", CodeEmpty, "empty", "another"},
		{"text", "Dear reader,\nthis is no image é.\n", CodeNotImage, "text", "JPEG"},
		{"text that begins as BMP", "BMW cars and more of them", CodeNotImage, "text", "JPEG"},
		{"web page", "<!doctype html><HTML><p>", CodeNotImage, "web page", "JPEG"},
		{"SVG", "<?xml version='1.0'?><svg xmlns='x'/>", CodeUnsupported, "SVG", "save it as JPEG, PNG or WebP"},
		{"PDF", "%PDF-1.7\n%\xe2\xe3", CodeNotImage, "PDF", "JPEG"},
		{"HEIC", "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", CodeUnsupported, "HEIC", "save it as JPEG, PNG or WebP"},
		{"AVIF", "\x00\x00\x00\x1cftypavif\x00\x00\x00\x00mif1avif", CodeUnsupported, "AVIF", "save it as JPEG, PNG or WebP"},
		{"film", "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00isom", CodeNotImage, "film", "JPEG"},
		{"JPEG XL", "\xff\x0a\x00\x01", CodeUnsupported, "JPEG XL", "save it as"},
		{"ZIP", "PK\x03\x04\x14\x00", CodeNotImage, "ZIP", "JPEG"},
		{"noise", "\x07\x00\x91\x80\x01\x02", CodeNotImage, "unknown", "JPEG"},
		{"too big", string(big), CodeTooBig, "3000 x 2000 = 6.0 megapixels, more than the limit of 5.0", "smaller"},
		{"JPEG cut in the header", string(photo[:100]), CodeTruncated, "JPEG file ends too early, after 100 bytes", "again"},
		{"JPEG cut in the scan", string(photo[:len(photo)/2]), CodeTruncated, "ends too early", "again"},
		{"PNG cut", string(img[:len(img)-20]), CodeTruncated, "PNG file ends too early", "again"},
		{"PNG with a wrong byte", string(broken), CodeDamaged, "PNG file is damaged", "save it again"},
		{"JPEG of garbage", "\xff\xd8\xff\xe0garbage", CodeTruncated, "JPEG", "again"},
		{"WebP cut", "RIFF\x1a\x00\x00\x00WEBPVP8L\x0d", CodeTruncated, "WebP", "again"},
	} {
		_, err := Decode([]byte(c.data), 5_000_000)
		var e *fault.Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Message, c.says) || !strings.Contains(e.Hint, c.hint) {
			t.Errorf("%s: %#v, want code %s, %q, hint %q", c.name, err, c.code, c.says, c.hint)
		}
	}
}

// Nothing that a file can hold panics, gives an inconsistent image or an error
// without a code.
func FuzzDecode(f *testing.F) {
	src := pattern(9, 7)
	photo, file := encodeJPEG(f, src, 80), encodePNG(f, src)
	var b, g, ti bytes.Buffer
	if bmp.Encode(&b, src) != nil || gif.Encode(&g, src, nil) != nil || tiff.Encode(&ti, src, nil) != nil {
		f.Fatal("cannot encode the seeds")
	}
	for _, seed := range [][]byte{
		photo, file, b.Bytes(), g.Bytes(), ti.Bytes(), cmykJPEG([4]uint8{1, 2, 3, 4}, true),
		withExifJPEG(photo, exifBlock(binary.BigEndian, 6)), withExifPNG(file, exifBlock(binary.LittleEndian, 8)),
		lossyFile(f), extended(18, riffChunk("ANMF", append(uint24s(0, 0, 19, 12, 0), 0), riffChunk("ALPH", make([]byte, 261)), lossyFile(f)[12:])),
		[]byte("\xff\xd8\xff\xc0\x00\x0b\x08\x00\x01\x00\x01\x01\x01\x11\x00\xff\xda\x00\x02"), // a scan of no components
		[]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		im, err := Decode(data, 100_000)
		if err != nil {
			if fault.Of(err).Code == "internal" || im != nil {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		if im.W < 1 || im.H < 1 || len(im.Pix) != 3*im.W*im.H || im.W*im.H > 100_000 {
			t.Fatalf("image of %d x %d with %d bytes", im.W, im.H, len(im.Pix))
		}
		sameSquares(t, someSpec, data, im)
		sameSquare(t, data, im)
	})
}

package imagetest

import (
	"flag"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
	"bignas/core/preprocess"
)

// tools are the encoders and the reference decoders, and the Debian package of each.
var tools = map[string]string{"cwebp": "webp", "dwebp": "webp", "webpmux": "webp", "cjpeg": "libjpeg-turbo-progs", "djpeg": "libjpeg-turbo-progs", "tiffcp": "libtiff-tools",
	"tifftopnm": "netpbm", "pngtopam": "netpbm", "giftopnm": "netpbm", "bmptopnm": "netpbm"}

// need skips a test where tools are missing.
func need(t *testing.T) {
	t.Helper()
	var packages []string
	for tool, p := range tools {
		if _, err := exec.LookPath(tool); err != nil && !slices.Contains(packages, p) {
			packages = append(packages, p)
		}
	}
	if slices.Sort(packages); packages != nil {
		t.Skipf("left out, the reference decoders are not on this machine: sudo apt-get install %s", strings.Join(packages, " "))
	}
}

// bound is how far a kind may be from its reference, in levels of 0 to 255.
type bound struct {
	mean  float64
	worst int
}

// bounds say 0 where the arithmetic is that of the reference, 1 where 16 bits or alpha
// are rounded, and a few levels where an inverse DCT and a conversion of colours are
// rounded in other places. How chroma is interpolated is libjpeg's own: Go repeats
// its samples, and these images have nothing but hard edges of saturated colours.
var bounds = map[string]bound{
	"PNG, grey": {}, "PNG, RGB": {}, "PNG, palette": {}, "PNG, transparent": {0.01, 1}, "PNG, orientation": {},
	"GIF": {}, "BMP": {},
	"TIFF, grey": {}, "TIFF, RGB": {}, "TIFF, palette": {}, "TIFF, planes": {}, "TIFF, bits from the right": {}, "TIFF, fax": {}, "TIFF, orientation": {},
	"TIFF, RGB, a fourth sample": {0.01, 1}, "TIFF, planes, a fourth sample": {0.01, 1},
	"WebP, lossy": {}, "WebP, lossy with alpha": {}, "WebP, lossless": {}, "WebP, lossy, any header and coefficients": {}, "WebP, orientation": {}, "WebP, animated": {},
	"JPEG, grey": {0.1, 1}, "JPEG, RGB": {0.1, 1}, "JPEG, orientation": {0.3, 4},
	"JPEG, blocks of YCbCr": {0.2, 1}, "JPEG, blocks of RGB": {}, "JPEG, blocks of CMYK": {0.4, 1}, "JPEG, blocks of YCCK": {0.4, 2},
	"JPEG 4:4:4, chroma repeated": {0.3, 5}, "JPEG 4:2:2, chroma repeated": {0.3, 5}, "JPEG 4:4:0, chroma repeated": {0.3, 5}, "JPEG 4:2:0, chroma repeated": {0.3, 5},
	"JPEG 4:1:1, chroma repeated": {0.3, 5}, "JPEG 4:1:0, chroma repeated": {0.3, 5},
	"JPEG 4:2:2, chroma interpolated": {10, 200}, "JPEG 4:4:0, chroma interpolated": {10, 200}, "JPEG 4:2:0, chroma interpolated": {15, 200},
	"JPEG 4:1:1, chroma interpolated": {0.3, 5}, "JPEG 4:1:0, chroma interpolated": {0.3, 5},
}

// Every kind of file is decoded as its reference decoder does, or as whoever made it
// knows, within the stated bound. With -v it prints the table of docs/images.md.
func TestReference(t *testing.T) {
	need(t)
	files, err := Written()
	encoded, err2 := Encoded()
	if files = append(files, encoded...); err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if len(files) < 300 {
		t.Errorf("%d files, want 300 at least", len(files))
	}
	type row struct {
		difference
		files int
	}
	rows := map[string]*row{}
	for i := range files {
		f := &files[i]
		want, err := f.want()
		if err != nil {
			t.Errorf("%s: %s: %v", f.Kind, f.Name, err)
			continue
		}
		got, err := preprocess.Decode(f.Data, 0)
		if err != nil {
			t.Errorf("%s: %s: %v", f.Kind, f.Name, err)
			continue
		}
		if rows[f.Kind] == nil {
			rows[f.Kind] = &row{}
		}
		r := rows[f.Kind]
		r.files++
		d, err := compare(got, want)
		if b, ok := bounds[f.Kind]; err != nil || !ok || d.worst > b.worst {
			t.Errorf("%s: %s: %v, worst %d, the bound is %d", f.Kind, f.Name, err, d.worst, b.worst)
		}
		r.add(d)
	}
	for kind, b := range bounds {
		r := rows[kind]
		if r == nil {
			t.Errorf("no file of the kind %q", kind)
			continue
		}
		if r.mean() > b.mean {
			t.Errorf("%s: mean %.3f, the bound is %.3f", kind, r.mean(), b.mean)
		}
	}
	var lines []string
	for kind, r := range rows {
		lines = append(lines, fmt.Sprintf("| %s | %d | %.3f | %d | %d |", kind, r.files, r.mean(), r.worst, bounds[kind].worst))
	}
	slices.Sort(lines)
	t.Logf("%d files\n%s", len(files), strings.Join(lines, "\n"))
}

// What this package wrote itself is decoded to what it wrote, without any tool.
func TestWritten(t *testing.T) {
	files, err := Written()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		got, err := preprocess.Decode(f.Data, 0)
		if err != nil {
			t.Errorf("%s: %s: %v", f.Kind, f.Name, err)
			continue
		}
		if d, err := compare(got, f.Truth); err != nil || d.worst > bounds[f.Kind].worst {
			t.Errorf("%s: %s: %v, worst %d, the bound is %d", f.Kind, f.Name, err, d.worst, bounds[f.Kind].worst)
		}
	}
}

// No file of a rare kind, cut or changed, ends in anything but an image or an error.
func FuzzDecode(f *testing.F) {
	files, err := Written()
	if err != nil {
		f.Fatal(err)
	}
	seen := map[string]int{}
	for _, file := range append(files, Refused()...) {
		if seen[file.Kind]++; seen[file.Kind] < 12 && len(file.Data) < 2000 {
			f.Add(file.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		im, err := preprocess.Decode(data, 10_000)
		if err == nil && (len(im.Pix) != 3*im.W*im.H || im.W*im.H > 10_000) || err != nil && fault.Of(err).Code == "internal" {
			t.Fatalf("%v", err)
		}
	})
}

// want is what a file shows: the reference's word, which must agree with that of
// whoever made the file, where both are there.
func (f *File) want() (*preprocess.Image, error) {
	if f.Reference == nil {
		return f.Truth, nil
	}
	im, err := f.Decode()
	if err != nil || f.Truth == nil {
		return im, err
	}
	if d, err := compare(im, f.Truth); err != nil || d.worst > 1 {
		return nil, fmt.Errorf("the reference differs from what was written by %d levels: %v", d.worst, err)
	}
	return f.Truth, nil
}

// difference is that of two images, or of many.
type difference struct {
	sum, values, worst int
}

func (d *difference) add(o difference) {
	d.sum, d.values, d.worst = d.sum+o.sum, d.values+o.values, max(d.worst, o.worst)
}

func (d *difference) mean() float64 { return float64(d.sum) / float64(max(1, d.values)) }

func compare(a, b *preprocess.Image) (d difference, err error) {
	if a.W != b.W || a.H != b.H {
		return d, fmt.Errorf("%d x %d and %d x %d", a.W, a.H, b.W, b.H)
	}
	for i := range a.Pix {
		v := int(a.Pix[i]) - int(b.Pix[i])
		v = max(v, -v)
		d.add(difference{v, 1, v})
	}
	return d, nil
}

var frames = flag.Int("frames", 100, "how many VP8 frames of any header are compared with dwebp")

// Frames of any header and coefficients are what dwebp makes of them, to the bit, and
// those of filter levels that the decoder of VP8 gets wrong are refused.
func TestFrames(t *testing.T) {
	need(t)
	for seed := range uint64(*frames) {
		w, h := 1+int(seed*7%97), 1+int(seed*13%83)
		f := File{Data: riff(chunk("VP8 ", Frame(w, h, seed, false))), Reference: dwebp}
		want, err := f.Decode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := preprocess.Decode(f.Data, 0)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
			continue
		}
		if d, err := compare(got, want); err != nil || d.worst > 0 {
			t.Errorf("seed %d, %d x %d: %v, worst %d", seed, w, h, err, d.worst)
		}
		if _, err := preprocess.Decode(riff(chunk("VP8 ", Frame(w, h, seed, true))), 0); err == nil || fault.Of(err).Code != preprocess.CodeUnsupported {
			t.Errorf("seed %d: filter levels beyond a signed byte: %v", seed, err)
		}
	}
}

// What is read nowhere here is called so, not damaged or cut off, with what to do.
func TestRefused(t *testing.T) {
	files := Refused()
	if len(files) < 20 {
		t.Fatalf("%d files", len(files))
	}
	for _, f := range files {
		im, err := preprocess.Decode(f.Data, 0)
		if im != nil || err == nil {
			t.Errorf("%s: read", f.Kind)
			continue
		}
		if e := fault.Of(err); e.Code != preprocess.CodeUnsupported || !strings.Contains(e.Hint, "save it as") || !strings.Contains(e.Hint, "JPEG") {
			t.Errorf("%s: code %s, %v", f.Kind, e.Code, err)
		} else {
			t.Logf("%s: %v", f.Kind, err)
		}
	}
}

// The same seed makes the same file, and filters of ordinary levels are not refused.
func TestFrame(t *testing.T) {
	for seed := range uint64(50) {
		data := riff(chunk("VP8 ", Frame(37, 22, seed, false)))
		if string(data) != string(riff(chunk("VP8 ", Frame(37, 22, seed, false)))) {
			t.Fatalf("seed %d makes two files", seed)
		}
		if _, err := preprocess.Decode(data, 0); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

package imagetest

import (
	"archive/tar"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"bignas/core/classify"
	"bignas/core/preprocess"
	"bignas/train/dataset"
)

var (
	photographs = flag.String("photographs", "", "a .tar of JPEG files to measure with")
	limit       = flag.Int("limit", 400, "how many of those that are held out are classified, in the order of the archive")
)

const weightsFile = "../../../assets/bignas-nette.safetensors"

// photos calls f with each JPEG file of the archive, until it returns false.
func photos(t *testing.T, f func(name string, data []byte) bool) {
	t.Helper()
	if *photographs == "" {
		t.Skip("left out, it measures photographs: give a .tar of them with -photographs")
	}
	file, err := os.Open(*photographs)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for r := tar.NewReader(file); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(strings.ToLower(h.Name), ".jpeg") {
			continue
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if !f(h.Name, data) {
			return
		}
	}
}

// TestDecodersOfPhotographs measures how far Go's decoding of JPEG is from that of
// libjpeg-turbo, over all files of the archive.
func TestDecodersOfPhotographs(t *testing.T) {
	for name, command := range map[string][]string{"interpolated": {"djpeg", "-pnm", "%"}, "repeated": {"djpeg", "-nosmooth", "-pnm", "%"}} {
		var all difference
		n, largest := 0, 0.0
		photos(t, func(_ string, data []byte) bool {
			f := File{Data: data, Reference: command, Orientation: preprocess.Orientation(data)}
			want, err := f.Decode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := preprocess.Decode(data, 0)
			if err != nil {
				t.Fatal(err)
			}
			d, err := compare(got, want)
			if err != nil {
				t.Fatal(err)
			}
			all.add(d)
			n++
			largest = max(largest, d.mean())
			return true
		})
		t.Logf("%d files, chroma %s: mean %.3f levels, of the worst file %.2f, worst value %d", n, name, all.mean(), largest, all.worst)
	}
}

// TestAnswersOfPhotographs measures how many answers of the smallest and the biggest
// child change with what is done to a photograph before it is classified.
func TestAnswersOfPhotographs(t *testing.T) {
	need(t)
	data, err := os.ReadFile(weightsFile)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := classify.New(data)
	if err != nil {
		t.Fatal(err)
	}
	labels := engine.Info().Labels
	ask := func(file []byte, child string) string {
		p, err := engine.OpenImage(file)
		if err != nil {
			t.Fatal(err)
		}
		a, err := engine.Parse(child)
		if err != nil {
			t.Fatal(err)
		}
		r, err := engine.Classify(p, a, classify.Options{Top: 1})
		if err != nil {
			t.Fatal(err)
		}
		return r.Top[0].Label
	}
	// Labels are in the order of the names of the folders.
	var folders []string
	photos(t, func(name string, _ []byte) bool {
		if f := path.Base(path.Dir(name)); !slices.Contains(folders, f) {
			folders = append(folders, f)
		}
		return true
	})
	slices.Sort(folders)
	children := []string{"min", "max"}
	changed, right := map[string][2]int{}, map[string][2]int{}
	levels := map[string]*difference{}
	n := 0
	photos(t, func(name string, jpeg []byte) bool {
		if !dataset.HeldOut(name, 0.1) {
			return true
		}
		im, err := preprocess.Decode(jpeg, 0)
		if err != nil {
			t.Fatal(err)
		}
		pair := func(what string, file []byte, reference *preprocess.Image) {
			got, err := preprocess.Decode(file, 0)
			if err != nil {
				t.Fatal(err)
			}
			d, err := compare(got, reference)
			if err != nil {
				t.Fatal(err)
			}
			if levels[what] == nil {
				levels[what] = &difference{}
			}
			levels[what].add(d)
			counts, hits := changed[what], right[what]
			for i, c := range children {
				answer := ask(file, c)
				if answer != ask(pngOf(reference), c) {
					counts[i]++
				}
				if j := slices.Index(folders, path.Base(path.Dir(name))); j < len(labels) && answer == labels[j] {
					hits[i]++
				}
			}
			changed[what], right[what] = counts, hits
		}
		decoded := func(data []byte, command ...string) *preprocess.Image {
			f := File{Data: data, Reference: command}
			im, err := f.Decode()
			if err != nil {
				t.Fatal(err)
			}
			return im
		}
		pair("JPEG and djpeg", jpeg, decoded(jpeg, "djpeg", "-pnm", "%"))
		pair("JPEG and djpeg -nosmooth", jpeg, decoded(jpeg, "djpeg", "-nosmooth", "-pnm", "%"))
		webp, err := Run(append([]byte(header("P6", im.W, im.H)), im.Pix...), "cwebp", "-quiet", "-q", "90", "%", "-o", "-")
		if err != nil {
			t.Fatal(err)
		}
		pair("WebP q90 and dwebp", webp, decoded(webp, "dwebp", "-quiet", "-pam", "%", "-o", "-"))
		pair("Display P3 stored, profile not applied", pngOf(toDisplayP3(im)), im)
		pair("gamma 1.8 stored, gAMA not applied", pngOf(toGamma(im, 1.8)), im)
		pair("linear stored, gAMA not applied", pngOf(toGamma(im, 1)), im)
		n++
		return n < *limit
	})
	for what, c := range changed {
		t.Logf("%s: of %d, answers changed: smallest %d, biggest %d; right %d and %d; mean %.2f levels, worst %d", what, n, c[0], c[1], right[what][0], right[what][1], levels[what].mean(), levels[what].worst)
	}
	if w, j := changed["WebP q90 and dwebp"], changed["JPEG and djpeg"]; w[0] > j[0] || w[1] > j[1] {
		t.Errorf("WebP changes more answers than JPEG: %v and %v", w, j)
	}
}

func pngOf(im *preprocess.Image) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, im.W, im.H))
	for i := range im.W * im.H {
		copy(m.Pix[4*i:], im.Pix[3*i:3*i+3])
		m.Pix[4*i+3] = 255
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, m); err != nil {
		panic(fmt.Sprint("imagetest: ", err))
	}
	return b.Bytes()
}

func linear(v uint8) float64 {
	s := float64(v) / 255
	if s <= 0.04045 {
		return s / 12.92
	}
	return math.Pow((s+0.055)/1.055, 2.4)
}

func coded(v float64) uint8 {
	v = min(max(v, 0), 1)
	if v <= 0.0031308 {
		v *= 12.92
	} else {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(255*v + 0.5)
}

// toDisplayP3 gives the values that a file of the same colours has in Display P3: the
// transfer function of sRGB, the primaries of DCI-P3 at D65 (the product of the
// matrices of IEC 61966-2-1 and SMPTE EG 432-1).
func toDisplayP3(im *preprocess.Image) *preprocess.Image {
	out := &preprocess.Image{W: im.W, H: im.H, Pix: make([]uint8, len(im.Pix))}
	for i := 0; i < len(im.Pix); i += 3 {
		r, g, b := linear(im.Pix[i]), linear(im.Pix[i+1]), linear(im.Pix[i+2])
		out.Pix[i] = coded(0.8224621*r + 0.1775380*g)
		out.Pix[i+1] = coded(0.0331941*r + 0.9668058*g)
		out.Pix[i+2] = coded(0.0170827*r + 0.0723974*g + 0.9105199*b)
	}
	return out
}

// toGamma gives the values of a file whose gAMA chunk says 1/gamma.
func toGamma(im *preprocess.Image, gamma float64) *preprocess.Image {
	out := &preprocess.Image{W: im.W, H: im.H, Pix: make([]uint8, len(im.Pix))}
	for i, v := range im.Pix {
		out.Pix[i] = uint8(255*math.Pow(linear(v), 1/gamma) + 0.5)
	}
	return out
}

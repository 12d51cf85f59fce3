package dataset

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
)

// image is a PNG of one colour.
func img(t *testing.T, w, h int, c color.Color) []byte {
	t.Helper()
	im := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		im.Set(i%w, i/w, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// entry is a file of a test data set, in the order that an archive has it.
type entry struct {
	name string
	data []byte
}

// sample is a data set of two classes with everything round it that a loader
// must not fall over.
func sample(t *testing.T) []entry {
	grey := image.NewGray(image.Rect(0, 0, 12, 12))
	for i := range grey.Pix {
		grey.Pix[i] = 100
	}
	var jpg bytes.Buffer
	if err := jpeg.Encode(&jpg, grey, nil); err != nil {
		t.Fatal(err)
	}
	return []entry{
		{"top/train/n03888257/b.png", img(t, 20, 20, color.RGBA{0, 0, 255, 255})},
		{"top/train/n01440764/z.JPEG", jpg.Bytes()},
		{"top/train/n01440764/a.png", img(t, 16, 10, color.RGBA{255, 0, 0, 255})},
		{"top/train/n01440764/broken.png", []byte("\x89PNG\r\n\x1a\nand no more")},
		{"top/val/n03888257/c.png", img(t, 8, 8, color.RGBA{0, 255, 0, 255})},
		{"top/readme.txt", []byte("about the data")},
		{"top/logo.png", img(t, 8, 8, color.Black)},
		{"__MACOSX/top/train/n01440764/._a.png", []byte("shadow")},
	}
}

func writeFolder(t *testing.T, entries []entry) string {
	root := filepath.Join(t.TempDir(), "data")
	for _, e := range entries {
		file := filepath.Join(root, filepath.FromSlash(e.name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, e.data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func tarOf(t *testing.T, w io.Writer, entries []entry) {
	z := tar.NewWriter(w)
	for _, e := range entries {
		err := z.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "./" + e.name, Size: int64(len(e.data)), Mode: 0o644})
		if err == nil {
			_, err = z.Write(e.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
}

func zipped(t *testing.T, entries []entry) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err == nil {
			_, err = w.Write(e.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pack writes the entries as every kind of source and returns their paths.
func pack(t *testing.T, entries []entry) map[string]string {
	dir := t.TempDir()
	var plain, packed bytes.Buffer
	tarOf(t, &plain, entries)
	g := gzip.NewWriter(&packed)
	tarOf(t, g, entries)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"folder": writeFolder(t, entries)}
	for name, data := range map[string][]byte{"a.tar": plain.Bytes(), "a.tgz": packed.Bytes(), "a.tar.gz": packed.Bytes(), "a.zip": zipped(t, entries)} {
		files[name] = filepath.Join(dir, name)
		if err := os.WriteFile(files[name], data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestEveryKindOfSourceGivesTheSame(t *testing.T) {
	forward, backward := sample(t), sample(t)
	slices.Reverse(backward)
	for _, order := range [][]entry{forward, backward} {
		for kind, file := range pack(t, order) {
			calls, last := 0, 0
			d, err := Open(file, Options{Side: 8, Progress: func(done, total int) {
				calls++
				if last = total; done != calls {
					t.Errorf("%s: progress says %d at call %d", kind, done, calls)
				}
			}})
			if err != nil {
				t.Errorf("%s: %v", kind, err)
				continue
			}
			checkSample(t, kind, d)
			wantTotal := 6
			if kind == "a.tgz" || kind == "a.tar.gz" {
				wantTotal = 0 // unknown
			}
			if calls != 6 || last != wantTotal {
				t.Errorf("%s: %d progress calls with a total of %d, want 6 and %d", kind, calls, last, wantTotal)
			}
		}
	}
}

func checkSample(t *testing.T, kind string, d *Dataset) {
	t.Helper()
	if !slices.Equal(d.Classes, []string{"n01440764", "n03888257"}) || !slices.Equal(d.Labels, []string{"tench", "parachute"}) {
		t.Errorf("%s: classes %v, labels %v", kind, d.Classes, d.Labels)
	}
	var names []string
	for i := range d.Len() {
		names = append(names, d.Name(i))
	}
	want := []string{"top/train/n01440764/a.png", "top/train/n01440764/z.JPEG", "top/train/n03888257/b.png", "top/val/n03888257/c.png"}
	if !slices.Equal(names, want) {
		t.Fatalf("%s: images %v, want %v", kind, names, want)
	}
	for i, c := range [][3]uint8{{255, 0, 0}, {100, 100, 100}, {0, 0, 255}, {0, 255, 0}} {
		pix := d.Image(i)
		if len(pix) != 8*8*3 {
			t.Fatalf("%s: image %d has %d bytes", kind, i, len(pix))
		}
		for k, v := range pix {
			if math.Abs(float64(v)-float64(c[k%3])) > 1 { // JPEG
				t.Fatalf("%s: image %d has %d at byte %d, want %d", kind, i, v, k, c[k%3])
			}
		}
		if want := i / 2; d.Label(i) != want {
			t.Errorf("%s: image %d has label %d, want %d", kind, i, d.Label(i), want)
		}
	}
	if len(d.Skipped) != 2 || d.Skipped[0].Name != "top/logo.png" || d.Skipped[1].Name != "top/train/n01440764/broken.png" {
		t.Errorf("%s: skipped %v, want the logo outside the halves and the broken image", kind, d.Skipped)
	}
	train, val := d.Split(ByName, 0.5)
	if train.Len() != 3 || val.Len() != 1 || val.Name(0) != want[3] || val.Label(0) != 1 {
		t.Errorf("%s: split into %d and %d, want 3 and the val half's 1", kind, train.Len(), val.Len())
	}
}

func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		name  string
		files []string
		want  []place
	}{
		{"classes at the top", []string{"cat/1.png", "dog/1.png"}, []place{{class: "cat"}, {class: "dog"}}},
		{"one top folder, nested images", []string{"x/y/cat/1.png", "x/y/dog/more/1.png"}, []place{{class: "cat"}, {class: "dog"}}},
		{"a class called train", []string{"car/1.png", "train/1.png"}, []place{{class: "car"}, {class: "train"}}},
		{"only a train half", []string{"d/train/a/1.png", "d/train/b/1.png"}, []place{{class: "a"}, {class: "b"}}},
		{"another word for val", []string{"Train/a/1.png", "Valid/a/1.png"}, []place{{class: "a"}, {class: "a", half: valHalf}}},
		{"an image of no class", []string{"a/1.png", "b/1.png", "1.png"}, []place{{class: "a"}, {class: "b"}, {err: errNoClass}}},
		{"an image outside the halves", []string{"test/a/1.png", "train/a/1.png"}, []place{{class: "a", half: testHalf, err: errTest}, {class: "a"}}},
	} {
		if got := places(t, c.files); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// places are those of files that no note speaks of.
func places(t *testing.T, names []string) []place {
	t.Helper()
	all, _, err := placeAll(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestErrorsHelp(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	var whole bytes.Buffer
	tarOf(t, &whole, sample(t))
	for _, c := range []struct{ name, file, code, part string }{
		{"nothing there", filepath.Join(dir, "no"), CodeNoData, "does not exist"},
		{"unknown kind", write("a.7z", []byte("7z\xbc\xaf\x27\x1c")), CodeArchive, "tar"},
		{"cut off", write("cut.tar", whole.Bytes()[:len(whole.Bytes())/2]), CodeArchive, "incomplete"},
		{"empty folder", t.TempDir(), CodeNoImages, "there are no images"},
		{"one class", writeFolder(t, []entry{{"cat/a.png", img(t, 4, 4, color.White)}}), CodeSingleClass, `"cat"`},
		{"no class folders", writeFolder(t, []entry{{"a.png", img(t, 4, 4, color.White)}}), CodeNoImages, "folder of a class"},
		{"all broken", writeFolder(t, []entry{{"cat/a.png", []byte("text")}}), CodeNoImages, "cat/a.png"},
	} {
		_, err := Open(c.file, Options{Side: 8})
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != c.code || !strings.Contains(err.Error(), c.part) {
			t.Errorf("%s: got error %v, want code %s and %q", c.name, err, c.code, c.part)
		}
	}
	if _, err := Open(dir, Options{Side: -1}); fault.As(err, "").Code != CodeOptions {
		t.Errorf("side -1: got error %v", err)
	}
}

// TestSquareAndCrop: a square image is squashed whole, another loses its ends.
func TestSquareAndCrop(t *testing.T) {
	im := image.NewRGBA(image.Rect(0, 0, 30, 10))
	for i := range 300 {
		c := color.RGBA{255, 0, 0, 255}
		if x := i % 30; x >= 10 && x < 20 {
			c = color.RGBA{0, 255, 0, 255}
		}
		im.Set(i%30, i/30, c)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	var f fitter
	pix, err := f.decode(Decoder{}.start(), b.Bytes(), 5, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(pix); i += 3 {
		if pix[i] != 0 || pix[i+1] != 255 {
			t.Fatalf("pixel %d is %v: the centre square is green throughout", i/3, pix[i:i+3])
		}
	}
}

func TestLinksAreFollowed(t *testing.T) {
	root := writeFolder(t, []entry{{"cat/a.png", img(t, 4, 4, color.White)}})
	other := writeFolder(t, []entry{{"b.png", img(t, 4, 4, color.White)}})
	if err := os.Symlink(other, filepath.Join(root, "dog")); err != nil {
		t.Skip("no symbolic links here:", err)
	}
	if err := os.Symlink(root, filepath.Join(root, "cat", "loop")); err != nil {
		t.Fatal(err)
	}
	src, err := openFolder(root)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	if err := src.each(func(name string, read func() ([]byte, error)) bool {
		_, err := read()
		found = found || name == "dog/b.png" && err == nil
		return true
	}); err != nil || !found {
		t.Errorf("dog/b.png was not found (error %v)", err)
	}
}

package dataset

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bignas/core/fault"
)

// FuzzOpen: whatever an archive is, it is read or refused with a sentence, and every
// image that is read has one of the classes.
func FuzzOpen(f *testing.F) {
	t := &testing.T{}
	red, blue := img(t, 8, 8, color.RGBA{255, 0, 0, 255}), img(t, 8, 8, color.RGBA{0, 0, 255, 255})
	for _, entries := range [][]entry{
		{{"train/cat/1.png", red}, {"train/dog/1.png", blue}, {"val/cat/1.png", red}},
		{{"a.0.png", red}, {"a.0.cls", []byte("0")}, {"a.1.png", blue}, {"a.1.json", []byte(`{"label": [1]}`)}},
		{{"cat/1.png", red}, {"../dog/1.png", blue}, {"bird/1.heic", nil}, {"classes.txt", []byte("x\n")}},
	} {
		var plain bytes.Buffer
		tarOf(t, &plain, entries)
		f.Add(plain.Bytes())
		f.Add(gzipped(t, plain.Bytes()))
		f.Add(zipped(t, entries))
	}
	file := filepath.Join(f.TempDir(), "data.tar")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		d, err := Open(file, Options{Side: 4, Workers: 1, MaxPixels: 1 << 12})
		if err != nil {
			if fault.Of(err) == nil {
				t.Errorf("%v is no sentence", err)
			}
			return
		}
		for i := range d.Len() {
			if c := d.Label(i); c < 0 || c >= len(d.Classes) || d.Classes[c] == "" || len(d.Image(i)) != 48 {
				t.Errorf("%s has class %d of %q and %d bytes", d.Name(i), c, d.Classes, len(d.Image(i)))
			}
		}
		train, val := d.Split(d.SplitVersion(0.3, 0), 0.3)
		if train.Len()+val.Len() != d.Len() {
			t.Errorf("%d and %d of %d images", train.Len(), val.Len(), d.Len())
		}
		d.Complete(false)
		if _, err := d.Table(train, Subset{data: d}, val); err != nil {
			t.Error(err)
		}
	})
}

// FuzzPlaces: whatever files are called, each has a class or a reason for none, and
// those that count as empty have no image.
func FuzzPlaces(f *testing.F) {
	f.Add("train/cat/1.png\nval/dog/2.png\ntest/3.png", "train/bird/1.heic")
	f.Add("seg_train/a/1.png\nseg_test/b/1.png\nx.png", "docs/a.md\n../b")
	f.Add("a/train/1.png\nb/val/1.png", "")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, images, others string) {
		src := newSource()
		var items []item
		for name := range strings.SplitSeq(images, "\n") {
			if name = entryName(name); isImage(name) {
				items = append(items, item{name: name})
			}
		}
		for name := range strings.SplitSeq(others, "\n") {
			src.others.file(entryName(name))
		}
		count := len(items)
		d, err := assemble(dir, 1, items, nil, src)
		if err != nil {
			if fault.Of(err) == nil {
				t.Errorf("%v is no sentence", err)
			}
			return
		}
		if d.Len()+len(d.Skipped) != count {
			t.Errorf("%d images: %d are used, %d left out", count, d.Len(), len(d.Skipped))
		}
		for _, class := range d.Empty {
			for _, c := range d.Classes {
				if c == class {
					t.Errorf("%q is empty and has images", class)
				}
			}
		}
	})
}

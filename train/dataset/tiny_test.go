package dataset

import (
	"context"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
)

// tinyImageNet is Tiny-ImageNet as users have it, with two classes: boxes beside the
// training images, a val half in one folder with its annotations, and a test half
// without any.
func tinyImageNet(t *testing.T) []entry {
	const top = "tiny-imagenet-200/"
	var all []entry
	for c, class := range []string{tench, "n01443537"} {
		for i := range 3 {
			all = append(all, entry{fmt.Sprintf("%strain/%s/images/%s_%d.JPEG", top, class, class, i), img(t, 8, 8, color.Gray{uint8(100*c + i)})})
		}
		all = append(all, entry{top + "train/" + class + "/" + class + "_boxes.txt", []byte(class + "_0.JPEG\t0\t0\t62\t48\n")})
	}
	for i := range 3 {
		all = append(all, entry{fmt.Sprintf("%sval/images/val_%d.JPEG", top, i), img(t, 8, 8, color.Gray{uint8(50 + i)})},
			entry{fmt.Sprintf("%stest/images/test_%d.JPEG", top, i), img(t, 8, 8, color.Gray{7})})
	}
	return append(all,
		entry{top + "val/val_annotations.txt", []byte("val_0.JPEG\tn01443537\t0\t32\t44\t62\r\nval_1.JPEG\t" + tench + "\t52\t55\t57\t59\r\nval_2.JPEG\tn01443537\t4\t0\t60\t55\r\n")},
		entry{top + "wnids.txt", []byte(tench + "\nn01443537\n")},
		entry{top + "words.txt", []byte("n00001740\tentity\nn01443537\tgoldfish, Carassius auratus\n" + tench + "\ttench, Tinca tinca\n")})
}

// TestTinyImageNet: the archive and the folder are read as they come: every image
// of both halves with its class, the test half left out, names from words.txt.
func TestTinyImageNet(t *testing.T) {
	check := func(kind string, d *Dataset) {
		t.Helper()
		if !slices.Equal(d.Classes, []string{tench, "n01443537"}) || !slices.Equal(d.Labels, []string{"tench", "goldfish"}) {
			t.Errorf("%s: classes %v, labels %v", kind, d.Classes, d.Labels)
		}
		train, val := d.Split(ByName, 0.5)
		if train.Len() != 6 || val.Len() != 3 || len(d.Skipped) != 3 || d.Skipped[0].Err.Error() != errTest.Error() {
			t.Fatalf("%s: %d to train on, %d to validate on, left out %v", kind, train.Len(), val.Len(), d.Skipped)
		}
		for i := range train.Len() {
			if got := d.Classes[train.Label(i)]; !strings.Contains(train.Name(i), got) {
				t.Errorf("%s: %s is of class %s", kind, train.Name(i), got)
			}
		}
		for i, want := range []int{1, 0, 1} {
			if val.Label(i) != want || val.Image(i)[0] != uint8(50+i) {
				t.Errorf("%s: %s is of class %d, want %d", kind, val.Name(i), val.Label(i), want)
			}
		}
	}
	for kind, file := range pack(t, tinyImageNet(t)) {
		d, err := Open(file, Options{Side: 8})
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		check(kind, d)
		out := filepath.Join(t.TempDir(), "out")
		o := small()
		o.Side = 8
		if _, err := Prepare(context.Background(), file, out, o); err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		if d, err = Open(out, Options{Side: 8}); err != nil {
			t.Fatal(err)
		}
		check("prepared from "+kind, d)
		d.Close()
	}
	// The train folder alone finds words.txt above it.
	folder := writeFolder(t, tinyImageNet(t))
	d, err := Open(filepath.Join(folder, "tiny-imagenet-200", "train"), Options{Side: 8})
	if err != nil || d.Len() != 6 || !slices.Equal(d.Labels, []string{"tench", "goldfish"}) {
		t.Errorf("train alone: %v, %v", d, err)
	}
}

// TestNameClasses: names come from a file of two columns, or by the line for numbers.
func TestNameClasses(t *testing.T) {
	for _, c := range []struct {
		what          string
		classes, want []string
		text          string
	}{
		{"tabs", []string{"a", "b"}, []string{"ape, great", "bee"}, "wnid\tname\nb\tbee\na\tape, great\nz\tzebra\n"},
		{"Windows", []string{"a", "b"}, []string{"ape", "b"}, "\xef\xbb\xbfa\tape\r\n\r\n"},
		{"commas", []string{"golden retriever", "pug"}, []string{"Goldie", "Pug"}, "golden retriever,Goldie\npug,Pug\n"},
		{"blanks", []string{tench, "n02"}, []string{"tench", "n02"}, tench + " tench, Tinca tinca\n"},
		{"lines", []string{"00", "02", "10"}, []string{"n0", "n2", "n10"}, "n0\nn1\nn2\nn3\nn4\nn5\nn6\nn7\nn8\nn9\nn10\n"},
		{"numbers", []string{"00", "02", "10"}, []string{"zero", "02", "ten"}, "0\tzero\n10\tten\n"},
		{"the same name twice", []string{"a", "b"}, []string{"crane (a)", "crane (b)"}, "a\tcrane\nb\tcrane\n"},
		{"none of them", []string{"a", "b"}, nil, "x\ty\n"},
		{"too few lines", []string{"0", "1"}, nil, "zero\n"},
	} {
		file := filepath.Join(t.TempDir(), "names.tsv")
		if err := os.WriteFile(file, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		d := &Dataset{Classes: c.classes, Labels: slices.Clone(c.classes)}
		err := d.NameClasses(file)
		if c.want == nil {
			if f := fault.Of(err); f == nil || f.Code != CodeNotes || !slices.Equal(d.Labels, c.classes) {
				t.Errorf("%s: %v, labels %v; want an error and the labels as they were", c.what, err, d.Labels)
			}
		} else if err != nil || !slices.Equal(d.Labels, c.want) {
			t.Errorf("%s: %v, %v; want %v", c.what, d.Labels, err, c.want)
		}
	}
	if err := (&Dataset{}).NameClasses(filepath.Join(t.TempDir(), "no")); fault.Of(err) == nil {
		t.Errorf("no file: %v", err)
	}
}

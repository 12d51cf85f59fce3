package dataset

import (
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
)

// grey is a PNG whose red value tells it from others.
func grey(t *testing.T, v int) []byte { return img(t, 8, 8, color.RGBA{uint8(v), 0, 0, 255}) }

// tarFile writes a tar of the entries.
func tarFile(t *testing.T, entries []entry) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "data.tar")
	if err := os.WriteFile(file, tarBytes(t, entries), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// labelsOf are the classes of the images by the names of their files.
func labelsOf(d *Dataset) map[string]string {
	all := map[string]string{}
	for i := range d.Len() {
		all[d.Name(i)] = d.Classes[d.Label(i)]
	}
	return all
}

// refused checks that data is refused with a code and a sentence.
func refused(t *testing.T, what string, err error, code, part string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Code != code || !strings.Contains(err.Error()+" "+f.Hint, part) {
		t.Errorf("%s: %v; want the code %s and %q", what, err, code, part)
	}
}

// TestSampleLabels: each image has the class of its own file, whatever its key and
// the kind of the file, as tar, zip and folder.
func TestSampleLabels(t *testing.T) {
	type sample struct{ image, file, text, class string }
	for what, samples := range map[string][]sample{
		"dotted keys": {{"p_0.00.jpg", "p_0.00.cls", "0", "0"}, {"p_0.25.jpg", "p_0.25.cls", "1", "1"}, {"p_0.50.jpg", "p_0.50.cls", "0", "0"}, {"q_0.00.jpg", "q_0.00.cls", "1", "1"}},
		"fields":      {{"a.left.jpg", "a.cls", "0", "0"}, {"a.right.jpg", "", "", "0"}, {"b.x.jpg", "b.y.cls", "1", "1"}},
		"JSON below folders": {{"00000/0.jpg", "00000/0.json", `{"label": 2}`, "2"}, {"00000/1.jpg", "00000/1.json", `{"label": 0}`, "0"},
			{"00001/2.jpg", "00001/2.json", `{"cls": 0}`, "0"}, {"00001/3.jpg", "00001/3.json", `{"class_id": 1.0}`, "1"}},
		"capital letters": {{"a.JPG", "a.CLS", "0", "0"}, {"b.JPG", "b.Cls", "1", "1"}},
		".label":          {{"a.jpg", "a.label", "cat", "cat"}, {"b.jpg", "b.label", "dog\r\n", "dog"}},
		".index":          {{"a.jpg", "a.index", "0", "0"}, {"b.jpg", "b.index", "1", "1"}, {"c.jpg", "c.index", "1", "1"}, {"d.jpg", "d.index", "0", "0"}},
		".txt":            {{"a.jpg", "a.txt", "cat", "cat"}, {"b.jpg", "b.txt", "dog", "dog"}, {"c.jpg", "c.txt", "dog", "dog"}, {"d.jpg", "d.txt", "cat", "cat"}},
		"JSON of one value": {{"a.jpg", "a.json", "[3]", "3"}, {"b.jpg", "b.json", "0", "0"}, {"c.jpg", "c.json", ` "3"`, "3"},
			{"d.jpg", "d.json", `{"target": ["0"]}`, "0"}},
		"booleans":             {{"a.jpg", "a.json", `{"label": true}`, "true"}, {"b.jpg", "b.json", `{"label": false}`, "false"}},
		"a class before words": {{"a.jpg", "a.cls", "7", "7"}, {"", "a.json", `{"label": "cat"}`, ""}, {"", "a.txt", "a cat", ""}, {"b.jpg", "b.cls", "8", "8"}},
		"a running number":     {{"a.jpg", "a.cls", "0", "0"}, {"", "a.index", "17", ""}, {"b.jpg", "b.cls", "1", "1"}, {"", "b.index", "18", ""}},
		"a mark in front":      {{"a.jpg", "a.cls", "\ufeff0", "0"}, {"b.jpg", "b.cls", "1", "1"}},
	} {
		var entries []entry
		want := map[string]string{}
		for i, s := range samples {
			if s.image != "" {
				entries = append(entries, entry{s.image, grey(t, i)})
				want[s.image] = s.class
			}
			if s.file != "" {
				entries = append(entries, entry{s.file, []byte(s.text)})
			}
		}
		for kind, file := range pack(t, entries) {
			d, err := Open(file, Options{Side: 8})
			if err != nil {
				t.Errorf("%s, %s: %v", what, kind, err)
				continue
			}
			for name, class := range want {
				if got := labelsOf(d)[name]; got != class {
					t.Errorf("%s, %s: %s is of class %q, want %q", what, kind, name, got, class)
				}
			}
			if d.Len() != len(want) {
				t.Errorf("%s, %s: %d images, want %d", what, kind, d.Len(), len(want))
			}
		}
	}
}

// TestSampleLabelsRefused: what is no class, or two, is refused with the name of the
// file and what is read.
func TestSampleLabelsRefused(t *testing.T) {
	ok := []entry{{"y.jpg", grey(t, 1)}, {"y.cls", []byte("0")}, {"z.jpg", grey(t, 2)}, {"z.cls", []byte("1")}}
	for what, c := range map[string]struct {
		more       []entry
		code, part string
	}{
		"binary":            {[]entry{{"a.jpg", grey(t, 3)}, {"a.cls", []byte{3, 0, 0, 0, 0, 0, 0, 0}}}, CodeNotes, "a.cls: it holds 8 bytes that are no text"},
		"a byte":            {[]entry{{"a.jpg", grey(t, 3)}, {"a.cls", []byte("\n")}}, CodeNotes, "KEY.json a number"},
		"a list":            {[]entry{{"a.jpg", grey(t, 3)}, {"a.json", []byte(`{"label": [0, 1]}`)}}, CodeNotes, "a.json: label: a list of 2"},
		"half a class":      {[]entry{{"a.jpg", grey(t, 3)}, {"a.json", []byte(`{"label": 0.5}`)}}, CodeNotes, "whole number"},
		"an object":         {[]entry{{"a.jpg", grey(t, 3)}, {"a.json", []byte(`{"label": {"id": 1}}`)}}, CodeNotes, "object"},
		"two of one ending": {[]entry{{"a.jpg", grey(t, 3)}, {"a.cls", []byte("0")}, {"a.CLS", []byte("1")}}, CodeNotes, `"0"`},
		"two files":         {[]entry{{"a.jpg", grey(t, 3)}, {"a.json", []byte(`{"cls": 1}`)}, {"a.cls", []byte("0")}}, CodeNotes, "different classes"},
		"few with a class": {[]entry{{"cat/1.jpg", grey(t, 3)}, {"cat/2.jpg", grey(t, 4)}, {"dog/3.jpg", grey(t, 5)}, {"dog/4.jpg", grey(t, 6)}}, CodeLayout,
			"2 images have a file with their class and 4 have none"},
	} {
		_, err := Open(tarFile(t, append(slices.Clone(ok), c.more...)), Options{Side: 8})
		refused(t, what, err, c.code, c.part)
	}
	// Texts that name other classes than the folders.
	var texts []entry
	for i := range 8 {
		texts = append(texts, entry{fmt.Sprintf("%05d/%d.jpg", i/4, i), grey(t, i)}, entry{fmt.Sprintf("%05d/%d.txt", i/4, i), []byte([]string{"cat", "dog"}[i%2])})
	}
	_, err := Open(tarFile(t, texts), Options{Side: 8})
	refused(t, "texts in folders", err, CodeLayout, "rename the .txt files to .cls")
}

// TestCaptions: texts beside the images of class folders are no classes.
func TestCaptions(t *testing.T) {
	var all []entry
	for i := range 8 {
		class := []string{"cat", "dog"}[i%2]
		all = append(all, entry{fmt.Sprintf("%s/%d.jpg", class, i), grey(t, i)}, entry{fmt.Sprintf("%s/%d.txt", class, i), fmt.Appendf(nil, "a photograph of %d animals", i)},
			entry{fmt.Sprintf("%s/%d.json", class, i), []byte(`{"shapes": [], "width": 8}`)})
	}
	for kind, file := range pack(t, all) {
		if d, err := Open(file, Options{Side: 8}); err != nil || d.Len() != 8 || !slices.Equal(d.Classes, []string{"cat", "dog"}) {
			t.Errorf("%s: %v, %v", kind, d, err)
		}
	}
}

// TestSamplesWithoutAClass: an image without a class is left out with the reason,
// and a class whose images cannot be read is noticed.
func TestSamplesWithoutAClass(t *testing.T) {
	d, err := Open(tarFile(t, []entry{{"a.jpg", grey(t, 0)}, {"a.cls", []byte("0")}, {"a.mask.png", grey(t, 1)}, {"b.jpg", grey(t, 2)}, {"b.cls", []byte("1")},
		{"c.jpg", grey(t, 3)}, {"c.cls", []byte("-1")}, {"d.jpg", grey(t, 4)}, {"e.heic", []byte("x")}, {"e.cls", []byte("2")}, {"f.heic", []byte("x")}, {"f.cls", []byte("2")},
		{"g.heic", []byte("x")}, {"g.cls", []byte("2")}, {"h.heic", []byte("x")}, {"h.cls", []byte("2")}}), Options{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != 2 || len(d.Skipped) != 3 || d.Skipped[0].Err != errShared || d.Skipped[1].Err != errUnknown || d.Skipped[2].Err != errNoNote {
		t.Errorf("%d images, left out %v", d.Len(), d.Skipped)
	}
	if !slices.Equal(d.Empty, []string{"2"}) {
		t.Errorf("classes without images: %v", d.Empty)
	}
	refused(t, "a class of HEIC", d.Complete(false), CodeEmptyClass, "2")
}

// TestShards: shards of a test half are not trained on, and names of classes come
// from a list beside the shards.
func TestShards(t *testing.T) {
	shard := func(from int) []byte {
		var all []entry
		for i := range 4 {
			all = append(all, entry{fmt.Sprintf("%04d.jpg", i), grey(t, from+i)}, entry{fmt.Sprintf("%04d.cls", i), fmt.Append(nil, i%2)})
		}
		return tarBytes(t, all)
	}
	files := []entry{{"train/0.tar", shard(0)}, {"train/1.tar", shard(10)}, {"test/0.tar", shard(20)}, {"classnames.txt", []byte("tabby cat\nbeagle\n")}}
	d, err := Open(writeFolder(t, files), Options{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != 8 || len(d.Skipped) != 4 || d.Skipped[0].Err != errTest || !slices.Equal(d.Labels, []string{"tabby cat", "beagle"}) {
		t.Errorf("%s, labels %v", d.Describe(), d.Labels)
	}
	for _, half := range []string{"val", "valid", "validation", "dev"} {
		d, err := Open(writeFolder(t, []entry{{"a-train-0.tar", shard(0)}, {"a-" + half + "-0.tar", shard(10)}}), Options{Side: 8})
		if err != nil {
			t.Errorf("%s: %v", half, err)
		} else if train, val := d.Split(ByName, 0.1); train.Len() != 4 || val.Len() != 4 {
			t.Errorf("%s: %d and %d", half, train.Len(), val.Len())
		}
	}
	_, err = Open(writeFolder(t, []entry{{"train/0.tar", shard(0)}, {"classes.txt", []byte("cat\n")}}), Options{Side: 8})
	refused(t, "too few names", err, CodeNotes, "classes.txt has 1 lines")
	_, err = Open(writeFolder(t, []entry{{"test/0.tar", shard(0)}}), Options{Side: 8})
	refused(t, "only a test half", err, CodeNoImages, "name the folder val/")
}

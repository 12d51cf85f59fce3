package dataset

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// folders are images of classes, each with so many, all different.
func folders(t *testing.T, counts map[string]int) (all []entry) {
	t.Helper()
	v := 0
	for _, dir := range slices.Sorted(func(yield func(string) bool) {
		for dir := range counts {
			if !yield(dir) {
				return
			}
		}
	}) {
		for i := range counts[dir] {
			all = append(all, entry{fmt.Sprintf("%s/%s_%d.png", dir, filepath.Base(dir), i), grey(t, v)})
			v++
		}
	}
	return all
}

// TestEmptyClasses: a class folder in which nothing can be read is named and
// counted, and refused unless it shall be left out; so it is after prepare.
func TestEmptyClasses(t *testing.T) {
	good := folders(t, map[string]int{"cat": 3, "dog": 3})
	for what, more := range map[string][]entry{
		"HEIC":      {{"bird/1.HEIC", []byte("x")}, {"bird/2.heic", []byte("x")}},
		"AVIF":      {{"bird/1.avif", []byte("x")}},
		"damaged":   {{"bird/1.png", []byte("x")}, {"bird/2.jpg", nil}},
		"below":     {{"bird/a/1.heic", []byte("x")}, {"bird/b/2.heic", []byte("x")}},
		"with text": {{"bird/1.heic", []byte("x")}, {"bird/readme.txt", []byte("x")}},
	} {
		for kind, file := range pack(t, append(slices.Clone(good), more...)) {
			d, err := Open(file, Options{Side: 8})
			if err != nil {
				t.Errorf("%s, %s: %v", what, kind, err)
				continue
			}
			if !slices.Equal(d.Empty, []string{"bird"}) || !slices.Equal(d.Classes, []string{"cat", "dog"}) {
				t.Errorf("%s, %s: empty %v, classes %v", what, kind, d.Empty, d.Classes)
			}
			refused(t, what, d.Complete(false), CodeEmptyClass, "bird/")
			if err := d.Complete(true); err != nil {
				t.Errorf("%s, %s: %v", what, kind, err)
			}
		}
	}
	folder := writeFolder(t, good)
	if err := os.MkdirAll(filepath.Join(folder, "bird"), 0o755); err != nil {
		t.Fatal(err)
	}
	d, err := Open(folder, Options{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	refused(t, "empty folder", d.Complete(false), CodeEmptyClass, "nothing is in it")
	_, err = Prepare(context.Background(), folder, filepath.Join(t.TempDir(), "p"), small())
	refused(t, "prepare", err, CodeEmptyClass, "--skip-empty")
	o, out := small(), filepath.Join(t.TempDir(), "p")
	o.SkipEmpty = true
	if _, err := Prepare(context.Background(), folder, out, o); err != nil {
		t.Fatal(err)
	}
	if d, err = Open(out, Options{Side: 8}); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	refused(t, "prepared", d.Complete(false), CodeEmptyClass, "bird")
	// Texts beside class folders, and an image that only its ending hides, are no classes.
	for kind, file := range pack(t, append(slices.Clone(good), entry{"docs/a.md", []byte("x")}, entry{"docs/b.csv", []byte("x")}, entry{".git/HEAD", []byte("x")})) {
		if d, err := Open(file, Options{Side: 8}); err != nil || len(d.Empty) > 0 {
			t.Errorf("%s: %v, empty %v", kind, err, d.Empty)
		}
	}
}

// TestJFIF: these endings are plain JPEG.
func TestJFIF(t *testing.T) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	for kind, file := range pack(t, []entry{{"cat/1.jfif", b.Bytes()}, {"cat/2.JFIF", b.Bytes()}, {"dog/1.jpe", b.Bytes()}, {"dog/2.pjpeg", b.Bytes()}}) {
		if d, err := Open(file, Options{Side: 8}); err != nil || d.Len() != 4 {
			t.Errorf("%s: %v, %v", kind, d, err)
		}
	}
}

// TestPrepareCounts: the summary counts what the folder gives to training, and what
// it left out by which rule.
func TestPrepareCounts(t *testing.T) {
	all := folders(t, map[string]int{"train/cat": 12, "train/dog": 12, "val/cat": 4, "val/dog": 4, "test/cat": 10, "extra": 6})
	all = append(all, entry{"train/cat/x.heic", []byte("x")}, entry{"train/dog/notes.md", []byte("x")}, entry{"train/dog/y.png", []byte("x")})
	out := filepath.Join(t.TempDir(), "p")
	done := prepare(t, writeFolder(t, all), out, small())
	if done.Count != 32 || len(done.Skipped) != 17 || done.Seen != 49 {
		t.Errorf("%d written, %d left out of %d; want 32, 17 and 49", done.Count, len(done.Skipped), done.Seen)
	}
	d, err := Open(out, Options{Side: 8})
	if err != nil || d.Len() != done.Count {
		t.Fatalf("%v, %v", d, err)
	}
	defer d.Close()
	for _, from := range []*Table{done.Table, must(t)(d.Halves())} {
		var got []string
		for _, l := range from.byReason() {
			got = append(got, fmt.Sprintf("%d%s: %s", l.Count, l.Ending, l.Reason))
		}
		want := []string{"10.png: " + errTest.Error(), "6.png: " + errNoHalf.Error(), "1.png: " + cannotDecode, "1.md: " + errOther.Error(), "1.heic: " + errFormat.Error()}
		slices.Sort(got[2:])
		slices.Sort(want[2:])
		if !slices.Equal(got, want) {
			t.Errorf("left out %q, want %q", got, want)
		}
		if from.Train != 24 || from.Val != 8 {
			t.Errorf("%d and %d", from.Train, from.Val)
		}
	}
}

func must(t *testing.T) func(*Table, error) *Table {
	return func(table *Table, err error) *Table {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return table
	}
}

// TestLinksInventNothing: links inside a data set neither make classes nor multiply
// images; links to elsewhere are followed, once.
func TestLinksInventNothing(t *testing.T) {
	link := func(root, to, name string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	open := func(root string, want map[string]int) {
		t.Helper()
		d, err := Open(root, Options{Side: 8})
		if err != nil {
			t.Error(err)
			return
		}
		got := map[string]int{}
		for _, class := range labelsOf(d) {
			got[class]++
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%v, want %v", got, want)
		}
	}
	two := map[string]int{"cat": 4, "dog": 4}
	root := writeFolder(t, folders(t, two))
	link(root, "cat", "latest")             // another name of a class
	link(root, ".", "all")                  // the data set itself
	link(root, "..", "dog/loop")            // a folder above
	link(root, "cat_0.png", "cat/copy.png") // another name of an image
	link(root, "../cat/cat_1.png", "dog/x.png")
	open(root, two)

	outside := writeFolder(t, folders(t, two))
	root = writeFolder(t, nil)
	link(root, filepath.Join(outside, "cat"), "cat")
	link(root, filepath.Join(outside, "dog"), "dog")
	link(root, filepath.Join(outside, "dog"), "hound")
	open(root, two)

	// A pool of images, and halves of links to them.
	root = writeFolder(t, folders(t, map[string]int{"pool": 8}))
	for i := range 8 {
		link(root, fmt.Sprintf("../../pool/pool_%d.png", i), fmt.Sprintf("train/%s/%d.png", []string{"cat", "dog"}[i/4], i))
	}
	open(root, two)

	// In an archive links lead nowhere.
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range folders(t, two) {
		w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.data))})
		w.Write(e.data)
	}
	w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "latest", Linkname: "cat"})
	w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: "dog/c.png", Linkname: "../cat/cat_0.png"})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "a.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	open(file, two)
}

// TestNamesInArchives: names that lead out of an archive are left out, the same name
// twice is one image, and other spellings of a path are the path.
func TestNamesInArchives(t *testing.T) {
	two := folders(t, map[string]int{"top/cat": 3, "top/dog": 3})
	for what, c := range map[string]struct {
		entries []entry
		images  int
	}{
		"leading out":    {append(slices.Clone(two), entry{"../evil/1.png", grey(t, 99)}, entry{"top/../../evil/2.png", grey(t, 98)}), 6},
		"round about":    {append(slices.Clone(two), entry{"top/dog/../cat/3.png", grey(t, 99)}), 7},
		"all from above": {folders(t, map[string]int{"../x/cat": 3, "../x/dog": 3}), 6},
		"twice":          {append(slices.Clone(two), two[0]), 6},
		"absolute":       {append(slices.Clone(two), entry{"/top/cat/y.png", grey(t, 99)}), 7},
		"backslashes":    {append(slices.Clone(two), entry{`top\cat\y.png`, grey(t, 99)}), 7},
	} {
		for kind, file := range pack(t, c.entries) {
			if kind == "folder" {
				continue
			}
			d, err := Open(file, Options{Side: 8})
			if err != nil {
				t.Errorf("%s, %s: %v", what, kind, err)
				continue
			}
			if d.Len() != c.images || !slices.Equal(d.Classes, []string{"cat", "dog"}) {
				t.Errorf("%s, %s: %d images of %v, want %d of cat and dog", what, kind, d.Len(), d.Classes, c.images)
			}
		}
	}
	out := filepath.Join(t.TempDir(), "p")
	prepare(t, tarFile(t, append(slices.Clone(two), two[0])), out, small())
	if d, err := Open(out, Options{Side: 8}); err != nil || d.Len() != 6 {
		t.Errorf("prepared with a name twice: %v", err)
	}
}

// TestDamagedGzip: the checksum lies behind the end of the tar.
func TestDamagedGzip(t *testing.T) {
	whole := gzipped(t, tarBytes(t, folders(t, map[string]int{"cat": 3, "dog": 3})))
	for what, change := range map[string]func([]byte) []byte{
		"whole":            func(b []byte) []byte { return b },
		"zeros behind it":  func(b []byte) []byte { return append(b, make([]byte, 512)...) },
		"another checksum": func(b []byte) []byte { b[len(b)-8] ^= 1; return b },
		"another length":   func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"no checksum":      func(b []byte) []byte { return b[:len(b)-8] },
	} {
		file := filepath.Join(t.TempDir(), "a.tgz")
		if err := os.WriteFile(file, change(slices.Clone(whole)), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(file, Options{Side: 8})
		if fine := what == "whole" || what == "zeros behind it"; fine && err != nil {
			t.Errorf("%s: %v", what, err)
		} else if !fine {
			refused(t, what, err, CodeArchive, "damaged")
		}
	}
}

// TestNamesInZip: without the mark for UTF-8, names are in code page 437, unless
// they are UTF-8 all the same or an extra field has them.
func TestNamesInZip(t *testing.T) {
	field := func(name, real string) []byte {
		data := append([]byte{1}, binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(name)))...)
		data = append(data, real...)
		return append(binary.LittleEndian.AppendUint16([]byte{0x75, 0x70}, uint16(len(data))), data...)
	}
	for raw, c := range map[string]struct {
		want   string
		marked bool
		extra  []byte
	}{
		"caf\x82":      {want: "café"},
		"\x9abung":     {want: "Übung"},
		"\xe1\x84":     {want: "ßä"},
		"caf\u00e9":    {want: "café"},
		"cafe\u0301":   {want: "café", marked: true}, // decomposed, as macOS writes it
		"caf_":         {want: "café", extra: field("caf_/1.png", "café/1.png")},
		"\xd4\xbc\xa7": {want: "╘╝º"},
	} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i, dir := range []string{raw, "dog"} {
			h := &zip.FileHeader{Name: dir + "/1.png", NonUTF8: !c.marked}
			if i == 0 {
				h.Extra = c.extra
			}
			w, err := z.CreateHeader(h)
			if err == nil {
				_, err = w.Write(grey(t, i))
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "a.zip")
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := Open(file, Options{Side: 8})
		if err != nil || !slices.Contains(d.Classes, c.want) {
			t.Errorf("%q: classes %v, %v; want %q", raw, d.Classes, err, c.want)
		}
	}
}

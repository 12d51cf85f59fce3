package dataset

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
)

// The tiny ImageNet of these tests: two classes whose order by ILSVRC2012_ID is
// not that by WordNet id, two training images of each, three validation images.
const (
	tench, chute = "n01440764", "n03888257"
	truth        = "7\n2\n7\n" // ILSVRC2012_ID: 2 is the tench, 7 the parachute
)

func train(t *testing.T, class string) []entry {
	return []entry{
		{class + "_1.JPEG", img(t, 9, 9, color.RGBA{255, 0, 0, 255})}, // a PNG inside, as one of ImageNet's is
		{class + "_2.JPEG", img(t, 9, 12, color.RGBA{0, 0, 255, 255})},
	}
}

func val(t *testing.T) []entry {
	var all []entry
	for i := range 3 {
		all = append(all, entry{fmt.Sprintf("ILSVRC2012_val_%08d.JPEG", i+1), img(t, 8, 8, color.RGBA{0, uint8(80 * i), 0, 255})})
	}
	return all
}

func tarBytes(t *testing.T, entries []entry) []byte {
	var b bytes.Buffer
	tarOf(t, &b, entries)
	return b.Bytes()
}

func gzipped(t *testing.T, data []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// trainTar is ILSVRC2012_img_train.tar: a tar a class inside one.
func trainTar(t *testing.T) []byte {
	return tarBytes(t, []entry{{chute + ".tar", tarBytes(t, train(t, chute))}, {tench + ".tar", tarBytes(t, train(t, tench))}})
}

// element is a data element of a MATLAB file.
func element(kind uint32, data []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, data...)
	return append(b, make([]byte, -len(b)&7)...)
}

func array(class byte, dims [2]uint32, name string, rest ...[]byte) []byte {
	body := element(matUint32, []byte{class, 0, 0, 0, 0, 0, 0, 0})
	body = append(body, element(matInt32, binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, dims[0]), dims[1]))...)
	body = append(body, element(matInt8, []byte(name))...)
	return element(matMatrix, append(body, bytes.Join(rest, nil)...))
}

// meta is a meta.mat with the fields that matter and one that does not, in the
// types that MATLAB chooses: numbers in a small element, 16-bit characters.
func meta(compressed bool) []byte {
	names := make([]byte, 4*32)
	for i, f := range []string{"ILSVRC2012_ID", "WNID", "words", "children"} {
		copy(names[32*i:], f)
	}
	parts := [][]byte{{matInt32, 0, 4, 0, 32, 0, 0, 0}, element(matInt8, names)} // the first is a small element
	text := func(s string) []byte {
		var wide []byte
		for _, c := range s {
			wide = binary.LittleEndian.AppendUint16(wide, uint16(c))
		}
		return array(matChar, [2]uint32{1, uint32(len(s))}, "", element(matUint16, wide))
	}
	for _, s := range []synset{{2, tench, "tench, Tinca tinca"}, {7, chute, "parachute, chute"}, {1001, "n00000001", "group"}} {
		id := array(6, [2]uint32{1, 1}, "", []byte{matUint16, 0, 2, 0, byte(s.id), byte(s.id >> 8), 0, 0})
		children := array(6, [2]uint32{1, 2}, "", element(matDouble, make([]byte, 16)))
		parts = append(parts, id, text(s.wnid), text(s.words), children)
	}
	matrix := array(matStruct, [2]uint32{3, 1}, "synsets", parts...)
	if compressed {
		var b bytes.Buffer
		z := zlib.NewWriter(&b)
		z.Write(matrix)
		z.Close()
		matrix = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, matCompressed), uint32(b.Len()))
		matrix = append(matrix, b.Bytes()...)
	}
	head := make([]byte, 128)
	copy(head, "MATLAB 5.0 MAT-file")
	copy(head[124:], "\x00\x01IM")
	return append(head, matrix...)
}

func checkImageNet(t *testing.T, what string, d *Dataset, err error, words bool) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	if !slices.Equal(d.Classes, []string{tench, chute}) || words && !slices.Equal(d.Labels, []string{"tench", "parachute"}) {
		t.Errorf("%s: classes %v, labels %v", what, d.Classes, d.Labels)
	}
	tr, va := d.Split(ByName, 0.5)
	if tr.Len() != 4 || va.Len() != 3 || len(d.Skipped) != 0 {
		t.Errorf("%s: %d training and %d validation images, skipped %v", what, tr.Len(), va.Len(), d.Skipped)
		return
	}
	for i := range tr.Len() {
		if got := d.Classes[tr.Label(i)]; !strings.Contains(tr.Name(i), got) {
			t.Errorf("%s: %s is of class %s", what, tr.Name(i), got)
		}
	}
	for i, want := range []int{1, 0, 1} {
		if va.Label(i) != want || !strings.Contains(va.Name(i), fmt.Sprintf("%08d", i+1)) || va.Image(i)[1] != uint8(80*i) {
			t.Errorf("%s: %s is of class %d, want %d", what, va.Name(i), va.Label(i), want)
		}
	}
}

func TestImageNetAsDistributed(t *testing.T) {
	archives := []entry{{imagenetTrain, trainTar(t)}, {imagenetVal, tarBytes(t, val(t))}}
	kit := func(compressed bool) []byte {
		const at = "ILSVRC2012_devkit_t12/data/"
		return gzipped(t, tarBytes(t, []entry{{at + "meta.mat", meta(compressed)}, {at + "ILSVRC2012_validation_ground_truth.txt", []byte(truth)}}))
	}
	numbers := entry{"ILSVRC2012_validation_ground_truth.txt", []byte(truth)}
	for what, more := range map[string][]entry{
		"devkit, compressed": {{imagenetDevkit, kit(true)}},
		"devkit, plain":      {{imagenetDevkit, kit(false)}},
		"unpacked devkit":    {{"devkit/data/meta.mat", meta(true)}, {"devkit/data/" + numbers.name, numbers.data}},
		"map_clsloc":         {numbers, {"map_clsloc.txt", []byte(tench + " 2 tench\n" + chute + " 7 parachute\n")}},
		"Kaggle's solution":  {{"LOC_val_solution.csv", []byte("ImageId,PredictionString\nILSVRC2012_val_00000003," + chute + " 1 2 3 4 " + chute + " 5 6 7 8 \nILSVRC2012_val_00000001," + chute + " 1 1 1 1 \nILSVRC2012_val_00000002," + tench + " 85 1 499 272 \n")}},
		"TensorFlow's ids":   {{"imagenet_2012_validation_synset_labels.txt", []byte(chute + "\n" + tench + "\n" + chute + "\n")}},
	} {
		d, err := Open(writeFolder(t, append(slices.Clone(archives), more...)), Options{Side: 8})
		checkImageNet(t, what, d, err, true)
	}
	// What is missing is said.
	_, err := Open(writeFolder(t, append(slices.Clone(archives), numbers)), Options{Side: 8})
	if f := fault.Of(err); f == nil || f.Code != CodeNotes || !strings.Contains(f.Hint, imagenetDevkit) {
		t.Errorf("numbers without a map: %v", err)
	}
	d, err := Open(writeFolder(t, archives), Options{Side: 8})
	if err != nil || len(d.Skipped) != 3 || d.Skipped[0].Err != errNoTruth {
		t.Errorf("no ground truth: %v, skipped %v", err, d.Skipped)
	}
	// The training tar alone, plain and zipped.
	for name, data := range map[string][]byte{imagenetTrain: trainTar(t), "train.tar.gz": gzipped(t, trainTar(t))} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, data, 0o644); err != nil {
			t.Fatal(err)
		}
		d, err := Open(file, Options{Side: 8})
		if err != nil || d.Len() != 4 || d.HasVal() || !slices.Equal(d.Classes, []string{tench, chute}) {
			t.Errorf("%s alone: %v, %v", name, d, err)
		}
	}
}

func TestKaggleLayout(t *testing.T) {
	const at = "ILSVRC/Data/CLS-LOC/"
	var all []entry
	for _, class := range []string{tench, chute} {
		for _, e := range train(t, class) {
			all = append(all, entry{at + "train/" + class + "/" + e.name, e.data})
		}
	}
	for _, e := range val(t) {
		all = append(all, entry{at + "val/" + e.name, e.data})
	}
	all = append(all, entry{at + "test/ILSVRC2012_test_00000001.JPEG", img(t, 8, 8, color.White)},
		entry{"LOC_synset_mapping.txt", []byte(tench + " tench, Tinca tinca\n" + chute + " parachute, chute\n")},
		entry{"LOC_val_solution.csv", []byte("ImageId,PredictionString\nILSVRC2012_val_00000001," + chute + " 1 1 1 1\nILSVRC2012_val_00000002," + tench + " 1 1 1 1\nILSVRC2012_val_00000003," + chute + " 1 1 1 1\n")},
		entry{"ILSVRC/Annotations/CLS-LOC/val/ILSVRC2012_val_00000001.xml", []byte("<annotation/>")})
	for kind, file := range pack(t, all) {
		d, err := Open(file, Options{Side: 8})
		checkImageNet(t, kind, d, err, true)
	}
}

func TestWebDataset(t *testing.T) {
	shard := func(classes []string, extension, format string) []byte {
		var all []entry
		for i, c := range classes {
			key := fmt.Sprintf("%06d", i)
			all = append(all, entry{key + ".jpg", img(t, 8, 8, color.Gray{uint8(20 * i)})}, entry{key + extension, fmt.Appendf(nil, format, c)})
		}
		return tarBytes(t, all)
	}
	for what, shards := range map[string][]entry{
		"cls":  {{"in-train-00.tar", shard([]string{"10", "2"}, ".cls", "%s\n")}, {"in-train-01.tar", shard([]string{"2", "0"}, ".cls", "%s")}, {"in-validation-00.tar", shard([]string{"10"}, ".cls", "%s")}},
		"json": {{"in-train-00.tar", shard([]string{"10", "2"}, ".json", `{"label": %s, "x": "y"}`)}, {"in-train-01.tar", shard([]string{"2", "0"}, ".json", `{"cls": %s}`)}, {"in-validation-00.tar", shard([]string{"10"}, ".json", `{"label": %s}`)}},
	} {
		d, err := Open(writeFolder(t, shards), Options{Side: 8})
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		tr, va := d.Split(ByName, 0.5)
		if !slices.Equal(d.Classes, []string{"00", "02", "10"}) || tr.Len() != 4 || va.Len() != 1 || va.Label(0) != 2 {
			t.Errorf("%s: classes %v, %d and %d images", what, d.Classes, tr.Len(), va.Len())
			continue
		}
		for i, want := range []int{2, 1, 1, 0} {
			if tr.Label(i) != want || tr.Image(i)[0] != uint8(20*(i%2)) {
				t.Errorf("%s: %s has label %d, want %d", what, tr.Name(i), tr.Label(i), want)
			}
		}
	}
	// One tar, classes with names; a sample without a class is skipped by name.
	file := filepath.Join(t.TempDir(), "all.tar")
	data := tarBytes(t, []entry{{"a.jpg", img(t, 8, 8, color.White)}, {"a.cls", []byte("dog")}, {"b.x.jpg", img(t, 8, 8, color.White)}, {"b.cls", []byte("cat")}, {"c.jpg", img(t, 8, 8, color.White)}})
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := Open(file, Options{Side: 8})
	if err != nil || !slices.Equal(d.Classes, []string{"cat", "dog"}) || len(d.Skipped) != 1 || d.Skipped[0].Name != "c.jpg" || d.Skipped[0].Err != errNoNote {
		t.Errorf("one tar: %+v, %v", d, err)
	}
}

func FuzzReadSynsets(f *testing.F) {
	f.Add(meta(true))
	f.Add(meta(false))
	f.Fuzz(func(t *testing.T, data []byte) {
		if all, err := readSynsets(data); err == nil && len(all) == 0 {
			t.Error("no classes and no error")
		}
	})
}

func FuzzNotes(f *testing.F) {
	f.Add("LOC_val_solution.csv", []byte("ImageId,PredictionString\na,b 1\n"))
	f.Add("a.json", []byte(`{"cls": 3}`))
	f.Add("a.cls", []byte("-1"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if !isNote(name) && !isSampleNote(name) {
			return
		}
		n := newNotes()
		if n.learn(name, data) == nil {
			n.truthOf("ILSVRC2012_val_00000001.JPEG")
			n.classesOf([]string{sampleKey(name) + ".jpg", stem(name) + ".png"})
		}
	})
}

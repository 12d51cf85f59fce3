package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestHalvesAreRead: every usual name and place of the halves gives the same images.
func TestHalvesAreRead(t *testing.T) {
	for what, c := range map[string]struct {
		folders    map[string]int
		train, val int
	}{
		"train only":          {map[string]int{"train/cat": 4, "train/dog": 4}, 8, 0},
		"val":                 {map[string]int{"train/cat": 4, "train/dog": 4, "val/cat": 2, "val/dog": 2}, 8, 4},
		"validation":          {map[string]int{"a/Train/cat": 4, "a/Train/dog": 4, "a/Validation/cat": 2}, 8, 2},
		"valid and test":      {map[string]int{"train/cat": 4, "train/dog": 4, "valid/cat": 2, "test/dog": 2}, 8, 2},
		"dev":                 {map[string]int{"train/cat": 4, "train/dog": 4, "dev/cat": 2}, 8, 2},
		"test only besides":   {map[string]int{"train/cat": 4, "train/dog": 4, "test/dog": 2}, 8, 0},
		"test without class":  {map[string]int{"train/cat": 4, "train/dog": 4, "test": 2}, 8, 0},
		"words":               {map[string]int{"seg_train/seg_train/cat": 4, "seg_train/seg_train/dog": 4, "seg_test/seg_test/cat": 2}, 8, 0},
		"words, with val":     {map[string]int{"train_set/cat": 4, "train_set/dog": 4, "val_set/cat": 2, "test_set": 2}, 8, 2},
		"classes, then half":  {map[string]int{"cat/train": 4, "cat/val": 2, "dog/train": 4, "dog/test": 2}, 8, 2},
		"classes one down":    {map[string]int{"train/images/cat": 4, "train/images/dog": 4, "val/images/cat": 2}, 8, 2},
		"repository":          {map[string]int{"repo/data/cat": 4, "repo/data/dog": 4}, 8, 0},
		"repository, logo":    {map[string]int{"repo": 1, "repo/data/cat": 4, "repo/data/dog": 4}, 8, 0},
		"repository, halves":  {map[string]int{"repo/docs": 2, "repo/data/train/cat": 4, "repo/data/train/dog": 4}, 8, 0},
		"a class train":       {map[string]int{"train": 4, "bus": 4}, 8, 0},
		"a class train below": {map[string]int{"train/train": 4, "train/bus": 4, "val/train": 2}, 8, 2},
		"images of a class":   {map[string]int{"train/cat/images": 4, "train/dog/images": 4, "val/cat/images": 2}, 8, 2},
	} {
		for kind, file := range pack(t, folders(t, c.folders)) {
			d, err := Open(file, Options{Side: 8})
			if err != nil {
				t.Errorf("%s, %s: %v", what, kind, err)
				continue
			}
			train, val := d.Split(ByName, 0)
			if train.Len() != c.train || val.Len() != c.val || len(d.Classes) != 2 || d.Complete(false) != nil {
				t.Errorf("%s, %s: %d to train on, %d to validate on, classes %v, %v; want %d and %d", what, kind, train.Len(), val.Len(), d.Classes, d.Complete(false), c.train, c.val)
			}
			for i := range d.Len() {
				if class := d.Classes[d.Label(i)]; !strings.Contains(d.Name(i), class+"/") {
					t.Errorf("%s, %s: %s is of class %s", what, kind, d.Name(i), class)
				}
			}
		}
	}
}

// TestLayoutsRefused: what cannot be right is refused with what was seen.
func TestLayoutsRefused(t *testing.T) {
	for what, c := range map[string]struct {
		folders    map[string]int
		code, part string
	}{
		"images directly in the halves": {map[string]int{"train": 4, "val": 4}, CodeNoImages, "not in the folder of a class"},
		"test only":                     {map[string]int{"test/cat": 4, "test/dog": 4}, CodeNoImages, "name the folder val/"},
		"halves under their own names":  {map[string]int{"my_train_a/cat": 4, "my_train_a/dog": 4, "my_test_b/cat": 4, "my_test_b/dog": 4, "pred": 2}, CodeLayout, "name them train/ and val/"},
		"classes beside figures":        {map[string]int{"data/cat": 12, "data/dog": 12, "figures": 2}, CodeLayout, "PATH/data"},
		"other classes":                 {map[string]int{"train/cat": 4, "train/dog": 4, "val/Cat": 4, "val/dog": 4}, CodeHalves, "only val/ has Cat; only train/ has cat"},
		"val without annotations":       {map[string]int{"train/cat/images": 4, "train/dog/images": 4, "val/images": 4}, CodeHalves, "val_annotations.txt"},
		"val only":                      {map[string]int{"val/cat": 4, "val/dog": 4}, CodeOneHalf, "name its folder train/"},
	} {
		for kind, file := range pack(t, folders(t, c.folders)) {
			d, err := Open(file, Options{Side: 8})
			if err == nil {
				err = d.Complete(false)
			}
			if err == nil {
				err = d.Trainable(d.Split(ByName, 0.2))
			}
			refused(t, what+", "+kind, err, c.code, c.part)
		}
	}
	d := made(2, 4)
	refused(t, "nothing held out", d.Trainable(d.Split(ByName, 0)), CodeOneHalf, "val_fraction")
}

// TestEveryClassIsHeldOut: where base names repeat across classes, class and path
// decide, and every class has some on each side; where they do not, the base name
// decides as it always did.
func TestEveryClassIsHeldOut(t *testing.T) {
	d := &Dataset{Side: 1}
	for c := range 40 {
		d.Classes = append(d.Classes, fmt.Sprintf("class %02d", c))
		for i := range 4 + c%7 {
			d.items = append(d.items, item{name: fmt.Sprintf("class %02d/%d.jpg", c, i), label: c})
		}
	}
	if v := d.SplitVersion(0.1, 0.1); v != ByClass {
		t.Fatalf("version %d", v)
	}
	train, val := d.Split(ByClass, 0.1)
	rest, search := train.SearchSplit(ByClass, 0.1)
	a, b, c := rest.PerClass(), search.PerClass(), val.PerClass()
	differ := map[string]bool{}
	for i := range d.Classes {
		if a[i] == 0 || b[i] == 0 || c[i] == 0 {
			t.Errorf("class %d has %d to train on, %d for searches, %d held out", i, a[i], b[i], c[i])
		}
	}
	for i := range val.Len() {
		differ[val.Name(i)[len("class 00/"):]] = true
	}
	if len(differ) < 4 {
		t.Errorf("held out are %v in all classes alike", differ)
	}
	// More images change no side but that of the one that a class needed.
	more, big := &Dataset{Side: 1, Classes: d.Classes}, map[string]bool{}
	for _, it := range d.items {
		for k := range 3 {
			more.items = append(more.items, item{name: strings.Replace(it.name, ".jpg", []string{".jpg", "_b.jpg", "_c.jpg"}[k], 1), label: it.label})
		}
	}
	_, held := more.Split(ByClass, 0.1)
	for i := range held.Len() {
		big[held.Name(i)] = true
	}
	for _, it := range d.items {
		if class := d.Classes[it.label]; below(hash(pathInClass(it.name, class)), 0.1) && !big[it.name] && held.PerClass()[it.label] > 1 {
			t.Errorf("%s changed sides", it.name)
		}
	}
	// One image of a class is trained on, two are shared.
	few := &Dataset{Side: 1, Classes: []string{"a", "b"}, items: []item{{name: "a/1.jpg"}, {name: "b/1.jpg", label: 1}, {name: "b/2.jpg", label: 1}}}
	train, val = few.Split(ByClass, 0.1)
	if !slices.Equal(train.PerClass(), []int{1, 1}) || !slices.Equal(val.PerClass(), []int{0, 1}) {
		t.Errorf("one and two images: %v and %v", train.PerClass(), val.PerClass())
	}
	if train, val = few.Split(ByClass, 1); !slices.Equal(train.PerClass(), []int{1, 1}) {
		t.Errorf("a fraction of 1 leaves %v", train.PerClass())
	}
	// Imagenette's names: the published split.
	old := &Dataset{Side: 1, Classes: []string{"n01440764", "n03888257"}}
	for i := range 120 {
		class := old.Classes[i%2]
		old.items = append(old.items, item{name: fmt.Sprintf("train/%s/%s_%d.JPEG", class, class, i/2), label: i % 2})
	}
	if v := old.SplitVersion(0.1, 0.08); v != ByName {
		t.Errorf("Imagenette's names: version %d", v)
	}
	_, val = old.Split(0, 0.1)
	got := ""
	for i := range val.Len() {
		if val.Label(i) == 0 {
			got += strings.TrimSuffix(strings.TrimPrefix(val.Name(i), "train/n01440764/n01440764_"), ".JPEG") + " "
		}
	}
	if got != heldOutOf60 {
		t.Errorf("version 0 holds out %s, want %s", got, heldOutOf60)
	}
}

// TestPathInClass: the top folder and the half have no part in it.
func TestPathInClass(t *testing.T) {
	for name, want := range map[string]string{"train/cat/1.jpg": "cat/1.jpg", "x/y/cat/a/1.jpg": "cat/a/1.jpg", "00000/12.jpg": "cat/00000/12.jpg"} {
		if got := pathInClass(name, "cat"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestTable: what is shown before training, for people and as JSON, with warnings.
func TestTable(t *testing.T) {
	all := folders(t, map[string]int{"train/cat": 160, "train/Cat": 1, "train/hounds/beagle": 4, "train/hounds/pug": 4, "val/cat": 2, "val/Cat": 1, "val/hounds": 2, "test/cat": 3})
	all = append(all, entry{"train/cat/a.heic", []byte("x")}, entry{"val/cat/again.png", all[10].data}, entry{"train/hounds/beagle/copy.png", all[11].data})
	d, err := Open(tarFile(t, all), Options{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	train, val := d.Split(ByName, 0)
	rest, search := train.SearchSplit(ByName, 0.2)
	table, err := d.Table(rest, search, val)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := table.Write(&text); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"held out", "left out: 3 .png, such as test/cat/cat_0.png", "left out: 1 .heic, such as train/cat/a.heic: this format is not read",
		"will hardly be learnt", "images are both among those to train on and among those held out, 1 of them", "images are in two classes, 1 of them", "Cat and cat are two classes"} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("no %q in\n%s", part, &text)
		}
	}
	if rows := strings.Count(text.String(), "\n"); rows < 7 {
		t.Errorf("%d lines:\n%s", rows, &text)
	}
	data, err := json.Marshal(table)
	var back Table
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	if err != nil || back.Train+back.Search != 170 || back.Val != 6 || len(back.Classes) != 3 || back.Classes[1].LeftOut != 4 || len(back.Warnings) != len(table.Warnings) {
		t.Errorf("as JSON: %s, %v", data, err)
	}
	// A folder of classes among classes.
	d, err = Open(tarFile(t, folders(t, map[string]int{"cat": 9, "birds/wren": 9, "birds/robin": 9})), Options{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	if table := must(t)(d.Halves()); !slices.ContainsFunc(table.Warnings, func(w string) bool { return strings.Contains(w, "birds holds folders only") }) {
		t.Errorf("warnings %q", table.Warnings)
	}
	// Many classes are summed up, but for those with files left out.
	many := map[string]int{}
	for c := range 60 {
		many[fmt.Sprintf("class%02d", c)] = 2 + c%3
	}
	d, err = Open(tarFile(t, append(folders(t, many), entry{"class07/x.gifv", nil})), Options{Side: 8})
	if err != nil {
		t.Fatal(err)
	}
	text.Reset()
	if err := must(t)(d.Halves()).Write(&text); err != nil || strings.Count(text.String(), "\n") > 12 || !strings.Contains(text.String(), "median of 60") || !strings.Contains(text.String(), "class07") {
		t.Errorf("%v:\n%s", err, &text)
	}
}

// TestByContent: the same file in two places is on one side, whatever it is called, and
// every class has images on both sides.
func TestByContent(t *testing.T) {
	d := &Dataset{Side: 1, Classes: []string{"a", "b"}}
	for i := range 60 {
		for copy := range 2 {
			d.items = append(d.items, item{name: fmt.Sprintf("%c/%d-%d.jpg", 'a'+i%2, i, copy), label: i % 2, sum: hash(fmt.Sprint(i))})
		}
	}
	side := map[uint64]bool{}
	train, val := d.Split(ByContent, 0.2)
	rest, search := train.SearchSplit(ByContent, 0.2)
	for held, s := range map[bool]Subset{false: train, true: val} {
		for _, i := range s.index {
			sum := d.items[i].sum
			if was, known := side[sum]; known && was != held {
				t.Errorf("%s and its copy are on both sides", d.items[i].name)
			}
			side[sum] = held
		}
	}
	for i, s := range []Subset{rest, search, val} {
		if n := s.PerClass(); n[0] < 2 || n[1] < 2 || i > 0 && n[0]+n[1] > 50 {
			t.Errorf("part %d has %v images", i, n)
		}
	}
	// Images that come with no digest of a file have their pixels.
	drawn, err := Open(Shapes, Options{Side: 8, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, off := drawn.All().cut(ByContent, "", 0.2); off.Len() < 400 || off.Len() > 600 {
		t.Errorf("%d of 2500 drawn images", off.Len())
	}
}

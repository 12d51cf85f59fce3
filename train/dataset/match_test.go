package dataset

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bignas/core/fault"
)

// drawnFolders writes two drawn images into a folder for each class and opens them.
func drawnFolders(t *testing.T, classes ...string) *Dataset {
	t.Helper()
	dir := t.TempDir()
	for c, class := range classes {
		if err := os.MkdirAll(filepath.Join(dir, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			im := image.NewGray(image.Rect(0, 0, 4, 4))
			im.SetGray(i, 0, color.Gray{uint8(c)})
			f, err := os.Create(filepath.Join(dir, class, fmt.Sprintf("%d-%d.png", c, i)))
			if err != nil {
				t.Fatal(err)
			}
			if err := png.Encode(f, im); err != nil {
				t.Fatal(err)
			}
			f.Close()
		}
	}
	d, err := Open(dir, Options{Side: 4})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// The classes of Imagenette as a released file without class_ids has them.
var imagenette = Names{Of: "w", Labels: []string{"tench", "English springer", "cassette player", "chain saw", "church", "French horn",
	"garbage truck", "gas pump", "golf ball", "parachute"}}

// TestMatch: every image gets the number that its class has in the weights, however
// the folders are called and sorted, and what is said tells people of it.
func TestMatch(t *testing.T) {
	ids := slices.Sorted(maps.Keys(words))
	stored := Names{Of: "w", IDs: ids, Labels: imagenette.Labels}
	for name, c := range map[string]struct {
		known   Names
		folders []string // that of known class i at i; "" where it is missing
		said    string   // part of it; "" for nothing
	}{
		"the same names":                    {Names{Of: "w", IDs: []string{"a", "b"}, Labels: []string{"A", "B"}}, []string{"a", "b"}, ""},
		"WordNet ids":                       {imagenette, ids, ""},
		"words":                             {imagenette, imagenette.Labels, "in another order"},
		"words for stored ids":              {stored, imagenette.Labels, "in another order"},
		"WordNet ids where words were":      {Names{Of: "w", IDs: []string{"church", "tench"}, Labels: []string{"church", "tench"}}, []string{"n03028079", "n01440764"}, "in another order"},
		"WordNet ids with words":            {imagenette, []string{"n01440764_tench", "n02102040-English_springer", "n02979186", "n03000684 chainsaw", "n03028079", "N03394916", "n03417042", "n03425413", "n03445777", "n03888257"}, `is "English springer"`},
		"letter case, spaces and hyphens":   {imagenette, []string{"Tench", "english_springer", "Cassette-Player", "chain saw", "CHURCH", "french  horn", "garbage_truck", "gas-pump", "golf_ball", "Parachute"}, `"english_springer" is "English springer"`},
		"another order":                     {Names{Of: "w", IDs: []string{"dog", "cat"}, Labels: []string{"dog", "cat"}}, []string{"dog", "cat"}, "in another order"},
		"an order that letter case changes": {Names{Of: "w", Labels: []string{"dark", "light"}}, []string{"dark", "Light"}, `"Light" is "light"`},
		"names that differ in case only":    {Names{Of: "w", IDs: []string{"Cat", "cat"}, Labels: []string{"Cat", "cat"}}, []string{"Cat", "cat"}, ""},
		"accents as macOS writes them":      {Names{Of: "w", IDs: []string{"cafe\u0301", "bar"}, Labels: []string{"cafe\u0301", "bar"}}, []string{"caf\u00e9", "bar"}, "is"},
		"one of several words":              {Names{Of: "w", IDs: []string{"n1", "n2"}, Labels: []string{"tench, Tinca tinca", "kite"}}, []string{"tinca_tinca", "kite"}, `"tinca_tinca" is "n1"`},
		"the whole name before one of them": {Names{Of: "w", IDs: []string{"x", "y"}, Labels: []string{"maillot, tank suit", "maillot"}}, []string{"tank suit", "maillot"}, "is"},
		"numbers of another width":          {Names{Of: "w", IDs: []string{"00", "01", "02"}, Labels: []string{"00", "01", "02"}}, []string{"0", "1", "2"}, `"1" is "01"`},
		"a part, by WordNet id":             {stored, []string{"", "", "", "", "n03028079", "", "", "", "n03445777", ""}, "has 2 of the 10 classes of w, any of which may be an answer; it lacks"},
	} {
		want := map[string]int{}
		var folders []string
		for k, f := range c.folders {
			if f != "" {
				want[f], folders = k, append(folders, f)
			}
		}
		d := drawnFolders(t, folders...)
		said, err := d.Match(c.known, true)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.said == "" && said != "" || !strings.Contains(said, c.said) {
			t.Errorf("%s: said is %q, want %q", name, said, c.said)
		}
		for i := range d.Len() {
			if folder := strings.Split(d.Name(i), "/")[0]; d.Label(i) != want[folder] {
				t.Errorf("%s: an image of %q has the label %d, want %d", name, folder, d.Label(i), want[folder])
			}
		}
		if len(d.Classes) != c.known.len() || !slices.Equal(d.Labels, c.known.Labels) || c.known.IDs != nil && !slices.Equal(d.Classes, c.known.IDs) {
			t.Errorf("%s: the classes are now %q, for people %q", name, d.Classes, d.Labels)
		}
		if again, err := d.Match(c.known, true); err != nil || strings.Contains(again, "another order") {
			t.Errorf("%s: a second time: %q, %v", name, again, err)
		}
	}
}

// TestMatchSameName: weights with two classes of one name, from before ids were
// stored, still take the data that they come from.
func TestMatchSameName(t *testing.T) {
	d := drawnFolders(t, "n02012849", "n03126707", "n00000001")
	d.Labels = []string{"other", "crane", "crane"}
	said, err := d.Match(Names{Of: "w", Labels: []string{"other", "crane", "crane"}}, false)
	if err != nil || said != "" || !slices.Equal(d.Classes, []string{"n00000001", "n02012849", "n03126707"}) {
		t.Errorf("%q, %v, %q", said, err, d.Classes)
	}
}

// TestMatchRefuses: other classes are refused with both lists and with what each
// lacks, and the data set stays as it was.
func TestMatchRefuses(t *testing.T) {
	many := make([]string, 12)
	for i := range many {
		many[i] = fmt.Sprintf("class %c", 'a'+i)
	}
	for name, c := range map[string]struct {
		known   Names
		folders []string
		partly  bool
		want    []string
	}{
		"as many others":      {Names{Of: "w", IDs: []string{"cat", "dog"}}, []string{"red", "blue"}, true, []string{`the 2 of the data: "blue", "red"; the 2 of the weights: "cat", "dog"; none is the same`}},
		"one more":            {Names{Of: "w", IDs: []string{"cat", "dog"}}, []string{"cat", "dog", "cow"}, true, []string{`the weights lack 1: "cow"`}},
		"one other":           {Names{Of: "w", IDs: []string{"cat", "dog"}}, []string{"cat", "cow"}, true, []string{`the weights lack 1: "cow"; the data lacks 1: "dog"`}},
		"a part":              {Names{Of: "w", IDs: many}, []string{"class a", "class b"}, false, []string{`"class j" and 2 more; the data lacks 10: "class c"`}},
		"which of the two":    {Names{Of: "w", IDs: []string{"n1", "n2"}, Labels: []string{"crane", "crane"}}, []string{"crane", "n2"}, true, []string{`"crane"`, `may be any of these of w: "n1" (crane), "n2" (crane)`}},
		"two that are one":    {Names{Of: "w", IDs: []string{"cat", "dog"}}, []string{"cat", "Cat"}, true, []string{`the classes "Cat" and "cat"`, `both "cat" of w`}},
		"only a number known": {Names{Of: "w", Count: 3}, []string{"a", "b"}, true, []string{"has 2 classes, w knows 3 and not their names"}},
	} {
		d := drawnFolders(t, c.folders...)
		classes, labels := slices.Clone(d.Classes), make([]int, d.Len())
		for i := range labels {
			labels[i] = d.Label(i)
		}
		_, err := d.Match(c.known, c.partly)
		f := fault.Of(err)
		if f == nil || f.Code != CodeClasses && f.Code != CodeOtherClasses || f.Hint == "" {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(f.Message, want) {
				t.Errorf("%s: %q does not say %q", name, f.Message, want)
			}
		}
		for i := range labels {
			if d.Label(i) != labels[i] {
				t.Errorf("%s: label %d was changed", name, i)
			}
		}
		if !slices.Equal(d.Classes, classes) {
			t.Errorf("%s: the classes are now %q", name, d.Classes)
		}
	}
	d := drawnFolders(t, "0", "1")
	d.Labels = []string{"dog", "cat"}
	if _, err := d.Match(Names{Of: "w", IDs: []string{"0", "1"}, Labels: []string{"cat", "dog"}}, false); err == nil || !strings.Contains(err.Error(), `is "0" (cat) of w by its folder, and "1" (dog) by its name`) {
		t.Errorf("another numbering: %v", err)
	}
	d = drawnFolders(t, "a", "b")
	if said, err := d.Match(Names{Of: "w", Count: 2}, false); err != nil || !strings.Contains(said, "does not say which classes") {
		t.Errorf("an old checkpoint: %q, %v", said, err)
	}
}

// TestMatchKeepsSplit: held-out images stay held out when folders are renamed, also
// where their class has a part in the rule.
func TestMatchKeepsSplit(t *testing.T) {
	made := func(folders ...string) *Dataset {
		d := &Dataset{Source: "made", Classes: slices.Sorted(slices.Values(folders))}
		d.Labels = d.Classes
		for _, folder := range folders {
			for i := range 40 {
				d.items = append(d.items, item{name: fmt.Sprintf("top/%s/%d.png", folder, i), label: slices.Index(d.Classes, folder)})
			}
		}
		return d
	}
	was := made("dark", "light")
	renamed := made("dark", "Light")
	if _, err := renamed.Match(Names{Of: "w", IDs: was.Classes}, false); err != nil {
		t.Fatal(err)
	}
	for _, version := range []int{ByName, ByClass} {
		held := func(d *Dataset) (names []string) {
			_, val := d.Split(version, 0.3)
			for i := range val.Len() {
				names = append(names, strings.ToLower(val.Name(i)))
			}
			return names
		}
		if a, b := held(was), held(renamed); !slices.Equal(a, b) || len(a) < 10 {
			t.Errorf("version %d holds out\n%q as it was\n%q with a folder renamed", version, a, b)
		}
	}
}

package dataset

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"fmt"
	"image/color"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A made data set: the files, and what each image is. Images are told apart by
// their colour.
type madeSet struct {
	say     []string // the productions that were taken
	entries []entry
	folders []string          // empty ones
	links   map[string]string // symbolic links
	truth   map[int]fate      // by the number of the image
	source  string            // folder, tar, tgz, zip or zip437
}

// fate is what an image must become; left: it is not to be used.
type fate struct {
	class string
	half  half
	left  bool
}

// grammar makes data sets from a seed. Every production is one that users' data
// sets have.
type grammar struct {
	*rand.Rand
	t *testing.T
	madeSet
}

func (g *grammar) one(of ...string) string { return of[g.IntN(len(of))] }

func (g *grammar) chance(percent int) bool { return g.IntN(100) < percent }

func (g *grammar) took(format string, args ...any) {
	g.say = append(g.say, fmt.Sprintf(format, args...))
}

// image adds an image at a place and returns its number.
func (g *grammar) image(name string, as fate) {
	n := len(g.truth)
	g.truth[n] = as
	g.entries = append(g.entries, entry{name, img(g.t, 8, 8, color.RGBA{uint8(n), uint8(n >> 8), 77, 255})})
}

func (g *grammar) file(name, text string) {
	g.entries = append(g.entries, entry{name, []byte(text)})
}

// classNames draws the names of two to five classes.
func (g *grammar) classNames() []string {
	pool := []string{"cat", "dog", "golden retriever", "n01440764", "n03888257", "été", "Übung", "train station", "v1.0", "x_y-z", "123", "train", "test tube", "日本"}
	if g.source == "zip437" { // only what the code page has
		pool = slices.DeleteFunc(pool, func(s string) bool { return s == "日本" })
	}
	g.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	return pool[:2+g.IntN(4)]
}

// base is the name of image i of a class: its own, or one that every class has.
func (g *grammar) base(style, class string, i int) string {
	ending := g.one(".png", ".jpg", ".JPEG", ".jfif", ".PNG")
	switch style {
	case "repeating":
		return fmt.Sprint(i, ending)
	case "dotted":
		return fmt.Sprintf("img.%d.%d%s", len(g.truth), i, ending)
	}
	return fmt.Sprintf("%s_%d%s", strings.ReplaceAll(class, " ", "_"), i, ending)
}

// tree makes class folders, perhaps in halves, under one top folder or none.
func (g *grammar) tree() {
	classes := g.classNames()
	top := g.one("", "", "data/", "my data/v2/")
	style := g.one("own", "repeating", "dotted")
	below := g.one("", "", "images/", "a/")
	layout := g.one("flat", "flat", "train only", "train val", "train valid test", "Train Validation", "class first", "words", "twice", "images between")
	g.took("classes %q, top %q, names %s, below %q, halves %s", classes, top, style, below, layout)
	put := func(dir, class string, n int, as fate) {
		for i := range n {
			g.image(dir+g.base(style, class, i), as)
		}
	}
	for _, class := range classes {
		train, val, test := fate{class, trainHalf, false}, fate{class, valHalf, false}, fate{class, testHalf, true}
		switch layout {
		case "flat":
			put(top+class+"/"+below, class, 4, train)
		case "train only":
			put(top+"train/"+class+"/"+below, class, 4, train)
		case "train val":
			put(top+"train/"+class+"/"+below, class, 4, train)
			put(top+g.one("val", "val")+"/"+class+"/"+below, class, 2, val)
		case "train valid test":
			put(top+"train/"+class+"/"+below, class, 4, train)
			put(top+"valid/"+class+"/"+below, class, 2, val)
			put(top+"test/"+class+"/"+below, class, 2, test)
		case "Train Validation":
			put(top+"Train/"+class+"/"+below, class, 4, train)
			put(top+"Validation/"+class+"/"+below, class, 2, val)
		case "class first":
			put(top+class+"/train/", class, 4, train)
			put(top+class+"/val/", class, 2, val)
		case "words":
			put(top+"seg_train/"+class+"/", class, 4, train)
			put(top+"seg_test/"+class+"/", class, 2, test)
		case "twice":
			put(top+"training_set/training_set/"+class+"/", class, 4, train)
			put(top+"test_set/test_set/"+class+"/", class, 2, test)
		case "images between":
			put(top+"train/images/"+class+"/", class, 4, train)
			put(top+"val/images/"+class+"/", class, 2, val)
		}
	}
	g.noise(top, classes, layout)
}

// noise adds what lies round images.
func (g *grammar) noise(top string, classes []string, layout string) {
	if g.chance(60) {
		g.took("texts")
		g.file("README.md", "# data")
		g.file(top+"labels.csv", "a,b\n")
		g.file(".DS_Store", "x")
		g.file(top+"Thumbs.db", "x")
	}
	if g.chance(40) {
		g.took("shadows and thumbnails")
		g.file("__MACOSX/"+top+classes[0]+"/._1.png", "x")
		g.entries = append(g.entries, entry{top + classes[0] + "/@eaDir/1.png/THUMB.png", img(g.t, 8, 8, color.RGBA{0, 0, 1, 255})},
			entry{top + ".ipynb_checkpoints/1-checkpoint.png", img(g.t, 8, 8, color.RGBA{0, 0, 2, 255})})
	}
	flat := layout == "flat"
	if flat && g.chance(30) {
		g.took("a class of HEIC")
		g.file(top+"aardvark/1.HEIC", "x")
	}
	if flat && g.chance(30) && g.source == "folder" {
		g.took("an empty folder")
		g.folders = append(g.folders, top+"zebra")
	}
	if g.source == "folder" && g.chance(50) {
		g.took("links inside")
		g.links[top+"latest"] = classes[0]
		g.links[top+"loop"] = "."
	}
	if g.source != "folder" && g.chance(30) {
		g.took("a name that leads out")
		g.image("../outside/1.png", fate{left: true})
	}
	if g.chance(20) && !flat {
		g.took("images outside the halves")
		g.image(top+"docs/logo.png", fate{left: true})
	}
	if layout == "train val" && g.chance(40) {
		g.took("a class of val in capitals")
		g.image(top+"val/"+strings.ToUpper(classes[0])+"x/1.png", fate{classes[0], valHalf, false})
	}
}

// samples makes WebDataset samples, in one tar or in shards.
func (g *grammar) samples() {
	kind := g.one("cls", "cls", "CLS", "json", "json list", "json bool", "label", "index", "txt", "binary", "words")
	keys := g.one("plain", "plain", "dotted", "folders")
	extra := g.one("", "", "json", "txt", "mask")
	g.took("samples: %s, keys %s, besides %s", kind, keys, extra)
	for i := range 16 {
		class := fmt.Sprint(g.IntN(3))
		if i < 3 {
			class = fmt.Sprint(i)
		}
		var key string
		switch keys {
		case "plain":
			key = fmt.Sprintf("%06d", i)
		case "dotted":
			key = fmt.Sprintf("plate%d_0.%02d", i/4, i%4*25)
		case "folders":
			key = fmt.Sprintf("%05d/%06d", i/6, i)
		}
		as := class
		switch kind {
		case "cls":
			g.file(key+".cls", class+g.one("", "\n", "\r\n"))
		case "CLS":
			g.file(key+".CLS", class)
		case "json":
			g.file(key+".json", g.one(`{"label": `, `{"id": 7, "cls": `)+class+"}")
		case "json list":
			g.file(key+".json", `{"label": [`+class+`]}`)
		case "json bool":
			as = fmt.Sprint(class == "0")
			g.file(key+".json", `{"label": `+as+`}`)
		case "label", "index", "txt":
			g.file(key+"."+kind, class)
		case "binary":
			g.file(key+".cls", class[:0]+string([]byte{class[0] - '0', 0, 0, 0}))
		case "words":
			as = "class " + class
			g.file(key+".cls", as)
		}
		switch {
		case extra == "json" && !strings.HasPrefix(kind, "json"):
			g.file(key+".json", `{"width": 8, "caption": "x"}`)
		case extra == "txt" && kind != "txt":
			g.file(key+".txt", fmt.Sprintf("a photograph, the %dth", i))
		case extra == "mask":
			g.image(key+".mask.png", fate{left: true})
		}
		g.image(key+g.one(".jpg", ".png"), fate{as, trainHalf, false})
	}
}

// generate makes data set number seed.
func generate(t *testing.T, seed uint64) madeSet {
	g := &grammar{Rand: rand.New(rand.NewPCG(seed, 16)), t: t, madeSet: madeSet{truth: map[int]fate{}, links: map[string]string{}}}
	g.source = g.one("folder", "folder", "tar", "tgz", "zip", "zip437")
	g.took("a %s", g.source)
	if g.chance(35) {
		g.samples()
	} else {
		g.tree()
	}
	if g.source != "folder" && g.chance(50) {
		g.Shuffle(len(g.entries), func(i, j int) { g.entries[i], g.entries[j] = g.entries[j], g.entries[i] })
	}
	return g.madeSet
}

// write makes the source of a data set.
func (m madeSet) write(t *testing.T) string {
	t.Helper()
	if m.source == "folder" {
		root := writeFolder(t, m.entries)
		for _, name := range m.folders {
			if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		for name, to := range m.links {
			if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
		return root
	}
	var b bytes.Buffer
	switch m.source {
	case "tar", "tgz":
		w := tar.NewWriter(&b)
		for _, e := range m.entries {
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: e.name, Size: int64(len(e.data)), Mode: 0o644}); err != nil {
				t.Fatal(err)
			}
			w.Write(e.data)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if m.source == "tgz" {
			packed := gzipped(t, b.Bytes())
			b.Reset()
			b.Write(packed)
		}
	default:
		w := zip.NewWriter(&b)
		for _, e := range m.entries {
			h := &zip.FileHeader{Name: e.name, Method: zip.Deflate}
			if m.source == "zip437" {
				h.Name, h.NonUTF8 = toCP437(e.name), true
			}
			f, err := w.CreateHeader(h)
			if err != nil {
				t.Fatal(err)
			}
			f.Write(e.data)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "made."+m.source[:3])
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func toCP437(name string) string {
	var b []byte
	for _, r := range name {
		if r < 0x80 {
			b = append(b, byte(r))
		} else {
			b = append(b, byte(0x80+slices.Index(upper, r)))
		}
	}
	return string(b)
}

// TestMadeDataSets: of 50 data sets from the grammar every label is right, or the
// set is refused; and most are not refused.
func TestMadeDataSets(t *testing.T) {
	sets := 50
	if n, err := strconv.Atoi(os.Getenv("BIGNAS_DATA_SETS")); err == nil { // more, by hand
		sets = n
	}
	refused := 0
	for seed := range uint64(sets) {
		m := generate(t, seed)
		what := fmt.Sprintf("set %d (%s)", seed, strings.Join(m.say, "; "))
		d, err := Open(m.write(t), Options{Side: 8})
		if err == nil {
			err = d.Complete(false)
		}
		if err != nil {
			if refused++; testing.Verbose() {
				t.Logf("%s: %v", what, err)
			}
			continue
		}
		seen := map[int]bool{}
		for i := range d.Len() {
			pix := d.Image(i)
			n := int(pix[0]) | int(pix[1])<<8
			want, known := m.truth[n]
			if pix[2] != 77 || !known || want.left || seen[n] {
				t.Errorf("%s: %s should not be used, or not twice", what, d.Name(i))
				continue
			}
			seen[n] = true
			if got := d.Classes[d.Label(i)]; bare(got) != bare(want.class) || d.items[i].half != want.half {
				t.Errorf("%s: %s is of class %q in half %d, want %q in %d", what, d.Name(i), got, d.items[i].half, want.class, want.half)
			}
		}
		for n, want := range m.truth {
			if !want.left && !seen[n] {
				t.Errorf("%s: image %d of %q is missing", what, n, want.class)
			}
		}
	}
	if t.Logf("%d of %d are refused", refused, sets); refused > sets/3 {
		t.Errorf("%d of %d are refused", refused, sets)
	}
}

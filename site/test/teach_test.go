package test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/classify"
	"bignas/core/onnx/runner"
	coreteach "bignas/core/teach"
	"bignas/core/weights"
	"bignas/train/dataset"
	"bignas/train/teach"
)

const (
	says   = `document.querySelector('#teach [data-is=says]').textContent`
	cards  = `[...document.querySelectorAll('.card')].map(c => c.querySelector('input').value + ': ' + c.querySelector('output').textContent).join()`
	taught = `/^(Taught|Stopped; what)/.test(` + says + `)`
)

// drawn writes a folder with class folders of drawn images.
func drawn(t *testing.T, classes []string, each int) string {
	t.Helper()
	d, err := dataset.Open(dataset.Shapes, dataset.Options{Side: 96, Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	folder, count := filepath.Join(t.TempDir(), "things"), make([]int, len(classes))
	for i := range d.All().Len() {
		l := d.Label(i)
		if l >= len(classes) || count[l] == each {
			continue
		}
		count[l]++
		file, err := dataset.PNG(d.Image(i), d.Side)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(folder, classes[l])
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), file, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// letFall drops a file or a folder on an element of the page, as from another program.
func (p *tab) letFall(file, on string) {
	p.t.Helper()
	// Sections above may still be loading, and move it.
	at := eval[[]float64](p, fmt.Sprintf(`new Promise(done => { const e = document.querySelector(%q); let last, same = 0;
		const look = () => { e.scrollIntoView({ block: 'center', behavior: 'instant' }); const { x, y, width, height } = e.getBoundingClientRect();
			same = y + scrollY === last ? same + 1 : 0; last = y + scrollY; if (same < 20) setTimeout(look, 50); else done([x + width / 2, y + height / 2]) };
		look() })`, on))
	data := &input.DragData{Items: []*input.DragDataItem{}, Files: []string{file}, DragOperationsMask: 1}
	for _, kind := range []input.DispatchDragEventType{input.DragEnter, input.DragOver, input.Drop} {
		p.do(input.DispatchDragEvent(kind, at[0], at[1], data))
	}
}

// lesson opens the section with a folder of classes.
func (p *tab) lesson(folder string, want string) {
	p.t.Helper()
	p.near("#teach", `document.querySelectorAll('.card').length === 2 && document.querySelector('.lesson').checkVisibility()`)
	p.letFall(folder, ".card")
	p.wait("the classes of the folder", fmt.Sprintf(cards+` === %q`, want))
}

// TestTeachInPage: a person teaches classes from a folder, uses them everywhere, saves them, loads the
// page again without a server and drops the file on it; the classifier is that of train teach,
// and exported children of three sizes compute what they compute natively.
func TestTeachInPage(t *testing.T) {
	t.Parallel()
	classes := []string{"a disc", "my ring", "Dreieck"}
	folder := drawn(t, classes, 8)
	h := newHost(t)
	p := visit(t, h.Server, options{})
	saved := p.downloads(t)
	p.answered()
	p.lesson(folder, "Dreieck: 8 images,a disc: 8 images,my ring: 8 images")
	p.press("#teach [data-do=teach]", kb.Enter)
	p.wait("the classifier", taught)
	t.Log(p.find("#teach [data-is=says]"))
	p.answered()
	p.wait("the own classes", `document.getElementById('knows').textContent.includes('3 classes')`)
	p.axe()
	p.shot("teach")
	const none = "it can’t tell what is none"
	if got := p.text("knows"); !strings.Contains(got, none) {
		t.Errorf("of what is none of the own classes the page says %q", got)
	}
	if got := p.find("#bars li span"); !slices.Contains(classes, got) || p.text("verdict") == "" {
		t.Errorf("the page says %q, %q", got, p.text("verdict"))
	}
	if got := eval[[]string](p, `[...document.querySelectorAll('#gallery img')].map(i => i.parentElement.getAttribute('aria-label') + (i.naturalWidth ? '' : ' is not drawn'))`); len(got) < 3 || slices.ContainsFunc(got, func(label string) bool { return !slices.Contains(classes, label) }) {
		t.Errorf("the samples are %q, and should be images that were held back", got)
	}
	p.click("#gallery button:nth-child(2)")
	p.wait("another own sample", `document.querySelector('#gallery button:nth-child(2)[aria-pressed=true]') && document.querySelector('#answer[aria-busy=false]') && /right|it is a/.test(document.getElementById('verdict').textContent)`)
	p.click("#game")
	p.wait("the game with own images", `[...document.querySelectorAll('.game .photos img')].every(i => i.naturalWidth > 0) && / of [1-9] right/.test(document.querySelector('.game [data-is=says]')?.textContent)`)
	p.click("#game")
	p.near("#classes", `document.querySelectorAll('.chips li').length === 3`)
	p.near("#family", `document.querySelectorAll('#strip .lab').length && [...document.querySelectorAll('#strip .lab')].every(l => /disc|ring|Dreieck/.test(l.textContent))`)
	p.near("#compare", `/disc|ring|Dreieck/.test(document.querySelector('[data-is=differ]')?.textContent)`)
	p.near("#budget", fmt.Sprintf(progressSays, "No predictor"))
	if got := eval[int](p, `document.querySelectorAll('#chart [role=button]').length`); got != 6 {
		t.Errorf("the chart has %d children, 6 were measured", got)
	}
	p.click("#presets button:last-child")
	p.wait("the accuracy on images held back", `/measured on [1-9] images/.test(document.getElementById('cost-accuracy').textContent)`)

	p.click("#teach [data-do=save]")
	p.wait("the file to be saved", says+`.startsWith('Saved')`)
	file := filepath.Join(saved, "my-classes.safetensors")
	data := arrived(t, file)
	p.nativeHead(data, folder)

	p.click("#teach [data-do=back]")
	p.wait("the shipped classes", onFirst)
	p.answered()
	if got := p.text("knows"); got != "It knows 10 classes." {
		t.Errorf("back with the shipped classes the page says %q", got)
	}
	if got := p.text("verdict") + p.text("notice"); !strings.Contains(got, "right") && !strings.Contains(got, "it is a") {
		t.Errorf("back with the shipped classes the page says %q", got)
	}
	p.click("#teach [data-do=teach]")
	p.wait("the own classes again", `document.getElementById('knows').textContent.includes('3 classes')`)

	p.wait("the service worker", installed)
	h.CloseClientConnections()
	h.Close()
	p.do(chromedp.Reload())
	p.answered()
	if !eval[bool](p, onFirst) {
		t.Errorf("after a reload the page knows %q", p.text("knows"))
	}
	p.letFall(file, "#explore")
	p.wait("the classes of the file", `document.getElementById('knows').textContent.includes('3 classes') && [...document.querySelectorAll('#weights label')].some(l => l.textContent === 'my-classes')`)
	p.answered()
	if got := p.text("knows"); !strings.Contains(got, none) {
		t.Errorf("with the file the page says %q", got)
	}
	if got := eval[int](p, `document.querySelectorAll('#gallery img').length`); got != 0 || p.text("verdict") != "" {
		t.Errorf("with the file the page has %d samples and says %q", got, p.text("verdict"))
	}
	e, err := classify.New(data)
	if err != nil {
		t.Fatal(err)
	}
	p.near("#budget", fmt.Sprintf(progressSays, "No predictor"))
	p.do(chromedp.Click("[data-is=half]", chromedp.ByQuery))
	for _, a := range coreteach.Children(e.Info().Space, 1, 1) { // the biggest, the smallest, and one between
		p.click(fmt.Sprintf(`#chart [data-arch="%s"] circle`, a))
		p.click("[data-do=onnx]")
		name := filepath.Join(saved, "bignas-nette-"+a.String()+".onnx")
		graph, err := runner.Read(arrived(t, name))
		if err != nil {
			t.Fatal(err)
		}
		st, err := e.StatisticsOf(a, false)
		if err != nil {
			t.Fatal(err)
		}
		child, err := e.Weights().Child(a, st)
		if err != nil {
			t.Fatal(err)
		}
		r := a.Resolution
		x, planes := make([]float32, 3*r*r), make([]float32, 3*r*r)
		for i := range x {
			x[i] = float32(i*7%13)/6 - 1
			planes[i%3*r*r+i/3] = x[i]
		}
		tensor, ok := runner.NewTensor(graph.Inputs[0].Kind, 1, 3, r, r)
		if !ok {
			t.Fatal("no room for an image")
		}
		copy(tensor.Data, planes)
		want, err := child.Forward(x, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := graph.Run(tensor)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range want {
			if math.Abs(float64(got.Data[i]-v)) > 1e-3*(1+math.Abs(float64(v))) {
				t.Errorf("%s: logit %d of the export is %v, natively %v", a, i, got.Data[i], v)
			}
		}
		if m := graph.Metadata; m["labels"] != `["Dreieck","a disc","my ring"]` {
			t.Errorf("%s: the labels of the export are %s", a, m["labels"])
		}
	}
}

// commandHead is what train teach makes of a folder and the weights of ten classes, and its base.
func commandHead(t *testing.T, folder string) (*teach.Base, *teach.Result) {
	t.Helper()
	shipped, err := os.ReadFile(site.weights)
	if err != nil {
		t.Fatal(err)
	}
	base, err := teach.Open(shipped, "shipped", 1)
	if err != nil {
		t.Fatal(err)
	}
	images, err := dataset.Open(folder, dataset.Options{Side: base.Config.Side})
	if err != nil {
		t.Fatal(err)
	}
	native, err := base.Head(context.Background(), images, teach.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return base, native
}

// nativeHead compares the classifier of a file with that of train teach on the same folder.
func (p *tab) nativeHead(data []byte, folder string) {
	t := p.t
	t.Helper()
	_, native := commandHead(t, folder)
	want, err := weights.Unmarshal(native.File)
	if err != nil {
		t.Fatal(err)
	}
	got, err := weights.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.Labels, []string{"Dreieck", "a disc", "my ring"}) {
		t.Fatalf("the file's classes are %q", got.Labels)
	}
	at := make([]int, len(want.Labels)) // classes natively, by those of the page
	for i, label := range got.Labels {
		if at[i] = slices.Index(want.Labels, label); at[i] < 0 {
			t.Fatalf("train teach has the classes %q", want.Labels)
		}
	}
	sum, off, n := 0.0, 0.0, len(at)
	for i, v := range got.Net.Classifier.Data {
		w := want.Net.Classifier.Data[i/n*n+at[i%n]]
		sum, off = sum+float64(w*w), off+float64((v-w)*(v-w))
	}
	off = math.Sqrt(off / sum)
	t.Logf("the classifier differs from that of train teach by %.4f of its root mean square; natively %d steps", off, native.Steps)
	if off > 0.02 {
		t.Errorf("the classifier differs from that of train teach by %.4f of its root mean square", off)
	}
}

// TestTeachMistakes: what can't be taught, a file that is no image and a file that is no
// weights are told in a sentence, and nothing is lost.
func TestTeachMistakes(t *testing.T) {
	t.Parallel()
	folder := drawn(t, []string{"one", "two"}, 2)
	p := open(t, "", options{})
	p.answered()
	p.near("#teach", `document.querySelectorAll('.card').length === 2 && document.querySelector('.lesson').checkVisibility()`)
	expect := func(what, text string) {
		t.Helper()
		p.click("#teach [data-do=teach]")
		p.wait(what, fmt.Sprintf(says+`.includes(%q)`, text))
	}
	expect("an empty class", "“Class 1” has no images")
	p.letFall(folder, ".card")
	p.wait("the classes of the folder", cards+` === 'one: 2 images,two: 2 images'`)
	eval[bool](p, `(document.querySelector('.card:last-child input').select(), true)`)
	p.press(".card:last-child input", "o", "n", "e")
	expect("the same name twice", "Two classes are called “one”")
	p.press(".card:last-child input", kb.End, "s")

	text := filepath.Join(t.TempDir(), "notes.txt")
	if err := os.WriteFile(text, []byte("no image"), 0o644); err != nil {
		t.Fatal(err)
	}
	p.letFall(text, ".card")
	p.wait("the file that is no image", `document.querySelector('#teach [data-is=skipped]').textContent.startsWith('notes.txt is left out.')`)
	p.wait("the images that are there", cards+` === 'one: 2 images,ones: 2 images'`)
	p.press(".card li button", kb.Enter)
	p.wait("an image less", cards+` === 'one: 1 image,ones: 2 images'`)
	p.axe()
	p.click(".card:last-child .plain")
	expect("one class", "There is one class only")

	shipped, err := os.ReadFile(site.weights)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{"cut": {shipped[:len(shipped)/2], "ends too early"}, "foreign": {[]byte("something else"), "not a weights file"}} {
		file := filepath.Join(t.TempDir(), name+".safetensors")
		if err := os.WriteFile(file, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		p.letFall(file, "#explore")
		p.wait(name, fmt.Sprintf(`document.getElementById('notice').textContent.includes(%q)`, c.says))
		if got := p.text("notice"); !strings.Contains(got, name) || !strings.Contains(got, "goes on with “10 classes") {
			t.Errorf("%s: the notice is %q", name, got)
		}
	}
}

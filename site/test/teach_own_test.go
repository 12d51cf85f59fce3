package test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"bignas/core/teach"
	"bignas/core/weights"
)

// TestTaughtWeights: a page built with weights of taught classes has no sample of other classes. It waits for an
// image, and answers when it gets one.
func TestTaughtWeights(t *testing.T) {
	t.Parallel()
	shipped, err := os.ReadFile(site.weights)
	if err != nil {
		t.Fatal(err)
	}
	file, err := weights.WithClassifier(shipped, make([]float32, 640*2), []float32{1, 0}, []string{"left shoe", "right shoe"}, func(m map[string]string) { m[teach.KeyTaught], m["measured"] = "{}", "[]" })
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	own, page := filepath.Join(dir, "mine.safetensors"), filepath.Join(dir, "page")
	if err := os.WriteFile(own, file, 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("go", "run", "./site/assemble", "--out", page, "--weights", own)
	c.Dir = site.root
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	address, stop, err := startServer(page)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	p := open(t, address, options{origin: address})
	p.wait("the page to wait for an image", `document.querySelector('#bars li span')?.textContent === 'No image yet' && document.getElementById('proof-title').textContent === 'Nothing is retrained'`)
	if got := eval[int](p, `[...document.querySelectorAll('#gallery img, #sample')].filter(i => i.checkVisibility()).length`); got != 0 {
		t.Errorf("the page shows %d images of other classes", got)
	}
	p.axe()
	p.shot("taught-empty")
	images := drawn(t, []string{"left shoe"}, 1)
	found, err := filepath.Glob(filepath.Join(images, "left shoe", "*.png"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	p.do(chromedp.SetUploadFiles("#file", found, chromedp.ByQuery))
	p.answered()
	if got := p.find("#bars li span"); got != "left shoe" || p.text("verdict") != "" {
		t.Errorf("the page says %q, %q", got, p.text("verdict"))
	}
}

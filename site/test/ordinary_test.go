package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/classify"
)

const (
	there   = `document.querySelector('#story-of-ordinary .pair>div:last-child li span')?.textContent`
	fetched = there + ` && document.querySelector('#story-of-ordinary [data-is=fetch]').hidden`
)

// ordinaryAnswer is what the ordinary network itself says of the page's first sample, as the figure writes it.
func ordinaryAnswer(t *testing.T, e *classify.Engine, image []byte, child string) string {
	t.Helper()
	a, err := e.Parse(child)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := e.OpenImage(image)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Classify(opened, a, classify.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mark := "✕ "
	if r.Top[0].Label == "bee" {
		mark = "✓ "
	}
	return mark + r.Top[0].Label
}

// TestOrdinary: the figure of the ordinary network shows what was measured before it is fetched and what it answers
// after that, cut as the supernet is; out of sight its engine ends, without a server it comes back.
func TestOrdinary(t *testing.T) {
	t.Parallel()
	folder, err := shippedFolder()
	if err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int32
	s := tamperedFolder(t, folder, func(w http.ResponseWriter, r *http.Request) bool {
		if path.Base(r.URL.Path) != "ordinary-tiny.safetensors" || asked.Add(1) > 1 {
			return false
		}
		http.NotFound(w, r)
		return true
	})
	p := visit(t, s, options{expect: []string{"404", "ERR_", "Failed to load"}})
	p.answered()
	p.near("#story", `document.querySelectorAll('.slide').length === 6`)
	p.figure("ordinary", `document.querySelectorAll('#story-of-ordinary tbody tr').length === 6`)

	var m struct {
		Bytes    int
		Children []struct {
			Top1 float64
		}
	}
	text, err := os.ReadFile(filepath.Join(site.root, "assets", "ordinary-tiny.manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	table := eval[string](p, `[...document.querySelectorAll('#story-of-ordinary tbody td+td')].map(td => td.textContent).reverse().join(', ')`)
	for i, value := range strings.Split(table, ", ") {
		if want := fmt.Sprintf("%.1f\u00a0%%", 100*m.Children[i].Top1); value != want {
			t.Errorf("of child %d the table says %s, the manifest %s", i, value, want)
		}
	}
	if got, want := eval[string](p, `document.querySelector('#story-of-ordinary [data-is=fetch]').textContent`), fmt.Sprintf("a file of %.1f MB", float64(m.Bytes)/1e6); !strings.Contains(got, want) {
		t.Errorf("before it is fetched the figure says %q, want %q", got, want)
	}
	if asked.Load() > 0 {
		t.Error("the file is fetched before anybody asks for it")
	}
	p.axe()
	p.shot("ordinary-before")

	const button = "#story-of-ordinary [data-is=fetch] button"
	p.press(button, kb.Enter)
	p.wait("that it is missing", `/no weights.*Try again/.test(document.querySelector('#story-of-ordinary [data-is=fetch] span').textContent) && document.querySelector('`+button+`').textContent === 'Try again'`)
	p.tap(button)
	p.wait("the ordinary network", fetched)
	file, err := os.ReadFile(filepath.Join(site.root, "assets", "ordinary-tiny.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(file)
	if err != nil {
		t.Fatal(err)
	}
	bee, err := os.ReadFile(filepath.Join(site.root, "assets", "samples", "bee.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := eval[string](p, there), ordinaryAnswer(t, e, bee, "max"); got != want {
		t.Errorf("the whole ordinary network says %q, want %q", got, want)
	}
	p.axe()
	p.do(chromedp.Focus("#story-cut", chromedp.ByQuery), chromedp.KeyEvent(kb.Home))
	want := ordinaryAnswer(t, e, bee, "min")
	p.wait("the smallest slice", `document.querySelector('#story-of-ordinary output').textContent.startsWith('the smallest child, 15 %') && `+fmt.Sprintf("%s === %q", there, want))
	p.do(chromedp.KeyEvent(kb.ArrowRight))
	p.wait("the next slice", `document.querySelector('#story-of-ordinary .now th').textContent === 'child S, 25 MMACs'`)
	p.shot("ordinary")

	p.wait("the service worker", installed)
	found, err := filepath.Glob(filepath.Join(folder, "ordinary-tiny", "*", "ordinary-tiny.safetensors"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	name, err := filepath.Rel(folder, found[0])
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(patient); !eval[bool](p, fmt.Sprintf(`caches.match(new URL(%q, location.href.split('#')[0])).then(Boolean)`, filepath.ToSlash(name))); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the file is not kept")
		}
	}
	s.CloseClientConnections()
	s.Close()
	p.do(chromedp.ScrollIntoView("#explore", chromedp.ByQuery))
	p.wait("the engine to end", `!`+there)
	p.figure("ordinary", fetched)

	for _, o := range []options{{width: 320, height: 800, dark: true}, {width: 3840, height: 2160}} {
		s := tamperedFolder(t, folder, func(http.ResponseWriter, *http.Request) bool { return false })
		p := visit(t, s, o)
		p.answered()
		p.near("#story", `document.querySelectorAll('.slide').length === 6`)
		p.figure("ordinary", `document.querySelectorAll('#story-of-ordinary tbody tr').length === 6`)
		p.tap(button)
		p.wait("the ordinary network", fetched)
		p.axe()
		if got := eval[[]string](p, overlaps); len(got) > 0 {
			t.Errorf("%d pixels: text over text: %q", o.width, got)
		}
		if got := eval[[]string](p, wide); len(got) > 0 {
			t.Errorf("%d pixels: too wide: %q", o.width, got)
		}
		p.press(".present button", kb.Enter)
		p.wait("a figure alone", `document.querySelector('.slide.now')`)
		p.do(chromedp.KeyEvent(kb.Home))
		p.do(chromedp.KeyEvent(kb.ArrowRight))
		p.wait("the ordinary network in the presentation", `document.querySelector('.slide.now').id === 'story-of-ordinary' && `+fetched)
		p.axe()
		var shot []byte
		p.do(chromedp.CaptureScreenshot(&shot))
		if err := os.WriteFile(filepath.Join(site.root, "build", "shots", fmt.Sprintf("ordinary-%d.png", o.width)), shot, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

package test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"bignas/core/classify"
	"bignas/core/cost"
	"bignas/core/predict"
)

// shipped is the native engine with the weights of the page.
var shipped = sync.OnceValues(func() (*classify.Engine, error) {
	data, err := os.ReadFile(site.weights)
	if err != nil {
		return nil, err
	}
	return classify.New(data)
})

func engineOf(t *testing.T) *classify.Engine {
	t.Helper()
	e, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// sample answers natively for a sample image and a child, by its text.
func sample(t *testing.T, name, arch string, inherited bool) *classify.Result {
	t.Helper()
	e := engineOf(t)
	data, err := os.ReadFile(filepath.Join(site.root, "assets/samples", name+".jpg"))
	if err != nil {
		t.Fatal(err)
	}
	im, err := e.OpenImage(data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := e.Parse(arch)
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Classify(im, a, classify.Options{Inherited: inherited})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// percent is a probability as the page writes it.
func percent(p float64) string {
	if p < 0.0995 {
		return fmt.Sprintf("%.1f %%", 100*p)
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}

// near brings a section into the window and waits until it has something to show.
func (p *tab) near(section, filled string) {
	p.t.Helper()
	eval[bool](p, fmt.Sprintf(`(document.querySelector(%q).scrollIntoView({behavior: 'instant'}), true)`, section))
	p.wait(section+" to fill", filled)
}

// click clicks with the mouse, tap touches: in the middle of the element.
func (p *tab) click(selector string) {
	p.t.Helper()
	p.do(chromedp.ScrollIntoView(selector, chromedp.ByQuery), chromedp.Click(selector, chromedp.ByQuery))
}

func (p *tab) tap(selector string) {
	p.t.Helper()
	at := eval[[]float64](p, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({block: 'center', behavior: 'instant'}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, selector))
	p.touch(at[0], at[1])
}

func (p *tab) touch(x, y float64) {
	p.t.Helper()
	p.do(chromedp.ActionFunc(func(ctx context.Context) error {
		if err := input.DispatchTouchEvent(input.TouchStart, []*input.TouchPoint{{X: x, Y: y}}).Do(ctx); err != nil {
			return err
		}
		return input.DispatchTouchEvent(input.TouchEnd, []*input.TouchPoint{}).Do(ctx)
	}))
}

// press focuses an element, as Tab would, and presses keys.
func (p *tab) press(selector string, keys ...string) {
	p.t.Helper()
	p.do(chromedp.Focus(selector, chromedp.ByQuery))
	for _, k := range keys {
		p.do(chromedp.KeyEvent(k))
	}
}

// find is the text of the first element of a selector.
func (p *tab) find(selector string) string {
	p.t.Helper()
	return strings.TrimSpace(eval[string](p, fmt.Sprintf(`document.querySelector(%q)?.textContent ?? 'no ' + %[1]q`, selector)))
}

// arch is the child in the address, waited for until it is not before.
func (p *tab) arch(before string) string {
	p.t.Helper()
	p.wait("another child in the address", fmt.Sprintf(`new URLSearchParams(location.hash.slice(1)).get('arch') !== %q && location.hash.includes('arch=')`, before))
	return eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('arch')`)
}

// steady waits until the address has followed the child, which it does with a delay:
// by the page's own clock, on which timers end in turn.
func (p *tab) steady() {
	p.t.Helper()
	eval[bool](p, `new Promise(done => setTimeout(done, 450, true))`)
}

// served serves the page with this text as the predictor beside the weights, or
// with none where it is empty, whatever the repository ships.
func served(t *testing.T, predictor []byte) *httptest.Server {
	t.Helper()
	return tampered(t, func(w http.ResponseWriter, q *http.Request) bool {
		switch path.Base(q.URL.Path) {
		case "formula.predictor.json":
			_, _ = w.Write(predictor)
		case "manifest.json":
			data, err := os.ReadFile(filepath.Join(site.folder, filepath.FromSlash(q.URL.Path)))
			if err != nil {
				t.Error(err)
			}
			var page struct {
				Engine  string           `json:"engine"`
				View    string           `json:"view"`
				Weights []map[string]any `json:"weights"`
			}
			if err := json.Unmarshal(data, &page); err != nil {
				t.Error(err)
			}
			m := page.Weights[0]
			delete(m, "predictor")
			if len(predictor) > 0 {
				m["predictor"] = "formula.predictor.json"
			}
			_ = json.NewEncoder(w).Encode(page)
		default:
			return false
		}
		return true
	})
}

// formula is a predictor for the weights, fitted here to a formula: the page has
// something to predict, and nobody claims that it is true.
func formula(t *testing.T) []byte {
	t.Helper()
	e, r := engineOf(t), rand.New(rand.NewPCG(1, 2))
	space, classes := e.Info().Space, len(e.Info().Labels)
	least := float64(cost.Totals(space.Min(), classes).MACs)
	best := 0.0 // of what was measured, above which all of it lies: the front is the search's
	for _, c := range site.manifest.Children {
		best = max(best, c.Top1)
	}
	var samples []predict.Sample
	for range 120 {
		a := space.Sample(r)
		share := 0.25*math.Log(float64(cost.Totals(a, classes).MACs)/least) + 0.1*r.Float64()
		samples = append(samples, predict.Sample{Arch: a, Accuracy: best + (0.99-best)*share})
	}
	fitted, err := predict.Fit(space, predict.Source{Digest: e.Info().Digest, N: 1000, Images: 8, Split: "a formula", Classes: classes}, samples, 40)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(fitted)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// costs are counted natively, of a child by its text.
func costs(t *testing.T, text string) cost.Report {
	t.Helper()
	e := engineOf(t)
	a, err := e.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return e.Cost(a)
}

// downloads lets the tab save files, into the folder that it returns.
func (p *tab) downloads(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	p.do(chromedp.ActionFunc(func(ctx context.Context) error {
		tab, err := target.GetTargetInfo().Do(ctx)
		if err != nil {
			return err
		}
		return browser.SetDownloadBehavior(browser.SetDownloadBehaviorBehaviorAllow).WithBrowserContextID(tab.BrowserContextID).WithDownloadPath(folder).
			Do(cdp.WithExecutor(ctx, chromedp.FromContext(ctx).Browser))
	}))
	return folder
}

// arrived returns a file that the browser saves.
func arrived(t *testing.T, name string) []byte {
	t.Helper()
	for start := time.Now(); time.Since(start) < patient; time.Sleep(50 * time.Millisecond) {
		if data, _ := os.ReadFile(name); len(data) > 0 {
			return data
		}
	}
	t.Fatalf("%s is not there", name)
	return nil
}

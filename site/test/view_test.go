package test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/arch"
	"bignas/core/cost"
	"bignas/core/scene"
)

// counting counts what the view draws, wherever WebGL is used, and keeps what the
// page tells the view.
const counting = `window.drawn = 0; window.heard = [];
	const draw = WebGL2RenderingContext.prototype.drawElements;
	WebGL2RenderingContext.prototype.drawElements = function (...a) { window.drawn++; return draw.apply(this, a); };
	if (parent !== window) addEventListener('message', ({ data }) => heard.push({ type: data.type, channels: data.channels ?? 0, error: data.error ?? '' }));`

// view is the network view in a page, with the scene that it should show.
type view struct {
	*tab
	scene *scene.Scene
	x, y  float64 // of its top left in the window
}

// openView opens the network view by its button and waits until it listens.
func openView(t *testing.T, o options) *view {
	t.Helper()
	o.script += counting
	p := open(t, "", o)
	p.answered()
	for _, r := range p.requests {
		if strings.Contains(r, "view.wasm") {
			t.Error("the view is fetched before anybody wants it")
		}
	}
	p.do(chromedp.Click("#look-inside", chromedp.ByQuery))
	p.wait("the view", `document.querySelector('#inside iframe')?.contentDocument?.querySelector('canvas[role]')`)
	p.do(chromedp.Evaluate(`document.querySelector('#inside iframe').scrollIntoView({ block: 'center', behavior: 'instant' })`, nil))
	r := eval[struct{ X, Y, W, H float64 }](p, `(() => { const f = document.querySelector('#inside iframe'), r = f.getBoundingClientRect();
		return { X: r.x + f.clientLeft, Y: r.y + f.clientTop, W: f.clientWidth, H: f.clientHeight } })()`)
	v := &view{tab: p, x: r.X, y: r.Y}
	space, err := arch.Lookup("nette")
	if err != nil {
		t.Fatal(err)
	}
	if v.scene, err = scene.New(space, 10); err != nil {
		t.Fatal(err)
	}
	v.scene.SetMotion(false)
	v.scene.Resize(r.W, r.H)
	v.follow()
	return v
}

// follow gives our scene the child of the page.
func (v *view) follow() {
	v.t.Helper()
	v.wait("the address to name the child", `location.hash.includes('arch=')`)
	a, err := v.scene.Child().Space.Parse(eval[string](v.tab, `new URLSearchParams(location.hash.slice(1)).get('arch')`))
	if err != nil {
		v.t.Fatal(err)
	}
	if err := v.scene.SetChild(a); err != nil {
		v.t.Fatal(err)
	}
	v.scene.Step(0)
}

// place is where a layer's slice is in the window: its middle, and a point in the
// corner that all slices share.
func (v *view) place(stage, layer int) (middle, corner point) {
	v.t.Helper()
	x, y, w, h := v.scene.Place(scene.Layer{Stage: stage, Index: layer})
	if w == 0 {
		v.t.Fatalf("there is no layer %d of stage %d", layer, stage)
	}
	return point{v.x + x + w/2, v.y + y + h/2}, point{v.x + x + 4, v.y + y + h - 4}
}

type point struct{ x, y float64 }

// drawn waits until the view has seen an event: two of its frames, which take a
// browser without a graphics card some time.
func (v *view) drawn() {
	v.t.Helper()
	time.Sleep(100 * time.Millisecond)
	eval[bool](v.tab, `new Promise(done => { const { requestAnimationFrame: next } = document.querySelector('#inside iframe').contentWindow; next(() => next(() => done(true))); })`)
}

// mouse does things with the left button.
func (v *view) mouse(p point, kinds ...input.MouseType) {
	v.t.Helper()
	for _, kind := range kinds {
		v.do(input.DispatchMouseEvent(kind, p.x, p.y).WithButton(input.Left).WithButtons(1).WithClickCount(1))
		v.drawn()
	}
}

func (v *view) click(p point) { v.mouse(p, input.MousePressed, input.MouseReleased) }

// pixels is the view as it is on the screen.
func (v *view) pixels() image.Image {
	v.t.Helper()
	var shot []byte
	v.do(chromedp.CaptureScreenshot(&shot))
	im, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		v.t.Fatal(err)
	}
	return im
}

// becomes waits until a point of the window has a colour, written as in the styles.
func (v *view) becomes(what string, p point, want string) {
	v.t.Helper()
	got := ""
	for start := time.Now(); time.Since(start) < patient; {
		r, g, b, _ := v.pixels().At(int(p.x), int(p.y)).RGBA()
		if got = fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8); got == want {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	v.t.Errorf("%s is %s, want %s", what, got, want)
}

// slider waits until a slider of the page says something.
func (v *view) slider(name, says string) {
	v.t.Helper()
	v.wait(name+" "+says, fmt.Sprintf(`document.getElementById(%q).getAttribute('aria-valuetext') === %q`, name, says))
}

// TestView: the view opens when it is wanted and shows the child; a dragged block
// moves the page's slider and the slider moves the block; all of it by keyboard
// too; and nothing is drawn while nothing moves.
func TestView(t *testing.T) {
	t.Parallel()
	v := openView(t, options{})
	at, corner := v.place(5, 0)
	v.becomes("a slice", corner, "#e2530d")
	v.click(at)
	v.wait("S6 to be chosen", `document.getElementById('stage-5').checked`)
	v.slider("depth", "3 layers")
	v.mouse(at, input.MousePressed)
	for i := range 5 {
		v.mouse(point{at.x, at.y - float64(25*(i+1))}, input.MouseMoved)
	}
	v.mouse(point{at.x, at.y - 125}, input.MouseReleased)
	v.slider("depth", "4 layers")
	v.wait("the address", `location.hash.includes('x4k')`)
	v.follow()
	_, corner = v.place(5, 3)
	v.becomes("the layer that came", corner, "#e2530d")

	v.do(chromedp.Evaluate(`document.getElementById('depth').value = 0; document.getElementById('depth').dispatchEvent(new Event('input', { bubbles: true }))`, nil))
	v.becomes("the layer that went", corner, "#f4f6f8") // the band of the chosen stage
	v.idle()

	t.Run("keyboard", func(t *testing.T) {
		v.t = t
		v.do(chromedp.Evaluate(`document.querySelector('#inside iframe').contentDocument.querySelector('canvas').focus()`, nil))
		said := `document.querySelector('#inside iframe').contentDocument.getElementById('say').textContent`
		v.do(chromedp.KeyEvent(kb.ArrowLeft))
		v.wait("S5", `document.getElementById('stage-4').checked && `+said+`.startsWith('S5, layer')`)
		v.do(chromedp.KeyEvent(kb.ArrowUp, chromedp.KeyModifiers(input.ModifierShift)), chromedp.KeyEvent(kb.ArrowRight, chromedp.KeyModifiers(input.ModifierShift)))
		v.slider("width", "72 channels")
		v.do(chromedp.KeyEvent("k"), chromedp.KeyEvent("+"))
		v.slider("kernel", "mixed")
		v.do(chromedp.KeyEvent(kb.Escape))
		v.wait("all stages", `document.getElementById('stage--1').checked`)
		v.do(chromedp.KeyEvent(kb.Escape))
		v.wait("the way back", `document.activeElement.id === 'look-inside'`)
	})
	v.t = t
	v.do(chromedp.Click("#theme", chromedp.ByQuery))
	v.becomes("the dark ground", point{v.x + v.scene.Width()/2, v.y + 200}, "#101317")
	v.axe()
	v.do(chromedp.Click("#look-inside", chromedp.ByQuery))
	v.wait("it to be closed", `!document.getElementById('inside') && document.getElementById('look-inside').ariaExpanded === 'false'`)
}

// idle fails if something is drawn in a time in which nothing happens.
func (v *view) idle() {
	v.t.Helper()
	drawn := func() int { return eval[int](v.tab, `document.querySelector('#inside iframe').contentWindow.drawn`) }
	for start := time.Now(); time.Since(start) < patient; { // what moves comes to rest first
		before := drawn()
		time.Sleep(600 * time.Millisecond)
		if now := drawn(); now == before && now > 0 {
			return
		}
	}
	v.t.Error("the view never stops drawing")
}

// TestViewPhone: on a phone, in the dark, a finger chooses a layer and drags its
// stage; the page gets no wider; and the activations of the image arrive.
func TestViewPhone(t *testing.T) {
	t.Parallel()
	v := openView(t, options{width: 375, height: 800, dark: true})
	at, _ := v.place(4, 1)
	touch := func(kind input.TouchType, points ...*input.TouchPoint) {
		v.do(input.DispatchTouchEvent(kind, points))
		v.drawn()
	}
	touch(input.TouchStart, &input.TouchPoint{X: at.x, Y: at.y})
	touch(input.TouchEnd)
	v.wait("S5 to be chosen", `document.getElementById('stage-4').checked`)
	v.slider("depth", "3 layers")
	touch(input.TouchStart, &input.TouchPoint{X: at.x, Y: at.y})
	for i := range 5 {
		touch(input.TouchMove, &input.TouchPoint{X: at.x, Y: at.y + float64(10*(i+1))})
	}
	touch(input.TouchEnd)
	v.slider("depth", "2 layers")
	heard := `document.querySelector('#inside iframe').contentWindow.heard`
	v.wait("activations", heard+`.some(m => m.type === 'maps')`)
	v.wait("those of all stages and of the chosen layer", heard+`.filter(m => m.channels > 0).length >= 7`)
	v.idle()
	v.do(chromedp.Evaluate(`document.querySelector('#inside iframe').contentDocument.querySelector('canvas').focus()`, nil), chromedp.KeyEvent("m"))
	v.wait("a map over the image to be told", `document.querySelector('#inside iframe').contentDocument.getElementById('say').textContent.startsWith('Map 1 of')`)
	v.shot("view-375-dark")
	if over := eval[int](v.tab, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("the page is %d pixels too wide", over)
	}
	alone := open(t, strings.TrimPrefix(eval[string](v.tab, `document.querySelector('#inside iframe').src`), site.url), options{})
	alone.wait("the view by itself", `document.querySelector('canvas[role]')`)
	alone.axe()
}

// TestViewWithoutWebGL: a sentence with a next step, nothing fetched, and the
// drawing in the page still follows.
func TestViewWithoutWebGL(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: `HTMLCanvasElement.prototype.getContext = (get => function (kind, ...more) { return kind.startsWith('webgl') ? null : get.call(this, kind, ...more); })(HTMLCanvasElement.prototype.getContext);`})
	p.answered()
	p.do(chromedp.Click("#look-inside", chromedp.ByQuery))
	p.wait("a sentence", `/WebGL.*another browser/.test(document.querySelector('#inside iframe')?.contentDocument?.getElementById('wait')?.textContent)`)
	p.do(chromedp.Focus("#depth", chromedp.ByQuery), chromedp.KeyEvent(kb.End))
	p.wait("the drawing to follow", `[...document.querySelectorAll('#drawing rect.gh')].length < 12 && document.getElementById('depth').getAttribute('aria-valuetext') === '19 layers'`)
	for _, r := range p.requests {
		if strings.Contains(r, "view.wasm") {
			t.Error("the view is fetched where it cannot run")
		}
	}
}

// TestViewComes: a view that the server is still building is waited for, by the page
// with a sentence and by the service worker.
func TestViewComes(t *testing.T) {
	t.Parallel()
	var there atomic.Bool
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if there.Load() || path.Base(r.URL.Path) != "view.wasm" {
			return false
		}
		w.Header().Set("Retry-After", "2")
		http.Error(w, "not there yet", http.StatusServiceUnavailable)
		return true
	})
	p := visit(t, s, options{expect: []string{"503"}})
	p.answered()
	p.do(chromedp.Click("#look-inside", chromedp.ByQuery))
	p.wait("a sentence", `document.querySelector('#inside iframe')?.contentDocument?.getElementById('wait')?.textContent.includes('still being built')`)
	p.wait("the service worker to begin", `(self.r ??= undefined, navigator.serviceWorker.getRegistration().then(r => { self.r = r; }), self.r?.installing)`)
	there.Store(true)
	p.wait("the view", `document.querySelector('#inside iframe').contentDocument.querySelector('canvas[role]')`)
	p.wait("the service worker", installed)
}

// TestLookInside: the view opens where it can be seen; Back closes it, and the child stays.
func TestLookInside(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	start := p.arch("")
	p.do(chromedp.Click("#look-inside", chromedp.ByQuery))
	p.wait("the view in the window", `(r => r && Math.min(r.bottom, innerHeight) - Math.max(r.top, 0) > 500)(document.querySelector('#inside iframe')?.getBoundingClientRect())`)
	p.layers()
	p.click("#random")
	child := p.arch(start)
	want := costs(t, child)
	digits := `[...document.querySelectorAll('#inside tfoot td')].slice(-2).map(e => e.textContent.replaceAll(',', '')).join()`
	p.wait("the layers of another child, which add up to its costs", fmt.Sprintf(`%s === '%d,%d'`, digits, want.MACs, want.Params))
	row := func(name string) string {
		return eval[string](p, fmt.Sprintf(`[...document.querySelectorAll('#inside tbody tr')].find(r => r.cells[0].textContent === %q)?.innerText ?? ''`, name))
	}
	for _, l := range want.Layers {
		if got, shape := row(l.Name), fmt.Sprintf("[%d, 1, %d, %[2]d]\t[%[1]d, %[3]d, %[3]d]\t", l.Out, l.Kernel, l.OutSize); l.Kind == cost.Depthwise && !strings.Contains(got, shape) {
			t.Errorf("%s is %q, without %q", l.Name, got, shape)
		}
	}
	eval[bool](p, `(self.stayed = true, history.back(), true)`)
	p.wait("the view to be closed", `self.stayed && !document.getElementById('inside')`)
	p.steady()
	if got := p.arch(""); got != child {
		t.Errorf("Back has also taken the child away: %s, not %s", got, child)
	}
}

// layers opens the view's table of layers, and the view before it.
func (p *tab) layers() {
	p.t.Helper()
	if !eval[bool](p, `Boolean(document.getElementById('inside'))`) {
		p.click("#look-inside")
	}
	p.press(".layers summary", kb.Enter)
	p.wait("layers", `document.querySelector('.layers tfoot')`)
}

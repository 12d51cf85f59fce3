package test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/classify"
)

// allRight is a child that is right on all ten photos, and little is cheaper.
const allRight = "r96-c12-12x1k3-16x1k3-24x2k5-40x2k5-56x2k53-88x4k3355-128x1k5-h384"

// photos is the ten photos of the game with their labels, in its order.
var photos = [][2]string{{"bee", "bee"}, {"espresso", "espresso"}, {"triumphal-arch", "triumphal arch"}, {"goldfish", "goldfish"}, {"alp", "alp"},
	{"ladybug", "ladybug"}, {"bell-pepper", "bell pepper"}, {"orange", "orange"}, {"suspension-bridge", "suspension bridge"}, {"elephant", "African elephant"}}

// marks is what the native engine says of a child, and its sentence.
func marks(t *testing.T, e *classify.Engine, text string) (marks, sentence string) {
	t.Helper()
	a, err := e.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for _, p := range photos {
		data, err := os.ReadFile(filepath.Join(site.root, "assets", "samples", p[0]+".jpg"))
		if err != nil {
			t.Fatal(err)
		}
		image, err := e.OpenImage(data)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.Classify(image, a, classify.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r.Top[0].Label == p[1] && (r.Confidence == nil || r.Confidence.Known) {
			right++
			marks += "✓"
		} else {
			marks += "✕"
		}
	}
	return marks, fmt.Sprintf("%d of 10 right with %.1f MMACs.", right, float64(e.Cost(a).MACs)/1e6)
}

// TestGame: the ten photos are right or wrong as the native engine has them, a link opens the
// game with its child, and the best child of all is kept.
func TestGame(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join(site.root, "assets", "bignas-tiny.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(data)
	if err != nil {
		t.Fatal(err)
	}
	url := shippedPage(t)
	p := open(t, url+"#game=on&arch="+allRight, options{origin: url})
	p.answered()
	const said = `document.querySelector('.game [data-is=says]')?.textContent`
	says := func(what, text string) {
		t.Helper()
		want, sentence := marks(t, e, text)
		p.wait(what, fmt.Sprintf(`%s?.startsWith(%q)`, said, sentence))
		if got := eval[string](p, `[...document.querySelectorAll('.photos b')].map(b => b.textContent).join('')`); got != want {
			t.Errorf("%s: the photos are %s, natively %s", text, got, want)
		}
	}
	says("the child of the link", allRight)
	if got := p.find(".game [data-is=says]"); got != "10 of 10 right with 18.0 MMACs. All of them!" {
		t.Errorf("it says %q", got)
	}
	p.axe()
	p.shot("game")

	p.press("#width", kb.End)
	wide := p.arch(allRight)
	says("a wide child", wide)
	if got := p.find(".game [data-is=best]"); got != "Your best: 10 of 10 right with 18.0 MMACs. Is there a cheaper one?" {
		t.Errorf("the record is %q", got)
	}
	p.click(".game .end button:nth-of-type(2)")
	p.wait("the link", `/Link copied|address bar/.test(document.querySelector('.game .end button:nth-of-type(2)').textContent)`)
	if eval[bool](p, `document.querySelector('.game .end').textContent.includes('copied')`) {
		p.click(".game .end button:nth-of-type(1)")
	}
	if got := p.arch(wide); got != allRight {
		t.Errorf("back to the best is %s", got)
	}
	if got := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('game')`); got != "on" {
		t.Errorf("the address has game=%s", got)
	}
	p.press(".game .end button:nth-of-type(3)", kb.Enter)
	p.wait("the game to close", `!document.querySelector('.game') && document.getElementById('game').getAttribute('aria-pressed') === 'false'`)
	p.wait("the address without it", `!location.hash.includes('game')`)
}

// TestGameNarrow: on a phone the photos stay in the window while the sliders move.
func TestGameNarrow(t *testing.T) {
	t.Parallel()
	for _, o := range []options{{width: 375, height: 667}, {width: 320, height: 640, dark: true}} {
		p := open(t, "", o)
		p.do(emulation.SetTouchEmulationEnabled(true))
		p.answered()
		p.tap("#game")
		p.wait("the photos", `[...document.querySelectorAll('.photos b')].length === 6 && ![...document.querySelectorAll('.photos b')].some(b => b.textContent === '…')`)
		eval[bool](p, `(document.getElementById('width').scrollIntoView({ block: 'center', behavior: 'instant' }), true)`)
		p.wait("slider and photos in the window", `['#width', '.photos', '#answer'].every(s => (r => r.top >= 0 && r.bottom <= innerHeight)(document.querySelector(s).getBoundingClientRect()))`)
		if over := eval[int](p, `document.documentElement.scrollWidth`) - o.width; over > 0 {
			t.Errorf("at %d pixels the page is %d pixels too wide", o.width, over)
		}
		p.axe()
		p.screen(filepath.Join(site.root, "build", "shots", fmt.Sprintf("game-%d.webp", o.width)))
		p.tap(".game .end button:last-child")
		p.wait("the game to close", `!document.querySelector('.game')`)
	}
}

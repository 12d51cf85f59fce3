package test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestUndo: steps go back and forth by button and by keyboard; a drag is one step;
// a random child is one of the space.
func TestUndo(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	start := p.arch("")
	p.drag("width") // eight moves, one step
	wide := p.arch(start)
	p.click("#random")
	random := p.arch(wide)
	if _, err := engineOf(t).Parse(random); err != nil {
		t.Errorf("the random child: %v", err)
	}
	p.click("#undo")
	if got := p.arch(random); got != wide {
		t.Errorf("undo gives %s, not %s", got, wide)
	}
	p.do(chromedp.KeyEvent("z", chromedp.KeyModifiers(input.ModifierCtrl)))
	if got := p.arch(wide); got != start {
		t.Errorf("Ctrl+Z gives %s, not %s", got, start)
	}
	if eval[string](p, `document.getElementById('undo').getAttribute('aria-disabled')`) != "true" {
		t.Error("there seems to be more to undo")
	}
	p.do(chromedp.KeyEvent("Z", chromedp.KeyModifiers(input.ModifierCtrl|input.ModifierShift)))
	if got := p.arch(start); got != wide {
		t.Errorf("Ctrl+Shift+Z gives %s, not %s", got, wide)
	}
	p.click("#redo")
	if got := p.arch(wide); got != random {
		t.Errorf("redo gives %s, not %s", got, random)
	}
}

// TestHeat: the map of what the child looked at lies over the image, follows the
// answer, and goes away again.
func TestHeat(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	p.press("#heat", kb.Enter)
	shown := `!document.getElementById('heat-map').hidden && document.getElementById('heat-map').getAttribute('aria-label').includes(document.querySelector('#bars li span').textContent)`
	p.wait("the heat map", shown)
	pixels := `[...document.getElementById('heat-map').getContext('2d').getImageData(0, 0, 96, 96).data].filter((_, i) => i % 4 === 3)`
	if spread := eval[int](p, `(a => Math.max(...a) - Math.min(...a))(`+pixels+`)`); spread < 100 {
		t.Errorf("the map goes over %d levels of 255", spread)
	}
	before := eval[string](p, pixels+`.join()`)
	p.click("#gallery [aria-label='golf ball']")
	p.wait("the map of another image", `!document.getElementById('heat-map').hidden && `+pixels+`.join() !== '`+before+`' && `+shown)
	const key = `(k => k?.checkVisibility() && k.textContent)(document.getElementById('heat-key'))`
	if got := eval[string](p, key+` || ''`); !strings.Contains(got, eval[string](p, `document.querySelector('#bars li span').textContent`)) || !strings.Contains(got, "least") || !strings.Contains(got, "most") {
		t.Errorf("beside the map stands %q: no class, or no scale", got)
	}
	p.shot("heat")
	p.click("#heat")
	p.wait("the image alone", `document.getElementById('heat-map').hidden && !`+key)
}

// TestGlossary: a word explains itself on hover and on focus; Escape closes.
func TestGlossary(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	at := eval[[]float64](p, `(r => [r.x + r.width / 2, r.y + r.height / 2])(document.querySelector('[data-term=macs]').getBoundingClientRect())`)
	p.do(input.DispatchMouseEvent(input.MouseMoved, at[0], at[1]))
	p.wait("the meaning of MMACs", `document.getElementById('glossary')?.checkVisibility() && document.getElementById('glossary').textContent.includes('multiply-accumulate')`)
	p.do(input.DispatchMouseEvent(input.MouseMoved, 5, 5))
	p.wait("it to close", `document.getElementById('glossary').hidden`)
	p.press("[data-term=supernet]")
	p.wait("the meaning of supernet", `document.getElementById('glossary').textContent.includes('trained once') && document.activeElement.getAttribute('aria-describedby') === 'glossary'`)
	p.axe()
	p.do(chromedp.KeyEvent(kb.Escape))
	p.wait("it to close", `document.getElementById('glossary').hidden`)
}

// TestTour: six steps by keyboard, each beside what it speaks of and inside the
// window; Escape ends it; a link opens it at a step.
func TestTour(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	p.press("#tour-start", kb.Enter)
	for i := range 6 {
		n := string(rune('1' + i))
		p.wait("step "+n, `document.querySelector('.tour .eyebrow')?.textContent === '`+n+` of 6' && document.querySelector('.spot') && document.activeElement.closest('.tour')`)
		p.wait("step "+n+" to be in the window", `(r => r.top >= 0 && r.left >= 0 && r.bottom <= innerHeight && r.right <= innerWidth)(document.querySelector('.tour').getBoundingClientRect())`)
		if i == 0 {
			p.axe()
			p.shot("tour")
		}
		p.do(chromedp.KeyEvent(kb.Enter))
	}
	p.wait("the end", `document.querySelector('.tour').hidden && document.activeElement.id === 'tour-start' && !document.querySelector('.spot')`)
	q := open(t, "#tour=3", options{})
	q.wait("the third step", `document.querySelector('.tour .eyebrow')?.textContent === '3 of 6'`)
	q.answered()
	q.do(chromedp.KeyEvent(kb.Escape))
	q.wait("its end", `document.querySelector('.tour').hidden && !location.hash.includes('tour')`)
}

// TestLink: one link carries everything that was chosen.
func TestLink(t *testing.T) {
	t.Parallel()
	const state = "arch=r128-c12-12x1k3-16x2k3-24x3k353-40x2k5-64x2k3-104x3k3-128x1k5-h384&image=church&heat=on&statistics=inherited&layer=S3&channel=4&unit=bytes&budget=2000000&b=wide"
	p := open(t, "#"+state, options{})
	p.answered()
	p.wait("the heat map", `!document.getElementById('heat-map').hidden`)
	p.near("#statistics", `document.getElementById('curve-words')?.textContent.includes('channel 5 of the last layer of S3') && !document.getElementById('own').checked`)
	p.near("#compare", `document.getElementById('b-choice')?.value === 'wide'`)
	p.near("#budget", `document.getElementById('limit')?.getAttribute('aria-valuetext') === 'at most 2,000 KB'`)
	eval[bool](p, `(Object.defineProperty(navigator, 'clipboard', { value: { writeText: t => { self.copied = t } } }), true)`)
	p.click("#copy-link")
	p.wait("the link", `self.copied && document.getElementById('copy-link').textContent.includes('copied')`)
	link := eval[string](p, `self.copied`)
	for _, part := range strings.Split(state, "&") {
		if !strings.Contains(link, part) {
			t.Errorf("the link %s lacks %s", link, part)
		}
	}
	bad := open(t, "#heat=maybe&statistics=x&layer=S99&channel=-1&unit=miles&budget=abc&b=nonsense&tour=99", options{})
	bad.answered()
	bad.do(chromedp.KeyEvent(kb.Escape)) // the tour that there is has six steps
	bad.near("#compare", compared)
	bad.near("#statistics", `document.getElementById('own')?.checked && document.querySelector('#curve .g1')`)
}

// TestJump: a link to a section goes there and leaves the state in the address.
func TestJump(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	child := p.arch("")
	p.click("nav a[href='#statistics']")
	p.wait("the section", `(r => r.top >= 0 && r.top < innerHeight / 2 || r.bottom <= innerHeight)(document.getElementById('statistics').getBoundingClientRect()) && document.activeElement.id === 'statistics'`)
	if got := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('arch')`); got != child {
		t.Errorf("the address has the child %q, not %q", got, child)
	}
	p.wait("the page to stand still", `self.still === scrollY || (self.still = scrollY, false)`)
	eval[bool](p, `(self.stayed = true, history.back(), true)`)
	p.wait("Back to come back to the top of the same page", `self.stayed && scrollY < 50`)
}

// TestBackCloses: Back closes the tour, and the child stays.
func TestBackCloses(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	start := p.arch("")
	p.press("#tour-start", kb.Enter)
	p.wait("the tour", `document.querySelector('.tour:not([hidden])')`)
	p.click("#random")
	child := p.arch(start)
	eval[bool](p, `(self.stayed = true, history.back(), true)`)
	p.wait("its end", `self.stayed && document.querySelector('.tour').hidden && !location.hash.includes('tour')`)
	p.steady()
	if got := p.arch(""); got != child {
		t.Errorf("Back has also taken the child away: %s, not %s", got, child)
	}
}

// TestSectionLinks: on narrow windows too there are links to the sections.
func TestSectionLinks(t *testing.T) {
	t.Parallel()
	for _, width := range []int{375, 768} {
		p := open(t, "", options{width: width, height: 800})
		p.answered()
		if hidden := eval[int](p, `[...document.querySelectorAll('nav a')].filter(a => !a.checkVisibility()).length`); hidden > 0 {
			t.Fatalf("at %d pixels %d links to sections are hidden", width, hidden)
		}
		if rows := eval[int](p, `new Set(['.mark', '#tour-start', '#theme'].map(s => (r => Math.round((r.top + r.bottom) / 20))(document.querySelector(s).getBoundingClientRect()))).size`); rows > 1 {
			t.Errorf("at %d pixels the buttons beside the name are in %d rows", width, rows)
		}
		if out := eval[int](p, `[...document.querySelectorAll('nav a')].filter(a => a.getBoundingClientRect().right > innerWidth).length`); width > 700 && out > 0 {
			t.Errorf("at %d pixels %d links to sections are out of the window", width, out)
		}
		p.tap("nav a[href='#compare']")
		p.wait("the section", `document.activeElement.id === 'compare' && (r => r.top < innerHeight && r.bottom > 0)(document.getElementById('compare').getBoundingClientRect())`)
	}
}

// TestNoScript: without JavaScript there is no button that does nothing, and no advice for
// who builds the page.
func TestNoScript(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: `self.ran = true`})
	p.do(emulation.SetScriptExecutionDisabled(true), chromedp.Navigate(site.url+"?still"))
	dead := eval[[]string](p, `[...document.querySelectorAll('button:not(.term), input')].filter(e => !e.disabled && !e.matches('.vh') && e.checkVisibility({ visibilityProperty: true })).map(e => e.id || e.textContent)`)
	if len(dead) > 0 {
		t.Errorf("these do nothing: %q", dead)
	}
	if got := p.text("start"); !strings.Contains(got, "JavaScript") || strings.Contains(got, "make") {
		t.Errorf("the page says %q", got)
	}
}

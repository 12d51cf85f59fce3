package test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/arch"
)

// toStory opens the page and waits for the story of why it works.
func toStory(t *testing.T, o options) *tab {
	t.Helper()
	p := open(t, "", o)
	p.answered()
	p.near("#story", `document.querySelectorAll('.slide').length === 5`)
	return p
}

// figure brings a figure of the story into the window and waits until it has something to show.
func (p *tab) figure(id, filled string) {
	p.t.Helper()
	p.near("#story-of-"+id, filled)
}

// set puts a range input to a value, as a drag does.
func (p *tab) set(id string, value int) {
	p.t.Helper()
	eval[bool](p, fmt.Sprintf(`(i => { i.value = %d; i.dispatchEvent(new Event('input', { bubbles: true })); return true })(document.getElementById(%q))`, value, id))
}

// TestStory: each figure shows what the native engine says, or what is written in the documents.
func TestStory(t *testing.T) {
	t.Parallel()
	p := toStory(t, options{})
	space := engineOf(t).Info().Space

	const bytes = `document.querySelector('#story-of-sizes [data-is=bytes] b')?.textContent`
	p.figure("sizes", bytes+`?.includes('MB')`)
	p.set("story-sizes", 2)
	want := fmt.Sprintf("%.1f MB", float64(costs(t, space.Min().String()).Params+costs(t, space.Max().String()).Params)*2/1e6)
	p.wait("two sizes", fmt.Sprintf(`%s === %q`, bytes, want))
	if got := p.find("#story-of-sizes [data-is=hours]"); !strings.Contains(got, "at least 1.0 h") || !strings.Contains(got, "about 4.5 h") {
		t.Errorf("two sizes take %q", got)
	}

	const four = `document.querySelectorAll('.four>li')`
	p.figure("teaching", four+`[3]?.querySelector('ol li span:nth-child(2)').textContent.includes('%')`)
	for i, a := range map[int]arch.Arch{0: space.Max(), 3: space.Min()} {
		top := sample(t, "parachute", a.String(), false).Top[0]
		if got, want := eval[string](p, fmt.Sprintf(four+`[%d].querySelector('ol li').textContent`, i)), top.Label+percent(top.P); got != want {
			t.Errorf("child %d says %q, the native engine %q", i, got, want)
		}
	}
	seen := func() string {
		return eval[string](p, `[...`+four+`].map(li => Number(li.querySelector('ol').checkVisibility({ visibilityProperty: true }))).join('')`)
	}
	for _, want := range []string{"0000", "1000", "1110", "1111", "1111", "0000"} {
		if got := seen(); got != want {
			t.Errorf("after %q: children %s have run, not %s", p.find("#story-of-teaching [data-is=at]"), got, want)
		}
		p.click("#story-of-teaching [data-do=next]")
	}
	if n := eval[int](p, `document.querySelectorAll('.curves path.big, .curves path.any, .curves path.small').length`); n != 9 {
		t.Errorf("three runs have %d curves of losses", n)
	}

	p.figure("slices", `document.querySelector('.cells span')?.textContent`)
	p.set("story-channel", 7)
	p.wait("the seventh filter", `document.querySelector('[for=story-channel] + output').textContent.startsWith('7 of ')`)
	if got, want := eval[[]string](p, `[...document.querySelectorAll('.cells span')].map(s => s.textContent.replace('−', '-').replace('-0.00', '0.00'))`), filter(t, space, 2, 1, 6); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("the filter is %q, natively %q", got, want)
	}
	before := p.arch("")
	p.click("#story-of-slices .seg button:first-child")
	if got := p.arch(before); !strings.Contains(got, "-28x2k3-") {
		t.Errorf("the child with the small filter is %s", got)
	}
	p.wait("the rim to be left out", `document.querySelectorAll('.cells .out').length === 16`)

	p.figure("own", `document.querySelector('.own [data-is=inherited]')?.textContent.includes('%')`)
	for name, inherited := range map[string]bool{"own": false, "inherited": true} {
		top := sample(t, "parachute", space.Min().String(), inherited).Top[0]
		if got, want := p.find(".own [data-is="+name+"]"), top.Label+" "+percent(top.P); !strings.HasSuffix(got, want) {
			t.Errorf("with %s statistics it says %q, the native engine %q", name, got, want)
		}
	}
	p.wait("the check of the weights", `document.querySelector('.own [data-is=changed]').textContent.startsWith('0 of ')`)

	p.figure("search", `document.querySelectorAll('#story-of-search .seg button').length === 4`)
	p.click("#story-of-search [data-do=search]")
	p.wait("two searches", `document.querySelector('#story-of-search [data-is=says]').textContent.includes('points in the mean')`)
	if n := eval[int](p, `document.querySelectorAll('.race path.small, .race path.any').length`); n != 2 {
		t.Errorf("two searches have %d lines", n)
	}

	for _, link := range eval[[]string](p, `[...document.querySelectorAll('.cite a')].map(a => a.href).filter(h => h.startsWith(location.origin))`) {
		if got := eval[string](p, fmt.Sprintf(`fetch(%q).then(r => r.text())`, link)); !strings.HasPrefix(got, "# ") {
			t.Errorf("%s begins with %.40q", link, got)
		}
	}
	p.axe()
	p.shot("story")
}

// filter is a depthwise filter of the biggest child as the page writes it, in half precision.
func filter(t *testing.T, space *arch.Space, stage, layer, channel int) (cells []string) {
	t.Helper()
	net, err := engineOf(t).Weights().Extract(space.Max())
	if err != nil {
		t.Fatal(err)
	}
	w := net.Blocks[stage][layer].Depthwise.Weight
	for i := channel; i < len(w.Data); i += w.Shape[2] {
		cells = append(cells, strings.Replace(fmt.Sprintf("%.2f", w.Data[i]), "-0.00", "0.00", 1))
	}
	return cells
}

// TestPresenter: one figure at a time, by keys; the page is as it was afterwards, also after Back.
func TestPresenter(t *testing.T) {
	t.Parallel()
	p := toStory(t, options{})
	child := p.arch("")
	p.figure("teaching", `document.querySelector('.four')`)
	eval[bool](p, `(document.querySelector('.present button').focus({ preventScroll: true }), true)`)
	const top = `document.querySelectorAll('.slide')[1].getBoundingClientRect().top`
	y := eval[float64](p, top)
	on := func(i int) string {
		return fmt.Sprintf(`[...document.querySelectorAll('.slide')].map(s => Number(s.checkVisibility())).join('') === '%s' && document.activeElement === document.querySelectorAll('.slide h3')[%d]`, strings.Repeat("0", i)+"1"+strings.Repeat("0", 4-i), i)
	}
	p.do(chromedp.KeyEvent("p"))
	p.wait("the second figure alone", on(1))
	if got := eval[int](p, `[...document.querySelectorAll('a, button, input, select')].filter(e => e.checkVisibility() && !e.closest('[inert]') && !e.closest('.slide.now, .bar-of-slides')).length`); got > 0 {
		t.Errorf("%d controls of the page can be reached", got)
	}
	if size := eval[float64](p, `parseFloat(getComputedStyle(document.querySelector('.slide.now p:last-child')).fontSize)`); size < 18 {
		t.Errorf("the text has %.1f pixels", size)
	}
	p.axe()
	p.screen(filepath.Join(site.root, "build", "shots", "presenter.webp"))
	p.do(chromedp.KeyEvent(kb.ArrowRight))
	p.wait("the third figure", on(2))
	p.wait("its filters", `document.querySelector('.cells span')?.textContent`)
	p.do(chromedp.KeyEvent(kb.End))
	p.wait("the last figure", on(4))
	p.do(chromedp.KeyEvent(kb.PageUp), chromedp.KeyEvent(kb.ArrowLeft))
	p.wait("the third figure", on(2))
	whole := func(how string) {
		t.Helper()
		p.wait("the page after "+how, `!document.documentElement.classList.contains('presenting') && !document.querySelector('[inert]') && [...document.querySelectorAll('.slide')].every(s => s.checkVisibility())`)
		p.wait("the place after "+how, fmt.Sprintf(`Math.abs(%s - %v) < 2 && document.activeElement === document.querySelector('.present button')`, top, y))
	}
	p.do(chromedp.KeyEvent(kb.Escape))
	whole("Escape")
	p.do(chromedp.KeyEvent("p"))
	p.wait("the second figure alone", on(1))
	eval[bool](p, `(history.back(), true)`)
	whole("Back")
	// Ended and begun again at once, before the history has gone back.
	eval[bool](p, `new Promise(back => {
		addEventListener('popstate', () => setTimeout(() => back(true)), { once: true });
		for (const key of ['p', 'Escape', 'p']) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
	})`)
	p.wait("the second figure alone", on(1))
	eval[bool](p, `(history.back(), true)`)
	whole("Back from the second presentation")
	if got := p.arch(""); got != child {
		t.Errorf("the child became %s", got)
	}
}

// TestStoryNarrow: the story on a phone, dark, and in print letters.
func TestStoryNarrow(t *testing.T) {
	t.Parallel()
	for _, width := range []int{375, 320} {
		p := toStory(t, options{width: width, height: 800, dark: true})
		p.do(emulation.SetTouchEmulationEnabled(true))
		p.figure("sizes", `document.querySelector('#story-of-sizes [data-is=bytes] b')?.textContent.includes('MB')`)
		p.figure("teaching", `document.querySelectorAll('.four>li')[3]?.querySelector('ol li span:nth-child(2)').textContent.includes('%')`)
		p.tap("#story-of-teaching [data-do=next]")
		p.figure("slices", `document.querySelector('.cells span')?.textContent`)
		p.figure("own", `document.querySelector('.own [data-is=inherited]')?.textContent.includes('%')`)
		p.figure("search", `document.querySelectorAll('#story-of-search .seg button').length === 4`)
		if over := eval[int](p, `document.documentElement.scrollWidth`) - width; over > 0 {
			t.Errorf("at %d pixels the page is %d pixels too wide", width, over)
		}
		p.axe()
		p.shot(fmt.Sprintf("story-%d-dark", width))
	}
}

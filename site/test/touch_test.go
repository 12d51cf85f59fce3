package test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// TestTouch: the whole page on a dark phone with a finger.
func TestTouch(t *testing.T) {
	t.Parallel()
	s := served(t, formula(t))
	p := visit(t, s, options{width: 375, height: 800, dark: true})
	p.do(emulation.SetTouchEmulationEnabled(true))
	p.answered()
	start := p.arch("")
	p.tap("#presets button:last-child")
	biggest := p.arch(start)
	p.tap("#keep")
	p.wait("the kept child", `location.hash.includes('b=`+biggest+`')`)
	p.tap("#heat")
	p.wait("the heat map", `!document.getElementById('heat-map').hidden`)
	p.tap("#undo")
	p.arch(biggest)
	p.tap("[data-term=parameters]")
	p.wait("the glossary", `document.getElementById('glossary')?.checkVisibility()`)
	p.tap("#tour-start")
	p.wait("the tour", `document.querySelector('.tour:not([hidden])') && document.getElementById('glossary').hidden`)
	p.axe()
	p.tap(".tour .plain")
	p.wait("its end", `document.querySelector('.tour').hidden`)

	p.near("#family", stripFilled)
	p.tap(".strip li:first-child button")
	smallest := p.arch(start)
	p.near("#budget", `document.querySelector('[data-is=progress]')?.textContent.includes('search is done')`)
	at := eval[[]float64](p, `(() => { document.getElementById('chart').scrollIntoView({ block: 'center', behavior: 'instant' }); const r = [...document.querySelectorAll('#chart .pt.f')].at(-1).getBoundingClientRect(); return [r.x + r.width / 2 + 6, r.y + 6] })()`)
	p.touch(at[0], at[1]) // a finger misses a little
	p.arch(smallest)
	p.near("#compare", compared)
	p.near("#statistics", `document.querySelector('#curve .g1')`)
	p.tap(".sw")
	p.wait("inherited statistics", `!document.getElementById('own').checked && document.getElementById('cost-accuracy').textContent.includes('inherited')`)
	if over := eval[int](p, `document.documentElement.scrollWidth - 375`); over > 0 {
		t.Errorf("the page is %d pixels too wide", over)
	}
	p.axe()
	p.shot("phone")

	narrow := visit(t, s, options{width: 320, height: 640})
	narrow.answered()
	narrow.near("#family", stripFilled)
	narrow.near("#budget", `document.querySelectorAll('#chart .pt').length > 4`)
	narrow.near("#compare", compared)
	narrow.near("#statistics", `document.querySelector('#curve .g1')`)
	if over := eval[int](narrow, `document.documentElement.scrollWidth - 320`); over > 0 {
		t.Errorf("at 320 pixels the page is %d pixels too wide", over)
	}
	narrow.shot("narrow")
}

package test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestShipped: the page as it ships opens with the weights that know most, lists what they
// know, has samples that they are judged by, and changes to the others and back.
func TestShipped(t *testing.T) {
	t.Parallel()
	url := shippedPage(t)
	p := open(t, url, options{origin: url, full: true})
	p.answered()
	if got := p.text("knows"); got != "It knows 200 classes." {
		t.Errorf("the page says %q", got)
	}
	if n := eval[int](p, `document.querySelectorAll('#gallery button img').length`); n < 12 {
		t.Errorf("%d samples, want at least 12", n)
	}
	p.near("#family", `document.querySelectorAll('#strip .lab').length >= 5 && [...document.querySelectorAll('#strip .lab')].every(l => l.textContent.includes('%') || l.textContent.includes('none'))`)
	if n := eval[int](p, `new Set([...document.querySelectorAll('#strip .lab')].map(l => l.firstChild.textContent.trim())).size`); n < 2 {
		t.Error("the whole family says the same of the first sample: nothing changes when one drags")
	}
	p.near("#classes", `document.querySelectorAll('.chips li').length === 200`)
	p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	p.axe()
	p.shot("shipped")
	p.do(chromedp.Focus(`#weights input:checked`, chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	p.wait("the ten classes", onFirst)
	p.answered()
	p.wait("their samples", `document.querySelectorAll('#gallery button img').length === 6`)
	p.near("#classes", `document.querySelectorAll('.chips li').length === 10`)
	p.do(chromedp.Focus(`#weights input:checked`, chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowLeft))
	p.wait("the 200 classes again", `document.getElementById('knows').textContent.includes('200 classes')`)
	p.answered()

	for _, o := range []options{{width: 375, height: 800}, {width: 375, height: 800, dark: true}, {dark: true}} {
		o.origin = url
		q := open(t, url, o)
		q.answered()
		q.axe()
		q.shot(fmt.Sprintf("shipped-%d-%t", o.width, o.dark))
	}
}

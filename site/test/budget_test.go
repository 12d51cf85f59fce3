package test

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const (
	progressSays = `document.querySelector('[data-is=progress]')?.textContent.includes(%q)`
	searched     = `document.querySelector('#chart[aria-busy=false]')`
	work         = `[...document.querySelectorAll('.pick dt')].find(e => e.textContent === 'Work')?.nextElementSibling.textContent`
)

// millions reads "at most 61 MMACs" and the like.
func millions(t *testing.T, text string) float64 {
	t.Helper()
	for _, word := range strings.Fields(text) {
		if v, err := strconv.ParseFloat(strings.ReplaceAll(word, ",", ""), 64); err == nil {
			return v
		}
	}
	t.Fatalf("there is no number in %q", text)
	return 0
}

// TestBudgetMeasured: without a predictor the chart shows what was measured, says
// so, predicts nothing, and the budget chooses among that.
func TestBudgetMeasured(t *testing.T) {
	t.Parallel()
	p := visit(t, served(t, nil), options{})
	p.answered()
	p.near("#budget", fmt.Sprintf(progressSays, "No predictor"))
	labels := eval[[]string](p, `[...document.querySelectorAll('#chart [role=button]')].map(m => m.getAttribute('aria-label'))`)
	if len(labels) != len(site.manifest.Children) {
		t.Errorf("the chart has the marks %q, the manifest %d children", labels, len(site.manifest.Children))
	}
	if text := p.find("#chart-box"); strings.Contains(strings.Join(labels, "")+p.find(".pick"), "predicted") {
		t.Errorf("something is predicted without a predictor: %q, %q", labels, text)
	}
	best := 0.0
	for _, c := range site.manifest.Children {
		best = max(best, c.Top1)
	}
	p.press("#limit", kb.End)
	p.wait("the best child of all", fmt.Sprintf(`document.querySelector('[data-is=accuracy]').textContent.startsWith('%.1f %%')`, 100*best))
	p.press("#limit", kb.Home)
	p.wait("a word about too small a budget", `document.querySelector('[data-is=note]').textContent.includes('No child') && document.querySelector('[data-do=load]').disabled`)
}

// TestBudget: a search in the worker draws the front; the budget, by mouse and by
// keyboard, picks from it; marks, table and buttons take a child; it is saved as a file.
func TestBudget(t *testing.T) {
	t.Parallel()
	p := visit(t, served(t, formula(t)), options{})
	p.answered()
	p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	p.wait("predicted children with whiskers", `document.querySelectorAll('#chart .pt.f').length >= 5`) // it draws a few times a second
	t.Run("budget", func(t *testing.T) {
		p.t = t
		p.dragBudget(0.35)
		p.within(t)
		p.wait("the search to go on below the budget", searched)
		before := eval[string](p, `document.getElementById('limit').getAttribute('aria-valuetext')`)
		p.press("#limit", kb.ArrowRight, kb.ArrowRight)
		if after := eval[string](p, `document.getElementById('limit').getAttribute('aria-valuetext')`); after == before {
			t.Errorf("arrow keys leave the budget at %q", after)
		}
		p.within(t)
		p.wait("the budget in the address", `location.hash.includes('budget=')`)
		p.wait("the search", searched)
	})
	t.Run("load", func(t *testing.T) {
		p.t = t
		want := millions(t, eval[string](p, work))
		p.click("[data-do=load]")
		p.wait("its work in the costs", fmt.Sprintf(`Math.abs(parseFloat(document.getElementById('cost-macs').textContent) - %v) < 1`, want))
		// Hollow with its error where it is predicted; the best child may be one that was measured.
		if !eval[bool](p, `(document.querySelector('#cost-accuracy .dot.s') ? /measured on \d+/ : /±/).test(document.getElementById('cost-accuracy').textContent)`) {
			t.Errorf("the accuracy of the child is %q", p.text("cost-accuracy"))
		}
	})
	t.Run("mark", func(t *testing.T) {
		p.t = t
		p.steady()
		at := eval[struct {
			Arch string
			X, Y float64
		}](p, `(() => { document.getElementById('chart').scrollIntoView({ block: 'center', behavior: 'instant' }); const m = document.querySelector('#chart .pt.f').parentElement, r = m.querySelector('circle').getBoundingClientRect(); return { Arch: m.dataset.arch, X: r.x + r.width / 2, Y: r.y + r.height / 2 } })()`)
		before := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('arch')`)
		p.do(chromedp.MouseClickXY(at.X, at.Y))
		if got := p.arch(before); got != at.Arch {
			t.Errorf("a click takes %s, not %s", got, at.Arch)
		}
		p.press("#chart [role=button][tabindex='0']", kb.ArrowRight, kb.ArrowRight)
		next := eval[string](p, `document.activeElement.dataset.arch`)
		p.do(chromedp.KeyEvent(kb.Enter))
		if got := p.arch(at.Arch); got != next {
			t.Errorf("Enter takes %s, not %s", got, next)
		}
		p.press(".behind summary", kb.Enter)
		p.wait("the table", `document.querySelectorAll('.behind tbody tr').length > 5`)
		p.click(".behind tbody tr:last-child button")
		p.arch(next)
	})
	t.Run("save", func(t *testing.T) {
		p.t = t
		folder := p.downloads(t)
		saved := func(format string) []byte {
			t.Helper()
			p.click("[data-do=" + format + "]")
			p.wait("the file to be saved", `document.querySelector('[data-is=saved]').textContent.includes('.`+format+`')`)
			name := strings.Trim(strings.Fields(p.find("[data-is=saved]"))[1], ",")
			return arrived(t, filepath.Join(folder, name))
		}
		if hint := eval[string](p, `document.querySelector('.pick a')?.href ?? ''`); hint != "https://netron.app/" {
			t.Errorf("beside the buttons a link leads to %q, not to what opens the file", hint)
		}
		// The first field of an ONNX file is its version; a safetensors file begins with the length of its JSON. Both have the child's weights.
		if data := saved("onnx"); len(data) < 100_000 || data[0] != 0x08 {
			t.Errorf("the ONNX file has %d bytes", len(data))
		}
		if data := saved("safetensors"); len(data) < 100_000 || data[8] != '{' || binary.LittleEndian.Uint64(data) > uint64(len(data)) {
			t.Errorf("the safetensors file has %d bytes", len(data))
		}
	})
	p.t = t
	p.axe()
	p.shot("chart")
}

// within checks that what the page calls best keeps the budget.
func (p *tab) within(t *testing.T) {
	t.Helper()
	p.wait("a best child", work)
	limit, cost := millions(t, eval[string](p, `document.getElementById('limit').getAttribute('aria-valuetext')`)), millions(t, eval[string](p, work))
	if cost > limit+0.5 {
		t.Errorf("the best child within %v MMACs takes %v", limit, cost)
	}
}

// dragBudget drags the line of the budget with the mouse to a part of its range.
func (p *tab) dragBudget(to float64) {
	p.t.Helper()
	r := eval[struct{ X, Y, W, H, At float64 }](p, `(() => { const i = document.getElementById('limit'); i.scrollIntoView({ block: 'center', behavior: 'instant' }); const r = i.getBoundingClientRect(); return { X: r.x, Y: r.y, W: r.width, H: r.height, At: i.value / i.max } })()`)
	press := func(kind input.MouseType, at float64) chromedp.Action {
		return input.DispatchMouseEvent(kind, r.X+13+(r.W-26)*at, r.Y+r.H/2).WithButton(input.Left).WithButtons(1).WithClickCount(1)
	}
	p.do(press(input.MousePressed, r.At))
	for i := 1; i <= 6; i++ {
		p.do(press(input.MouseMoved, r.At+(to-r.At)*float64(i)/6))
	}
	p.do(press(input.MouseReleased, to))
}

// TestBudgetAtFirst: until the budget is known the chart says none.
func TestBudgetAtFirst(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: `self.said = [];
		new MutationObserver(() => { for (const e of document.querySelectorAll('#chart text')) if (/^at most (0|0.0|NaN) /.test(e.textContent) && e.getAttribute('visibility') !== 'hidden') said.push(e.textContent) })
			.observe(document, { subtree: true, childList: true, characterData: true, attributes: true })`})
	p.answered()
	p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	if said := eval[[]string](p, `said`); len(said) > 0 {
		t.Errorf("the chart has said %q", said)
	}
}

// TestDevice: milliseconds are measured on request, with progress, and become the axis.
func TestDevice(t *testing.T) {
	t.Parallel()
	p := visit(t, served(t, formula(t)), options{})
	p.answered()
	p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	p.click("[data-unit=latency]")
	p.wait("progress of the measurement", fmt.Sprintf(progressSays, "Measuring this device"))
	p.wait("milliseconds", `document.getElementById('limit').getAttribute('aria-valuetext').includes(' ms') && `+fmt.Sprintf(progressSays, "search is done"))
	p.wait("your child in the chart", `document.querySelector('#chart .you').getAttribute('visibility') === 'visible' && document.querySelector('#chart .you circle').getAttribute('cx') > 0`)
	times := eval[[]float64](p, `[...document.querySelectorAll('#chart [role=button]')].map(m => parseFloat(m.getAttribute('aria-label').match(/([\d.,]+) ms$/)[1]))`)
	if len(times) < 5 || times[0] >= times[len(times)-1] {
		t.Errorf("the children of the chart take %v ms", times)
	}
}

package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

const compared = `[...document.querySelectorAll('.ab-table tbody tr')].some(r => r.textContent.startsWith('Says') && !r.textContent.includes('…'))`

// column is what the table says of child A (1) or B (2) in a row.
func (p *tab) column(row string, child int) string {
	p.t.Helper()
	return eval[string](p, fmt.Sprintf(`[...document.querySelectorAll('.ab-table tbody tr')].find(r => r.cells[0].textContent.startsWith(%q)).cells[%d].textContent`, row, child))
}

// TestCompare: a child is kept as B, another becomes A; what both cost and say is
// what the native engine has, and so is the share of the weights.
func TestCompare(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	first := p.arch("")
	p.click("#keep")
	p.wait("the kept child in the address", `location.hash.includes('b=`+first+`')`)
	if got := p.text("keep"); !strings.Contains(got, "Kept") || eval[string](p, `document.getElementById('keep').getAttribute('aria-pressed')`) != "true" {
		t.Errorf("the button says %q", got)
	}
	p.press("#width", kb.Home)
	second := p.arch(first)
	p.near("#compare", compared)
	for i, text := range []string{second, first} {
		top := sample(t, "parachute", text, false).Top[0]
		p.wait("the answer of child "+string(rune('A'+i)), fmt.Sprintf(`(%s) && [...document.querySelectorAll('.ab-table tbody tr')].find(r => r.cells[0].textContent.startsWith('Says')).cells[%d].textContent === %q`, compared, i+1, top.Label+" "+percent(top.P)))
		if got, want := p.column("Work", i+1), float64(costs(t, text).MACs)/1e6; got != fmt.Sprintf("%.0f MMACs", want) && got != fmt.Sprintf("%.1f MMACs", want) {
			t.Errorf("the work of child %d is %q, not %v", i+1, got, want)
		}
	}
	differ := sample(t, "parachute", first, false).Top[0].Label != sample(t, "parachute", second, false).Top[0].Label
	if mark := eval[bool](p, `[...document.querySelectorAll('.ab-table tbody tr')].find(r => r.cells[0].textContent.startsWith('Says')).textContent.includes('≠')`); mark != differ {
		t.Errorf("the answers differ: %v; there is a mark: %v", differ, mark)
	}
	shared := func(a, b string) string {
		e := engineOf(t)
		x, err := e.Parse(a)
		if err != nil {
			t.Fatal(err)
		}
		y, err := e.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		both, ofA, _, err := e.Weights().Shared(x, y)
		if err != nil {
			t.Fatal(err)
		}
		return percent(float64(both)/float64(ofA)) + " of A’s weights"
	}
	if got := p.find("[data-is=share]"); !strings.HasPrefix(got, shared(second, first)) {
		t.Errorf("the page says %q, the engine %q", got, shared(second, first))
	}

	// Child B can be one of the family too; all of A is in the biggest.
	p.press("#b-choice", kb.End)
	eval[bool](p, `(() => { const s = document.getElementById('b-choice'); s.value = 'Max'; s.dispatchEvent(new Event('change', { bubbles: true })); return true })()`)
	p.wait("the share of the biggest child", `document.querySelector('[data-is=share]').textContent.startsWith('100 % of A’s')`)
	p.wait("its name", `document.querySelector('[data-is=b]').textContent === 'biggest'`)
	if eval[string](p, `[...document.querySelectorAll('.sharebar i')].map(i => i.hidden).join()`) != "false,true,false" {
		t.Error("the bar shows weights that only A has")
	}
	p.wait("the words about the drawing", `document.getElementById('nested-words').textContent.includes('only A 0.0 %')`)
	p.axe()
	p.shot("compare")
}

// TestStatistics: the switch runs the child with inherited statistics, here and in
// the hero; the answers are the native ones and no weight changes.
func TestStatistics(t *testing.T) {
	t.Parallel()
	p := open(t, "?image=church#arch=min", options{})
	p.answered()
	text := costs(t, "min").Arch
	own, inherited := sample(t, "church", text, false), sample(t, "church", text, true)
	said := func(at string, top string) {
		t.Helper()
		p.wait("the answer "+at, fmt.Sprintf(`document.querySelector('[data-is=%s]')?.textContent.endsWith(%q)`, at, top))
	}
	p.near("#statistics", `document.querySelector('#curve .g1') && document.querySelector('[data-is=changed]').textContent === '0'`)
	said("own", own.Top[0].Label+" "+percent(own.Top[0].P))
	said("inherited", inherited.Top[0].Label+" "+percent(inherited.Top[0].P))
	curve := `document.querySelector('#curve .g1').getAttribute('d')`
	right := eval[string](p, curve)
	marks := eval[[]string](p, `[...document.querySelectorAll('#curve text[text-anchor=middle]')].map(t => t.textContent)`)
	if once := slices.Compact(slices.Clone(marks)); len(marks) < 2 || len(once) != len(marks) {
		t.Errorf("the axis of the curve has the marks %q", marks)
	}
	p.press("#own", " ")
	hero := func(want string) {
		t.Helper()
		p.wait("the answer in the hero", fmt.Sprintf(`[...document.querySelectorAll('#bars li')].map(li => li.children[0].textContent + ' ' + li.children[1].textContent).join(', ') === %q`, want))
	}
	hero(shown(inherited))
	if got := p.text("cost-accuracy"); !strings.Contains(got, "inherited") || strings.Contains(got, "%") {
		t.Errorf("with inherited statistics the accuracy is %q", got)
	}
	p.wait("the curve to move", fmt.Sprintf(`%s !== %q`, curve, right))
	p.wait("the address", `location.hash.includes('statistics=inherited')`)
	p.shot("statistics")
	p.axe()
	p.click(".sw")
	hero(shown(own))
	p.wait("the curve to come back", fmt.Sprintf(`%s === %q`, curve, right))
	eval[bool](p, `(() => { const c = document.getElementById('channel'); c.value = 2; c.dispatchEvent(new Event('change', { bubbles: true })); return true })()`)
	p.wait("another channel", `document.getElementById('curve-words').textContent.includes('channel 2 of')`)
}

package test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const stripFilled = `document.querySelectorAll('.strip li').length && [...document.querySelectorAll('.strip small > span')].every(s => s.textContent.includes('ms')) && document.getElementById('strip-note').textContent.trim()`

// card is one child of the strip as shown.
type card struct {
	Arch, Says string
	First      bool
}

func (p *tab) strip() (cards []card) {
	p.t.Helper()
	return eval[[]card](p, `[...document.querySelectorAll('.strip li')].map(li => ({ Arch: li.querySelector('button').dataset.arch, Says: li.querySelector('.lab').textContent, First: li.classList.contains('first') }))`)
}

// family is what the strip must show: the native engine's answers, and the border
// round the cheapest child that is right.
func family(t *testing.T, cards []card, image, label string) []card {
	t.Helper()
	var want []card
	found := false
	for _, c := range cards {
		top := sample(t, image, c.Arch, false).Top[0]
		mark := map[bool]string{true: "✓", false: "✕"}[top.Label == label]
		want = append(want, card{c.Arch, fmt.Sprintf("%s %s %s", mark, top.Label, percent(top.P)), top.Label == label && !found})
		found = found || top.Label == label
	}
	return want
}

// disturbed makes the first two runs of the smallest child seem long, as another process would.
const disturbed = `(() => {
	const Plain = self.Worker;
	let runs = 0;
	self.Worker = class extends Plain {
		set onmessage(f) {
			super.onmessage = e => {
				if (e.data.answer && e.data.arch === %q) {
					if (runs++ < 2) e.data.answer.timing.forward += 1e6;
					self.runsOfSmallest = runs;
				}
				f(e);
			};
		}
	};
})()`

// TestFamilyDisturbed: a child that seems slower than a costlier one is timed again.
func TestFamilyDisturbed(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: fmt.Sprintf(disturbed, engineOf(t).Weights().Space.Min().String())})
	p.answered()
	p.near("#family", stripFilled)
	p.wait("the time of an undisturbed run", `self.runsOfSmallest > 2 && !document.querySelector('.strip small').textContent.includes(',')`)
}

// TestFamily: one image through the family gives the native answers, cheapest
// first; the first right child is marked; a choice by mouse and by keyboard loads it.
func TestFamily(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	p.near("#family", stripFilled)
	cards := p.strip()
	for i := 1; i < len(cards); i++ {
		if costs(t, cards[i-1].Arch).MACs >= costs(t, cards[i].Arch).MACs {
			t.Errorf("the children %s and %s are not in the order of their cost", cards[i-1].Arch, cards[i].Arch)
		}
	}
	check := func(image, label string) {
		t.Helper()
		want, err := json.Marshal(family(t, cards, image, label))
		if err != nil {
			t.Fatal(err)
		}
		p.wait("the family's answers to "+image, fmt.Sprintf(`(%s) && JSON.stringify([...document.querySelectorAll('.strip li')].map(li => ({ Arch: li.querySelector('button').dataset.arch, Says: li.querySelector('.lab').textContent, First: li.classList.contains('first') }))) === JSON.stringify(%s)`, stripFilled, want))
	}
	check("parachute", "parachute")
	p.do(chromedp.Click("#gallery [aria-label='gas pump']", chromedp.ByQuery))
	check("gas-pump", "gas pump")

	before := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('arch')`)
	p.click(".strip li:nth-child(2) button")
	if got := p.arch(before); got != cards[1].Arch {
		t.Errorf("a click on the second child loads %s, not %s", got, cards[1].Arch)
	}
	p.press(".strip li:first-child button", kb.Enter)
	if got := p.arch(cards[1].Arch); got != cards[0].Arch {
		t.Errorf("Enter on the first child loads %s, not %s", got, cards[0].Arch)
	}
	p.wait("the loaded child to be marked", `document.querySelector('.strip [aria-pressed=true]')?.dataset.arch === new URLSearchParams(location.hash.slice(1)).get('arch')`)

	// Nobody knows the truth of a person's own image: the mark goes to the first that agrees with the biggest.
	p.choose(photo(t, 500, 400))
	p.wait("the own image", `document.querySelector('#gallery .own').getAttribute('aria-pressed') === 'true'`)
	p.wait("an agreement", `(`+stripFilled+`) && document.querySelector('.strip .first .tag')?.textContent.includes('agrees')`)
	label := func(i int) string {
		return eval[string](p, fmt.Sprintf(`document.querySelectorAll('.strip .lab')[%d].textContent.replace(/ [\d.]+ %%$/, '')`, i))
	}
	biggest := label(len(cards) - 1)
	for i, c := range p.strip() {
		if agrees := label(i) == biggest; c.First && !agrees || !c.First && agrees && i == 0 {
			t.Errorf("child %d says %q, the biggest %q; marked: %v", i, label(i), biggest, c.First)
		}
	}
}

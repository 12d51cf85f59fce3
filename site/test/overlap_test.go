package test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	pagedom "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// overlaps is the places where a text lies over another: of each line the part between the
// heights of letters, as far as nothing cuts it off. What stands on a ground of its own, such
// as a tip, is meant to cover what is below.
const overlaps = `(() => {
	const boxes = [], found = [];
	const clipped = (r, from) => {
		for (let e = from; e && e !== document.body; e = e.parentElement) {
			const s = getComputedStyle(e);
			if (s.overflowX === 'visible' || e instanceof SVGElement && !(e instanceof SVGSVGElement)) continue;
			const c = e.getBoundingClientRect();
			r = { left: Math.max(r.left, c.left), right: Math.min(r.right, c.right), top: Math.max(r.top, c.top), bottom: Math.min(r.bottom, c.bottom) };
		}
		return r;
	};
	const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), range = document.createRange();
	for (let n; (n = all.nextNode());) {
		const e = n.parentElement;
		if (!n.data.trim() || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
		range.selectNodeContents(n);
		const size = parseFloat(getComputedStyle(e).fontSize);
		for (const line of range.getClientRects()) {
			const middle = (line.top + line.bottom) / 2, half = Math.min(line.height, 0.8 * size) / 2;
			const r = clipped({ left: line.left, right: line.right, top: middle - half, bottom: middle + half }, e);
			if (r.right - r.left > 2 && r.bottom - r.top > 2) boxes.push({ ...r, n, e });
		}
	}
	const grounded = (e, common) => {
		for (; e && e !== common; e = e.parentElement) {
			const s = getComputedStyle(e);
			if (s.position !== 'static' && s.position !== 'relative' && !/^(transparent|rgba\(.* 0\))$/.test(s.backgroundColor)) return true;
		}
	};
	boxes.sort((a, b) => a.top - b.top);
	boxes.forEach((a, i) => {
		for (let j = i + 1; j < boxes.length && boxes[j].top < a.bottom - 2; j++) {
			const b = boxes[j];
			if (a.n === b.n || Math.min(a.right, b.right) - Math.max(a.left, b.left) < 3) continue;
			let common = a.e;
			while (!common.contains(b.e)) common = common.parentElement;
			if (grounded(a.e, common) || grounded(b.e, common)) continue;
			const id = a.e.closest('[id]')?.id;
			found.push('“' + a.n.data.trim().slice(0, 40) + '” and “' + b.n.data.trim().slice(0, 40) + '” in ' + (id ?? a.e.tagName) + ' at ' + Math.round(a.left) + ', ' + Math.round(a.top + scrollY));
		}
	});
	return [...new Set(found)].slice(0, 20);
})()`

// wide is the texts and controls that stick out of the window on the right.
const wide = `[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && e.checkVisibility() && (!e.children.length || e.matches('button, input, svg')) && !e.closest('.scroll, nav, pre, svg *')).slice(0, 8).map(e => (e.closest('[id]')?.id ?? '') + ' ' + e.tagName + ' ' + e.textContent.trim().slice(0, 30))`

// cutOff is the labels that do not fit into the first line of the answer, made smaller as the
// page makes those that are long.
const cutOff = `(() => {
	const li = document.querySelector('#bars li'), span = li.firstChild, was = [li.className, span.textContent];
	const cut = [...document.querySelectorAll('.chips li')].map(c => c.textContent).filter(label => {
		span.textContent = label;
		li.className = '';
		if (span.scrollWidth > span.clientWidth) li.className = 'long';
		return span.scrollWidth > span.clientWidth + 1;
	});
	[li.className, span.textContent] = was;
	return cut;
})()`

// TestOverlap: at no width, and with no size of letters, does text lie over text, is anything
// wider than the window, or the answer cut off.
func TestOverlap(t *testing.T) {
	t.Parallel()
	url := shippedPage(t)
	for _, o := range []struct{ width, letters int }{{320, 16}, {375, 16}, {640, 16}, {768, 16}, {1280, 16}, {1920, 16}, {3840, 16}, {375, 32}, {1280, 32}} {
		t.Run(fmt.Sprintf("%d-%d", o.width, o.letters), func(t *testing.T) {
			t.Parallel()
			p := open(t, url, options{origin: url, width: o.width, height: 900})
			check := func(state string) {
				t.Helper()
				if got := eval[[]string](p, overlaps); len(got) > 0 {
					t.Errorf("%s: text over text:\n%s", state, strings.Join(got, "\n"))
				}
				if over := eval[int](p, `document.documentElement.scrollWidth`) - o.width; over > 0 {
					t.Errorf("%s: %d pixels too wide, by %q", state, over, eval[[]string](p, wide))
				}
			}
			p.answered()
			p.do(chromedp.ActionFunc(func(ctx context.Context) error {
				return pagedom.SetFontSizes(&pagedom.FontSizes{Standard: int64(o.letters), Fixed: int64(o.letters)}).Do(ctx)
			}))
			check("answer")
			p.near("#family", `document.querySelectorAll('#strip .lab').length >= 5 && [...document.querySelectorAll('#strip .lab')].every(l => /%|none/.test(l.textContent))`)
			check("family")
			p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
			check("budget")
			p.near("#compare", `document.querySelector('[data-is=share]')?.textContent.includes('%')`)
			p.near("#statistics", `document.querySelector('#curve .g1') && document.querySelector('[data-is=inherited]')?.textContent.includes('%')`)
			p.near("#classes", `document.querySelectorAll('.chips li').length === 200`)
			p.near("#teach", `document.querySelectorAll('.card').length === 2`)
			p.near("#story", `document.querySelectorAll('.slide').length === 6`)
			for id, filled := range map[string]string{"sizes": `[data-is=bytes] b`, "ordinary": `tbody td`, "teaching": `.four>li:last-child ol li span:nth-child(2)`, "slices": `.cells span`, "own": `[data-is=inherited]`, "search": `.seg button`} {
				p.figure(id, fmt.Sprintf(`/[\d%%]/.test(document.querySelector('#story-of-%s %s')?.textContent)`, id, filled))
			}
			p.press("#look-inside", kb.Enter) // by keyboard: sections that fill above would move it from under a mouse
			p.wait("the layers", `document.querySelector('#inside details')`)
			check("all sections")
			if cut := eval[[]string](p, cutOff); len(cut) > 0 {
				t.Errorf("as the answer these are cut off: %q", cut)
			}
			if got := eval[float64](p, `document.querySelector('main').offsetWidth / innerWidth`); got < 0.45 {
				t.Errorf("the page takes %.0f %% of the window", 100*got)
			}
			p.press("#gallery [aria-label=windmill], #gallery button:nth-of-type(12)", kb.Enter)
			p.wait("an unknown image", `document.querySelector('#none').checkVisibility() && document.querySelector('#answer[aria-busy=false]')`)
			check("unknown")
			p.press("#game", kb.Enter)
			p.wait("the game", `/of 10 right/.test(document.querySelector('.game [data-is=says]')?.textContent)`)
			check("game")
			p.shot(fmt.Sprintf("overlap-%d-%d", o.width, o.letters))
		})
	}
}

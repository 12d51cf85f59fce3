package test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// TestMeasuresTeach holds teaching with 100 images of five classes against a clock and the
// tab's memory. It needs a quiet machine, as TestMeasures does.
func TestMeasuresTeach(t *testing.T) {
	needsQuiet(t)
	p := open(t, "", options{full: true})
	peak := watchMemory(t, p)
	p.answered()
	p.near("#teach", `document.querySelectorAll('.card').length === 2 && document.querySelector('.lesson').checkVisibility()`)
	eval[bool](p, `(() => { self.tasks = []; new PerformanceObserver(l => self.tasks.push(...l.getEntries())).observe({ type: 'longtask' });
		document.getElementById('teach').addEventListener('drop', () => { self.began = performance.now(); }, true);
		const bar = document.querySelector('.training .bar'), at = (name, f) => { self[name] ||= f() && performance.now(); };
		new MutationObserver(() => {
			at('read', () => document.querySelectorAll('.card canvas').length === 100);
			if (bar.checkVisibility() && bar.getAttribute('aria-valuenow') < 100) self.looked = performance.now();
			at('taught', () => /^Taught/.test(`+says+`));
		}).observe(document.getElementById('teach'), { subtree: true, childList: true, characterData: true, attributes: true }); return true })()`)
	p.letFall(drawn(t, []string{"one", "two", "three", "four", "five"}, 20), ".card")
	p.wait("the images to arrive", `document.querySelectorAll('.card').length === 5`)
	p.press("#teach [data-do=teach]", kb.Enter)
	p.wait("the classifier", taught)
	p.answered()
	p.wait("its answer", `document.getElementById('knows').textContent.includes('5 classes') && document.querySelector('#answer[aria-busy=false]')`)
	at := eval[struct{ Began, Read, Looked, Taught, Longest float64 }](p, `new Promise(done => setTimeout(() => done({ began, read, looked, taught, longest: Math.max(0, ...self.tasks.filter(e => e.startTime > began).map(e => e.duration)) }), 300))`)
	t.Logf("100 images are read after %.1f s, looked at after %.1f s", (at.Read-at.Began)/1000, (at.Looked-at.Began)/1000)
	hold(t, "100 images to a taught classifier, s", (at.Taught-at.Began)/1000, 6)
	hold(t, "training of the classifier, s", (at.Taught-at.Looked)/1000, 1.5)
	hold(t, "longest task while teaching, ms", at.Longest, 50)
	hold(t, "memory of the tab at its peak, MB", float64(peak())/1e6, 220)
}

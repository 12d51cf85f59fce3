package test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"bignas/core/preprocess/slowfiles"
)

// TestSlowImage: while an image of 40 megapixels is decoded the engine says how far
// it is and answers about the one before; the next image ends it. All of it is
// ordered by what the engine says, not by time.
func TestSlowImage(t *testing.T) {
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/slow.jpg" {
			_, _ = w.Write(slowfiles.JPEG(7000, 5700, 4))
		}
		return r.URL.Path == "/slow.jpg"
	})
	p := visit(t, s, options{})
	p.answered()
	type reply struct {
		Events []string
		Told   []float64
		Whole  []int
	}
	got := eval[reply](p, fmt.Sprintf(bootEngine, "undefined", `
	const slow = await (await fetch('/slow.jpg')).arrayBuffer(), church = await (await fetch(asset('samples/church.jpg'))).arrayBuffer();
	const events = [], told = [];
	let began;
	const underway = new Promise(resolve => { began = resolve; });
	const first = engine.request('picture', {}, { bytes: slow.slice(0), onprogress: p => { told.push(p.done); began(); } })
		.then(() => events.push('decoded'), e => events.push(e.code));
	await underway;
	await engine.request('classify', { child: min }).then(() => events.push('answer'));
	const second = engine.request('picture', {}, { bytes: church }).then(() => events.push('church'));
	await Promise.all([first, second]);
	const { width, height } = await engine.request('picture', {}, { bytes: slow, onprogress: p => told.push(p.done) });
	return { events, told, whole: [width, height] };`))
	if !slices.Equal(got.Events, []string{"answer", "superseded", "church"}) {
		t.Errorf("in this order: %q", got.Events)
	}
	if len(got.Told) < 2 || slices.Min(got.Told) < 0 || slices.Max(got.Told) > 1 || !slices.Equal(got.Whole, []int{7000, 5700}) {
		t.Errorf("of an image of %v these shares were done: %v", got.Whole, got.Told)
	}
}

// TestDecoding: the page shows how far a slow image is and stops it when somebody says so or
// takes another one; what would take too long is refused with the limit and what to do.
func TestDecoding(t *testing.T) {
	for _, o := range []options{{}, {width: 375, height: 800, dark: true}} {
		p := open(t, "", o)
		p.answered()
		file := slow(t, slowfiles.JPEG(7000, 5700, 1))
		underway := func() {
			t.Helper()
			p.choose(file)
			p.wait("decoding", `document.getElementById('decoding').checkVisibility() && /Decoding: \d+ %/.test(document.getElementById('decoding-says').textContent)`)
		}
		underway()
		p.shot(fmt.Sprintf("decoding-%d", o.width))
		underway() // a picture of the page takes longer than the image
		p.axe()
		underway()
		p.do(chromedp.Click("#decoding-stop", chromedp.ByQuery))
		p.wait("its end", `!document.getElementById('decoding').checkVisibility()`)
		if pressed := eval[bool](p, `document.querySelector('#gallery [aria-label=parachute]').getAttribute('aria-pressed') === 'true'`); !pressed || p.text("notice") != "" {
			t.Errorf("after Stop the image of before is not there, or the notice is %q", p.text("notice"))
		}
		underway()
		p.press("#gallery [aria-label=church]", "\r")
		p.wait("the next image", `document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true' && document.querySelector('#answer[aria-busy=false]') && !document.getElementById('decoding').checkVisibility()`)
		if got := p.text("notice"); got != "" {
			t.Errorf("the notice is %q", got)
		}
		p.choose(slow(t, slowfiles.JPEG(6000, 6000, 300)))
		p.wait("the refusal", `document.querySelector('#notice div')`)
		if got := p.text("notice"); !strings.Contains(got, "300 scans") || !strings.Contains(got, "limit of 640.0") || !strings.Contains(got, "not progressive") {
			t.Errorf("the notice is %q", got)
		}
		p.shot(fmt.Sprintf("refused-%d", o.width))
		p.choose(photo(t, 640, 480))
		p.wait("the photograph", ownAnswered+` && !document.querySelector('#notice div')`)
	}
}

package test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"bignas/core/preprocess/slowfiles"
)

// TestSlowImage: while an image of 40 megapixels is decoded the engine says how far
// it is and answers about the one before; the next image ends it. All of it is
// ordered by what the engine says, not by time.
func TestSlowImage(t *testing.T) {
	t.Parallel()
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
	const first = engine.request('image', {}, { bytes: slow.slice(0), onprogress: p => { told.push(p.done); began(); } })
		.then(() => events.push('decoded'), e => events.push(e.code));
	await underway;
	await engine.request('classify', { child: min }).then(() => events.push('answer'));
	const second = engine.request('image', {}, { bytes: church }).then(() => events.push('church'));
	await Promise.all([first, second]);
	const { width, height } = await engine.request('image', {}, { bytes: slow, onprogress: p => told.push(p.done) });
	return { events, told, whole: [width, height] };`))
	if !slices.Equal(got.Events, []string{"answer", "superseded", "church"}) {
		t.Errorf("in this order: %q", got.Events)
	}
	if len(got.Told) < 2 || slices.Min(got.Told) < 0 || slices.Max(got.Told) > 1 || !slices.Equal(got.Whole, []int{7000, 5700}) {
		t.Errorf("of an image of %v these shares were done: %v", got.Whole, got.Told)
	}
}

// held lets a test keep back the engine's word that an image is decoded.
const held = `self.kept = []; const W = Worker; self.Worker = class extends W {
	set onmessage(f) { super.onmessage = e => self.hold && e.data.type === 'image' ? kept.push(() => f(e)) : f(e); }
}`

// whenDecoding chooses an image file and evaluates the expression as soon as the page says that it is
// being decoded: at the beginning of what takes long, however busy the machine is.
func (p *tab) whenDecoding(file, expression string) {
	p.t.Helper()
	eval[bool](p, `(() => {
		const box = document.getElementById('decoding');
		self.then = new Promise(resolve => new MutationObserver((_, o) => {
			if (box.hidden) return;
			o.disconnect();
			const says = document.getElementById('decoding-says').textContent;
			`+expression+`;
			resolve(says);
		}).observe(box, { attributeFilter: ['hidden'] }));
		return true;
	})()`)
	p.choose(file)
	if says := eval[string](p, `self.then`); !strings.HasPrefix(says, "Decoding: ") || !strings.HasSuffix(says, "\u00a0%") {
		p.t.Errorf("it says %q", says)
	}
}

// TestDecoding: the page shows how far a slow image is and stops it when somebody says so or
// takes another one; what would take too long is refused with the limit and what to do.
func TestDecoding(t *testing.T) {
	t.Parallel()
	file := slow(t, slowfiles.JPEG(7000, 5700, 1))
	const done = ` && document.querySelector('#answer[aria-busy=false]') && document.getElementById('decoding').hidden`
	for _, o := range []options{{}, {width: 375, height: 800, dark: true}} {
		o.script = held
		p := open(t, "", o)
		p.answered()
		p.whenDecoding(file, `document.getElementById('decoding-stop').click()`)
		p.wait("its end", `document.getElementById('decoding').hidden`)
		if !eval[bool](p, `document.querySelector('#gallery [aria-label=parachute]').getAttribute('aria-pressed') === 'true'`) || p.text("notice") != "" {
			t.Errorf("after Stop the image of before is not there, or the notice is %q", p.text("notice"))
		}
		p.whenDecoding(file, `document.querySelector('#gallery [aria-label=church]').click()`)
		p.wait("the next image", `document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true'`+done)
		if got := p.text("notice"); got != "" {
			t.Errorf("the notice is %q", got)
		}
		p.choose(slow(t, slowfiles.JPEG(6000, 6000, 300)))
		p.wait("the refusal", `document.querySelector('#notice div')`)
		if got := p.text("notice"); !strings.Contains(got, "300 scans") || !strings.Contains(got, "limit of 640 million") || !strings.Contains(got, "not progressive") {
			t.Errorf("the notice is %q", got)
		}
		p.shot(fmt.Sprintf("refused-%d", o.width))
		p.whenDecoding(file, `self.hold = true`)
		p.wait("its end", `kept.length`)
		p.shot(fmt.Sprintf("decoding-%d", o.width))
		p.axe()
		if over := eval[int](p, `document.documentElement.scrollWidth`) - cmp.Or(o.width, 1280); over > 0 {
			t.Errorf("the page is %d pixels too wide", over)
		}
		eval[bool](p, `(self.hold = false, kept.forEach(f => f()), true)`)
		p.wait("the slow image", ownAnswered+done+` && !document.querySelector('#notice div')`)
	}
}

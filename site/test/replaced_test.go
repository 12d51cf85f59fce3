package test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"bignas/core/preprocess/slowfiles"
)

// caught keeps the page's workers, so that a test can end them.
const caught = `self.workers = []; const W = Worker; self.Worker = class extends W { constructor(...a) { super(...a); workers.push(this); } }`

// stopped is what the page hears when the program of its worker ends.
const stopped = `(workers.at(-1).onmessage({ data: { type: 'stopped', error: { code: 'engine_stopped', message: 'Its program ended: out of memory', hint: 'Load the page again.' } } }), true)`

const ownAnswered = `document.querySelector('#gallery .own').getAttribute('aria-pressed') === 'true' && document.querySelector('#answer[aria-busy=false]')`

// answeredFamily is true when each child of the family has answered.
const answeredFamily = `document.querySelectorAll('#strip .lab').length && [...document.querySelectorAll('#strip .lab')].every(l => /%|none/.test(l.textContent))`

// TestWorkerKilled: browsers do not say when they end a worker for want of memory; the
// page notices that it is silent and starts another one by itself, for the same child, image and sections.
func TestWorkerKilled(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: caught})
	p.answered()
	p.choose(photo(t, 640, 480))
	p.wait("the own image", ownAnswered)
	p.near("#family", answeredFamily)
	p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	eval[bool](p, `(workers.at(-1).terminate(), document.querySelectorAll('#strip .lab').forEach(l => { l.textContent = ''; }), true)`)
	drawn := eval[string](p, `document.getElementById('drawing').innerHTML`)
	p.drag("width") // which it no longer hears
	if eval[string](p, `document.getElementById('drawing').innerHTML`) == drawn {
		t.Error("the drawing stands still")
	}
	width := eval[string](p, `document.getElementById('width').value`)
	p.wait("another worker", `workers.length === 2`)
	p.shot("replaced")
	p.answered()
	p.wait("the own image again", ownAnswered+` && !document.querySelector('#notice div')`)
	if got := eval[string](p, `document.getElementById('width').value`); got != width {
		t.Errorf("the width was %s, with another worker it is %s", width, got)
	}
	if got := eval[string](p, `document.getElementById('image').getAttribute('aria-label')`); !strings.Contains(got, "photo.jpg") {
		t.Errorf("with another worker the image is %q", got)
	}
	p.wait("the answers of the family", answeredFamily)
	p.wait("the search", fmt.Sprintf(progressSays, "search is done"))
	p.do(chromedp.Click("#gallery [aria-label=church]", chromedp.ByQuery))
	p.wait("another answer", `document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true' && document.querySelector('#answer[aria-busy=false]')`)
}

// TestStartAgain: an engine that stops soon after another is started by the person, and
// no other notice takes the button away. An image that was being decoded is not tried again.
func TestStartAgain(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: caught})
	p.answered()
	p.whenDecoding(slow(t, slowfiles.JPEG(7000, 5700, 1)), stopped)
	p.wait("another worker", `workers.length === 2 && !document.getElementById('notice').textContent.includes('starts again')`)
	p.answered()
	if got := p.text("notice"); !strings.Contains(got, "slow.jpg can’t be read. The engine stopped while it was decoded.") {
		t.Errorf("the notice is %q", got)
	}
	if !eval[bool](p, `document.querySelector('#gallery [aria-label=parachute]').getAttribute('aria-pressed') === 'true' && !document.getElementById('decoding').checkVisibility()`) {
		t.Error("the image of before is not there again")
	}
	eval[bool](p, stopped)
	p.choose(slow(t, []byte("no image"))) // it waits for an engine
	eval[bool](p, `(document.getElementById('file').dispatchEvent(new Event('change')), true)`)
	p.wait("both notices", `document.querySelectorAll('#notice > div').length === 2`)
	p.shot("notices")
	p.axe()
	if n := eval[int](p, `workers.length`); n != 2 {
		t.Errorf("there were %d workers", n)
	}
	p.do(chromedp.Click(`//*[@id="notice"]//button[text()="Start again"]`, chromedp.BySearch))
	p.wait("the refusal", `document.getElementById('notice').textContent.includes('not an image')`)
	p.do(chromedp.Click("#gallery [aria-label=church]", chromedp.ByQuery))
	p.wait("an answer", `document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true' && document.querySelector('#answer[aria-busy=false]') && !document.querySelector('#notice div')`)
}

// slow writes an image file for the page to choose.
func slow(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "slow.jpg")
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

package test

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/preprocess/slowfiles"
)

const (
	onSecond = `document.getElementById('knows').textContent.includes('30 classes') && /^thing/.test(document.querySelector('#bars li span')?.textContent)`
	onFirst  = `document.getElementById('knows').textContent.includes('10 classes')`
)

// TestWeights: the choice by keyboard, what follows from it everywhere, the link, and the way back.
func TestWeights(t *testing.T) {
	t.Parallel()
	s := offering(t, nil)
	p := visit(t, s, options{})
	p.answered()
	if got := eval[string](p, `[...document.querySelectorAll('#weights label')].map(l => l.textContent).join()`); got != "10 classes,30 classes" {
		t.Errorf("the choice is %q", got)
	}
	p.near("#family", `document.querySelectorAll('#strip .lab').length && [...document.querySelectorAll('#strip .lab')].every(l => l.textContent.includes('%'))`)
	p.near("#classes", `document.querySelectorAll('.chips li').length === 10 && !document.querySelector('#classes input')`)
	p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	p.do(chromedp.Focus(`#weights input:checked`, chromedp.ByQuery), chromedp.KeyEvent(kb.ArrowRight))
	p.wait("the second weights", onSecond)
	p.answered()
	p.shot("weights-second")
	p.axe()
	if got := p.text("verdict"); got != "✓ right" && got != "✕ it is a thing 1" {
		t.Errorf("the verdict is %q", got)
	}
	if got := p.text("arrives"); got != "" {
		t.Errorf("they are here, and the page says %q", got)
	}
	p.wait("the weights in the link", `location.hash.includes('weights=second')`)
	p.near("#classes", `document.querySelectorAll('.chips li').length === 30`)
	p.do(chromedp.SendKeys("#classes-search", "thing 7", chromedp.ByQuery))
	p.wait("the class that was searched", `[...document.querySelectorAll('.chips li')].filter(l => l.checkVisibility()).map(l => l.textContent).join() === 'thing 7,thing 17,thing 27'`)
	p.axe()
	p.shot("weights-classes")
	p.near("#family", `document.querySelectorAll('#strip .lab').length === 3 && [...document.querySelectorAll('#strip .lab')].every(l => l.textContent.includes('thing'))`)
	p.near("#budget", `document.getElementById('budget').textContent.includes('No predictor') && document.getElementById('budget').textContent.includes('40 ')`)
	p.near("#compare", `document.querySelector('[data-is=differ]')?.textContent.includes('thing')`)
	p.near("#statistics", `document.querySelector('[data-is=inherited]')?.textContent.includes('thing')`)
	before := p.text("cost-macs")
	p.drag("width")
	p.wait("other costs", `document.getElementById('cost-macs').textContent !== '`+before+`'`)
	p.answered()
	link := eval[string](p, `new Promise(done => setTimeout(() => done(location.hash), 500))`)

	q := visit(t, s, options{width: 375, height: 800, dark: true}) // and by a link
	q.answered()
	eval[bool](q, fmt.Sprintf(`(location.hash = %q, true)`, link))
	q.wait("the weights of the link", onSecond)
	q.answered()
	q.wait("the child of the link", fmt.Sprintf(`location.hash === %q`, link))
	q.axe()
	q.shot("weights-375")
	q.do(chromedp.Click(`#weights label:first-of-type input`, chromedp.ByQuery))
	q.wait("the first weights again", onFirst)
	q.answered()
	if got := q.text("verdict") + q.text("notice"); !strings.Contains(got, "right") && !strings.Contains(got, "it is a") {
		t.Errorf("back with the first weights the page says %q", got)
	}
	n := visit(t, s, options{})
	eval[bool](n, `(document.title, true)`)
	n.do(chromedp.Navigate(s.URL+"/#weights=second&image=church"), chromedp.Reload())
	n.wait("the weights of the address", onSecond)
	n.answered()
	if got := eval[string](n, `document.querySelector('#gallery [aria-pressed=true]').getAttribute('aria-label')`); got != "thing 2" {
		t.Errorf("the image of the address is %q", got)
	}
}

// TestWeightsMeanwhile: other weights are chosen while a search, a webcam, a download
// and a decoding run; what was chosen comes, and nothing of the old stays.
func TestWeightsMeanwhile(t *testing.T) {
	t.Parallel()
	s := offering(t, nil)
	choose := func(p *tab, i int) {
		t.Helper()
		eval[bool](p, fmt.Sprintf(`(document.querySelectorAll('#weights input')[%d].click(), true)`, i))
	}
	clean := func(p *tab, what string) {
		t.Helper()
		p.wait("the second weights during "+what, onSecond)
		p.answered()
		if got := p.text("notice"); got != "" {
			t.Errorf("during %s: the notice is %q", what, got)
		}
	}
	t.Run("search", func(t *testing.T) {
		p := visit(t, s, options{})
		p.answered()
		p.near("#budget", fmt.Sprintf(progressSays, "Searching"))
		choose(p, 1)
		clean(p, "a search")
		choose(p, 0)
		p.wait("the first weights", onFirst)
		p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	})
	t.Run("webcam", func(t *testing.T) {
		p := visit(t, s, options{})
		p.answered()
		p.film()
		choose(p, 1)
		clean(p, "a webcam")
		p.wait("the camera to go on", `/^\d+ a second$/.test(document.getElementById('rate').textContent) && document.querySelector('`+webcam+`').getAttribute('aria-pressed') === 'true'`)
	})
	t.Run("download", func(t *testing.T) {
		p := visit(t, s, options{})
		p.wait("the choice", `!document.getElementById('weights').hidden`)
		choose(p, 1)
		choose(p, 0)
		choose(p, 1)
		clean(p, "a download")
	})
	t.Run("decoding", func(t *testing.T) {
		p := visit(t, s, options{})
		p.answered()
		p.whenDecoding(slow(t, slowfiles.JPEG(5000, 4000, 1)), `(document.querySelectorAll('#weights input')[1].click(), true)`)
		p.wait("the second weights", onSecond+` && !document.getElementById('decoding').checkVisibility() && document.querySelector('#gallery .own').getAttribute('aria-pressed') === 'true'`)
		clean(p, "a decoding")
	})
}

// TestWeightsFail: weights that do not come are said, the old ones stay in use, and a second try works; a download can be stopped.
func TestWeightsFail(t *testing.T) {
	t.Parallel()
	var there atomic.Bool
	hold := make(chan struct{})
	s := offering(t, func(w http.ResponseWriter, r *http.Request, data []byte) bool {
		switch {
		case there.Load():
			return false
		case r.Header.Get("Range") == "" && r.Context().Err() == nil:
			_, _ = w.Write(data[:len(data)/3])
			w.(http.Flusher).Flush()
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		}
		return true
	})
	p := visit(t, s, options{expect: []string{"ERR_", "Failed to load"}})
	p.answered()
	bars := p.bars()
	eval[bool](p, `(document.querySelectorAll('#weights input')[1].click(), true)`)
	p.wait("progress", `/^30 classes: [1-9.]+ of [0-9.]+ MB$/.test(document.getElementById('arrives').textContent)`)
	p.axe()
	p.do(chromedp.Click("#arrives-stop", chromedp.ByQuery))
	if eval[bool](p, `document.querySelectorAll('#weights input')[1].checked || document.getElementById('arrives').textContent !== ''`) {
		t.Error("the download that was stopped goes on")
	}
	close(hold)
	eval[bool](p, `(document.querySelectorAll('#weights input')[1].click(), true)`)
	p.wait("a notice", `document.getElementById('notice').textContent.includes('30 classes')`)
	if got := p.text("notice"); !strings.Contains(got, "goes on with “10 classes”") {
		t.Errorf("the notice is %q", got)
	}
	if got := p.bars(); got != bars || !eval[bool](p, onFirst+` && document.querySelectorAll('#weights input')[0].checked`) {
		t.Errorf("the old weights are not in use: %s, before %s", got, bars)
	}
	before := p.text("cost-macs")
	p.drag("width")
	p.wait("other costs", `document.getElementById('cost-macs').textContent !== '`+before+`'`)
	there.Store(true)
	p.do(chromedp.Click(`#notice button`, chromedp.ByQuery))
	p.wait("the second weights", onSecond)
	p.answered()
}

// TestWeightsOffline: weights that were chosen once are there without a server, though they
// came before the service worker.
func TestWeightsOffline(t *testing.T) {
	t.Parallel()
	s := offering(t, nil)
	p := visit(t, s, options{})
	p.answered()
	eval[bool](p, `(document.querySelectorAll('#weights input')[1].click(), true)`)
	p.wait("the second weights", onSecond)
	p.wait("the service worker", installed)
	for kept, deadline := false, time.Now().Add(patient); !kept; time.Sleep(50 * time.Millisecond) {
		kept = eval[bool](p, `caches.match(new URL('`+secondAddress(t)+`', location.href)).then(Boolean)`)
		if !kept && time.Now().After(deadline) {
			t.Fatal("the second weights are not kept")
		}
	}
	p.steady()
	s.CloseClientConnections()
	s.Close()
	p.do(chromedp.Reload())
	p.wait("the second weights without a server", onSecond)
	p.answered()
	eval[bool](p, `(document.querySelectorAll('#weights input')[0].click(), true)`)
	p.wait("the first weights without a server", onFirst)
	p.answered()
	if got := p.text("notice"); got != "" {
		t.Errorf("without a server the notice is %q", got)
	}
}

// TestForeignWeights: a file in the address is not one of those that are shipped; its samples
// are neither right nor wrong, and its accuracy is what it says. A file that is not there, or that is
// on another server, leaves the shipped ones.
func TestForeignWeights(t *testing.T) {
	t.Parallel()
	data, err := secondFile()
	if err != nil {
		t.Fatal(err)
	}
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if path.Base(r.URL.Path) == "second.safetensors" {
			_, _ = w.Write(data)
		}
		return path.Base(r.URL.Path) == "second.safetensors"
	})
	p := open(t, s.URL+"/?weights=second.safetensors", options{origin: s.URL + "/"})
	p.wait("the weights of the address", onSecond)
	p.answered()
	if got := p.text("verdict") + p.text("tiny"); strings.Contains(got, "right") || strings.Contains(got, "it is") || strings.Contains(got, "wrong") {
		t.Errorf("the verdict is %q", got)
	}
	if got := p.text("cost-accuracy"); !strings.Contains(got, "not measured") || !strings.Contains(got, "± 13 points") {
		t.Errorf("the accuracy is %q", got)
	}
	p.click("#presets [aria-label='Biggest child']")
	p.wait("the accuracy of the file", `document.getElementById('cost-accuracy').textContent.includes('25.0 %') && document.getElementById('cost-accuracy').textContent.includes('40')`)
	p.shot("weights-foreign")

	for address, says := range map[string]string{"none.safetensors": "404", "https://example.org/second.safetensors": "another server", "//example.org/a.safetensors": "another server"} {
		q := open(t, s.URL+"/?weights="+address, options{origin: s.URL + "/", expect: []string{"404"}})
		q.wait("the shipped weights", onFirst+fmt.Sprintf(` && document.getElementById('notice').textContent.includes(%q) && document.getElementById('notice').textContent.includes(%q)`, address, says))
		q.answered()
	}
}

// strange makes every answer of the worker one to an image that is unlike any class.
const strange = `const W = Worker; self.Worker = class extends W { set onmessage(f) { super.onmessage = e => {
	if (e.data.answer && !e.data.answer.inherited) e.data.answer.confidence = { familiarity: 0.013, known: false, temperature: 0.8 }; f(e); }; } get onmessage() { return super.onmessage; } }`

// TestUnknown: an answer outside the classes is shown as what it is, with guesses.
func TestUnknown(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: strange})
	first := `document.getElementById('none').checkVisibility() && document.getElementById('none').textContent`
	p.wait("the answer", first+` === 'Probably none of its classes If it is one of them:' && document.querySelectorAll('#bars li')[4].textContent.includes('%')`)
	p.wait("it to be announced", `document.getElementById('say').textContent.startsWith('Probably none of its classes; if it is one: ')`)
	if got := p.text("verdict"); strings.Contains(got, "right") {
		t.Errorf("the verdict is %q", got)
	}
	p.wait("all weights", `!document.querySelector('.sl.arriving')`)
	p.axe()
	p.shot("unknown")
	p.near("#family", `[...document.querySelectorAll('#strip .lab')].filter(l => l.textContent === 'Probably none of its classes').length === 6`)
	p.near("#compare", `document.querySelector('[data-is=differ]')?.textContent === 'Both say “Probably none of its classes”.' && document.querySelectorAll('#compare .guess').length === 6`)
	p.axe()
	p.shot("unknown-below")
	p.film()
	p.wait("the webcam's answer", first+` === 'Probably none of its classes If it is one of them:'`)
	q := open(t, "", options{script: strange, width: 375, height: 800, dark: true})
	q.wait("the answer", first+` === 'Probably none of its classes If it is one of them:' && !document.querySelector('.sl.arriving')`)
	q.axe()
	q.shot("unknown-375")
}

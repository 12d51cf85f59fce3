package test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

const steps = `Number(document.querySelector('.tiny-training [data-is=steps]')?.textContent.match(/^Step (\d+)/)?.[1] ?? 0)`

// TestTrain: the story trains a supernet while the page goes on working, until somebody has
// seen enough; another training is another.
func TestTrain(t *testing.T) {
	t.Parallel()
	p := toStory(t, options{script: `self.ended = 0; self.Worker = class extends Worker { terminate() { self.ended++; super.terminate(); } }`})
	p.figure("teaching", `document.querySelector('.tiny-training button')`)
	train := func() (losses string) {
		t.Helper()
		p.click(".tiny-training [data-do=train]")
		p.wait("some steps", `document.querySelector('.tiny-training [data-is=says]').textContent.startsWith('Training in') && `+steps+` >= 8`)
		const said = `document.querySelector('.tiny-training svg').ariaLabel`
		if got := eval[[]float64](p, said+`.match(/\d\.\d\d/g).map(Number)`); len(got) != 3 || min(got[0], got[1], got[2]) < 1 || max(got[0], got[1], got[2]) > 4 {
			t.Errorf("after a few steps it says %q; who guesses among ten classes has a loss of 2.3", eval[string](p, said))
		}
		if n := eval[int](p, `document.querySelectorAll('.tiny-training path.big, .tiny-training path.any, .tiny-training path.small').length`); n != 3 {
			t.Errorf("the training has %d lines", n)
		}
		return eval[string](p, `document.querySelector('.tiny-training path.big').getAttribute('d').split('L').slice(0, 8).join(' ')`)
	}
	first := train()
	if n := eval[int](p, `new Set(document.querySelector('.batch').getContext('2d').getImageData(0, 0, 200, 20).data).size`); n < 50 {
		t.Errorf("the images of a batch have %d values of colours", n)
	}
	before := p.arch("")
	p.set("width", 0)
	p.arch(before)
	p.answered() // while it trains
	p.axe()
	p.shot("story-training")
	p.click(".tiny-training [data-do=train]")
	p.wait("the end", `document.querySelector('.tiny-training [data-is=says]').textContent === 'Stopped' && self.ended === 1`)
	if second := train(); second == first {
		t.Errorf("another training begins with the same losses: %s", second)
	}
	p.click(".tiny-training [data-do=train]")
}

// TestTrainMissing: where the program does not arrive, the story says so, and tries again.
func TestTrainMissing(t *testing.T) {
	t.Parallel()
	var there atomic.Bool
	server := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if there.Load() || !strings.HasSuffix(r.URL.Path, "/trainer.wasm") {
			return false
		}
		http.NotFound(w, r)
		return true
	})
	p := visit(t, server, options{expect: []string{"404"}})
	p.answered()
	p.near("#story", `document.querySelectorAll('.slide').length >= 5`)
	p.figure("teaching", `document.querySelector('.tiny-training button')`)
	p.click(".tiny-training [data-do=train]")
	p.wait("the reason", `document.querySelector('.tiny-training [data-is=says]').textContent.includes('did not arrive')`)
	there.Store(true)
	p.click(".tiny-training [data-do=train]")
	p.wait("a step", steps+` >= 1`)
	p.click(".tiny-training [data-do=train]")
}

package test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	pagedom "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// states are the states of the page that must be free of what axe finds, and of a
// sideways scroll bar. reach brings a page that has been opened into the state;
// nil is the page with its first answer.
var states = []struct {
	name  string
	o     options
	reach func(p *tab)
}{
	{"loading", options{}, func(p *tab) { p.wait("the drawing", `document.querySelector('#drawing .c')`) }},
	{"loading-dark-375", options{width: 375, height: 800, dark: true}, func(p *tab) { p.wait("the drawing", `document.querySelector('#drawing .c')`) }},
	{"ready", options{}, nil},
	{"ready-dark", options{dark: true}, nil},
	{"ready-375", options{width: 375, height: 800}, nil},
	{"ready-320-dark", options{width: 320, height: 800, dark: true}, nil},
	{"zoom-200", options{width: 640, height: 400, scale: 2}, nil},
	{"zoom-400", options{width: 320, height: 256, scale: 4}, nil},
	{"text-150", options{}, letters(24)},
	{"text-200", options{}, letters(32)},
	{"text-200-375", options{width: 375, height: 800}, letters(32)},
	{"teach", options{}, lesson},
	{"teach-320-dark", options{width: 320, height: 800, dark: true}, lesson},
	{"error", options{}, noWeights},
	{"error-dark-375", options{width: 375, height: 800, dark: true}, noWeights},
	{"story", options{}, toSlices},
	{"story-dark-375", options{width: 375, height: 800, dark: true}, toSlices},
	{"presenter-dark", options{dark: true}, func(p *tab) {
		toSlices(p)
		p.press(".present button", kb.Enter)
		p.wait("a figure alone", `document.querySelector('.slide.now')`)
	}},
	{"game-dark", options{dark: true}, func(p *tab) {
		p.answered()
		p.press("#game", kb.Enter)
		p.wait("the photos", `/of 6 right/.test(document.querySelector('.game [data-is=says]')?.textContent)`)
	}},
	{"layers", options{}, func(p *tab) { p.answered(); p.layers() }},
	{"forced-colors", options{}, func(p *tab) { p.answered(); p.media("forced-colors", "active") }},
	{"reduced-motion", options{}, func(p *tab) {
		p.answered()
		p.media("prefers-reduced-motion", "reduce")
		if n := eval[int](p, `document.getAnimations().filter(a => a.playState === 'running' && getComputedStyle(a.effect.target).visibility === 'visible').length`); n > 0 {
			p.t.Errorf("%d things move", n)
		}
	}},
}

// lesson waits for the section that teaches other classes.
func lesson(p *tab) {
	p.answered()
	p.near("#teach", `document.querySelectorAll('.card').length === 2 && document.querySelector('.lesson').checkVisibility()`)
}

// letters waits for the page and its sections with letters of that size, in pixels: where somebody has
// set the browser to bigger ones than 16.
func letters(size int64) func(p *tab) {
	return func(p *tab) {
		p.answered()
		p.do(chromedp.ActionFunc(func(ctx context.Context) error {
			return pagedom.SetFontSizes(&pagedom.FontSizes{Standard: size, Fixed: size}).Do(ctx)
		}))
		if got := eval[string](p, `getComputedStyle(document.body).fontSize`); got != fmt.Sprintf("%dpx", size) {
			p.t.Errorf("the text has %s, the browser's setting is %d", got, size)
		}
		p.near("#statistics", `document.querySelector('[data-is=inherited]')?.textContent.includes('%')`)
		p.near("#budget", fmt.Sprintf(progressSays, "search is done"))
	}
}

// toSlices waits for the story of why it works and its figure of the weights.
func toSlices(p *tab) {
	p.answered()
	p.near("#story", `document.querySelectorAll('.slide').length`)
	p.near("#story-of-slices", `document.querySelector('.cells span')?.textContent`)
}

// noWeights waits for the notice that the weights are missing: states whose name
// begins with error are served without.
func noWeights(p *tab) {
	p.wait("a notice", `document.getElementById('notice').textContent.includes('no weights')`)
}

// media sets a feature of the medium, such as prefers-reduced-motion.
func (p *tab) media(name, value string) {
	p.t.Helper()
	p.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: name, Value: value}}))
}

func TestStates(t *testing.T) {
	t.Parallel()
	for _, s := range states {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			server := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
				switch {
				case !isWeights(r):
					return false
				case len(s.name) > 6 && s.name[:7] == "loading":
					<-r.Context().Done()
				case len(s.name) > 4 && s.name[:5] == "error":
					http.NotFound(w, r)
				default:
					return false
				}
				return true
			})
			o := s.o
			o.expect = []string{"404"}
			p := visit(t, server, o)
			if s.reach == nil {
				p.answered()
			} else {
				s.reach(p)
			}
			p.axe()
			if over := eval[int](p, `document.documentElement.scrollWidth`) - cmp.Or(o.width, 1280); over > 0 {
				t.Errorf("the page is %d pixels too wide", over)
			}
			p.shot("state-" + s.name) // which sets the size of letters back
		})
	}
}

// TestPrint: on paper there are no controls and nothing lies over something else.
func TestPrint(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	p.do(emulation.SetEmulatedMedia().WithMedia("print"))
	for _, id := range []string{"controls", "gallery", "update"} {
		if eval[bool](p, fmt.Sprintf(`document.getElementById(%q).checkVisibility() && document.getElementById(%[1]q).offsetHeight > 0`, id)) {
			t.Errorf("#%s is printed", id)
		}
	}
	if got := eval[string](p, `getComputedStyle(document.querySelector('.pa')).position`); got == "sticky" || got == "fixed" {
		t.Errorf("image and answer are %s on paper", got)
	}
	if shown := eval[[]string](p, `[...document.querySelectorAll('.btn, nav, nav ~ button')].filter(e => e.checkVisibility()).map(e => e.textContent)`); len(shown) > 0 {
		t.Errorf("these are printed: %q", shown)
	}
	if eval[bool](p, `document.getElementById('compare').checkVisibility()`) || !eval[bool](p, `document.getElementById('explore').checkVisibility()`) {
		t.Error("a section that is not filled is printed, or the hero is not")
	}
	p.shot("print")
}

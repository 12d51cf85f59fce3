package test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	pagedom "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// TestVisit walks through the page as a visitor does and keeps what is seen, for
// the README: make screens.
func TestVisit(t *testing.T) {
	folder := os.Getenv("BIGNAS_SCREENS")
	if folder == "" {
		t.Skip("writes screenshots for the documents; run make screens")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	url := shippedPage(t)
	for _, o := range []options{{width: 1280, height: 800}, {width: 1280, height: 800, dark: true}, {width: 375, height: 780, scale: 2}, {width: 375, height: 780, scale: 2, dark: true}} {
		theme := map[bool]string{false: "light", true: "dark"}[o.dark]
		t.Run(fmt.Sprintf("%d-%s", o.width, theme), func(t *testing.T) {
			o.origin, o.full = url, true
			p := open(t, url, o)
			p.answered()
			p.wait("the check of the weights", `document.getElementById('proof-changed').textContent === '0'`)
			n := 0
			keep := func(what string) {
				t.Helper()
				n++
				p.steady()
				p.screen(filepath.Join(folder, fmt.Sprintf("%d-%s-%d-%s.webp", o.width, theme, n, what)))
			}
			top := func() {
				eval[bool](p, `(scrollTo({ top: 0, behavior: 'instant' }), true)`)
			}
			keep("explore")

			p.press("#tour-start", kb.Enter)
			p.wait("the tour", `document.querySelector('.tour .eyebrow')?.textContent === '1 of 6' && document.querySelector('.spot')`)
			keep("tour")
			p.do(chromedp.KeyEvent(kb.Escape))

			before := eval[string](p, `location.hash`)
			p.drag("width")
			p.wait("another child", fmt.Sprintf(`location.hash !== %q`, before))
			p.answered()
			top()
			keep("narrow")
			p.click("#undo")
			p.answered()

			p.click("#heat")
			p.wait("the heat map", `!document.getElementById('heat-map').hidden`)
			top()
			keep("heat")
			p.click("#heat")

			p.click("#look-inside")
			p.wait("the view", `document.querySelector('#inside iframe')?.contentDocument?.querySelector('canvas[role]')`)
			eval[bool](p, `(document.querySelector('#inside').scrollIntoView({ block: 'center', behavior: 'instant' }), true)`)
			eval[bool](p, `(document.querySelector('#inside iframe').contentDocument.querySelector('canvas').focus({ preventScroll: true }), true)`)
			press := func(keys ...string) {
				for _, k := range keys {
					p.do(chromedp.KeyEvent(k))
					time.Sleep(200 * time.Millisecond)
				}
			}
			press(kb.ArrowRight, kb.ArrowLeft)
			time.Sleep(4 * time.Second) // for a browser that draws without a graphics card
			press("m", "m", "m", "m", "m", "m")
			keep("inside")
			press(kb.Escape, kb.Escape)
			top()

			p.near("#family", stripFilled)
			keep("family")
			p.near("#budget", fmt.Sprintf(progressSays, "search is done")+"||"+fmt.Sprintf(progressSays, "No predictor"))
			keep("budget")
			p.near("#compare", `document.querySelector('[data-is=share]')?.textContent.includes('%')`)
			keep("compare")
			p.near("#statistics", `document.querySelector('#curve .g1') && document.querySelector('[data-is=inherited]')?.textContent.includes('%')`)
			keep("statistics")
			p.near("#story", `document.querySelectorAll('.slide').length`)
			p.near("#story-of-teaching", `document.querySelectorAll('.four>li')[3]?.querySelector('ol li span:nth-child(2)').textContent.includes('%')`)
			for range 3 {
				p.click("#story-of-teaching [data-do=next]")
			}
			p.near("#story-of-teaching", `document.querySelectorAll('.four .ran').length === 4`)
			keep("story")
		})
	}
}

// screen writes what the window shows.
func (p *tab) screen(file string) {
	p.t.Helper()
	var data []byte
	p.do(emulation.SetScrollbarsHidden(true), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		data, err = pagedom.CaptureScreenshot().WithFormat(pagedom.CaptureScreenshotFormatWebp).WithQuality(82).Do(ctx)
		return err
	}))
	if err := os.WriteFile(file, data, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

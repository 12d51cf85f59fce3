package test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// hold keeps a finger on an element until the condition is true.
func (p *tab) hold(selector, what, condition string) {
	p.t.Helper()
	at := eval[[]float64](p, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.scrollIntoView({ block: 'center', behavior: 'instant' }); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()`, selector))
	finger := func(kind input.TouchType, points ...*input.TouchPoint) {
		p.t.Helper()
		p.do(chromedp.ActionFunc(func(ctx context.Context) error { return input.DispatchTouchEvent(kind, points).Do(ctx) }))
	}
	finger(input.TouchStart, &input.TouchPoint{X: at[0], Y: at[1]})
	p.wait(what, condition)
	finger(input.TouchEnd)
}

// numbers writes bytes as a JavaScript array.
func numbers(data []byte) string {
	text, err := json.Marshal(toInts(data))
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestTeachByWebcam: on a phone images of one class come from the webcam while a finger or a key
// holds a button, those of the other from the clipboard; the camera goes off; stopping keeps
// the images.
func TestTeachByWebcam(t *testing.T) {
	t.Parallel()
	folder := drawn(t, []string{"one"}, 3)
	p := open(t, "", options{width: 375, height: 800, dark: true, script: keepStreams})
	p.do(emulation.SetTouchEmulationEnabled(true))
	p.answered()
	p.near("#teach", `document.querySelectorAll('.card').length === 2 && document.querySelector('.lesson').checkVisibility()`)
	count := func(card int) string {
		return fmt.Sprintf(`Number(document.querySelectorAll('.card output')[%d].textContent.split(' ')[0])`, card)
	}
	p.tap(".card:first-child .acts .btn:nth-child(2)")
	p.wait("the camera", `document.querySelector('.card:first-child video')?.videoWidth > 0`)
	p.hold(".camera .btn", "images of a finger", count(0)+` >= 2`)
	p.wait("the finger to leave", `document.querySelector('.camera .btn').getAttribute('aria-pressed') === 'false'`)
	seen := eval[int](p, count(0))
	p.do(chromedp.Focus(".camera .btn", chromedp.ByQuery), input.DispatchKeyEvent(input.KeyDown).WithKey("Enter").WithWindowsVirtualKeyCode(13))
	p.wait("images of a key", fmt.Sprintf(count(0)+` >= %d`, seen+2))
	p.do(input.DispatchKeyEvent(input.KeyUp).WithKey("Enter").WithWindowsVirtualKeyCode(13))
	p.tap(".card:last-child .acts .btn:nth-child(2)")
	p.wait("the camera in the other class", `document.querySelector('.card:last-child video') && !document.querySelector('.card:first-child video')`)
	p.tap(".card:last-child .acts .btn:nth-child(2)")
	p.wait("the camera to go off", `self.stream.getTracks().every(t => t.readyState === 'ended') && !document.querySelector('.camera')`)

	files, err := filepath.Glob(filepath.Join(folder, "one", "*.png"))
	if err != nil || len(files) != 3 {
		t.Fatal(files, err)
	}
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		eval[bool](p, fmt.Sprintf(`(() => { const t = new DataTransfer(); t.items.add(new File([new Uint8Array(%s)], 'pasted.png'));
			document.querySelector('.card:last-child input').dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: t })); return true })()`, numbers(data)))
		p.wait("a pasted image", fmt.Sprintf(`document.querySelectorAll('.card:last-child canvas').length === %d`, i+1))
	}
	p.axe()
	if over := eval[int](p, `document.documentElement.scrollWidth - 375`); over > 0 {
		t.Errorf("the page is %d pixels too wide", over)
	}
	p.shot("teach-375")
	p.tap("#teach [data-do=teach]")
	p.tap("#teach [data-do=stop]")
	p.wait("the end", `document.querySelector('#teach [data-do=stop]').hidden && /Stopped|Taught/.test(`+says+`)`)
	p.wait("the images", fmt.Sprintf(count(0)+` > %d && `+count(1)+` === 3`, seen))
}

// TestTeachAnew: another worker gets the classifier and the images, and the same can be taught again; so do
// other weights the images.
func TestTeachAnew(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: caught})
	p.answered()
	p.lesson(drawn(t, []string{"one", "two"}, 3), "one: 3 images,two: 3 images")
	p.press("#teach [data-do=teach]", kb.Enter)
	p.wait("the classifier", taught)
	p.answered()
	p.wait("an own class", `document.querySelector('#answer[aria-busy=false]') && /^(one|two)$/.test(document.querySelector('#bars li span').textContent)`)
	eval[bool](p, stopped)
	p.wait("another worker", `workers.length === 2`)
	p.answered()
	if got := p.find("#bars li span"); got != "one" && got != "two" {
		t.Errorf("with another worker the page says %q", got)
	}
	p.wait("its images", cards+` === 'one: 3 images,two: 3 images'`)
	p.press("#teach [data-do=teach]", kb.Enter)
	p.wait("it to be taught again", `document.querySelector('#teach [data-do=stop]').hidden && `+taught)
	p.answered()
	p.click("#weights label:first-of-type input")
	p.wait("the shipped classes", onFirst)
	if n := eval[int](p, `workers.length`); n != 2 {
		t.Errorf("there were %d workers", n)
	}
}

package test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const webcam = `#gallery .own:last-child`

// film starts the webcam, which the browser fakes, and waits for frames.
func (p *tab) film() {
	p.t.Helper()
	p.do(chromedp.Click(webcam, chromedp.ByQuery))
	p.wait("frames", `/^\d+ a second$/.test(document.getElementById('rate').textContent) && document.querySelector('`+webcam+`').getAttribute('aria-pressed') === 'true'`)
}

// paste pastes a file as the clipboard gives it.
func (p *tab) paste(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(toInts(data))
	if err != nil {
		t.Fatal(err)
	}
	eval[bool](p, fmt.Sprintf(`(() => { const t = new DataTransfer(); t.items.add(new File([new Uint8Array(%s)], 'pasted.jpg'));
		document.body.dispatchEvent(new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData: t })); return true })()`, text))
}

// keepStreams remembers what getUserMedia gave.
const keepStreams = `const ask = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
	if (ask) navigator.mediaDevices.getUserMedia = async c => self.stream = await ask(c);`

// TestWebcam: frames are answered one after another and counted; a second press,
// another image, and a hidden tab each switch the camera off; the last frame stays.
func TestWebcam(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: keepStreams})
	p.answered()
	off := func(what string) {
		t.Helper()
		p.wait("the camera to go off after "+what, `self.stream.getTracks().every(t => t.readyState === 'ended') && document.getElementById('rate').textContent === ''`)
	}
	p.film()
	p.shot("webcam")
	first := eval[string](p, `document.getElementById('image').toDataURL()`)
	p.wait("another frame", fmt.Sprintf(`document.getElementById('image').toDataURL() !== %q`, first))
	p.do(chromedp.Click(webcam, chromedp.ByQuery))
	off("a second press")
	if got := eval[string](p, `document.getElementById('image').getAttribute('aria-label')`); got != "What the camera sees" {
		t.Errorf("after it went off the image is %q", got)
	}
	p.film()
	p.do(chromedp.Click("#gallery [aria-label=church]", chromedp.ByQuery))
	off("another image")
	p.wait("the church", `document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true'`)
	p.film()
	eval[bool](p, `Object.defineProperty(document, 'hidden', { value: true, configurable: true }) && document.dispatchEvent(new Event('visibilitychange'))`)
	off("the tab was hidden")
}

// TestNoWebcam: refused, absent, taken, or not allowed here: each is said with a
// next step, and the page goes on.
func TestNoWebcam(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script string
		want   []string
	}{
		"refused":  {`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))`, []string{"not allowed", "address bar"}},
		"absent":   {`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'))`, []string{"no camera", "Connect"}},
		"taken":    {`navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotReadableError'))`, []string{"can’t be used", "Close"}},
		"insecure": {`Object.defineProperty(navigator, 'mediaDevices', { value: undefined })`, []string{"may not use", "https"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, "", options{script: c.script})
			p.answered()
			p.do(chromedp.Click(webcam, chromedp.ByQuery))
			p.wait("a notice", `document.getElementById('notice').textContent`)
			for _, w := range c.want {
				if got := p.text("notice"); !strings.Contains(got, w) {
					t.Errorf("the notice %q does not say %q", got, w)
				}
			}
			p.do(chromedp.Click("#gallery [aria-label=church]", chromedp.ByQuery))
			p.wait("the page to go on", `document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true'`)
		})
	}
}

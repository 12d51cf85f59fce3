package test

import (
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// openView opens the network view and waits until it shows the picture.
func (p *tab) openView() {
	p.t.Helper()
	p.answered()
	p.do(chromedp.Click("#look-inside", chromedp.ByQuery))
	p.wait("the view", `document.querySelector('#inside iframe').contentDocument?.querySelector('canvas[role]')`)
}

func TestViewShots(t *testing.T) {
	for _, width := range []int{1280, 375} {
		for _, dark := range []bool{false, true} {
			name := fmt.Sprintf("view-%d-%s", width, map[bool]string{false: "light", true: "dark"}[dark])
			t.Run(name, func(t *testing.T) {
				p := open(t, "", options{width: width, height: 800, dark: dark})
				p.openView()
				p.do(chromedp.Evaluate(`document.querySelector("#inside iframe").scrollIntoView()`, nil))
				time.Sleep(1 * time.Second)
				x, y := p.inView(map[int]float64{1280: 640, 375: 238}[width], map[int]float64{1280: 450, 375:320}[width])
				p.do(chromedp.MouseClickXY(x, y))
				time.Sleep(3 * time.Second)
				p.shot(name)
			})
		}
	}
}

func (p *tab) inView(x, y float64) (float64, float64) {
	p.t.Helper()
	r := eval[struct{ X, Y float64 }](p, `(() => { const r = document.querySelector('#inside iframe').getBoundingClientRect(); return { X: r.x, Y: r.y } })()`)
	return r.X + x, r.Y + y
}

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
				time.Sleep(2 * time.Second)
				p.shot(name)
			})
		}
	}
}

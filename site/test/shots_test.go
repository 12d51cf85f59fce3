package test

import (
	"fmt"
	"testing"
)

// TestShots takes screenshots of the page at several widths, light and dark, and
// checks what none may show: a sideways scroll bar, a violation that axe finds.
func TestShots(t *testing.T) {
	t.Parallel()
	for _, width := range []int{1280, 1000, 375, 320} {
		for _, dark := range []bool{false, true} {
			name := fmt.Sprintf("%d-%s", width, map[bool]string{false: "light", true: "dark"}[dark])
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := open(t, "", options{width: width, height: 800, dark: dark})
				p.answered()
				p.wait("the check of the weights", `document.getElementById('proof-changed').textContent === '0'`)
				if over := eval[int](p, `document.documentElement.scrollWidth`) - width; over > 0 { // a phone's innerWidth grows with what does not fit
					t.Errorf("at %d pixels the page is %d pixels too wide", width, over)
				}
				p.shot(name)
				p.axe()
			})
		}
	}
}

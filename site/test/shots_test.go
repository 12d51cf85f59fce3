package test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestShots writes pictures of the page to build/shots for people to look at,
// and checks what no picture may show: a sideways scroll bar.
func TestShots(t *testing.T) {
	folder := filepath.Join(site.root, "build", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{1280, 1000, 375, 320} {
		for _, dark := range []bool{false, true} {
			name := fmt.Sprintf("%d-%s", width, map[bool]string{false: "light", true: "dark"}[dark])
			t.Run(name, func(t *testing.T) {
				p := open(t, "", options{width: width, height: 800, dark: dark})
				p.answered()
				p.wait("the check of the weights", `document.getElementById('proof-changed').textContent.trim()`)
				if over := eval[int](p, `document.documentElement.scrollWidth - innerWidth`); over > 0 {
					t.Errorf("at %d pixels the page is %d pixels too wide", width, over)
				}
				var shot []byte
				p.do(chromedp.FullScreenshot(&shot, 100))
				if err := os.WriteFile(filepath.Join(folder, name+".png"), shot, 0o644); err != nil {
					t.Fatal(err)
				}
			})
		}
	}
}

package test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// evaluator is a browser with the page open.
type evaluator interface {
	eval(expression string) string
}

// TestBrowsers: other browsers than Chromium open the page, compute with the fastest kernels that they can run,
// and with all kernels say what the native engine says. It logs what a child takes in each.
func TestBrowsers(t *testing.T) {
	if os.Getenv("BIGNAS_BROWSERS") == "" {
		t.Skip("make browsers runs it")
	}
	for _, b := range []struct {
		name, best string
		open       func(t *testing.T) evaluator
	}{
		{"Firefox", "simd relaxed", func(t *testing.T) evaluator { return firefox(t, site.url) }},
		{"WebKitGTK", "simd", func(t *testing.T) evaluator { return openWebKit(t, site.url) }}, // it has no relaxed SIMD
	} {
		t.Run(b.name, func(t *testing.T) {
			p := b.open(t)
			agent := p.eval(`navigator.userAgent`)
			p.eval(`new Promise((done, fail) => { const start = performance.now(), look = () => document.querySelector('#answer[aria-busy=false]') && location.hash.includes('arch=') ? done() :
				performance.now() - start > 300000 ? fail('no answer; the notice is ' + document.getElementById('notice')?.textContent) : setTimeout(look, 50); look(); })`)
			if got := p.eval(`document.getElementById('time').title`); got != "Computed by: "+b.best {
				t.Errorf("the page is %q, the fastest kernels are %s", got, b.best)
			}
			child := p.eval(`new URLSearchParams(location.hash.slice(1)).get('arch')`)
			want := sample(t, "parachute", child, false)
			for _, wanted := range []string{"", "simd", "off"} {
				var got engineReply
				if err := json.Unmarshal([]byte(p.eval(`JSON.stringify(await `+fmt.Sprintf(engineAnswer, wanted, child, 41)+`)`)), &got); err != nil {
					t.Fatal(err)
				}
				if wanted == "" && got.Kernels != b.best {
					t.Errorf("%s computes, the fastest kernels are %s", got.Kernels, b.best)
				}
				for i, s := range want.Top {
					if got.Top[i].Label != s.Label || math.Abs(float64(got.Top[i].P-s.P)) > 1e-4 {
						t.Errorf("%s: answer %d is %v, natively %v", got.Kernels, i, got.Top[i], s)
					}
				}
				t.Logf("%s: %s: %.1f ms (median of 40), %.1f ms (least), %s", agent, child, median(got.Times[1:]), slices.Min(got.Times), got.Kernels)
			}
		})
	}
}

package test

import (
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bignas/core/classify"
)

// engineAnswer asks an engine of its own for the answer to a sample image and
// returns it with the name of the kernels that computed it.
const engineAnswer = `(async () => {
	const module = name => import(new URL(name, document.querySelector('script[type=module]').src));
	const { Engine } = await module('worker/engine.js'), { asset } = await module('shared/page.js');
	const engine = new Engine(() => {});
	const page = await (await fetch(asset('manifest.json'))).json(), [manifest] = page.weights;
	const { kernels } = await engine.request('boot', { engine: asset(page.engine), weights: asset(manifest.weights),
		size: manifest.bytes, parts: manifest.parts, space: manifest.space.name, classes: manifest.labels.length, kernels: %q });
	await engine.request('image', {}, { bytes: await (await fetch(asset('samples/parachute.jpg'))).arrayBuffer() });
	const { child } = await engine.request('parse', { arch: %q });
	const times = [];
	let reply;
	for (let i = 0; i < %d; i++) { reply = await engine.request('classify', { child }); times.push(reply.answer.timing.forward); }
	return { kernels, top: reply.answer.top, times };
})()`

type engineReply struct {
	Kernels string
	Top     []classify.Score
	Times   []float64
}

// TestKernels: the page computes with SIMD where the browser has it, and without
// when it is switched off; every way it says what the native engine says.
func TestKernels(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{full: true})
	p.answered()
	if title := eval[string](p, `document.getElementById('time').title`); !strings.Contains(title, "simd") {
		t.Errorf("the page computes without SIMD: %q", title)
	}
	want := native(t, p, filepath.Join(site.root, "assets/samples/parachute.jpg"))
	child := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('arch')`)
	for _, c := range []struct{ wanted, kernels string }{{"", "simd relaxed"}, {"simd", "simd"}, {"off", "portable"}} {
		got := eval[engineReply](p, fmt.Sprintf(engineAnswer, c.wanted, child, 1))
		if got.Kernels != c.kernels && !(c.wanted == "" && got.Kernels == "simd") { // an older browser's best
			t.Errorf("asked for %q, %q computes", c.wanted, got.Kernels)
		}
		if len(got.Top) != len(want.Top) {
			t.Fatalf("%s: %d answers, want %d", c.kernels, len(got.Top), len(want.Top))
		}
		for i, s := range want.Top {
			if got.Top[i].Label != s.Label || math.Abs(float64(got.Top[i].P-s.P)) > 1e-4 {
				t.Errorf("%s: answer %d is %v, natively %v", c.kernels, i, got.Top[i], s)
			}
		}
	}
}

// TestKernelsOff: the whole page works without SIMD.
func TestKernelsOff(t *testing.T) {
	t.Parallel()
	p := open(t, "?kernels=off", options{})
	p.answered()
	if title := eval[string](p, `document.getElementById('time').title`); !strings.Contains(title, "portable") {
		t.Errorf("SIMD is off, and the page says %q", title)
	}
	want := native(t, p, filepath.Join(site.root, "assets/samples/parachute.jpg"))
	if got := p.bars(); got != shown(want) {
		t.Errorf("the page shows %s, the native engine says %s", got, shown(want))
	}
}

// TestKernelsPay: SIMD takes a fraction of the time of the plain loops, measured
// in turns.
func TestKernelsPay(t *testing.T) {
	p := open(t, "", options{full: true})
	p.answered()
	p.wait("the address to name the child", `location.hash.includes('arch=')`)
	child := eval[string](p, `new URLSearchParams(location.hash.slice(1)).get('arch')`)
	times := map[string][]float64{}
	for range 3 {
		for _, wanted := range []string{"off", "simd", "relaxed"} {
			got := eval[engineReply](p, fmt.Sprintf(engineAnswer, wanted, child, 12))
			times[wanted] = append(times[wanted], got.Times[4:]...) // the first ones are compiled on the way
			time.Sleep(100 * time.Millisecond)
		}
	}
	median := map[string]float64{}
	for _, wanted := range []string{"off", "simd", "relaxed"} {
		all := times[wanted]
		slices.Sort(all)
		median[wanted] = all[len(all)/2]
		t.Logf("%-8s median %.1f ms, %.1f to %.1f", wanted, median[wanted], all[0], all[len(all)-1])
	}
	if median["simd"] > median["off"]/2 {
		t.Errorf("SIMD takes %.1f ms, the plain loops %.1f ms", median["simd"], median["off"])
	}
}

// TestKernelsMissing: a server without the kernels, or with something else in
// their place, has a slower page, not a broken one.
func TestKernelsMissing(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(w http.ResponseWriter){
		"missing": func(w http.ResponseWriter) { http.Error(w, "none here", http.StatusNotFound) },
		"damaged": func(w http.ResponseWriter) { _, _ = w.Write([]byte("\x00asm and then nothing of the kind")) },
	} {
		t.Run(name, func(t *testing.T) {
			s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, "relaxed.wasm") && !strings.HasSuffix(r.URL.Path, "simd.wasm") {
					return false
				}
				serve(w)
				return true
			})
			p := visit(t, s, options{expect: []string{"404"}})
			p.answered()
			if title := eval[string](p, `document.getElementById('time').title`); !strings.Contains(title, "portable") {
				t.Errorf("the page says %q", title)
			}
		})
	}
}

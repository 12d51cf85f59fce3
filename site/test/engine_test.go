package test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"bignas/core/classify"
	"bignas/core/predict"
	"bignas/core/search/landscape"
)

// madeUpPredictor fits the shipped weights and knows nothing about them.
func madeUpPredictor(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(site.weights)
	if err != nil {
		t.Fatal(err)
	}
	e, err := classify.New(data)
	if err != nil {
		t.Fatal(err)
	}
	info := e.Info()
	land, r := landscape.New(info.Space, 1), rand.New(rand.NewPCG(1, 1))
	var samples []predict.Sample
	for range 70 {
		a := info.Space.Sample(r)
		samples = append(samples, predict.Sample{Arch: a, Accuracy: land.Accuracy(a)})
	}
	p, err := predict.Fit(info.Space, predict.Source{Digest: info.Digest, N: 500, Images: 1, Split: "made up", Classes: len(info.Labels)}, samples, 20)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// bootEngine starts an engine of its own with a predictor and an image, then
// runs the statements of %s.
const bootEngine = `(async () => {
	const site = new URL('.', document.querySelector('script[type=module]').src); // its folder is named by its content
	const { Engine } = await import(new URL('worker/engine.js', site));
	const { asset } = await import(new URL('shared/page.js', site));
	const engine = new Engine(() => {});
	const page = await (await fetch(asset('manifest.json'))).json(), [manifest] = page.weights;
	const ready = await engine.request('boot', { engine: asset(page.engine), weights: asset(manifest.weights), size: manifest.bytes, parts: manifest.parts,
		digest: manifest.digest, space: manifest.space.name, classes: manifest.labels.length, predictor: %s });
	await engine.request('image', {}, { bytes: await (await fetch(asset('samples/parachute.jpg'))).arrayBuffer() });
	const { child: min } = await engine.request('parse', { arch: 'min' });
	const { child: max } = await engine.request('parse', { arch: 'max' });
	const sum = a => a.reduce((x, y) => x + y, 0);
	%s
})()`

// TestRequests: every request of the engine comes back through the worker, with
// its bytes.
func TestRequests(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{})
	p.answered()
	type reply struct {
		Predictor        struct{ N int }
		Tries            []string
		Cam              []float64
		Largest          float64
		Maps             []int
		Shared           int
		Weights          int
		Differ           float64
		Name, Mime       string
		File             int
		P, Memory        float64
		Cancelled, Stale string
	}
	got := eval[reply](p, fmt.Sprintf(bootEngine, quote(madeUpPredictor(t)), `
	const tries = await Promise.all([min, max, min].map(child => engine.request('try', { child })));
	const cam = await engine.request('cam', { child: max });
	const map = new Float32Array(cam.bytes);
	const maps = await engine.request('maps', { child: min, stage: 0, layer: 0 });
	const shared = await engine.request('shared', { a: min, b: max });
	const { mean, variance, inheritedMean } = await engine.request('statistics', { child: min, stage: 2, layer: 0 });
	const file = await engine.request('export', { child: min, format: 'onnx' });
	const { cost } = await engine.request('cost', { child: min });
	const code = e => e.code, one = engine.request('search', { evaluations: 100000 }), two = engine.request('search', { evaluations: 100000 });
	const ends = [one.catch(code), two.catch(code)];
	const stale = await ends[0];
	await engine.cancel(two.id);
	const cancelled = await ends[1];
	return { predictor: ready.predictor, tries: tries.map(r => r.arch), cam: [cam.width, cam.height, cam.class, map.length], largest: Math.max(...map),
		maps: [maps.width, maps.height, maps.channels, maps.columns, maps.bytes.byteLength],
		shared: sum(['both', 'onlyA', 'onlyB', 'neither'].map(k => shared[k])), weights: ready.info.params,
		differ: Math.abs(mean - inheritedMean) / Math.sqrt(variance), name: file.name, mime: file.mime, file: file.bytes.byteLength,
		p: cost.accuracy.p, memory: cost.memory, stale, cancelled };`))
	side := got.Cam[0]
	if got.Predictor.N != 500 || len(got.Tries) != 3 || got.Tries[0] != got.Tries[2] || got.Tries[1][:4] != "r192" || side != 6 || got.Cam[3] != side*side || got.Largest != 1 {
		t.Errorf("predictor, tries, map: %+v", got)
	}
	if w := got.Maps; w[0] != 48 || w[4] != w[0]*w[1]*w[2] || w[3]*w[3] < w[2] {
		t.Errorf("feature maps %v", w)
	}
	if got.Shared != got.Weights || !(got.Differ > 0) || got.File < 1_000_000 || got.Name == "" || !(got.P > 0 && got.P < 1) || got.Memory < 100_000 {
		t.Errorf("shared, statistics, file, costs: %+v", got)
	}
	if got.Stale != "superseded" || got.Cancelled != "cancelled" {
		t.Errorf("searches end with %q and %q", got.Stale, got.Cancelled)
	}
}

// TestSearchInBrowser: a MAC budget is answered by a search of 2,000 children in the
// time of some dozens of answers, and an answer does not wait for a search. make
// budgets holds both against a clock.
func TestSearchInBrowser(t *testing.T) {
	p := open(t, "", options{full: true})
	p.answered()
	type reply struct {
		Alone   []float64
		Answer  []float64
		Told    int
		Front   int
		Best    float64
		Waits   []float64
		Refused []string
	}
	got := eval[reply](p, fmt.Sprintf(bootEngine, quote(madeUpPredictor(t)), `
	const alone = [], answer = [], waits = [];
	let told = 0, found;
	for (let seed = 1; seed <= 5; seed++) {
		const start = performance.now();
		await engine.request('classify', { child: max });
		answer.push(performance.now() - start);
		found = await engine.request('search', { limits: { macs: 60e6 }, seed }, { onprogress: () => told++ });
		alone.push(found.ms);
	}
	let done = false;
	const long = engine.request('search', { limits: { macs: 60e6 }, evaluations: 12000 }).finally(() => done = true);
	while (!done && waits.length < 100) {
		const start = performance.now();
		const { answer: { timing } } = await engine.request('classify', { child: min });
		waits.push(performance.now() - start - timing.slice - timing.resize - timing.forward);
	}
	await engine.cancel(long.id);
	await long.catch(() => {});
	const refused = await engine.request('search', { limits: { macs: 1e6 } }).catch(e => [e.code, e.hint]);
	return { alone, answer, told, front: found.front.length, best: found.best.costs.macs, waits, refused };`))
	slices.Sort(got.Waits)
	n := len(got.Waits)
	search, answer := slices.Min(got.Alone), slices.Min(got.Answer)
	t.Logf("searches of 2000 children: %.0f ms; answers of the biggest: %.1f ms; classify waited %.1f ms in the median, %.1f at most (%d times)", got.Alone, got.Answer, got.Waits[n/2], got.Waits[n-1], n)
	if search > 40*answer {
		t.Errorf("a search takes %.0f ms, %.0f times as long as an answer of the biggest child", search, search/answer)
	}
	if os.Getenv("BIGNAS_BUDGETS") != "" {
		hold(t, "a search of 2000 children, ms", search, 1000)
		hold(t, "what an answer waits for a search, ms", got.Waits[n/2], 16)
	}
	if got.Told < 5 || got.Front < 3 || got.Best > 60e6 {
		t.Errorf("told %d times, %d points, the best has %.0f MACs", got.Told, got.Front, got.Best)
	}
	if got.Waits[n/2] > search/4 { // the one that it waits for is six times as long
		t.Errorf("classify waits %.1f ms for searches of %.0f ms", got.Waits[n/2], 6*search)
	}
	if len(got.Refused) != 2 || got.Refused[0] != "impossible_budget" || got.Refused[1] == "" {
		t.Errorf("an impossible budget is refused with %v", got.Refused)
	}
}

// TestLatencyInBrowser: the device is measured, and costs have milliseconds then. How near
// they are is for make budgets.
func TestLatencyInBrowser(t *testing.T) {
	p := open(t, "", options{full: true})
	p.answered()
	type reply struct {
		MS, Error, Least, Most float64
		Children, Rows, Told   int
	}
	got := eval[reply](p, fmt.Sprintf(bootEngine, "undefined", `
	const start = performance.now();
	let told = 0;
	const { error, children, table } = await engine.request('latency', {}, { onprogress: () => told++ });
	const ms = performance.now() - start;
	const least = (await engine.request('cost', { child: min })).cost.latency, most = (await engine.request('cost', { child: max })).cost.latency;
	return { ms, error, least, most, children, rows: table.length, told };`))
	t.Logf("%d parts and children in %.1f s: mean error %.1f %% on %d children; smallest %.1f ms, biggest %.1f ms", got.Rows, got.MS/1000, 100*got.Error, got.Children, got.Least, got.Most)
	if got.Children != 10 || got.Rows < 100 || got.Told < 3 || !(got.Least > 0 && got.Most > 3*got.Least) || !(got.Error > 0) {
		t.Errorf("%+v", got)
	}
}

// quote writes a JavaScript string.
func quote(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(b)
}

package test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bignas/core/weights"
)

// weightsFile is the bytes of the weights and where their parts end.
func weightsFile(t *testing.T) (data []byte, ends []int) {
	t.Helper()
	data, err := os.ReadFile(site.weights)
	if err != nil {
		t.Fatal(err)
	}
	a, err := weights.OpenStream(data)
	if err != nil {
		t.Fatal(err)
	}
	return data, a.Ends()
}

// trickle serves the page, and of the weights as many bytes as are let through.
func trickle(t *testing.T, data []byte) (s *httptest.Server, let chan int) {
	t.Helper()
	let = make(chan int)
	s = tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !isWeights(r) {
			return false
		}
		at := 0
		for at < len(data) {
			select {
			case to := <-let:
				_, _ = w.Write(data[at:to])
				w.(http.Flusher).Flush()
				at = to
			case <-r.Context().Done():
				return true
			}
		}
		return true
	})
	return s, let
}

// TestOpens: the smallest child answers when the first part of the weights is
// here, the sliders stop at what has arrived, and open with every part.
func TestOpens(t *testing.T) {
	t.Parallel()
	data, ends := weightsFile(t)
	s, let := trickle(t, data)
	p := visit(t, s, options{})
	reach := func() float64 {
		return eval[float64](p, `Number(document.querySelector('[data-slider=width]').style.getPropertyValue('--a'))`)
	}
	p.wait("a slider that waits", `document.querySelector('[data-slider=width].arriving')`)
	let <- ends[0] - 1
	p.wait("the bytes", fmt.Sprintf(`document.getElementById('progress').getAttribute('aria-valuetext').startsWith('%.1f of')`, float64(ends[0])/1e6))
	if eval[string](p, `document.getElementById('answer').getAttribute('aria-busy')`) != "true" || reach() != 0 {
		t.Error("something opened before its last byte")
	}
	let <- ends[0]
	p.wait("the smallest child's answer", `document.querySelector('#answer[aria-busy=false]') && document.querySelector('#bars li span:nth-child(2)').textContent.includes('%')`)
	p.wait("its title", `document.getElementById('proof-title').textContent === 'Small children work already'`)
	p.shot("arriving")
	p.axe()
	if !eval[bool](p, `[...document.querySelectorAll('#presets button')].at(-1).disabled && !document.querySelector('#presets button').disabled`) {
		t.Error("the biggest child can be chosen, or the smallest cannot")
	}
	p.do(chromedp.Focus("#depth", chromedp.ByQuery), chromedp.KeyEvent(kb.End))
	time.Sleep(200 * time.Millisecond)
	if got := eval[string](p, `document.getElementById('depth').value`); got != "0" {
		t.Errorf("the depth went to notch %s without weights", got)
	}
	last := reach()
	for i, end := range ends[1:] {
		let <- end
		p.wait("the sliders to open", fmt.Sprintf(`Number(document.querySelector('[data-slider=width]').style.getPropertyValue('--a')) > %v`, last))
		if last = reach(); (last == 1) != (i == len(ends)-2) {
			t.Errorf("after part %d the width reaches %v", i+2, last)
		}
	}
	p.answered()
	p.do(chromedp.Focus("#depth", chromedp.ByQuery), chromedp.KeyEvent(kb.End))
	p.wait("the deepest", `document.getElementById('depth').value === document.getElementById('depth').max`)
}

// TestGrows: untouched, the child grows to the one that the page starts with, or
// that the link names, and answers as it does natively.
func TestGrows(t *testing.T) {
	t.Parallel()
	data, ends := weightsFile(t)
	s, let := trickle(t, data)
	const arch = "r192-c16-12x2k3-20x2k3-32x3k5-56x3k5-72x3k5-136x4k5-208x2k5-h640"
	p := open(t, s.URL+"/#arch="+arch, options{origin: s.URL + "/"})
	let <- ends[0]
	p.wait("the smallest child", `document.querySelector('#answer[aria-busy=false]') && document.getElementById('share-layers').textContent.startsWith('11 ')`)
	if got := eval[string](p, `location.hash`); !strings.Contains(got, arch) {
		t.Errorf("the link became %q", got)
	}
	let <- len(data)
	p.answered()
	p.wait("the biggest child", `document.getElementById('share-layers').textContent.startsWith('19 ')`)
	want := sample(t, "parachute", arch, false)
	p.wait("its answer", fmt.Sprintf(`document.querySelector('#bars li span').textContent === %q`, want.Top[0].Label))
}

// TestContinued: after a connection that broke the page says how far it came, the
// sizes that are here work, and trying again asks for the rest only.
func TestContinued(t *testing.T) {
	t.Parallel()
	data, ends := weightsFile(t)
	here := make(chan struct{}) // closed when the page has all of it
	arrived := sync.OnceFunc(func() { close(here) })
	defer arrived()
	var mu sync.Mutex
	var asked []string // the service worker comes after the page
	cut := ends[1] + 1000
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !isWeights(r) {
			return false
		}
		mu.Lock()
		asked = append(asked, r.Header.Get("Range"))
		first := len(asked) == 1
		mu.Unlock()
		if first {
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			_, _ = w.Write(data[:cut])
			w.(http.Flusher).Flush()
			<-here
			panic(http.ErrAbortHandler)
		}
		return false
	})
	p := visit(t, s, options{expect: []string{"ERR_", "Failed to load"}})
	p.wait("the bytes", fmt.Sprintf(`document.getElementById('progress').getAttribute('aria-valuetext')?.startsWith('%.1f of')`, float64(cut)/1e6))
	arrived()
	p.wait("a notice", fmt.Sprintf(`document.getElementById('notice').textContent.includes('closed after %.1f MB of %.1f MB')`, float64(cut)/1e6, float64(len(data))/1e6))
	p.wait("an answer", `document.querySelector('#answer[aria-busy=false]') && document.querySelector('#bars li span:nth-child(2)').textContent.includes('%')`)
	before := p.readout()
	p.do(chromedp.Focus("#width", chromedp.ByQuery), chromedp.KeyEvent(kb.Home))
	p.wait("other costs", fmt.Sprintf(`document.getElementById('cost-macs').textContent !== %q`, before.MACs))
	p.do(chromedp.Click(`#notice button`, chromedp.ByQuery))
	p.answered()
	mu.Lock()
	defer mu.Unlock()
	if len(asked) < 2 || asked[1] != fmt.Sprintf("bytes=%d-", cut) {
		t.Errorf("the tries asked for %q, %d bytes were here", asked, cut)
	}
}

// TestCompressedWeights: a server that compresses the weights does not change the
// count: bytes of the file out of bytes of the file.
func TestCompressedWeights(t *testing.T) {
	t.Parallel()
	data, _ := weightsFile(t)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !isWeights(r) {
			return false
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", fmt.Sprint(packed.Len()))
		for part := packed.Bytes(); len(part) > 0; {
			n := min(len(part), 1<<18)
			_, _ = w.Write(part[:n])
			w.(http.Flusher).Flush()
			part = part[n:]
			time.Sleep(20 * time.Millisecond)
		}
		return true
	})
	p := visit(t, s, options{script: `addEventListener('DOMContentLoaded', () => { self.most = 0; self.texts = new Set();
		new MutationObserver(() => { const bar = document.getElementById('progress'); self.most = Math.max(self.most, Number(bar.getAttribute('aria-valuenow'))); self.texts.add(bar.getAttribute('aria-valuetext')); })
			.observe(document.getElementById('progress'), { attributes: true }) })`})
	p.answered()
	if most := eval[float64](p, `self.most`); most != 100 {
		t.Errorf("the progress ended at %v %%", most)
	}
	texts := eval[[]string](p, `[...self.texts]`)
	if len(texts) < 3 || !strings.HasSuffix(texts[0], fmt.Sprintf("of %.1f MB", float64(len(data))/1e6)) {
		t.Errorf("the progress was told as %q", texts)
	}
}

// TestOtherWeights: good weights that are not those of the page are refused.
func TestOtherWeights(t *testing.T) {
	t.Parallel()
	data, _ := weightsFile(t)
	b, err := weights.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	b.Net.Params[0].Data[0]++
	other, err := weights.Marshal(b, weights.Float16)
	if err != nil || len(other) != len(data) {
		t.Fatalf("%d bytes of other weights, want %d (%v)", len(other), len(data), err)
	}
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if isWeights(r) {
			_, _ = w.Write(other)
		}
		return isWeights(r)
	})
	p := visit(t, s, options{})
	p.wait("a notice", `document.getElementById('notice').textContent.includes('do not belong together')`)
	p.wait("costs", `document.getElementById('cost-macs').textContent.trim()`)
}

// siteFile is a file of the assembled page that lies in a folder named by its content.
func siteFile(t *testing.T, name string) []byte {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(site.folder, "*", "*", filepath.FromSlash(name)))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s lies at %v (%v)", name, found, err)
	}
	data, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestBudgetOfBytes: what the page is told about the download is true, and within
// what design allows: 1.51 MB until the smallest child runs (1.5 for it and 0.01 for what the
// file knows of its confidence), 8 MB for all.
func TestBudgetOfBytes(t *testing.T) {
	t.Parallel()
	data, ends := weightsFile(t)
	var page struct {
		Weights []struct {
			Bytes int
			Parts []int
		}
	}
	if err := json.Unmarshal(siteFile(t, "assets/manifest.json"), &page); err != nil {
		t.Fatal(err)
	}
	m := page.Weights[0]
	if m.Bytes != len(data) || fmt.Sprint(m.Parts) != fmt.Sprint(ends) {
		t.Errorf("the page is told %+v, the weights have %d bytes in parts up to %v", m, len(data), ends)
	}
	if ends[0] > 1_510_000 || len(data) > 8_000_000 {
		t.Errorf("the smallest child takes %d bytes, allowed are 1,510,000; all %d, allowed are 8,000,000", ends[0], len(data))
	}
}

package test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"
)

// tampered serves the page with a handler in front that may answer by itself.
func tampered(t *testing.T, answers func(w http.ResponseWriter, r *http.Request) bool) *httptest.Server {
	t.Helper()
	return tamperedFolder(t, site.folder, answers)
}

func tamperedFolder(t *testing.T, folder string, answers func(w http.ResponseWriter, r *http.Request) bool) *httptest.Server {
	t.Helper()
	files := http.FileServer(http.Dir(folder))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !answers(w, r) {
			files.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s
}

// visit is open for a server of the test's own.
func visit(t *testing.T, s *httptest.Server, o options) *tab {
	t.Helper()
	o.origin = s.URL + "/"
	return open(t, s.URL+"/", o)
}

func isWeights(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, ".safetensors") }

// TestWeightsMissing: without weights the costs still follow the sliders, the
// notice says what to do, and trying again works.
func TestWeightsMissing(t *testing.T) {
	t.Parallel()
	var there atomic.Bool
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if isWeights(r) && !there.Load() {
			http.NotFound(w, r)
			return true
		}
		return false
	})
	p := visit(t, s, options{expect: []string{"404"}})
	p.wait("a notice", `document.getElementById('notice').textContent.includes('no weights')`)
	if got := p.text("notice"); !strings.Contains(got, "404") || !strings.Contains(got, "Try again") {
		t.Errorf("the notice is %q", got)
	}
	p.wait("costs", `document.getElementById('cost-macs').textContent.trim()`)
	before := p.text("cost-macs")
	p.drag("width")
	p.wait("other costs", `document.getElementById('cost-macs').textContent !== '`+before+`'`)
	there.Store(true)
	p.do(chromedp.Click(`#notice button`, chromedp.ByQuery))
	p.answered()
	if got := p.text("notice"); got != "" {
		t.Errorf("after the second try the notice is %q", got)
	}
}

// TestWeightsCut: half a file is not used.
func TestWeightsCut(t *testing.T) {
	t.Parallel()
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !isWeights(r) {
			return false
		}
		data, err := os.ReadFile(filepath.Join(site.folder, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(data[:len(data)/2])
		return true
	})
	p := visit(t, s, options{})
	p.wait("a notice", `document.getElementById('notice').textContent.includes('MB')`)
	if got := p.text("notice"); !strings.Contains(got, "were expected") {
		t.Errorf("the notice is %q", got)
	}
}

// TestWeightsDamaged: a file of the right length with other content is refused by
// its digests, be it a weight, a mean that pixels are normalised with, or a label.
func TestWeightsDamaged(t *testing.T) {
	t.Parallel()
	for what, change := range map[string]func(data []byte){
		"a weight": func(data []byte) { data[len(data)-100] ^= 1 },
		"a mean":   func(data []byte) { copy(data[bytes.Index(data, []byte("0.485")):], "0.585") },
		"a label":  func(data []byte) { copy(data[bytes.Index(data, []byte("tench")):], "trout") },
	} {
		s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
			if !isWeights(r) {
				return false
			}
			data, err := os.ReadFile(filepath.Join(site.folder, filepath.FromSlash(r.URL.Path)))
			if err != nil {
				t.Error(err)
			}
			change(data)
			_, _ = w.Write(data)
			return true
		})
		visit(t, s, options{}).wait("a notice after a change of "+what, `document.getElementById('notice').textContent.includes('damaged')`)
	}
}

// TestWrongType: a server that does not know application/wasm serves the page all the same.
func TestWrongType(t *testing.T) {
	t.Parallel()
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, ".wasm") {
			w.Header().Set("Content-Type", "application/octet-stream")
		}
		return false
	})
	visit(t, s, options{}).answered()
}

// TestNoWebAssembly: the page says so, and the drawing follows the sliders.
func TestNoWebAssembly(t *testing.T) {
	t.Parallel()
	p := open(t, "", options{script: `delete self.WebAssembly`})
	p.wait("a notice", `document.getElementById('notice').textContent.includes('WebAssembly')`)
	before := eval[string](p, `document.getElementById('drawing').innerHTML`)
	p.drag("width")
	if after := eval[string](p, `document.getElementById('drawing').innerHTML`); after == before {
		t.Error("the drawing stands still")
	}
}

// TestFromFile: opened as a file, where a browser loads no module, the page says what to do.
func TestFromFile(t *testing.T) {
	t.Parallel()
	p := open(t, "file://"+filepath.Join(site.folder, "index.html"), options{expect: []string{"origin", "Failed to load", "Security Policy"}})
	p.wait("the explanation", `getComputedStyle(document.getElementById('start')).visibility === 'visible'`)
	if got := p.text("start"); !strings.Contains(got, "web server") || strings.Contains(got, "make run") {
		t.Errorf("the page says %q", got)
	}
}

// TestProgress: progress is told in bytes.
func TestProgress(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	s := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		if !isWeights(r) {
			return false
		}
		data, err := os.ReadFile(filepath.Join(site.folder, filepath.FromSlash(r.URL.Path)))
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(data[:len(data)/3])
		w.(http.Flusher).Flush()
		select {
		case <-release:
		case <-r.Context().Done():
		}
		_, _ = w.Write(data[len(data)/3:])
		return true
	})
	p := visit(t, s, options{})
	p.wait("some bytes", `/^2\.\d of 7\.\d MB$/.test(document.getElementById('progress').getAttribute('aria-valuetext'))`)
	if p.text("proof-title") == "Nothing is retrained" || !eval[bool](p, `document.getElementById('progress').checkVisibility()`) {
		t.Error("the page does not show that it is loading")
	}
	p.shot("loading")
	close(release)
	p.answered()
	if eval[bool](p, `document.getElementById('progress').checkVisibility()`) {
		t.Error("the progress bar stays")
	}
}

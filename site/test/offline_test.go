package test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

const installed = `navigator.serviceWorker.controller?.state === 'activated'`

// asked is a request that reached a server.
type asked struct {
	method, url string
	bytes       int64
}

// host is a server of the page that can go away, be given another version, and
// remembers what it was asked.
type host struct {
	*httptest.Server
	mu     sync.Mutex
	seen   []asked
	change map[string][]byte // files of a newer version
}

func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{}
	h.Server = tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.seen = append(h.seen, asked{r.Method, r.URL.String(), r.ContentLength})
		name := r.URL.Path[1:]
		if name == "" {
			name = "index.html"
		}
		if filepath.Ext(name) == ".html" || name == "service.js" {
			w.Header().Set("Cache-Control", "no-cache")
		}
		data, ok := h.change[name]
		if !ok {
			return false
		}
		if filepath.Ext(name) == ".js" {
			w.Header().Set("Content-Type", "text/javascript")
		}
		_, _ = w.Write(data)
		return true
	})
	return h
}

// release puts another title into the page; the service worker knows of it where
// whole, otherwise it is a version of which a part has not been copied yet.
func (h *host) release(t *testing.T, title string, whole bool) {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(site.folder, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	old, worker := read("index.html"), read("service.js")
	page := bytes.Replace(old, []byte("<title>BigNAS Explorer"), []byte("<title>"+title), 1)
	was, is := sha256.Sum256(old), sha256.Sum256(page)
	base64 := base64.StdEncoding.EncodeToString
	worker = bytes.Replace(worker, []byte(base64(was[:])), []byte(base64(is[:])), 1)
	worker = regexp.MustCompile(`"version":"[0-9a-f]{12}"`).ReplaceAll(worker, fmt.Appendf(nil, `"version":"%x"`, is[:6]))
	h.mu.Lock()
	defer h.mu.Unlock()
	h.change = map[string][]byte{"service.js": worker}
	if whole {
		h.change["index.html"] = page
	}
}

// TestOffline: after the first visit the page opens, answers, changes images and
// loads its sections with no server at all.
func TestOffline(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := visit(t, h.Server, options{full: true})
	p.answered()
	p.wait("the service worker", installed)
	h.CloseClientConnections()
	h.Close()
	p.do(chromedp.Reload())
	p.answered()
	p.do(chromedp.Click("#gallery [aria-label=church]", chromedp.ByQuery))
	p.wait("another image", `document.querySelector('#gallery [aria-label=church]').getAttribute('aria-pressed') === 'true' && document.querySelector('#answer[aria-busy=false]')`)
	p.near("#family", `document.querySelector("#strip li")`)
	if got := p.text("notice"); got != "" {
		t.Errorf("without a server the notice is %q", got)
	}
}

// TestUpdate: a new version is offered and not swapped in; one of which a part is
// missing is not offered; after Reload it is there, and offline too.
func TestUpdate(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := visit(t, h.Server, options{expect: []string{"not that of version"}})
	p.answered()
	p.wait("the service worker", installed)
	update := `navigator.serviceWorker.getRegistration().then(r => r.update()).then(() => true, () => true)`
	h.release(t, "Half a version", false)
	eval[bool](p, update)
	if !eval[bool](p, `(async () => { const r = await navigator.serviceWorker.getRegistration(); while (r.installing) await new Promise(f => setTimeout(f, 20)); return !r.waiting })()`) {
		t.Error("half a version was installed")
	}
	h.release(t, "A new version", true)
	eval[bool](p, update)
	p.wait("the offer", `document.getElementById('update').textContent.includes('A new version is here.')`)
	p.shot("update")
	p.axe()
	if got := eval[string](p, `document.title`); got != "BigNAS Explorer: one network, every size" {
		t.Errorf("before the reload the title is %q", got)
	}
	p.do(chromedp.Reload()) // by hand: still the old one, and the offer again
	p.answered()
	p.wait("the offer again", `document.title.startsWith('BigNAS Explorer') && document.querySelector('#update .btn')`)
	p.do(chromedp.Click("#update .btn", chromedp.ByQuery))
	var title string
	for deadline := time.Now().Add(patient); !strings.HasPrefix(title, "A new version") && time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		_ = chromedp.Run(p.ctx, chromedp.Title(&title)) // while the page is replaced there is none
	}
	p.answered()
	if kept := eval[[]string](p, `caches.keys()`); len(kept) != 1 {
		t.Errorf("these versions are kept: %q", kept)
	}
	if got := p.text("update"); got != "" {
		t.Errorf("after the reload it says %q", got)
	}
}

// TestKeptWhole: of a version of which a file arrives cut off or altered, that file
// is not kept and nothing is installed; the page works all the same.
func TestKeptWhole(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		file  string
		spoil func(data []byte) []byte
	}{
		{"view.wasm", func(d []byte) []byte { return d[:len(d)/2] }},
		{"tour.js", func(d []byte) []byte { return append([]byte("//"), d[2:]...) }},
	} {
		t.Run(c.file, func(t *testing.T) {
			h := tampered(t, func(w http.ResponseWriter, r *http.Request) bool {
				if path.Base(r.URL.Path) != c.file {
					return false
				}
				data, err := os.ReadFile(filepath.Join(site.folder, filepath.FromSlash(r.URL.Path)))
				if err != nil {
					t.Error(err)
				}
				w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(c.file)))
				_, _ = w.Write(c.spoil(data))
				return true
			})
			p := visit(t, h, options{expect: []string{"not that of version", "integrity"}})
			p.answered()
			if !eval[bool](p, `(async () => { for (let seen = false, i = 0; i < 6000; i++) {
				const r = await navigator.serviceWorker.getRegistration();
				if (seen && !r) return true;
				seen ||= Boolean(r);
				await new Promise(f => setTimeout(f, 50));
			} return false })()`) {
				t.Error("the version is installed, or nobody tried")
			}
			if kept := eval[[]string](p, `caches.keys().then(async names => (await Promise.all(names.map(async n => (await (await caches.open(n)).keys()).map(r => r.url)))).flat())`); len(kept) == 0 || slices.ContainsFunc(kept, func(u string) bool { return path.Base(u) == c.file }) {
				t.Errorf("these are kept: %q", kept)
			}
		})
	}
}

// TestPrivate: no request carries an image that somebody chose, pasted or filmed:
// after the page is here nothing is asked for but files of the page.
func TestPrivate(t *testing.T) {
	t.Parallel()
	h := newHost(t)
	p := visit(t, h.Server, options{})
	p.answered()
	p.wait("the service worker", installed)
	p.choose(photo(t, 640, 480))
	p.wait("the own image", `document.querySelector('#gallery .own').getAttribute('aria-pressed') === 'true' && document.querySelector('#answer[aria-busy=false]')`)
	p.paste(t, photo(t, 320, 320))
	p.wait("the pasted image", `document.getElementById('image').getAttribute('aria-label').includes('pasted.jpg') && document.querySelector('#answer[aria-busy=false]')`)
	p.film()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.seen {
		if a.method != http.MethodGet || a.bytes > 0 || len(a.url) > 200 {
			t.Errorf("%s %.80s with %d bytes", a.method, a.url, a.bytes)
		}
	}
}

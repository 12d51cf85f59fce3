package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"
)

// types are the media types by extension. They are not taken from the system,
// which may say something else: a wrong one keeps a browser from compiling wasm
// while it downloads, or from loading a module at all.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".json": "application/json", ".svg": "image/svg+xml", ".wasm": "application/wasm",
	".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".md": "text/plain; charset=utf-8",
}

// compressible are the extensions worth a gzip where the folder has no compressed
// form; images and half-precision weights are not.
var compressible = map[string]bool{".html": true, ".css": true, ".js": true, ".mjs": true, ".json": true, ".svg": true, ".wasm": true, ".md": true}

// forms are the compressed forms of a file that may lie beside it, the best first.
var forms = []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// frozen says that a file lies in a folder that is named by its content
// (site/assemble): what is under that address never changes.
var frozen = regexp.MustCompile(`(^|/)[0-9a-f]{12}/`)

// workerPolicy is what a script may do when it runs as a worker; a page has its
// policy in its HTML, but a worker takes it from its own answer.
const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

// retryAfter is what a client that comes too early is told to wait, in seconds.
const retryAfter = "2"

// handler serves the files of a folder under base.
type handler struct {
	files fs.FS
	base  string
	// completing says that the folder is still being completed: what is missing
	// may yet come.
	completing func() bool

	mu    sync.Mutex // of the map only: a file that is slow to read holds up no other
	cache map[string]*slot
}

// slot is the place of one file; its lock is held while the file is read.
type slot struct {
	mu sync.Mutex
	*entry
}

// entry is a file as it was when it was last read.
type entry struct {
	changed time.Time
	size    int64
	etag    string
	plain   []byte
	packed  map[string][]byte // by encoding
}

func newHandler(files fs.FS, base string) *handler {
	return &handler{files: files, base: base, completing: func() bool { return false }, cache: map[string]*slot{}}
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, h.base)
	if !ok {
		if r.URL.Path == "/" || r.URL.Path+"/" == h.base {
			http.Redirect(w, r, h.base, http.StatusFound)
			return
		}
		http.NotFound(w, r)
		return
	}
	if name == "" || strings.HasSuffix(name, "/") {
		name += "index.html"
	}
	e, err := h.load(name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && h.completing():
		w.Header().Set("Retry-After", retryAfter)
		http.Error(w, "not there yet: the folder is still being built", http.StatusServiceUnavailable)
		return
	case errors.Is(err, fs.ErrNotExist):
		http.NotFound(w, r)
		return
	case err != nil:
		http.Error(w, "the file cannot be read", http.StatusInternalServerError)
		return
	}
	ext := path.Ext(name)
	kind, known := types[ext]
	if !known {
		kind = "application/octet-stream"
	}
	head := w.Header()
	head.Set("Content-Type", kind)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-cache") // a browser may keep it, and asks each time
	if frozen.MatchString(name) {
		head.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if ext == ".js" {
		head.Set("Content-Security-Policy", workerPolicy)
	}
	body, etag := e.plain, e.etag
	if len(e.packed) > 0 {
		head.Set("Vary", "Accept-Encoding")
		if encoding := accepted(r, e.packed); encoding != "" {
			head.Set("Content-Encoding", encoding)
			body, etag = e.packed[encoding], strings.TrimSuffix(etag, `"`)+"-"+encoding+`"`
		}
	}
	head.Set("ETag", etag)
	http.ServeContent(w, r, "", e.changed, bytes.NewReader(body))
}

// accepted is the best encoding that the client takes, "" for none. Parts of a
// file are parts of it as it is, not as it was compressed.
func accepted(r *http.Request, packed map[string][]byte) string {
	if r.Header.Get("Range") != "" {
		return ""
	}
	takes := map[string]bool{}
	for _, item := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(item), ";")
		takes[strings.TrimSpace(name)] = !strings.HasSuffix(strings.TrimRight(quality, "0."), "q=")
	}
	for _, f := range forms {
		if takes[f.encoding] && packed[f.encoding] != nil {
			return f.encoding
		}
	}
	return ""
}

// load returns the file, from memory where it has not changed.
func (h *handler) load(name string) (*entry, error) {
	info, err := h.stat(name)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	s := h.cache[name]
	if s == nil {
		s = &slot{}
		h.cache[name] = s
	}
	h.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.entry; e != nil && e.changed.Equal(info.ModTime()) && e.size == info.Size() {
		return e, nil
	}
	data, err := fs.ReadFile(h.files, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	e := &entry{changed: info.ModTime(), size: info.Size(), plain: data, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	if e.packed, err = h.pack(name, e); err != nil {
		return nil, err
	}
	s.entry = e
	return e, nil
}

// stat is that of a file that may be served. Whatever else has that name is not
// there: a folder, a pipe or a device, which may never end, a hidden file, and a
// link that leads out of the folder.
func (h *handler) stat(name string) (fs.FileInfo, error) {
	if strings.HasPrefix(name, ".") || strings.Contains(name, "/.") {
		return nil, fs.ErrNotExist
	}
	info, err := fs.Stat(h.files, name)
	if err != nil || !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	return info, nil
}

// pack reads the compressed forms that lie beside a file, if they are not older;
// without any it compresses what is worth it.
func (h *handler) pack(name string, e *entry) (map[string][]byte, error) {
	packed := map[string][]byte{}
	for _, f := range forms {
		info, err := h.stat(name + f.suffix)
		if err != nil || info.ModTime().Before(e.changed) {
			continue
		}
		if packed[f.encoding], err = fs.ReadFile(h.files, name+f.suffix); err != nil {
			return nil, err
		}
	}
	if len(packed) > 0 || !compressible[path.Ext(name)] {
		return packed, nil
	}
	var small bytes.Buffer
	z := gzip.NewWriter(&small)
	if _, err := z.Write(e.plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if small.Len() < len(e.plain)*9/10 {
		packed["gzip"] = small.Bytes()
	}
	return packed, nil
}

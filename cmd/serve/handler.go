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

// compressible are the extensions worth a gzip; pictures and half-precision
// weights are not.
var compressible = map[string]bool{".html": true, ".css": true, ".js": true, ".mjs": true, ".json": true, ".svg": true, ".wasm": true, ".md": true}

// handler serves the files of a folder under base.
type handler struct {
	files fs.FS
	base  string

	mu    sync.Mutex
	cache map[string]*entry
}

// entry is a file as it was when it was last read.
type entry struct {
	changed time.Time
	size    int64
	etag    string
	plain   []byte
	gzipped []byte // nil where it is not worth it
}

func newHandler(files fs.FS, base string) *handler {
	return &handler{files: files, base: base, cache: map[string]*entry{}}
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
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		http.NotFound(w, r)
		return
	}
	if err != nil {
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
	// Names do not change with content here: a browser may keep everything, and asks each time.
	head.Set("Cache-Control", "no-cache")
	body := e.plain
	etag := e.etag
	if e.gzipped != nil {
		head.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && r.Header.Get("Range") == "" {
			head.Set("Content-Encoding", "gzip")
			body, etag = e.gzipped, strings.TrimSuffix(etag, `"`)+`-gzip"`
		}
	}
	head.Set("ETag", etag)
	http.ServeContent(w, r, "", e.changed, bytes.NewReader(body))
}

// load returns the file, from memory where it has not changed.
func (h *handler) load(name string) (*entry, error) {
	info, err := fs.Stat(h.files, name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fs.ErrNotExist
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.cache[name]; e != nil && e.changed.Equal(info.ModTime()) && e.size == info.Size() {
		return e, nil
	}
	data, err := fs.ReadFile(h.files, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	e := &entry{changed: info.ModTime(), size: info.Size(), plain: data, etag: `"` + hex.EncodeToString(sum[:8]) + `"`}
	if compressible[path.Ext(name)] {
		var small bytes.Buffer
		z := gzip.NewWriter(&small)
		if _, err := z.Write(data); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
		if small.Len() < len(data)*9/10 {
			e.gzipped = small.Bytes()
		}
	}
	h.cache[name] = e
	return e, nil
}

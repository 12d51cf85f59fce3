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

// types is the media types by extension. Those of the system may differ, and with a wrong one a browser does not compile
// wasm while it downloads, or does not load a module.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".json": "application/json", ".svg": "image/svg+xml", ".wasm": "application/wasm",
	".jpg": "image/jpeg", ".png": "image/png", ".webp": "image/webp", ".md": "text/plain; charset=utf-8",
}

// compressible is the extensions that are compressed where the folder has no compressed form. Images and half-precision
// weights would not get smaller.
var compressible = map[string]bool{".html": true, ".css": true, ".js": true, ".mjs": true, ".json": true, ".svg": true, ".wasm": true, ".md": true}

// forms is the compressed forms of a file that may be beside it, the best first.
var forms = []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// frozen reports whether a file is in a folder that is named by its content (site/assemble), so that it never changes.
var frozen = regexp.MustCompile(`(^|/)[0-9a-f]{12}/`)

// workerPolicy is the content security policy of a script that runs as a worker. A page has its policy in its HTML; a
// worker's is in the response.
const workerPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

// retryAfter is the time after which clients retry for a file that is still missing, in seconds.
const retryAfter = "2"

// handler serves the files of a folder under base.
type handler struct {
	files fs.FS
	base  string
	// completing reports whether the folder is still being completed, so that a missing file may come.
	completing func() bool

	mu    sync.Mutex // of the map only: a slow file does not block others
	cache map[string]*slot
}

// slot is the entry of one file. Its lock is held while the file is read.
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
	head.Set("Cache-Control", "no-cache") // browsers may store it, and revalidate each time
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

// accepted returns the best encoding that the client accepts, or "". Ranges are of the uncompressed file.
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

// stat returns the info of a file that may be served. Folders, pipes, devices, hidden files and links that lead out of
// the folder do not exist for it.
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

// pack reads the compressed forms beside a file, if they are not older, or compresses a compressible file without any.
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

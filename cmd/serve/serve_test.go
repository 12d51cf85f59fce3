package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func page() fstest.MapFS {
	now := time.Now()
	return fstest.MapFS{
		"index.html":           {Data: []byte(strings.Repeat("<p>page</p>", 100)), ModTime: now},
		"engine.wasm":          {Data: bytes.Repeat([]byte{0, 'a', 's', 'm'}, 500), ModTime: now},
		"site/main.js":         {Data: []byte("export {}"), ModTime: now},
		"assets/a.jpg":         {Data: []byte{0xff, 0xd8}, ModTime: now},
		"assets/w.safetensors": {Data: bytes.Repeat([]byte{1}, 4000), ModTime: now},
	}
}

func TestTypes(t *testing.T) {
	h := newHandler(page(), "/")
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8", "/engine.wasm": "application/wasm",
		"/site/main.js": "text/javascript; charset=utf-8", "/assets/a.jpg": "image/jpeg", "/assets/w.safetensors": "application/octet-stream",
	} {
		r := get(t, h, path)
		if got := r.Header.Get("Content-Type"); r.StatusCode != 200 || got != want {
			t.Errorf("%s: %d %q, want 200 %q", path, r.StatusCode, got, want)
		}
	}
}

func TestGzip(t *testing.T) {
	h := newHandler(page(), "/")
	r := get(t, h, "/engine.wasm", "Accept-Encoding", "br, gzip")
	if r.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("engine.wasm came as %q, want gzip", r.Header.Get("Content-Encoding"))
	}
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(data, page()["engine.wasm"].Data) {
		t.Errorf("the content changed on the way (%v)", err)
	}
	for _, path := range []string{"/assets/w.safetensors", "/site/main.js"} { // not compressible; not worth it
		if r := get(t, h, path, "Accept-Encoding", "gzip"); r.Header.Get("Content-Encoding") != "" {
			t.Errorf("%s was compressed", path)
		}
	}
	if r := get(t, h, "/engine.wasm"); r.Header.Get("Content-Encoding") != "" {
		t.Error("gzip was sent to a client that does not ask for it")
	}
	etag := r.Header.Get("ETag")
	if r := get(t, h, "/engine.wasm", "Accept-Encoding", "gzip", "If-None-Match", etag); r.StatusCode != http.StatusNotModified {
		t.Errorf("the same file again: %d, want 304", r.StatusCode)
	}
}

// TestCompressedForms: what lies compressed beside a file is sent to who takes
// it, the best first; not for a part of a file, and not when it is older.
func TestCompressedForms(t *testing.T) {
	files := page()
	now := files["engine.wasm"].ModTime
	files["engine.wasm.br"] = &fstest.MapFile{Data: []byte("brotli"), ModTime: now}
	files["engine.wasm.gz"] = &fstest.MapFile{Data: []byte("gzip"), ModTime: now}
	files["index.html.br"] = &fstest.MapFile{Data: []byte("old"), ModTime: now.Add(-time.Hour)}
	h := newHandler(files, "/")
	for _, c := range []struct{ path, accept, part, encoding string }{
		{"/engine.wasm", "gzip, deflate, br, zstd", "", "br"}, {"/engine.wasm", "gzip", "", "gzip"}, {"/engine.wasm", "br;q=0, gzip;q=0.5", "", "gzip"},
		{"/engine.wasm", "", "", ""}, {"/engine.wasm", "brotli", "", ""}, {"/engine.wasm", "br", "bytes=4-", ""}, {"/", "br", "", ""}, {"/", "br, gzip", "", "gzip"},
	} {
		header := []string{"Accept-Encoding", c.accept}
		if c.part != "" {
			header = append(header, "Range", c.part)
		}
		r := get(t, h, c.path, header...)
		if got := r.Header.Get("Content-Encoding"); got != c.encoding || r.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%+v: sent as %q, Vary %q", c, got, r.Header.Get("Vary"))
		}
		if body, _ := io.ReadAll(r.Body); c.encoding == "br" && string(body) != "brotli" || c.part != "" && (r.StatusCode != 206 || len(body) != 1996) {
			t.Errorf("%+v: %d, %d bytes", c, r.StatusCode, len(body))
		}
	}
}

// TestCaching: what lies in a folder named by its content is kept for ever,
// everything else is asked for; scripts say what they may do as workers.
func TestCaching(t *testing.T) {
	files := page()
	files["page/0123456789ab/site/main.js"] = files["site/main.js"]
	h := newHandler(files, "/b/")
	for path, want := range map[string]string{"/b/": "no-cache", "/b/site/main.js": "no-cache", "/b/page/0123456789ab/site/main.js": "public, max-age=31536000, immutable"} {
		r := get(t, h, path)
		if got := r.Header.Get("Cache-Control"); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
		if policy := r.Header.Get("Content-Security-Policy"); strings.HasSuffix(path, ".js") != strings.Contains(policy, "connect-src 'self'") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
	}
}

func TestBase(t *testing.T) {
	h := newHandler(page(), "/bignas/")
	for path, want := range map[string]int{"/bignas/": 200, "/bignas/site/main.js": 200, "/": 302, "/bignas": 302,
		"/site/main.js": 404, "/bignas/none": 404, "/bignas/site": 404, "/bignas/../go.mod": 404} {
		if r := get(t, h, path); r.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, r.StatusCode, want)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	check := func(wantCode int, wantText string, args ...string) {
		t.Helper()
		var out, errors bytes.Buffer
		if code := run(args, &out, &errors); code != wantCode || !strings.Contains(errors.String(), wantText) {
			t.Errorf("serve %v: exit %d, %q; want %d and %q", args, code, errors.String(), wantCode, wantText)
		}
	}
	check(1, "make site", "--dir", dir)
	check(2, "starts and ends with a slash", "--base", "bignas")
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	check(1, "another port", "--dir", dir, "--addr", l.Addr().String())
	check(1, "host:port", "--dir", dir, "--addr", "nowhere")
}

// TestStops: the end of the context, which is Ctrl-C, ends the server without an error.
func TestStops(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("hello"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(ctx, options{addr: "127.0.0.1:0", base: "/b/", dir: dir}, write, io.Discard) }()
	line := make([]byte, 300)
	n, err := read.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(line[:n]), "on ")
	url, _, _ := strings.Cut(rest, " ")
	r, err := http.Get(url)
	if err != nil {
		t.Fatalf("the printed address %q: %v", url, err)
	}
	body, _ := io.ReadAll(r.Body)
	r.Body.Close()
	if string(body) != "hello" {
		t.Errorf("%s gives %q", url, body)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("serve: %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("serve did not stop")
	}
}

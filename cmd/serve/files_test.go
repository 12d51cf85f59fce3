package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// hang is when a test gives up; nothing that is right takes a part of it.
const hang = time.Minute

// slow is a folder in which one file is read only when it may be.
type slow struct {
	fstest.MapFS
	name    string
	reached chan struct{} // closed when somebody reads it
	free    chan struct{}
}

func (s slow) ReadFile(name string) ([]byte, error) {
	if name == s.name {
		close(s.reached)
		<-s.free
	}
	return s.MapFS.ReadFile(name)
}

// TestSlowFile: while one file is slow to read, others are served.
func TestSlowFile(t *testing.T) {
	files := slow{page(), "assets/w.safetensors", make(chan struct{}), make(chan struct{})}
	h := newHandler(files, "/")
	late := make(chan int)
	go func() { late <- get(t, h, "/assets/w.safetensors").StatusCode }()
	<-files.reached
	quick := make(chan int)
	go func() { quick <- get(t, h, "/engine.wasm").StatusCode }()
	select {
	case code := <-quick:
		if code != http.StatusOK {
			t.Errorf("beside a slow file: %d", code)
		}
	case <-time.After(hang):
		t.Fatal("a slow file holds up another")
	}
	close(files.free)
	if code := <-late; code != http.StatusOK {
		t.Errorf("the slow file: %d", code)
	}
}

// TestNoFile: a pipe, a folder, a hidden file, a name below a file and a link out
// of the folder are not there; a link within it is.
func TestNoFile(t *testing.T) {
	top := t.TempDir()
	dir := filepath.Join(top, "page")
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(top, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here:", err)
		}
	}
	for _, name := range []string{"secret", "page/index.html", "page/site/main.js", "page/.env", "page/.git/config", "page/site/.hidden.js"} {
		write(name, "text")
	}
	link("../secret", "out.html")
	link(filepath.Join(top, "secret"), "absolute.html")
	link("..", "up")
	link("site/main.js", "in.js")
	link("none", "dangling.js")
	h := newHandler(folder(dir), "/")
	want := map[string]int{"/": 200, "/site/main.js": 200, "/in.js": 200,
		"/out.html": 404, "/absolute.html": 404, "/up/secret": 404, "/dangling.js": 404, "/site": 404, "/site/": 404, "/index.html/x": 404,
		"/.env": 404, "/.git/config": 404, "/site/.hidden.js": 404, "/../secret": 404, "/site//main.js": 404, "/a\x00b": 404, "/" + strings.Repeat("a", 5000): 404}
	for _, name := range []string{"pipe.js", "site/main.js.gz"} { // the second as a compressed form
		if err := exec.Command("mkfifo", filepath.Join(dir, name)).Run(); err != nil {
			t.Log("no pipes here:", err)
			continue
		}
		want["/"+name] = 404
	}
	for path, code := range want {
		done := make(chan int, 1)
		go func() { // httptest parses the path; these are as a client sends them
			w := httptest.NewRecorder()
			h.ServeHTTP(w, &http.Request{Method: "GET", URL: &url.URL{Path: path}, Header: http.Header{}})
			done <- w.Code
		}()
		select {
		case got := <-done:
			if got != code {
				t.Errorf("%.40q: %d, want %d", path, got, code)
			}
		case <-time.After(hang):
			t.Fatalf("%q never ends", path)
		}
	}
}

// TestMeanwhile: what is missing while the folder is being completed is answered
// with a time to come back, then with the file, or with 404 when nothing came.
func TestMeanwhile(t *testing.T) {
	files := page()
	h := newHandler(files, "/")
	busy := true
	h.completing = func() bool { return busy }
	r := get(t, h, "/view.wasm")
	if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") != retryAfter || r.Header.Get("Cache-Control") == "public, max-age=31536000, immutable" {
		t.Errorf("before: %d, %v", r.StatusCode, r.Header)
	}
	if r := get(t, h, "/engine.wasm"); r.StatusCode != 200 {
		t.Errorf("a file that is there: %d", r.StatusCode)
	}
	files["view.wasm"] = files["engine.wasm"]
	if r := get(t, h, "/view.wasm"); r.StatusCode != 200 {
		t.Errorf("when it is there: %d", r.StatusCode)
	}
	busy = false
	if r := get(t, h, "/none.wasm"); r.StatusCode != 404 {
		t.Errorf("afterwards: %d", r.StatusCode)
	}
}

// TestCompletes runs a command beside the server: its words reach the terminal,
// and a failure is said and ends nothing.
func TestCompletes(t *testing.T) {
	for command, want := range map[string]string{"go env GOOS": "", "go no-such-command": "missing in the page", "/no/such/program": "missing in the page"} {
		var out, errors bytes.Buffer
		complete(context.Background(), strings.Fields(command), &out, &errors)
		if want == "" && (out.Len() == 0 || errors.Len() > 0) || !strings.Contains(errors.String(), want) {
			t.Errorf("%s: %q, %q", command, out.String(), errors.String())
		}
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	var errors bytes.Buffer
	if complete(stopped, []string{"go", "version"}, io.Discard, &errors); errors.Len() > 0 {
		t.Errorf("stopped with the server: %q", errors.String())
	}
}

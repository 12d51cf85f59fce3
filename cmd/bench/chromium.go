package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"bignas/core/fault"
)

// chromium is a browser with the page of site/test/bench, and the server of that
// page.
type chromium struct {
	version string
	files   map[string][]byte // served under /files/
	tab     context.Context
	closers []func()
}

// page is the page in which both sides run, relative to the root of the repository.
const page = "site/test/bench"

// onnxruntimeWeb is the path of onnxruntime-web in the folder of peers.
const onnxruntimeWeb = "node_modules/onnxruntime-web/dist"

// findPage returns an error where something is missing for startChromium.
func findPage(folder string) error {
	if _, err := os.Stat(page); err != nil {
		return fault.New("no_page", "run it in the root folder of the repository", "there is no %s here", page)
	}
	if _, err := os.Stat(filepath.Join(folder, onnxruntimeWeb)); err != nil {
		return fault.New(codeNoPeer, "run make peers in the root folder of the repository", "there is no onnxruntime-web in %s", folder)
	}
	return nil
}

// startChromium builds the program of wasm/bench, serves it with the page, and opens the page. folder is that of the
// peers.
func startChromium(folder string) (c *chromium, err error) {
	c = &chromium{files: map[string][]byte{}}
	defer func() {
		if err != nil {
			c.stop()
		}
	}()
	program, err := c.build()
	if err != nil {
		return nil, err
	}
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	// With which performance.now has steps of 5 instead of 100 microseconds.
	isolated := map[string]string{"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}
	mux := http.NewServeMux()
	for path, dir := range map[string]string{"/": page, "/site/": "site", "/kernels/": "wasm/kernels", "/onnxruntime/": filepath.Join(folder, onnxruntimeWeb), "/children/": filepath.Join(folder, "children")} {
		mux.Handle(path, http.StripPrefix(path, http.FileServer(http.Dir(dir))))
	}
	for path, file := range map[string]string{"/bench.wasm": program, "/wasm_exec.js": filepath.Join(strings.TrimSpace(string(goroot)), "lib/wasm/wasm_exec.js")} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	mux.HandleFunc("/files/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(c.files[strings.TrimPrefix(r.URL.Path, "/files/")])
	})
	url, err := c.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for k, v := range isolated {
			w.Header().Set(k, v)
		}
		mux.ServeHTTP(w, r)
	}))
	if err != nil {
		return nil, err
	}
	return c, c.open(url)
}

// build compiles the program with the flags of the engine.
func (c *chromium) build() (file string, err error) {
	dir, err := os.MkdirTemp("", "bignas-bench-")
	if err != nil {
		return "", err
	}
	c.closers = append(c.closers, func() { _ = os.RemoveAll(dir) })
	file = filepath.Join(dir, "bench.wasm")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, "./wasm/bench")
	build.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fault.New("go_failed", "", "go build ./wasm/bench: %v\n%s", err, out)
	}
	return file, nil
}

func (c *chromium) serve(h http.Handler) (url string, err error) {
	for ext, kind := range map[string]string{".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"} {
		if err := mime.AddExtensionType(ext, kind); err != nil { // which may differ in the system
			return "", err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := &http.Server{Handler: h}
	go func() { _ = s.Serve(l) }()
	c.closers = append(c.closers, func() { _ = s.Close() })
	return "http://" + l.Addr().String() + "/", nil
}

// open starts the browser: the one in the environment variable CHROME, or the first that is found.
func (c *chromium) open(url string) error {
	program := os.Getenv("CHROME")
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil && program == "" {
			program = found
		}
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-component-update", true), chromedp.CombinedOutput(io.Discard))
	if program != "" {
		options = append(options, chromedp.ExecPath(program))
	}
	all, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	c.closers = append(c.closers, cancel)
	tab, done := chromedp.NewContext(all, chromedp.WithErrorf(func(string, ...any) {}))
	c.tab, c.closers = tab, append(c.closers, done)
	err := chromedp.Run(tab, chromedp.Navigate(url), chromedp.Poll("window.ask", nil), chromedp.ActionFunc(func(ctx context.Context) error {
		_, product, _, _, _, err := browser.GetVersion().Do(ctx)
		c.version = strings.NewReplacer("Headless", "", "/", " ").Replace(product)
		return err
	}))
	if err != nil {
		return fault.New("no_browser", "install Chromium, or set CHROME to the program of one", "no browser opens the page: %v", err)
	}
	return nil
}

// ask passes q to a side of the page, "ours" or "theirs", and reads the answer into r.
func (c *chromium) ask(side string, q, r any) error {
	text, err := json.Marshal(q)
	if err != nil {
		return err
	}
	var answer string
	wait := func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }
	err = chromedp.Run(c.tab, chromedp.Evaluate(fmt.Sprintf("ask(%q, %s).then(JSON.stringify)", side, text), &answer, wait))
	if err != nil {
		return fmt.Errorf("the browser does not answer: %w", err)
	}
	var failed struct{ Error string }
	if err := json.Unmarshal([]byte(answer), &failed); err != nil {
		return err
	}
	if failed.Error != "" {
		return fault.New(codeNoPeer, "", "the side %s of the page says: %s", side, failed.Error)
	}
	return json.Unmarshal([]byte(answer), r)
}

// stop ends the browser and the server.
func (c *chromium) stop() {
	for i := len(c.closers) - 1; i >= 0; i-- {
		c.closers[i]()
	}
}

// Package test drives the page in a real browser: the assembled site, served by
// cmd/serve under a sub-path. Most tests have the page with the ten classes alone;
// shippedPage serves it as it ships, with all weights. Most run in Chromium's headless
// shell, which starts a page with two thirds of the work, but those that ask for the full browser.
package test

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	pagedom "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const (
	base    = "/some/where/"  // every test runs under a sub-path
	patient = 5 * time.Minute // then a page hangs; no machine is so slow
)

// site is what TestMain has made for all tests: the page with the weights of ten classes.
var site struct {
	root     string // of the repository
	work     string // a folder for what tests make together
	folder   string // of the assembled page
	server   string // the program cmd/serve
	weights  string
	manifest manifest
	url      string // with the base and the final slash
}

// manifest is assets/manifest.json: the weights of ten classes and what was measured of them.
type manifest struct {
	Weights  string
	Children []struct {
		Arch string
		Top1 float64
		N    int
	}
}

func readManifest(root string) (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(root, "assets", "manifest.json"))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}

func TestMain(m *testing.M) {
	code, err := setUp(m.Run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "site/test:", err)
		code = 1
	}
	os.Exit(code)
}

func setUp(run func() int) (code int, err error) {
	if site.root, err = filepath.Abs("../.."); err != nil {
		return 1, err
	}
	site.work, err = os.MkdirTemp("", "bignas-site-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(site.work)
	site.folder, site.server = filepath.Join(site.work, "page"), filepath.Join(site.work, "serve")
	if site.manifest, err = readManifest(site.root); err != nil {
		return 1, err
	}
	site.weights = filepath.Join(site.root, "assets", site.manifest.Weights)
	commands := [][]string{{"build", "-o", site.server, "./cmd/serve"}, {"run", "./site/assemble", "--out", site.folder, "--offer", offered()}}
	for _, args := range commands {
		c := exec.Command("go", args...)
		c.Dir = site.root
		if out, err := c.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	var stop func()
	if site.url, stop, err = startServer(site.folder); err != nil {
		return 1, err
	}
	defer stop()
	defer closeBrowsers()
	return run(), nil
}

// offered is the id of the weights of the page: those of ten classes, but for measurements of others.
func offered() string { return cmp.Or(os.Getenv("BIGNAS_OFFER"), "nette") }

// shippedFolder is the page as it ships, which the Makefile has assembled already.
var shippedFolder = sync.OnceValues(func() (string, error) {
	if page := os.Getenv("BIGNAS_PAGE"); page != "" {
		return page, nil
	}
	folder := filepath.Join(site.work, "shipped")
	c := exec.Command("go", "run", "./site/assemble", "--out", folder)
	c.Dir = site.root
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return folder, nil
})

// shippedPage serves that page until the test ends and returns its address.
func shippedPage(t *testing.T) string {
	t.Helper()
	folder, err := shippedFolder()
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := startServer(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return address
}

// startServer runs cmd/serve on a free port and reads the address that it prints.
func startServer(folder string) (url string, stop func(), err error) {
	c := exec.Command(site.server, "--addr", "127.0.0.1:0", "--base", base, "--dir", folder)
	out, err := c.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := c.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = c.Process.Signal(os.Interrupt); _ = c.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, err
	}
	_, rest, _ := strings.Cut(line, " on ")
	url, _, _ = strings.Cut(rest, " ")
	return url, stop, nil
}

// tab is a page under test.
type tab struct {
	t       *testing.T
	ctx     context.Context
	browser context.Context

	mu       sync.Mutex
	requests []string
	problems []string // console errors, exceptions, refused policies
	expected []string // parts of problems that the test causes on purpose
}

// options of open.
type options struct {
	width, height int // 1280 x 800 where 0
	scale         float64
	dark          bool
	expect        []string // parts of console errors that are meant to happen
	script        string   // runs before the page's own
	full          bool     // in the browser that people have
	origin        string   // where requests may go, site.url where empty
}

// open loads the address (relative to the page) in a new tab. At the end of the
// test it fails for every console error and every request to another origin.
func open(t *testing.T, address string, o options) *tab {
	t.Helper()
	b := chromium(t, o.full)
	ctx, cancel := newProfile(t, b)
	ctx, timeout := context.WithTimeout(ctx, 4*patient)
	p := &tab{t: t, ctx: ctx, browser: b, expected: o.expect}
	chromedp.ListenTarget(ctx, p.listen)
	if o.width == 0 {
		o.width, o.height = 1280, 800
	}
	if o.scale == 0 {
		o.scale = 1
	}
	scheme := "light"
	if o.dark {
		scheme = "dark"
	}
	there := site.url + address
	if u, err := url.Parse(address); err == nil && u.Scheme != "" {
		there = address
	}
	p.do(network.Enable(), network.SetCacheDisabled(true), log.Enable(), runtime.Enable(),
		emulation.SetDeviceMetricsOverride(int64(o.width), int64(o.height), o.scale, o.width < 800),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
	if o.script != "" {
		p.do(chromedp.ActionFunc(func(ctx context.Context) error {
			_, err := pagedom.AddScriptToEvaluateOnNewDocument(o.script).Do(ctx)
			return err
		}))
	}
	if o.origin == "" {
		o.origin = site.url
	}
	p.do(chromedp.Navigate(there))
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, r := range p.requests {
			if !strings.HasPrefix(r, o.origin) && !strings.HasPrefix(r, "data:") && !strings.HasPrefix(r, "file:") && !strings.HasPrefix(r, "blob:") {
				t.Errorf("a request left for %s", r)
			}
		}
		for _, c := range p.problems {
			if !p.isExpected(c) {
				t.Errorf("console: %s", c)
			}
		}
		timeout()
		cancel()
	})
	return p
}

func (p *tab) isExpected(problem string) bool {
	for _, e := range p.expected {
		if strings.Contains(problem, e) {
			return true
		}
	}
	return false
}

func (p *tab) listen(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := ev.(type) {
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, e.Request.URL)
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		p.problems = append(p.problems, text)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			var parts []string
			for _, a := range e.Args {
				parts = append(parts, string(a.Value)+a.Description)
			}
			p.problems = append(p.problems, strings.Join(parts, " "))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.LevelError {
			p.problems = append(p.problems, e.Entry.Text+" "+e.Entry.URL)
		}
	}
}

func (p *tab) do(actions ...chromedp.Action) {
	p.t.Helper()
	if err := chromedp.Run(p.ctx, actions...); err != nil {
		p.t.Fatalf("browser: %v\nconsole: %s", err, p.console())
	}
}

func (p *tab) console() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.problems, "\n")
}

// eval returns the value of a JavaScript expression; promises are awaited.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	var raw []byte
	p.do(chromedp.Evaluate(expression, &raw, func(e *runtime.EvaluateParams) *runtime.EvaluateParams { return e.WithAwaitPromise(true) }))
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		p.t.Fatalf("%s is %s: %v", expression, raw, err)
	}
	return v
}

// wait polls until the expression is true.
func (p *tab) wait(what, condition string) {
	p.t.Helper()
	err := chromedp.Run(p.ctx, chromedp.Poll("Boolean("+condition+")", nil, chromedp.WithPollingInterval(20*time.Millisecond), chromedp.WithPollingTimeout(patient)))
	if err != nil {
		var notice string
		_ = chromedp.Run(p.ctx, chromedp.Evaluate(`document.getElementById('notice')?.textContent ?? ''`, &notice))
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("the browser does not answer")
		}
		p.t.Fatalf("waiting for %s: %v; notice: %q; console: %s", what, err, notice, p.console())
	}
}

// text is the text of the element with that id.
func (p *tab) text(id string) string {
	p.t.Helper()
	return strings.TrimSpace(eval[string](p, fmt.Sprintf("document.getElementById(%q).textContent", id)))
}

// answered waits until all weights are here and the answer of the child that is
// shown to the present image stands.
func (p *tab) answered() {
	p.t.Helper()
	p.wait("an answer", answeredPage)
}

// answeredPage is true when the answer stands and all weights are here.
const answeredPage = `document.getElementById('proof-title').textContent === 'Nothing is retrained' && !document.querySelector('.sl.arriving') && document.querySelector('#answer[aria-busy=false]') &&
		document.querySelector('#bars li span:nth-child(2)').textContent.includes('%') && document.getElementById('cost-time').textContent.trim()`

// shot writes a screenshot of the whole page to build/shots, for people to look at.
func (p *tab) shot(name string) {
	p.t.Helper()
	folder := filepath.Join(site.root, "build", "shots")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		p.t.Fatal(err)
	}
	var shot []byte
	p.do(chromedp.FullScreenshot(&shot, 100))
	if err := os.WriteFile(filepath.Join(folder, name+".png"), shot, 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// bars is the answer as shown: label and percent of each row.
func (p *tab) bars() string {
	p.t.Helper()
	return eval[string](p, `[...document.querySelectorAll('#bars li')].map(li => li.children[0].textContent + ' ' + li.children[1].textContent).join(', ')`)
}

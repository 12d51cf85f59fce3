package test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// The headless shell is Chromium without its windows and services: the same engine of
// pages and scripts, but no second process is kept in store for each profile.
var (
	shells = []string{"chromium-headless-shell", "chrome-headless-shell", "headless-shell"}
	full   = []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
)

// browserPath returns the path of the first of these programs that there is, of CHROME where it is set.
func browserPath(names ...string) string {
	if p := os.Getenv("CHROME"); p != "" {
		return p
	}
	for _, name := range names {
		if p, err := exec.LookPath(name); err == nil {
			return p
		}
	}
	return ""
}

// started is the browsers that run, by their paths.
var started struct {
	sync.Mutex
	browsers map[string]context.Context
	close    []context.CancelFunc
}

// chromium returns the headless shell or the full browser, started if this test is the
// first that wants it; the other one where only that is installed.
func chromium(t *testing.T, wantFull bool) context.Context {
	t.Helper()
	path := cmp.Or(browserPath(full...), browserPath(shells...))
	if !wantFull {
		path = cmp.Or(browserPath(shells...), path)
	}
	started.Lock()
	defer started.Unlock()
	if b, ok := started.browsers[path]; ok {
		return b
	}
	b, close, err := startBrowser(path)
	if err != nil {
		t.Fatalf("no Chromium browser starts (set CHROME to its path): %v", err)
	}
	if started.browsers == nil {
		started.browsers = map[string]context.Context{}
	}
	started.browsers[path] = b
	started.close = append(started.close, close)
	return b
}

func closeBrowsers() {
	for _, close := range started.close {
		close()
	}
}

func startBrowser(path string) (browser context.Context, close context.CancelFunc, err error) {
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("use-fake-device-for-media-stream", true), chromedp.Flag("use-fake-ui-for-media-stream", true), // a camera
		chromedp.Flag("force-color-profile", "srgb"), chromedp.WindowSize(1280, 800))...)
	browser, end := chromedp.NewContext(allocator, chromedp.WithErrorf(func(string, ...any) {}))
	close = func() { end(); cancel() }
	if path == "" {
		err = fmt.Errorf("there is none of %q", append(full, shells...))
	} else {
		err = chromedp.Run(browser)
	}
	if err != nil {
		close()
		return nil, nil, err
	}
	return browser, close, nil
}

// executor is a context for commands to the browser itself, not to one of its tabs.
func executor(browser context.Context) context.Context {
	return cdp.WithExecutor(browser, chromedp.FromContext(browser).Browser)
}

// newProfile opens an empty tab with no cache, no storage and no service worker of
// another test. Chromium makes it in a window of its own only.
func newProfile(t *testing.T, browser context.Context) (context.Context, context.CancelFunc) {
	t.Helper()
	whole := executor(browser)
	profile, err := target.CreateBrowserContext().Do(whole)
	if err != nil {
		t.Fatal(err)
	}
	id, err := target.CreateTarget("about:blank").WithBrowserContextID(profile).WithNewWindow(true).Do(whole)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithTargetID(id))
	return ctx, func() {
		cancel()
		_ = target.DisposeBrowserContext(profile).Do(whole) // with all its tabs
	}
}

package test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	pagedom "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// firstAnswer keeps, from before the page's own scripts, when its first answer stands, in
// milliseconds from the begin of the navigation.
const firstAnswer = `(() => {
	const seen = new MutationObserver(() => {
		if (!document.querySelector('#bars li span:nth-child(2)')?.textContent.includes('%')) return;
		self.firstAnswer = performance.now();
		seen.disconnect();
	});
	seen.observe(document, { subtree: true, childList: true, characterData: true });
})()`

// visitor opens pages in a browser: in a new profile, or in the one that knows the pages.
type visitor interface {
	first(address string, known bool) (ms float64, err error)
	settle(address string) error
}

// TestStarts times the first answer of builds of the page in turns, with nothing in the browser's caches and with
// the files that a visit leaves behind: make starts.
func TestStarts(t *testing.T) {
	builds := filepath.SplitList(os.Getenv("BIGNAS_STARTS"))
	if len(builds) == 0 {
		t.Skip("make starts runs it")
	}
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv("BIGNAS_ROUNDS"), "10"))
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	for _, folder := range builds {
		url, stop, err := startServer(folder)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		addresses = append(addresses, url)
	}
	for _, b := range []struct {
		name string
		open func(t *testing.T) visitor
	}{{"Chromium", newChromiumVisitor}, {"Firefox", newFirefoxVisitor}} {
		t.Run(b.name, func(t *testing.T) {
			v := b.open(t)
			times := map[string][][]float64{"cold": make([][]float64, len(builds)), "cached": make([][]float64, len(builds))}
			for _, a := range addresses {
				if err := v.settle(a); err != nil {
					t.Fatal(err)
				}
			}
			for range rounds {
				for i, a := range addresses {
					for what, all := range times {
						ms, err := v.first(a, what == "cached")
						if err != nil {
							t.Fatal(err)
						}
						all[i] = append(all[i], ms)
					}
				}
			}
			for what, all := range times {
				for i, ms := range all {
					t.Logf("%-6s %s: median %.0f ms, %.0f to %.0f, %.2f of the first", what, builds[i], median(ms), slices.Min(ms), slices.Max(ms), median(ms)/median(all[0]))
				}
			}
		})
	}
}

// answers waits for the first answer of the page of a tab that is opened for it.
func answers(tab context.Context, address string, stay time.Duration) (ms float64, err error) {
	tab, cancel := context.WithTimeout(tab, patient)
	defer cancel()
	err = chromedp.Run(tab, chromedp.ActionFunc(func(ctx context.Context) error {
		_, err := pagedom.AddScriptToEvaluateOnNewDocument(firstAnswer).Do(ctx)
		return err
	}), chromedp.Navigate(address), chromedp.Poll(`self.firstAnswer`, &ms, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(patient)),
		chromedp.Sleep(stay))
	return ms, err
}

type chromiumVisitor struct {
	t       *testing.T
	browser context.Context
}

func newChromiumVisitor(t *testing.T) visitor {
	b, close, err := startBrowser(browserPath(full...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(close)
	return chromiumVisitor{t, b}
}

func (v chromiumVisitor) first(address string, known bool) (float64, error) {
	var tab context.Context
	var cancel context.CancelFunc
	if known {
		tab, cancel = chromedp.NewContext(v.browser)
	} else {
		tab, cancel = newProfile(v.t, v.browser)
	}
	defer cancel()
	return answers(tab, address, 0)
}

func (v chromiumVisitor) settle(address string) error {
	for range 2 {
		tab, cancel := chromedp.NewContext(v.browser)
		_, err := answers(tab, address, settled)
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// settled is how long a visit lasts after which everything is kept: files by the service worker, code by the browser.
const settled = 12 * time.Second

type firefoxVisitor struct{ *fox }

func newFirefoxVisitor(t *testing.T) visitor {
	f := firefox(t, "about:blank")
	f.ask("script.addPreloadScript", map[string]any{"functionDeclaration": "() => " + firstAnswer})
	return firefoxVisitor{f}
}

func (v firefoxVisitor) first(address string, known bool) (float64, error) {
	user := "default"
	if !known {
		var made struct{ UserContext string }
		v.read(v.ask("browser.createUserContext", map[string]any{}), &made)
		user = made.UserContext
		defer v.ask("browser.removeUserContext", map[string]any{"userContext": user})
	}
	return v.visit(address, user, 0)
}

func (v firefoxVisitor) settle(address string) error {
	for range 2 {
		if _, err := v.visit(address, "default", settled); err != nil {
			return err
		}
	}
	return nil
}

func (v firefoxVisitor) visit(address, user string, stay time.Duration) (float64, error) {
	var made struct{ Context string }
	v.read(v.ask("browsingContext.create", map[string]any{"type": "tab", "userContext": user}), &made)
	tab := fox{v.t, v.socket, made.Context, v.sent}
	tab.ask("browsingContext.navigate", map[string]any{"context": tab.context, "url": address, "wait": "none"})
	tab.wait("the first answer", "self.firstAnswer")
	ms := tab.eval("self.firstAnswer")
	time.Sleep(stay)
	tab.ask("browsingContext.close", map[string]any{"context": tab.context})
	v.sent = tab.sent
	return strconv.ParseFloat(ms, 64)
}
